r"""A page as RTF, for word processors: the same headings, texts, tables and pictures.

It reads pages of our own only.  Rich Text Format Specification 1.9.1 (Microsoft, 2008): a picture
is ``\pict\pngblip``, a table row ``\trowd``; lengths are twips, 1440 an inch.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from dataclasses import dataclass, field
from html.parser import HTMLParser

import vl_convert

WIDTH = 14400  # twips: A4 across less its margins
PIXEL = 15  # twips: 96 pixels an inch
SCALE = 2.0  # pixels of a drawing's picture to one of its own
HEADINGS = {"h1": 36, "h2": 28, "h3": 24}  # half points
BLOCKS = ("p", "li", "figcaption", "pre", "div", "section")
QUIET = ("style", "script", "title", "head")
# RTF knows no CSS: the colours of the page in light mode.
COLOURS = {
    "var(--mark)": "#1f6fb2", "var(--mark-soft)": "#9cc3e4", "var(--limit)": "#b4540a",
    "var(--soft)": "#59636e", "currentColor": "#1c2128",
}  # fmt: skip
# Language identifiers (MS-LCID, Microsoft, 2024); English pages name none.
LANGUAGE_IDS = {"de": 1031, "fr": 1036, "lb": 1134, "it": 1040, "nl": 1043, "pt": 2070}
START = r"{\rtf1\ansi\ansicpg1252\deff0"
PAPER = (
    r"{\fonttbl{\f0\fswiss Arial;}}\landscape"
    r"\paperw16838\paperh11906\margl1134\margr1134\margt850\margb850\uc1\fs20 "
)


def rtf(page: str) -> str:
    """Return a page as RTF, in the language that it says it is in; it is ASCII throughout."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    reader.end_block()
    number = LANGUAGE_IDS.get(reader.language)
    language = rf"\deflang{number}" if number else ""
    return f"{START}{language}{PAPER}" + "\n".join(reader.parts) + "}"


def escaped(text: str) -> str:
    """Return a text that commands nothing in RTF."""
    return "".join(_character(character) for character in text)


def _character(character: str) -> str:
    if character in "\\{}":
        return f"\\{character}"
    if character in "\n\t":
        return r"\line " if character == "\n" else r"\tab "
    if " " <= character <= "~":
        return character
    if character < " ":
        return "?"
    units = struct.unpack(
        f"<{len(character.encode('utf-16-le')) // 2}h", character.encode("utf-16-le")
    )
    return "".join(f"\\u{unit}?" for unit in units)


def picture(png: bytes, scale: float = 1.0) -> str:
    """Return a PNG as a picture, made smaller to fit the page; empty for what is no PNG."""
    if png[:8] != b"\x89PNG\r\n\x1a\n" or len(png) < 24:
        return ""
    across, down = struct.unpack(">II", png[16:24])
    shown = min(1.0, WIDTH / max(across * PIXEL / scale, 1)) * PIXEL / scale
    return (
        rf"{{\pict\pngblip\picw{across}\pich{down}"
        rf"\picwgoal{round(across * shown)}\pichgoal{round(down * shown)} {png.hex()}}}"
    )


@dataclass
class _Table:
    """A table being read: rows of (text, bold) cells."""

    rows: list[list[tuple[str, bool]]] = field(default_factory=list)

    def rtf(self) -> str:
        columns = max((len(row) for row in self.rows), default=0)
        if not columns:
            return ""
        lengths = [
            max((min(len(row[at][0]), 40) for row in self.rows if at < len(row)), default=0) + 3
            for at in range(columns)
        ]
        ends = [WIDTH * sum(lengths[: at + 1]) // sum(lengths) for at in range(columns)]
        return "\n".join(self._row(row, ends) for row in self.rows) + r"\pard\par"

    def _row(self, row: list[tuple[str, bool]], ends: list[int]) -> str:
        lines = "".join(
            rf"\clbrdrb\brdrs\brdrw5\cellx{end}" for end in ends
        )  # a thin line below each cell
        filled = [*row, *[("", False)] * (len(ends) - len(row))]
        cells = "".join(
            rf"\pard\intbl\fs18 {{\b {escaped(text)}}}\cell "
            if bold
            else rf"\pard\intbl\fs18 {escaped(text)}\cell "
            for text, bold in filled
        )
        head = r"\trhdr" if row and all(bold for _, bold in row) else ""
        return rf"\trowd\trgaph70{head}{lines}{cells}\row"


class _Reader(HTMLParser):
    """Reads a page and collects paragraphs, tables and pictures in their order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.language = ""
        self._text: list[str] = []
        self._quiet = 0
        self._table: _Table | None = None
        self._bold = False
        self._svg: list[str] | None = None
        self._depth = 0
        self._kept = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._svg is not None or tag == "svg":
            self._into_svg()
        elif tag in QUIET:
            self._quiet += 1
        elif tag == "html":
            self.language = (dict(attrs).get("lang") or "").lower()
        elif tag == "table":
            self.end_block()
            self._table = _Table()
        elif tag == "tr" and self._table:
            self._table.rows.append([])
        elif tag in ("td", "th"):
            self._text, self._bold = [], tag == "th"
        elif tag == "img":
            self._image(dict(attrs).get("src") or "")
        elif tag == "br":
            self._text.append("\n")
        elif tag == "span" and self._table:
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
        elif tag in QUIET:
            self._quiet -= 1
        elif tag in ("td", "th") and self._table and self._table.rows:
            self._table.rows[-1].append((self._taken(), self._bold))
        elif tag == "table" and self._table:
            self.parts.append(self._table.rtf())
            self._table = None
        elif tag == "caption":
            self._paragraph(r"\pard\keepn\sb120\i ", r"\i0\par")
        elif tag in HEADINGS:
            self._paragraph(rf"\pard\keepn\sb240\sa80\b\fs{HEADINGS[tag]} ", r"\b0\fs20\par")
        elif tag in BLOCKS:
            self.end_block()

    def handle_data(self, data: str) -> None:
        if self._svg is not None:
            self._svg.append(data.replace("&", "&amp;").replace("<", "&lt;"))
        elif not self._quiet:
            self._text.append(data)

    def end_block(self) -> None:
        """End the paragraph at hand."""
        if self._table is None:
            self._paragraph(r"\pard\sa80 ", r"\par")

    def _paragraph(self, start: str, end: str) -> None:
        text = self._taken()
        if text:
            self.parts.append(f"{start}{escaped(text)}{end}")

    def _taken(self) -> str:
        text = "".join(self._text)
        self._text = []
        return text.strip() if self._kept else " ".join(text.split())

    def _image(self, source: str) -> None:
        start = "data:image/png;base64,"
        if source.startswith(start):
            try:
                self._drawn(picture(base64.b64decode(source[len(start) :])))
            except binascii.Error:
                return

    def _drawn(self, drawing: str) -> None:
        if drawing:
            self.end_block()
            self.parts.append(rf"\pard\sb120 {drawing}\par")

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
            self._drawn(picture(_png("".join(drawn)), SCALE))


def _png(svg: str) -> bytes:
    for variable, colour in COLOURS.items():
        svg = svg.replace(variable, colour)
    svg = re.sub(r"var\(--[a-z-]+\)", COLOURS["currentColor"], svg)
    try:
        return bytes(vl_convert.svg_to_png(svg, scale=SCALE))
    except ValueError:
        return b""
