"""Tables and charts as HTML: whatever a header said is text, never markup."""

from __future__ import annotations

from datetime import date
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import altair as alt
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import WorkbenchError
from workbench.report.charts import range_chart, svg
from workbench.report.html_tables import NOT_KNOWN, Shown, heading, html_table, paragraph

EVIL = ("</script><script>document.title='owned'</script>", "<img src=x onerror=alert(1)>",
        '"><svg onload=alert(1)>', "'\" onmouseover=alert(1) x='", "<!-- ", "]]>", "{{7*7}}",
        "http://example.org/x.js")  # fmt: skip
SVG = "{http://www.w3.org/2000/svg}"


class Tags(HTMLParser):
    """Collects the tags and the text of a piece of HTML."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("text", EVIL)
def test_text_in_a_table_stays_text(text: str) -> None:
    frame = pl.DataFrame({"a": [text], "b": [[text, text]]})
    found = Tags(html_table(frame, [Shown("a", text, text), Shown("b", "B")], caption=text))
    assert found.tags == {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "span"}
    assert found.attributes <= {"class", "scope"}
    assert found.text.count(text) == 6


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_text_is_escaped(text: str) -> None:
    for html in (paragraph(text), heading(text), html_table(pl.DataFrame({"a": [text]}),
                                                            [Shown("a", "A")])):  # fmt: skip
        found = Tags(html)
        assert found.tags <= {"p", "h1", "div", "table", "thead", "tbody", "tr", "th", "td"}
        assert text in found.text


def test_units_stand_in_the_head_and_numbers_to_the_right() -> None:
    frame = pl.DataFrame({"dlp": [1234.56, None], "n": [3, None], "t": [date(2020, 5, 6), None]})
    html = html_table(frame, [Shown("dlp", "DLP", "mGy.cm", 1), Shown("n", "Events"),
                              Shown("t", "Day")])  # fmt: skip
    assert 'DLP<span class="unit">mGy·cm</span>' in html
    assert '<td class="number">1234.6</td><td class="number">3</td><td>2020-05-06</td>' in html
    assert html.count(NOT_KNOWN) == 3


def test_nan_is_not_known_and_no_rows_are_said() -> None:
    assert NOT_KNOWN in html_table(pl.DataFrame({"a": [float("nan")]}), [Shown("a", "A")])
    assert "nothing here" in html_table(
        pl.DataFrame({"a": []}), [Shown("a", "A")], empty="nothing here"
    )


def lane(label: str, low: float = 1.0, reference: float | None = None) -> pl.DataFrame:
    return pl.DataFrame(
        {"label": [label], "p25": [low], "median": [2.0], "p75": [3.0], "reference": [reference]},
        schema_overrides={"reference": pl.Float64},
    )


@pytest.mark.parametrize("text", EVIL)
def test_text_in_a_chart_stays_text(text: str) -> None:
    html = svg(range_chart(lane(text), f"x {text}"), text, text)
    figure = ET.fromstring(html)
    assert {element.tag for element in figure.iter()} <= {
        "figure", "figcaption", *(SVG + tag for tag in
        ("svg", "g", "path", "text", "tspan", "rect", "line", "title", "desc", "defs", "clipPath"))
    }  # fmt: skip
    names = {name.lower() for element in figure.iter() for name in element.attrib}
    assert not {name for name in names if name.startswith("on") or name.endswith("href")}
    assert figure.find(f"{SVG}svg/{SVG}title").text == text  # type: ignore[union-attr]


def test_a_chart_is_an_image_with_a_name_and_a_description() -> None:
    root = ET.fromstring(svg(range_chart(lane("a"), "x"), "Name", "Words")).find(SVG + "svg")
    assert root is not None
    assert root.get("role") == "img"
    ids = (root.get("aria-labelledby") or "").split()
    assert [element.text for element in root.iter() if element.get("id") in ids] == [
        "Name",
        "Words",
    ]


def test_a_chart_takes_its_colours_from_the_page() -> None:
    html = svg(range_chart(lane("a", reference=2.5), "x"), "t", "d")
    assert "var(--mark)" in html
    assert "var(--limit)" in html
    assert 'fill="currentColor"' in html


def test_a_wide_range_is_drawn_on_a_logarithmic_axis() -> None:
    def scale(low: float) -> str:
        spec = range_chart(lane("a", low), "x").to_dict()
        return str(spec["layer"][0]["encoding"]["x"]["scale"]["type"])

    assert (scale(0.05), scale(0.5), scale(0.0)) == ("log", "linear", "linear")


def test_rows_of_patients_are_refused() -> None:
    with pytest.raises(WorkbenchError, match="summed-up"):
        range_chart(pl.concat([lane("a")] * 501), "x")


def test_a_chart_may_not_fetch_its_data() -> None:
    chart = alt.Chart(alt.UrlData(url="http://127.0.0.1:9/x.csv")).mark_point().encode(x="a:Q")
    with pytest.raises(ValueError, match=r"(?i)url"):
        svg(chart, "t", "d")
