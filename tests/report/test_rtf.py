"""A page as RTF: the same words and pictures; nothing of a text commands the reader."""

from __future__ import annotations

import re

import altair as alt
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from workbench.report import charts
from workbench.report.html_tables import Shown, heading, html_table, paragraph
from workbench.report.rtf import escaped, rtf

FRAME = pl.DataFrame({"name": ["Müller {\\b}", "x"], "value": [1.25, None]})
TABLE = html_table(FRAME, (Shown("name", "Name"), Shown("value", "Value", "mGy", 1)), "Doses")


def page(*parts: str) -> str:
    return (
        "<!doctype html><html><head><title>no</title><style>p {}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>"
    )


def words(made: str) -> str:
    """Read RTF's escapes back, as Rich Text Format 1.9.1 says, and drop its commands."""
    made = re.sub(r"\{\\pict.*?\}", "", made)
    made = re.sub(r"\\u(-?\d+)\?", lambda one: chr(int(one[1]) % 65536), made)
    made = re.sub(r"(?<!\\)\\[a-z]+-?\d* ?", "", made)
    return re.sub(r"\\([\\{}])", r"\1", made).encode("utf-16", "surrogatepass").decode("utf-16")


def test_headings_texts_and_cells_are_all_there() -> None:
    made = rtf(page(heading("Ärzte & Co"), paragraph("a < b"), TABLE))
    assert made.isascii()
    told = words(made)
    for text in ("Ärzte & Co", "a < b", "Doses", "Müller {\\b}", "1.2", "not known", "Value mGy"):
        assert text in told
    assert "no" not in re.findall(r"\w+", told)[:3]
    assert made.count(r"\row") == 3


@given(st.text())
def test_no_text_commands_a_word_processor(text: str) -> None:
    made = escaped(text)
    assert made.isascii()
    plain = re.sub(r"\\[\\{}]", "", made)
    assert "{" not in plain
    assert "}" not in plain
    assert set(re.findall(r"\\[a-z]+", re.sub(r"\\\\", "", plain))) <= {"\\u", "\\line", "\\tab"}


def test_groups_are_closed_whatever_is_on_the_page() -> None:
    made = rtf(page(TABLE, "<table></table>", "<img src='data:image/png;base64,!'>", "<td>x"))
    plain = re.sub(r"\\[\\{}]", "", made)
    assert plain.count("{") == plain.count("}")


def test_a_chart_is_a_picture() -> None:
    chart = (
        alt.Chart(alt.InlineData(values=[{"a": 1, "b": 2}])).mark_point().encode(x="a:Q", y="b:Q")
    )
    made = rtf(page(charts.svg(chart, "A chart", "What it shows")))
    found = re.search(r"\\pict\\pngblip\\picw(\d+).*? ([0-9a-f]+)\}", made)
    assert found
    assert bytes.fromhex(found[2]).startswith(b"\x89PNG")
    assert int(found[1]) > 100
    assert "What it shows" in words(made)


def test_a_page_in_another_language_names_it_and_an_english_one_does_not() -> None:
    text = "<p>Dosis</p></body></html>"
    german = rtf(f'<html lang="de"><body>{text}')
    assert german.startswith(r"{\rtf1\ansi\ansicpg1252\deff0\deflang1031{\fonttbl")
    for language in ("en", "xx", "no-such"):
        assert "deflang" not in rtf(f'<html lang="{language}"><body>{text}')
    assert "deflang" not in rtf(text)
