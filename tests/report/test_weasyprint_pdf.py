"""A page printed without a browser: its colours, numbers, words for the blind, and as PDF/A.

Poppler and qpdf look at it, which share no code with WeasyPrint.  That a file is PDF/A in every
point only veraPDF could say, which is in no package registry: what is tested here is what the
standard asks of a file like ours (ISO 19005-2, section by section).
"""

from __future__ import annotations

import base64
import logging
import os
import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import altair as alt
import nbformat
import polars as pl
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.report import printed_pages as look
from tests.report.test_page_blocks import PIXEL
from workbench.errors import WorkbenchError
from workbench.language import use_language
from workbench.report import charts, weasyprint_pdf
from workbench.report.chromium_pdf import browser, printed_by_chromium
from workbench.report.control_chart import STATES
from workbench.report.html_page import Footer, html_page
from workbench.report.html_tables import Html, Shown, heading, html_table, paragraph
from workbench.report.page_colours import paper_colours
from workbench.report.quality_page import picture
from workbench.report.weasyprint_pdf import drawn, printed_by_weasyprint

pytestmark = [pytest.mark.pango, pytest.mark.poppler]

WIDE = pl.DataFrame({
    "label": [f"protocol {number}" for number in range(8)], "p25": [1.0 + n for n in range(8)],
    "median": [4.0 + n for n in range(8)], "p75": [9.0 + n for n in range(8)],
    "reference": [7.0] * 8,
})  # fmt: skip
CHART = charts.svg(
    charts.range_chart(WIDE, "CTDIvol (mGy)"), "CTDIvol by protocol", "What it shows"
)
FRAME = pl.DataFrame({"name": ["Müller", "x"], "value": [1.25, None]})
COLUMNS = (Shown("name", "Name"), Shown("value", "Value", "mGy", 1))
TABLE = html_table(FRAME, COLUMNS, "Doses")


def page(*parts: str, title: str = "Its name") -> str:
    """Return a page as a report's run makes it."""
    cells = [
        new_code_cell("", outputs=[new_output("execute_result", {"text/html": str(part)})])
        if isinstance(part, Html) else new_markdown_cell(part)
        for part in parts
    ]  # fmt: skip
    notebook = new_notebook(cells=cells, metadata={"title": title})
    return html_page(nbformat.from_dict(notebook), Footer("r", {}, "f", datetime.now(UTC)))


def printed(*parts: str, archived: bool = False, **options: str) -> bytes:
    return printed_by_weasyprint(page(*parts, **options), archived=archived)[0]


def by_chromium(*parts: str) -> bytes:
    return printed_by_chromium(page(*parts), browser())


PRINTERS = [printed, pytest.param(by_chromium, marks=pytest.mark.chromium)]


@pytest.mark.parametrize("printer", PRINTERS)
def test_a_charts_three_colours_are_on_its_page(printer: Callable[..., bytes]) -> None:
    (picture,) = look.drawn(printer(CHART))
    colours = paper_colours("")
    counted = {
        name: look.pixels_of(picture, colours[name]) for name in ("mark", "mark-soft", "limit")
    }
    assert all(number > 100 for number in counted.values()), counted
    assert len({colours[name] for name in counted}) == 3


def test_that_test_sees_a_chart_in_black(monkeypatch: pytest.MonkeyPatch) -> None:
    """What WeasyPrint draws of variables that nobody resolved."""
    monkeypatch.setattr(weasyprint_pdf, "resolved", lambda page: page)
    (picture,) = look.drawn(drawn(page(CHART), archived=False)[0])
    colours = paper_colours("")
    assert [look.pixels_of(picture, colours[name]) for name in ("mark", "mark-soft", "limit")] == [
        0,
        0,
        0,
    ]
    assert look.pixels_of(picture, "#000000") > 100


@pytest.mark.parametrize("printer", PRINTERS)
def test_a_warning_does_not_look_like_a_good_value(printer: Callable[..., bytes]) -> None:
    """A dot that is ok on the left, a triangle that warns on the right, and nothing else."""
    layers = [
        alt.Chart(alt.InlineData(values=[{"x": place, "y": 1}]))
        .mark_point(
            color=STATES[state][0], shape=STATES[state][1], filled=True, size=2000, opacity=1
        )
        .encode(
            x=alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, 10])),
            y=alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, 2])),
        )
        for state, place in (("ok", 1), ("warning", 9))
    ]
    both = alt.LayerChart(layer=layers).properties(width=600, height=200)
    (picture,) = look.drawn(printer(charts.svg(both, "Two states", "One ok, one warning.")))
    colours = paper_colours("")
    seen = {
        name: [int(column) for column in _columns(picture, colours[name])]
        for name in ("mark", "limit")
    }
    assert max(seen["mark"]) < min(seen["limit"]), "the dot stands left of the triangle"
    assert len(seen["mark"]) > 10
    assert len(seen["limit"]) > 10


def _columns(picture: Any, colour: str) -> list[int]:
    return [
        at for at in range(picture.shape[1]) if look.pixels_of(picture[:, at : at + 1], colour) > 2
    ]


LONG = "\n\n".join(["A line of text."] * 120)


@pytest.mark.parametrize("printer", PRINTERS)
def test_every_page_has_its_number_and_how_many_there_are(printer: Callable[..., bytes]) -> None:
    made = printer(heading("Long"), LONG)
    pages = look.text(made).split("\f")[:-1]
    assert len(pages) > 2
    for number, words in enumerate(pages, 1):
        assert "".join(words.split()).endswith(f"{number}/{len(pages)}")


@pytest.mark.parametrize("lanes", [8, 18, 30])
@pytest.mark.parametrize("printer", PRINTERS)
def test_the_first_page_is_not_left_empty_for_a_chart(
    printer: Callable[..., bytes], lanes: int
) -> None:
    frame = pl.concat([WIDE] * 4).head(lanes).with_columns(
        label=pl.format("protocol {}", pl.int_range(lanes))
    )  # fmt: skip
    chart = charts.svg(charts.range_chart(frame, "CTDIvol (mGy)"), "t", "Words. " * 30)
    said = "Topograms are left out. " * 8
    lead = paragraph("A sentence. " * 12, "lead")
    made = printer(heading("Dose"), lead, f"## By protocol\n\n{said}", chart, chart)
    first, *others = look.drawn(made)
    assert look.filled(first) > 0.5
    assert others


def test_that_test_sees_a_page_left_empty() -> None:
    tall = '<figure><svg width="900" height="600" style="max-height: none"></svg></figure>'
    first, second = look.drawn(printed(heading("Dose"), Html(tall)))[:2]
    assert look.filled(first) < 0.34
    assert look.filled(second) < 0.34


def test_a_tables_head_stands_on_each_of_its_pages() -> None:
    frame = pl.DataFrame({"name": [f"row {n}" for n in range(200)], "value": [1.0] * 200})
    pages = look.text(printed(html_table(frame, COLUMNS, "Doses"))).split("\f")[:-1]
    assert len(pages) > 3
    assert all("Name" in words for words in pages if "row" in words)


@pytest.mark.qpdf
@pytest.mark.parametrize("archived", [False, True])
def test_it_can_be_read_aloud(archived: bool) -> None:
    """ISO 14289-1: tagged, a language, a title that is shown, and words for each picture."""
    with use_language("de"):
        made = printed(heading("Dosis"), CHART, picture(PIXEL, "Image 1"), TABLE, archived=archived)
    assert look.facts(made)["Tagged"] == "yes"
    assert look.facts(made)["Title"] == "Its name"
    parts = list(look.dictionaries(look.objects(made)))
    (catalogue,) = [part for part in parts if part.get("/Type") == "/Catalog"]
    assert catalogue["/Lang"] == "u:de"
    assert catalogue["/MarkInfo"]["/Marked"] is True
    kinds = {part["/S"] for part in parts if part.get("/Type") == "/StructElem"}
    assert {"/H1", "/Table", "/TR", "/TH", "/TD", "/Figure"} <= kinds
    figures = [part for part in parts if part.get("/S") == "/Figure" and "/Alt" in part]
    assert {part["/Alt"] for part in figures} == {"u:CTDIvol by protocol", "u:Image 1"}
    assert len(figures) == len([part for part in parts if part.get("/S") == "/Figure"])


@pytest.mark.qpdf
def test_a_signed_page_keeps_to_what_pdf_a_asks() -> None:
    """ISO 19005-2:2011, each with its section; level U is 6.2.11.7."""
    made = printed(heading("Ärzte"), CHART, picture(PIXEL, "Image 1"), TABLE, archived=True)
    assert made.startswith(b"%PDF-1.7\n%")  # 6.1.2: a comment of four bytes above 127 follows
    assert all(byte > 127 for byte in made.split(b"\n")[1][1:5])
    listed = look.objects(made)
    parts = list(look.dictionaries(listed))
    trailer = listed["trailer"]["value"]
    assert "/Encrypt" not in trailer  # 6.1.3, and an identifier
    assert len(trailer["/ID"]) == 2
    (catalogue,) = [part for part in parts if part.get("/Type") == "/Catalog"]
    (intent,) = [part for part in parts if part.get("/S") == "/GTS_PDFA1"]  # 6.2.3
    profile = listed[f"obj:{intent['/DestOutputProfile']}"]["stream"]
    content = base64.b64decode(profile["data"])
    assert (profile["dict"]["/N"], content[36:40], content[16:20]) == (3, b"acsp", b"RGB ")
    used = look.fonts(made)
    assert used
    assert all(font["embedded"] == "yes" for font in used)  # 6.2.11.4
    assert all(font["unicode"] == "yes" for font in used)  # 6.2.11.7
    forbidden = {"/JavaScript", "/Launch", "/Sound", "/Movie", "/ResetForm", "/ImportData"}
    assert not [part for part in parts if part.get("/S") in forbidden]  # 6.5.1
    assert not [part for part in parts if "/EF" in part or "/XFA" in part or "/AA" in part]  # 6.8
    assert "/OpenAction" not in catalogue
    assert not [part for part in parts if "/LZWDecode" in str(part.get("/Filter"))]  # 6.1.7
    xmp = base64.b64decode(listed[f"obj:{catalogue['/Metadata']}"]["stream"]["data"]).decode()
    assert re.search(r'pdfaid:part="2"', xmp)  # 6.6.4
    assert re.search(r'pdfaid:conformance="U"', xmp)
    assert "Its name" in xmp  # 6.6.3: as in the information dictionary
    assert look.facts(made)["Title"] == "Its name"


@pytest.mark.qpdf
def test_a_page_that_nobody_signed_says_nothing_of_pdf_a() -> None:
    made = printed(heading("x"))
    parts = list(look.dictionaries(look.objects(made)))
    assert not [part for part in parts if part.get("/S") == "/GTS_PDFA1"]
    assert b"pdfaid:part" not in made


def test_a_letter_without_a_font_is_counted_and_not_archived() -> None:
    """ISO 19005-2, 6.2.11.8: no reference to .notdef.  U+E123 is nobody's (private use)."""
    text = page(paragraph("\ue123 and \ue124"))
    made, lacking = printed_by_weasyprint(text)
    assert made.startswith(b"%PDF")
    assert lacking == 2
    with pytest.raises(WorkbenchError, match=r"characters .* \(2\).* PDF/A.*Install fonts"):
        printed_by_weasyprint(text, archived=True)
    assert printed_by_weasyprint(page(paragraph("Ärzte, 5 µGy, 3 σ ≤ 4")))[1] == 0


def test_where_no_font_is_installed_it_says_so(tmp_path: Path) -> None:
    """A PDF without a letter would be written with success."""
    (tmp_path / "fonts.conf").write_text(
        f"<fontconfig><dir>{tmp_path}/none</dir><cachedir>{tmp_path}</cachedir></fontconfig>"
    )
    code = (
        "from workbench.report.weasyprint_pdf import printed_by_weasyprint\n"
        "printed_by_weasyprint('<title>t</title><p>text')"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True,
        env={**os.environ, "FONTCONFIG_FILE": str(tmp_path / "fonts.conf")},
    )  # fmt: skip
    assert "MissingTool" in run.stderr
    assert "apt install fonts-dejavu" in run.stderr


def test_nothing_is_fetched_and_nothing_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    asked: list[Any] = []
    monkeypatch.setattr(socket, "create_connection", lambda *given, **_: asked.append(given))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *given, **_: asked.append(given))
    secret = tmp_path / "secret.css"
    secret.write_text("body { color: #00ff00 }")
    caplog.set_level(logging.DEBUG)
    parts = "".join([
        f'<link rel="stylesheet" href="{secret.as_uri()}">', f'<img src="{secret.as_uri()}">',
        f'<style>@import "{secret.as_uri()}";</style>',
        "<style>p { background: url(http://127.0.0.1:9/MUELLER) }</style>",
        '<style>@font-face { font-family: x; src: url("ftp://127.0.0.1/f") }</style>',
        '<svg><image href="http://127.0.0.1:9/x"/></svg><img src="//127.0.0.1/MUELLER">',
        f'<link rel="attachment" href="{secret.as_uri()}">',
        f'<object data="{secret.as_uri()}">x</object>',
    ])  # fmt: skip
    made, _ = drawn(f"<title>t</title><p>MUELLER text</p>{parts}", archived=False)
    assert asked == []
    assert b"00ff00" not in made
    assert b"secret" not in made
    (picture,) = look.drawn(made)
    assert look.pixels_of(picture, "#00ff00") == 0
    assert not [record for record in caplog.records if record.name.startswith("weasyprint")]


def test_a_picture_of_the_page_is_printed() -> None:
    """One pixel of pure green, as the QA images come: inside the page."""
    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0\0\xff\0")), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    green = base64.b64encode(png).decode()
    tag = f'<img style="width: 200px" alt="green" src="data:image/png;base64,{green}">'
    (picture,) = look.drawn(printed_by_weasyprint(f"<title>t</title>{tag}")[0])
    assert look.pixels_of(picture, "#00ff00") > 1000


def test_the_file_says_nothing_of_who_made_it_and_where() -> None:
    made = printed(heading("x"))
    told = look.facts(made)
    assert not {"Author", "Creator", "Subject"} & {name for name, value in told.items() if value}
    for place in (Path.home() / "x", Path.cwd()):
        assert str(place).encode() not in made
    assert b"weasyprint" not in made.lower().replace(b"weasyprint 70", b"")


def test_hostile_texts_are_words() -> None:
    style = '"><style>p{display:none}</style>'
    for text in ("<script>alert(1)</script>", style, "&#x0;", "\x1b[31m", "\x00"):
        made, _ = printed_by_weasyprint(page(heading(text), paragraph("stays")))
        assert "stays" in look.text(made)
        assert b"/JavaScript" not in made
