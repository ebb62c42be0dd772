"""A page of ours as headings, paragraphs, tables and pictures: what a word processor knows.

It reads pages of our own only.  Drawings become PNG, in the page's colours on paper.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser

import vl_convert

from workbench.language import mark, t
from workbench.report.page_colours import resolved

SCALE = 2.0  # pixels of a drawing's picture to one of its own
HEADINGS = {"h1": 1, "h2": 2, "h3": 3}
BLOCKS = ("p", "li", "figcaption", "pre", "div", "section")
QUIET = ("style", "script", "head")
WORDS = re.compile(r"<(title|desc)\b[^>]*>(.*?)</\1>", re.DOTALL)
LOST = mark("A picture of the page could not be drawn here.")
PNG_START = "data:image/png;base64,"


@dataclass(frozen=True)
class Heading:
    """A heading; 1 is the page's own."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """A text; line ends in it are kept."""

    text: str


@dataclass(frozen=True)
class Cell:
    """A cell of a table: whether it is a head, a number, and beyond a limit."""

    text: str
    head: bool = False
    number: bool = False
    over: bool = False


@dataclass(frozen=True)
class PageTable:
    """A table; its caption may be empty, its rows may be of unlike length."""

    caption: str
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def columns(self) -> int:
        """The number of columns."""
        return max((len(row) for row in self.rows), default=0)


@dataclass(frozen=True)
class Picture:
    """A PNG, how many of its pixels are one of the page, its name and what it shows."""

    png: bytes
    scale: float = 1.0
    title: str = ""
    description: str = ""


Block = Heading | Paragraph | PageTable | Picture


@dataclass(frozen=True)
class PageContent:
    """A page in the order it is read.

    Attributes
    ----------
    language
        As the page says (ISO 639-1), or empty.
    leftwards
        Whether it is written from right to left.
    title
        What the page is called.
    blocks
        What stands on it.
    """

    language: str
    leftwards: bool
    title: str
    blocks: Sequence[Block]


def page_content(page: str) -> PageContent:
    """Return what stands on a page."""
    reader = _Reader()
    reader.feed(resolved(page))
    reader.close()
    reader.end_block()
    return PageContent(reader.language, reader.leftwards, reader.title, tuple(reader.blocks))


@dataclass
class _Rows:
    """A table being read."""

    caption: str = ""
    rows: list[list[Cell]] = field(default_factory=list)

    def table(self) -> PageTable:
        return PageTable(self.caption, tuple(tuple(row) for row in self.rows))


class _Reader(HTMLParser):
    """Reads a page and collects its blocks in their order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = []
        self.language, self.leftwards, self.title = "", False, ""
        self._text: list[str] = []
        self._quiet = 0
        self._titled = False
        self._rows: _Rows | None = None
        self._cell = Cell("")
        self._svg: list[str] | None = None
        self._depth = 0
        self._kept = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._svg is not None or tag == "svg":
            self._into_svg()
            return
        values = {name: value or "" for name, value in attrs}
        if tag in QUIET:
            self._quiet += 1
        elif tag == "title":
            self._titled = True
        elif tag == "html":
            self.language = values.get("lang", "").lower()
            self.leftwards = values.get("dir", "").lower() == "rtl"
        elif tag == "table":
            self.end_block()
            self._rows = _Rows()
        elif tag == "img":
            self._image(values)
        elif tag in ("tr", "td", "th"):
            self._in_table(tag, values)
        else:
            self._in_text(tag)

    def _in_table(self, tag: str, values: dict[str, str]) -> None:
        if tag == "tr":
            if self._rows:
                self._rows.rows.append([])
            return
        kinds = values.get("class", "").split()
        self._text = []
        self._cell = Cell("", tag == "th", "number" in kinds, "over" in kinds)

    def _in_text(self, tag: str) -> None:
        if tag == "br":
            self._text.append("\n")
        elif tag == "span" and self._rows:
            self._text.append(" ")
        elif tag in HEADINGS or tag in BLOCKS:
            self._kept = tag == "pre"
            self.end_block()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._svg is None:
            self.handle_starttag(tag, attrs)
        else:
            self._svg.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if self._svg is not None:
            self._out_of_svg(tag)
        elif tag == "title":
            self.title, self._titled = self._taken(), False
        elif tag in QUIET:
            self._quiet -= 1
        elif tag in ("td", "th", "table", "caption"):
            self._out_of_table(tag)
        elif tag in HEADINGS:
            if text := self._taken():
                self.blocks.append(Heading(HEADINGS[tag], text))
        elif tag in BLOCKS:
            self.end_block()
            self._kept = False

    def _out_of_table(self, tag: str) -> None:
        if self._rows is None:
            return
        if tag == "caption":
            self._rows.caption = self._taken()
        elif tag == "table":
            self.blocks.append(self._rows.table())
            self._rows = None
        elif self._rows.rows:
            cell = self._cell
            self._rows.rows[-1].append(Cell(self._taken(), cell.head, cell.number, cell.over))

    def handle_data(self, data: str) -> None:
        if self._svg is not None:
            self._svg.append(data.replace("&", "&amp;").replace("<", "&lt;"))
        elif self._titled or not self._quiet:
            self._text.append(data)

    def end_block(self) -> None:
        """End the paragraph at hand."""
        if self._rows is None and (text := self._taken()):
            self.blocks.append(Paragraph(text))

    def _taken(self) -> str:
        text = "".join(self._text)
        self._text = []
        return text.strip() if self._kept else " ".join(text.split())

    def _image(self, values: dict[str, str]) -> None:
        source, png = values.get("src", ""), b""
        if source.startswith(PNG_START):
            with suppress(binascii.Error):
                png = base64.b64decode(source[len(PNG_START) :])
        self._drawn(Picture(png, description=values.get("alt", "")))

    def _drawn(self, picture: Picture) -> None:
        self.end_block()
        self.blocks.append(picture if size(picture.png) else Paragraph(t(LOST)))

    def _into_svg(self) -> None:
        self._svg = self._svg or []
        self._depth += 1
        self._svg.append(self.get_starttag_text() or "")

    def _out_of_svg(self, tag: str) -> None:
        drawn = self._svg or []
        drawn.append(f"</{tag}>")
        self._depth -= 1
        if self._depth == 0:
            self._svg = None
            drawing = "".join(drawn)
            words = {kind: html.unescape(text) for kind, text in reversed(WORDS.findall(drawing))}
            self._drawn(
                Picture(_png(drawing), SCALE, words.get("title", ""), words.get("desc", ""))
            )


def size(png: bytes) -> tuple[int, int] | None:
    """Return how many pixels a PNG is across and down; None for what is no PNG."""
    if png[:8] != b"\x89PNG\r\n\x1a\n" or len(png) < 24:
        return None
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


def _png(svg: str) -> bytes:
    try:
        return bytes(vl_convert.svg_to_png(svg, scale=SCALE))
    except (ValueError, RuntimeError):
        return b""
