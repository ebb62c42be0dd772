"""A chart with any text of a header is drawn, is XML, and holds nothing but drawing."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import polars as pl
import pytest

from tests.browser.hostile_texts import payloads
from tests.report.report_frames import scans
from workbench.report.charts import ELEMENTS, range_chart, svg
from workbench_widgets.chart import Chart
from workbench_widgets.explore import dlp_by_protocol

PAYLOADS = payloads("http://127.0.0.1:9")
NUMBERS = {"p25": [1.0], "median": [2.0], "p75": [3.0], "reference": [2.5]}
PAGE = {"figure", "figcaption"}


# A NUL in a label ended the whole process in vl-convert 1.9, past any exception.
@pytest.mark.parametrize("text", PAYLOADS.values(), ids=PAYLOADS)
def test_a_hostile_text_is_drawn_as_a_text(text: str) -> None:
    frame = pl.DataFrame({"label": [text], **NUMBERS})
    figure = ET.fromstring(svg(range_chart(frame, text), text, "words"))
    assert {one.tag.rpartition("}")[2] for one in figure.iter()} <= ELEMENTS | PAGE
    assert not [name for one in figure.iter() for name in one.attrib
                if name.lower().startswith("on") or name.endswith("href")]  # fmt: skip


@pytest.mark.parametrize("text", PAYLOADS.values(), ids=PAYLOADS)
def test_a_still_picture_is_xml_and_an_image_only(text: str) -> None:
    events = scans(dict.fromkeys(("protocol", "manufacturer", "model", "station"), text))
    picture = ET.fromstring(Chart(dlp_by_protocol(events), text).still())
    assert {one.tag.rpartition("}")[2] for one in picture.iter()} <= ELEMENTS
