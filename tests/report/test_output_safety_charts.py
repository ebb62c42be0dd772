"""A chart with any text of a header is drawn, is XML, and holds nothing but drawing."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import polars as pl
import pytest

from tests.browser.hostile_texts import payloads
from tests.report.report_frames import scans
from workbench.report.charts import ELEMENTS, range_chart, svg
from workbench_widgets.pages.explore.page import dlp_by_protocol
from workbench_widgets.parts.chart import Chart

PAYLOADS = payloads("http://127.0.0.1:9")
# Vega-Lite writes titles into expressions: a quote behind a backslash ended the text there.
PAYLOADS["title"] = "\\\" + (datum.p25 > 0 ? 'broke out' : '') + \\\""
NUMBERS = {"p25": [1.0], "median": [2.0], "p75": [3.0], "reference": [2.5]}
LONGEST = 5000  # characters; of 40,000 a title takes 14 seconds to draw
PAGE = {"figure", "figcaption"}


# A NUL in a label ended the whole process in vl-convert 1.9, past any exception.
@pytest.mark.parametrize("text", PAYLOADS.values(), ids=PAYLOADS)
def test_a_hostile_text_is_drawn_as_a_text(text: str) -> None:
    text = text[-LONGEST:]
    frame = pl.DataFrame({"label": [text], **NUMBERS})
    figure = ET.fromstring(svg(range_chart(frame, text), text, "words"))
    assert {one.tag.rpartition("}")[2] for one in figure.iter()} <= ELEMENTS | PAGE
    described = [one.get("aria-label") or "" for one in figure.iter()]
    assert not [one for one in described if "broke out" in one and "datum" not in one]
    assert not [name for one in figure.iter() for name in one.attrib
                if name.lower().startswith("on") or name.endswith("href")]  # fmt: skip


@pytest.mark.parametrize("text", PAYLOADS.values(), ids=PAYLOADS)
def test_a_still_picture_is_xml_and_an_image_only(text: str) -> None:
    events = scans(dict.fromkeys(("protocol", "manufacturer", "model", "station"), text))
    picture = ET.fromstring(Chart(dlp_by_protocol(events), text).still())
    assert {one.tag.rpartition("}")[2] for one in picture.iter()} <= ELEMENTS
