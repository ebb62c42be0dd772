"""A page as DOCX: what Word needs of it, read back as another program would."""

from __future__ import annotations

import getpass
import io
import re
import socket
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import altair as alt
import polars as pl
import pytest
from docx import Document
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report.test_page_blocks import PIXEL
from workbench.report import charts
from workbench.report.html_tables import Shown, heading, html_table, paragraph
from workbench.report.page_blocks import LOST
from workbench.report.page_colours import paper_colours
from workbench.report.quality_page import picture, signature
from workbench.report.word_document import NOT_XML, docx

FRAME = pl.DataFrame({"name": ["Müller {\\b}", "x"], "value": [1.25, None]})
TABLE = html_table(FRAME, (Shown("name", "Name"), Shown("value", "Value", "mGy", 1)), "Doses")
CHART = alt.Chart(alt.InlineData(values=[{"a": 1, "b": 2}])).mark_point().encode(x="a:Q", y="b:Q")


def page(*parts: str, start: str = '<html lang="en">') -> str:
    head = "<head><title>Its name</title></head>"
    return f"<!doctype html>{start}{head}<body><main>{''.join(parts)}</main></body></html>"


def made(*parts: str, start: str = '<html lang="en">') -> Any:
    return Document(io.BytesIO(docx(page(*parts, start=start))))


def files(*parts: str) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(docx(page(*parts)))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_headings_are_words_headings() -> None:
    document = made(heading("One & all"), "<h2>Two</h2><p>text</p><h3>Three</h3>")
    styles = [(part.style.name, part.text) for part in document.paragraphs]
    assert styles == [
        ("Heading 1", "One & all"), ("Heading 2", "Two"), ("Normal", "text"),
        ("Heading 3", "Three"),
    ]  # fmt: skip


def test_a_table_repeats_its_head_and_tears_no_row() -> None:
    document = made(TABLE)
    (table,) = document.tables
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["Name", "Value mGy"], ["Müller {\\b}", "1.2"], ["x", "not known"],
    ]  # fmt: skip
    heads = [row._tr.find(f".//{qn('w:tblHeader')}") is not None for row in table.rows]
    assert heads == [True, False, False]
    assert all(row._tr.find(f".//{qn('w:cantSplit')}") is not None for row in table.rows)
    assert document.paragraphs[0].style.name == "Caption"
    assert document.paragraphs[0].text == "Doses"
    assert document.paragraphs[0].style.paragraph_format.keep_with_next
    number = table.rows[1].cells[1].paragraphs[0]
    assert number.alignment is not None
    assert table.rows[1].cells[0].paragraphs[0].alignment is None


def test_what_is_over_a_limit_stands_out_in_the_pages_colour() -> None:
    over = TABLE.replace('<td class="number">', '<td class="number over">', 1)
    run = made(over).tables[0].rows[1].cells[1].paragraphs[0].runs[0]
    assert run.font.bold
    assert f"#{run.font.color.rgb}".lower() == paper_colours("")["limit"]


def test_rows_of_unlike_length_are_all_there() -> None:
    rows = "<tr><td>a</td></tr><tr></tr><tr><td>b</td><td>c</td></tr>"
    (table,) = made(f"<table>{rows}</table>").tables
    texts = [[cell.text for cell in row.cells] for row in table.rows]
    assert texts == [["a", ""], ["", ""], ["b", "c"]]
    assert made("<table></table><p>after</p>").paragraphs[0].text == "after"


def test_lines_to_sign_by_hand_are_high_enough() -> None:
    rows = made(signature("")).tables[0].rows
    assert len(rows) == 3
    assert all(row.height.mm >= 10 for row in rows)
    assert all(row.height is None for row in made(TABLE).tables[0].rows)


def test_pictures_are_png_with_their_words() -> None:
    document = made(charts.svg(CHART, "A & B", 'It shows "both"'), picture(PIXEL, "Image 1"))
    properties = document.element.xpath(".//wp:docPr")
    assert [each.get("descr") for each in properties] == ['It shows "both"', "Image 1"]
    assert properties[0].get("title") == "A & B"
    assert len({each.get("id") for each in properties}) == 2
    page_width = document.sections[0].page_width - 2 * document.sections[0].left_margin
    for shape in document.inline_shapes:
        assert 0 < shape.width <= page_width
    content = files(charts.svg(CHART, "t", "d"))
    pictures = [content[name] for name in content if name.startswith("word/media/")]
    assert [each[:4] for each in pictures] == [b"\x89PNG"]


def test_a_tall_picture_fits_on_a_page() -> None:
    tall = charts.svg(CHART.properties(width=100, height=3000), "t", "d")
    (shape,) = made(tall).inline_shapes
    assert shape.height.mm <= 182
    assert shape.height / shape.width > 10


@pytest.mark.parametrize("cut", [24, 40, len(PIXEL) - 5])
def test_a_picture_that_cannot_be_read_is_missed_aloud(cut: int) -> None:
    document = made(picture(PIXEL[:cut], "Image 1"), "<p>after</p>")
    texts = [part.text for part in document.paragraphs]
    assert "after" in texts
    assert str(LOST) in texts or len(document.inline_shapes) == 1


def test_pages_are_numbered_by_fields() -> None:
    footer = made(heading("x")).sections[0].footer._element
    fields = [each.get(qn("w:instr")) for each in footer.iter(qn("w:fldSimple"))]
    assert fields == ["PAGE", "NUMPAGES"]
    assert "".join(part.text or "" for part in footer.iter(qn("w:t"))) == "1 / 1"


@pytest.mark.parametrize(("start", "language"), [
    ('<html lang="en">', "en-GB"), ('<html lang="de">', "de-DE"), ('<html lang="fr">', "fr-FR"),
    ('<html lang="sv">', "sv"), ("<html>", "en-GB"),
])  # fmt: skip
def test_the_language_is_the_pages(start: str, language: str) -> None:
    document = made("<p>x</p>", start=start)
    (spoken,) = document.styles.element.xpath("w:docDefaults/w:rPrDefault/w:rPr/w:lang")
    assert spoken.get(qn("w:val")) == language
    assert document.styles["Normal"].element.find(f".//{qn('w:bidi')}") is None


def test_a_page_written_leftwards_is_so_in_word() -> None:
    document = made(TABLE, start='<html lang="ar" dir="rtl">')
    assert document.styles["Normal"].element.find(f".//{qn('w:bidi')}") is not None
    assert document.tables[0]._tblPr[1].tag == qn("w:bidiVisual")  # ECMA-376, 17.4.59: its place
    section = [child.tag for child in document.sections[0]._sectPr]
    assert qn("w:bidi") in section
    if qn("w:docGrid") in section:
        assert section.index(qn("w:bidi")) < section.index(qn("w:docGrid"))


def test_the_file_says_nothing_of_who_made_it_and_where() -> None:
    content = files(heading("x"), TABLE)
    core = content["docProps/core.xml"].decode()
    assert re.findall("<dc:creator>(.*?)</dc:creator>", core) == [""]
    assert re.findall("<cp:lastModifiedBy>(.*?)</cp:lastModifiedBy>", core) == [""]
    assert "python-docx" not in core
    assert "<dc:title>Its name</dc:title>" in core
    for name, each in content.items():
        assert not any(str(place).encode() in each for place in (Path.home(), Path.cwd())), name
    told = core + content["docProps/app.xml"].decode()
    values = re.findall(r">([^<>]+)<", told)
    assert getpass.getuser() not in values
    assert socket.gethostname() not in values


HOSTILE = (
    "<script>alert(1)</script>", '"><w:t>', '{ HYPERLINK "http://a" }', "=cmd|'/c calc'!A1",
    "]]>", "&#x0;&amp;", "\x1b[31m \x00 \x0b", "\ud800 \uffff", "_x000D_",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_is_more_than_text(text: str) -> None:
    frame = pl.DataFrame({"name": [text.replace("\ud800", "")]})
    parts = (heading(text), paragraph(text), html_table(frame, (Shown("name", "Name"),)))
    content = files(*parts)
    for name, each in content.items():
        if name.endswith((".xml", ".rels")):
            ET.fromstring(each)
        assert b'TargetMode="External"' not in each, name
    fields = re.findall(
        rb"w:(?:instrText|hyperlink|object|fldSimple)\b", content["word/document.xml"]
    )
    assert fields == []


@settings(max_examples=25)
@given(st.text(max_size=60))
def test_texts_come_back_as_they_were(text: str) -> None:
    shown = NOT_XML.sub("?", " ".join(text.split()))
    texts = [part.text for part in made(paragraph(text), "<p>end</p>").paragraphs]
    assert texts[-1] == "end"
    assert texts[:-1] == ([shown] if shown else [])
