"""A page read as what word processors know: everything once, in its order."""

from __future__ import annotations

import base64

import altair as alt
import polars as pl
import pytest

from workbench.report import charts
from workbench.report.html_tables import Shown, heading, html_table, paragraph
from workbench.report.page_blocks import (
    LOST,
    Cell,
    Heading,
    PageTable,
    Paragraph,
    Picture,
    page_content,
    size,
)

FRAME = pl.DataFrame({"name": ["a < b", "x"], "value": [1.25, None]})
TABLE = html_table(FRAME, (Shown("name", "Name"), Shown("value", "Value", "mGy", 1)), "Doses")
CHART = alt.Chart(alt.InlineData(values=[{"a": 1, "b": 2}])).mark_point().encode(x="a:Q", y="b:Q")
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAADklEQVR4nGP4z8AARAwAD/IC/nHSzOgAAAAASUVORK5CYII="
)


def page(*parts: str, start: str = "<html>") -> str:
    head = "<head><title>Its name</title><style>p {}</style></head>"
    return f"<!doctype html>{start}{head}<body><main>{''.join(parts)}</main></body></html>"


def test_blocks_come_in_the_order_of_the_page() -> None:
    content = page_content(page(heading("H & M"), paragraph("one"), TABLE, "<h2>Next</h2>two"))
    assert content.title == "Its name"
    assert [type(block).__name__ for block in content.blocks] == [
        "Heading", "Paragraph", "PageTable", "Heading", "Paragraph",
    ]  # fmt: skip
    assert content.blocks[0] == Heading(1, "H & M")
    assert content.blocks[-2:] == (Heading(2, "Next"), Paragraph("two"))


def test_a_table_keeps_heads_numbers_and_what_is_over_a_limit() -> None:
    over = TABLE.replace('<td class="number">', '<td class="number over">', 1)
    (table,) = page_content(page(over)).blocks
    assert isinstance(table, PageTable)
    assert (table.caption, table.columns) == ("Doses", 2)
    assert table.rows[0] == (Cell("Name", head=True), Cell("Value mGy", head=True, number=True))
    assert table.rows[1] == (Cell("a < b"), Cell("1.2", number=True, over=True))
    assert table.rows[2][1] == Cell("not known", number=True)


def test_a_chart_has_its_name_and_what_it_shows() -> None:
    content = page_content(page(charts.svg(CHART, "A & B", "It <shows> both")))
    picture, words = content.blocks
    assert isinstance(picture, Picture)
    assert (picture.title, picture.description) == ("A & B", "It <shows> both")
    assert size(picture.png)
    assert words == Paragraph("It <shows> both")


def test_a_picture_has_its_words() -> None:
    image = f'<img alt="Image 1" src="data:image/png;base64,{base64.b64encode(PIXEL).decode()}">'
    (picture,) = page_content(page(image)).blocks
    assert isinstance(picture, Picture)
    assert (size(picture.png), picture.description) == ((3, 2), "Image 1")


@pytest.mark.parametrize(("start", "language", "leftwards"), [
    ('<html lang="de">', "de", False), ('<html lang="ar" dir="rtl">', "ar", True),
    ("<html>", "", False),
])  # fmt: skip
def test_language_and_direction_are_the_pages(start: str, language: str, leftwards: bool) -> None:
    content = page_content(page(start=start))
    assert (content.language, content.leftwards) == (language, leftwards)


def test_lines_are_kept_where_the_page_keeps_them() -> None:
    content = page_content(page("<pre>a\n  b</pre>", "<p>c\n  d</p>", "<table><tr><td>e\n f"
                                "</table>"))  # fmt: skip
    assert content.blocks[:2] == (Paragraph("a\n  b"), Paragraph("c d"))


@pytest.mark.parametrize("part", [
    "<img src='data:image/png;base64,!'>", "<img src='x.png'>", "<svg><nonsense", "<svg></p></svg>",
])  # fmt: skip
def test_a_picture_that_cannot_be_drawn_is_missed_aloud(part: str) -> None:
    content = page_content(f"<p>before</p>{part}<p>after</p></svg></svg>")
    assert content.blocks[0] == Paragraph("before")
    assert content.blocks[1] == Paragraph(LOST)


@pytest.mark.parametrize("part", ["<td>cell</td>", "</svg>", "<table></table>", "</table></td>"])
def test_what_is_out_of_place_leaves_the_rest(part: str) -> None:
    content = page_content(page("<p>before</p>", part))
    assert content.blocks[0] == Paragraph("before")


def test_only_a_png_has_a_size() -> None:
    assert size(b"\x89PNG\r\n\x1a\n") is None
    assert size(b"GIF89a" + PIXEL) is None
    assert size(PIXEL) == (3, 2)
