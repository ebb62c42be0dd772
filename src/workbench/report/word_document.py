"""A page as DOCX, for word processors: headings, texts, tables and pictures to go on writing in.

It reads pages of our own only.  Office Open XML, ECMA-376 part 1; what python-docx has no call
for is set as its elements: a head on every page (17.4.78), fields (17.16), languages (17.3.2.20).
"""

from __future__ import annotations

import io
import re
import struct
from datetime import UTC, datetime
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.image.exceptions import (
    InvalidImageStreamError,
    UnexpectedEndOfFileError,
    UnrecognizedImageError,
)
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from workbench.language import t
from workbench.report.page_blocks import (
    LOST,
    Block,
    Cell,
    Heading,
    PageContent,
    PageTable,
    Paragraph,
    Picture,
    page_content,
    size,
)
from workbench.report.page_colours import INK, paper_colours

PAPER, MARGIN = (Mm(297), Mm(210)), Mm(14)
MAX_ACROSS, MAX_DOWN = Mm(269), Mm(120)  # of a picture; the page has more below it
PIXELS_PER_INCH, EMU_PER_INCH = 96, 914400
SIGNED_BY_HAND = Mm(12)  # height of a row that is to be filled in on paper
# What Word calls a language (BCP 47 with a country): without one it checks no spelling.
LANGUAGES = {
    "en": "en-GB", "de": "de-DE", "fr": "fr-FR", "lb": "lb-LU", "it": "it-IT", "nl": "nl-NL",
    "pt": "pt-PT",
}  # fmt: skip
# What XML 1.0 cannot hold (section 2.2), and half of a pair of UTF-16.
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
UNREADABLE = (
    InvalidImageStreamError, UnexpectedEndOfFileError, UnrecognizedImageError, LookupError,
    ValueError, struct.error,
)  # fmt: skip
COLOUR = re.compile(r"#([0-9a-fA-F]{6})")


def docx(page: str) -> bytes:
    """Return a page as DOCX, in the language and direction that it says it is in."""
    content = page_content(page)
    colours = paper_colours(page)
    document = Document()
    _set_up(document, content, _colour(colours[INK]))
    for block in content.blocks:
        _add(document, block, _colour(colours["limit"]), leftwards=content.leftwards)
    _describe(document, content)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _set_up(document: Any, content: PageContent, ink: RGBColor | None) -> None:
    """Set paper, page numbers, fonts, language and direction."""
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = PAPER
    section.left_margin = section.right_margin = MARGIN
    section.top_margin = section.bottom_margin = MARGIN
    section.footer_distance = Mm(7)
    document.styles["Normal"].font.size = Pt(10)
    for name in ("Heading 1", "Heading 2", "Heading 3", "Caption"):
        document.styles[name].font.color.rgb = ink
    document.styles["Caption"].paragraph_format.keep_with_next = True
    document.styles["Caption"].font.bold = False
    _number_pages(section.footer.paragraphs[0])
    _speak(document, content)
    if content.leftwards:
        section._sectPr.insert_element_before(OxmlElement("w:bidi"), "w:rtlGutter", "w:docGrid")
        document.styles["Normal"].element.get_or_add_pPr().append(OxmlElement("w:bidi"))


def _speak(document: Any, content: PageContent) -> None:
    """Say in which language the document is: for spelling, hyphenation and reading aloud."""
    language = LANGUAGES.get(content.language, content.language or "en-GB")
    (spoken,) = document.styles.element.xpath("w:docDefaults/w:rPrDefault/w:rPr/w:lang")
    spoken.set(qn("w:val"), language)
    if content.leftwards:
        spoken.set(qn("w:bidi"), language)


def _number_pages(paragraph: Any) -> None:
    """Write the number of the page and of all, as fields."""
    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    for before, field in (("", "PAGE"), (" / ", "NUMPAGES")):
        if before:
            paragraph.add_run(before)
        counted = OxmlElement("w:fldSimple")
        counted.set(qn("w:instr"), field)
        run, shown = OxmlElement("w:r"), OxmlElement("w:t")
        shown.text = "1"
        run.append(shown)
        counted.append(run)
        paragraph._p.append(counted)


def _add(document: Any, block: Block, limit: RGBColor | None, *, leftwards: bool) -> None:
    if isinstance(block, Heading):
        document.add_heading(_xml(block.text), block.level)
    elif isinstance(block, Paragraph):
        document.add_paragraph(_xml(block.text))
    elif isinstance(block, Picture):
        _picture(document, block)
    else:
        _table(document, block, limit, leftwards=leftwards)


def _picture(document: Any, picture: Picture) -> None:
    across, down = size(picture.png) or (1, 1)
    shown = EMU_PER_INCH / PIXELS_PER_INCH / picture.scale
    shown *= min(1.0, MAX_ACROSS / (across * shown), MAX_DOWN / (down * shown))
    run = document.add_paragraph().add_run()
    try:
        run.add_picture(io.BytesIO(picture.png), round(across * shown), round(down * shown))
    except UNREADABLE:
        run.text = _xml(t(LOST))
        return
    (properties,) = run.element.xpath(".//wp:docPr")
    properties.set("name", f"Picture {properties.get('id')}")
    if picture.title:
        properties.set("title", _xml(picture.title))
    properties.set("descr", _xml(picture.description or picture.title))


def _table(document: Any, table: PageTable, limit: RGBColor | None, *, leftwards: bool) -> None:
    if table.caption:
        document.add_paragraph(_xml(table.caption), style="Caption")
    if not table.columns:
        return
    made = document.add_table(0, table.columns, style="Table Grid")
    if leftwards:
        made._tblPr.find(qn("w:tblStyle")).addnext(OxmlElement("w:bidiVisual"))
    for cells in table.rows:
        row = made.add_row()
        _keep(row, head=bool(cells) and all(cell.head for cell in cells))
        if len(cells) > 1 and cells[0].head and not any(cell.text for cell in cells[1:]):
            row.height = SIGNED_BY_HAND
        for place, cell in zip(row.cells, cells, strict=False):
            _write(place.paragraphs[0], cell, limit)
    document.add_paragraph()


def _keep(row: Any, *, head: bool) -> None:
    """Keep a row on one page, and a head on every page."""
    properties = row._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))
    if head:
        properties.append(OxmlElement("w:tblHeader"))


def _write(paragraph: Any, cell: Cell, limit: RGBColor | None) -> None:
    run = paragraph.add_run(_xml(cell.text))
    run.font.size = Pt(8)
    run.font.bold = True if cell.head or cell.over else None
    if cell.over and limit is not None:
        run.font.color.rgb = limit
    paragraph.paragraph_format.space_after = Pt(0)
    if cell.number:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _describe(document: Any, content: PageContent) -> None:
    """Say what the document is; nothing of who made it, where, or with which template."""
    said = document.core_properties
    said.title = _xml(content.title)[:255]  # as long as the format allows
    said.language = LANGUAGES.get(content.language, content.language)
    said.author = said.last_modified_by = said.comments = said.keywords = said.subject = ""
    said.created = said.modified = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    said.revision = 1


def _xml(text: str) -> str:
    return NOT_XML.sub("?", text)


def _colour(value: str) -> RGBColor | None:
    found = COLOUR.fullmatch(value)
    return RGBColor.from_string(found[1].upper()) if found else None
