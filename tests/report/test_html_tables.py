"""Tables on a page: what is not known says so, units are written for people, nothing commands."""

from __future__ import annotations

from datetime import date, datetime
from html.parser import HTMLParser

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.report.html_tables import Shown, heading, html_table, paragraph


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
