r"""A page as RTF, for older word processors: the same headings, texts, tables and pictures.

It reads pages of our own only.  Rich Text Format Specification 1.9.1 (Microsoft, 2008): a picture
is ``\pict\pngblip``, a table row ``\trowd``; lengths are twips, 1440 an inch.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from workbench.report.page_blocks import (
    Block,
    Cell,
    Heading,
    PageTable,
    Paragraph,
    Picture,
    page_content,
    size,
)

WIDTH = 14400  # twips: A4 across less its margins
PIXEL = 15  # twips: 96 pixels an inch
HEADINGS = {1: 36, 2: 28, 3: 24}  # half points
# Language identifiers (MS-LCID, Microsoft, 2024); English pages name none.
LANGUAGE_IDS = {"de": 1031, "fr": 1036, "lb": 1134, "it": 1040, "nl": 1043, "pt": 2070}
START = r"{\rtf1\ansi\ansicpg1252\deff0"
PAPER = (
    r"{\fonttbl{\f0\fswiss Arial;}}\landscape"
    r"\paperw16838\paperh11906\margl1134\margr1134\margt850\margb850\uc1\fs20 "
)


def rtf(page: str) -> str:
    """Return a page as RTF, in the language that it says it is in; it is ASCII throughout."""
    content = page_content(page)
    number = LANGUAGE_IDS.get(content.language)
    language = rf"\deflang{number}" if number else ""
    parts = (part for block in content.blocks for part in _parts(block) if part)
    return f"{START}{language}{PAPER}" + "\n".join(parts) + "}"


def _parts(block: Block) -> Sequence[str]:
    if isinstance(block, Heading):
        start = rf"\pard\keepn\sb240\sa80\b\fs{HEADINGS[block.level]} "
        return (rf"{start}{escaped(block.text)}\b0\fs20\par",)
    if isinstance(block, Paragraph):
        return (rf"\pard\sa80 {escaped(block.text)}\par",)
    if isinstance(block, Picture):
        return (rf"\pard\sb120 {picture(block.png, block.scale)}\par",)
    caption = rf"\pard\keepn\sb120\i {escaped(block.caption)}\i0\par" if block.caption else ""
    return caption, _table(block)


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
    pixels = size(png)
    if pixels is None:
        return ""
    across, down = pixels
    shown = min(1.0, WIDTH / max(across * PIXEL / scale, 1)) * PIXEL / scale
    return (
        rf"{{\pict\pngblip\picw{across}\pich{down}"
        rf"\picwgoal{round(across * shown)}\pichgoal{round(down * shown)} {png.hex()}}}"
    )


def _table(table: PageTable) -> str:
    if not table.columns:
        return ""
    lengths = [
        max((min(len(row[at].text), 40) for row in table.rows if at < len(row)), default=0) + 3
        for at in range(table.columns)
    ]
    ends = [WIDTH * sum(lengths[: at + 1]) // sum(lengths) for at in range(table.columns)]
    return "\n".join(_row(row, ends) for row in table.rows) + r"\pard\par"


def _row(row: Sequence[Cell], ends: list[int]) -> str:
    lines = "".join(
        rf"\clbrdrb\brdrs\brdrw5\cellx{end}" for end in ends
    )  # a thin line below each cell
    filled = [*row, *[Cell("")] * (len(ends) - len(row))]
    cells = "".join(
        rf"\pard\intbl\fs18 {{\b {escaped(cell.text)}}}\cell "
        if cell.head
        else rf"\pard\intbl\fs18 {escaped(cell.text)}\cell "
        for cell in filled
    )
    head = r"\trhdr" if row and all(cell.head for cell in row) else ""
    return rf"\trowd\trgaph70{head}{lines}{cells}\row"
