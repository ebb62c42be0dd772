"""Tables on a page: what is not known says so, units are written for people, nothing commands."""

from __future__ import annotations

from datetime import date, datetime
from html.parser import HTMLParser

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.language.unmarked import unmarked
from workbench.language import data, mark, t, use_language
from workbench.report.html_tables import Shown, heading, html_table, paragraph, with_words


class Cells(HTMLParser):
    """Collects cells with their class, and every tag."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.cells: list[tuple[str, str]] = []
        self.tags: list[str] = []
        self._open: tuple[str, list[str]] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag in ("td", "th"):
            self._open = (dict(attrs).get("class") or "", [])

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._open:
            self.cells.append((self._open[0], "".join(self._open[1])))
            self._open = None


def cells(frame: pl.DataFrame, *columns: Shown) -> list[tuple[str, str]]:
    return Cells(html_table(frame, columns)).cells


def test_numbers_stand_right_with_their_digits_and_units_as_people_write_them() -> None:
    frame = pl.DataFrame({"dlp": [1.25, None], "name": ["x", None]})
    found = cells(frame, Shown("dlp", "DLP", "mGy.cm", 1), Shown("name", "Name"))
    assert found == [
        ("number", "DLPmGy·cm"), ("", "Name"), ("number", "1.2"), ("", "x"),
        ("unknown number", "not known"), ("unknown", "not known"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    [(date(2026, 3, 2), "2026-03-02"), (datetime(2026, 3, 2, 7), "2026-03-02"),
     (["a", "b"], "a, b"), (3, "3"), (True, "True")],
)  # fmt: skip
def test_days_and_lists_are_readable(value: object, text: str) -> None:
    assert cells(pl.DataFrame({"a": [value]}), Shown("a", "A"))[1][1] == text


def test_what_is_no_number_is_not_known() -> None:
    found = cells(pl.DataFrame({"a": [float("nan")]}), Shown("a", "A", missing="none"))
    assert found[1] == ("unknown number", "none")


@given(st.text())
def test_no_text_becomes_a_tag(text: str) -> None:
    frame = pl.DataFrame({"a": [text]})
    page = html_table(frame, [Shown("a", text)], caption=text) + heading(text) + paragraph(text)
    assert set(Cells(page).tags) == {
        "div", "table", "thead", "tbody", "tr", "th", "td", "h1", "p",
        *(["caption"] if text else []),
    }  # fmt: skip


def test_no_rows_are_said() -> None:
    empty = html_table(pl.DataFrame({"a": []}), [Shown("a", "A")], empty="no scans")
    assert "no scans" in empty
    assert "<table" not in empty


def test_heads_numbers_and_days_are_those_of_the_language() -> None:
    frame = pl.DataFrame(
        {"dose": [1234.5, None], "day": [date(2026, 3, 2)] * 2, "code": ["a", "b"]}
    )
    columns = (
        Shown("dose", mark("Dose"), "mGy", 2), Shown("day", mark("Day")),
        Shown("code", mark("Code"), words=lambda code: t("an {code}", code=data(code))),
    )  # fmt: skip
    with use_language("xx"):
        assert unmarked(html_table(frame, columns, t("All of them"))) == []
        assert unmarked(html_table(frame.clear(), columns)) == []
        assert "«1234.50»" in html_table(frame, columns)
    english = html_table(frame, columns)
    for cell in ("<td>2026-03-02</td>", '<td class="number">1234.50</td>', "<td>an a</td>"):
        assert cell in english


def test_texts_of_rows_are_made_where_the_language_is_known() -> None:
    frame = pl.DataFrame({"number": range(2000)})
    with use_language("xx"):
        made = with_words(frame, "text", lambda row: t("number {n}", n=row["number"]))
    assert made["text"].str.starts_with("⟦").all()
