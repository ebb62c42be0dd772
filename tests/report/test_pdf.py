"""A page as PDF: printed by a browser where there is one, else the remedy."""

from __future__ import annotations

import re

import polars as pl
import pytest

from workbench.errors import MissingTool
from workbench.report import pdf as pdf_module
from workbench.report.html_tables import Shown, heading, html_table
from workbench.report.pdf import pdf

FRAME = pl.DataFrame({"name": ["Müller {\\b}", "x"], "value": [1.25, None]})
TABLE = html_table(FRAME, (Shown("name", "Name"), Shown("value", "Value", "mGy", 1)), "Doses")


def page(*parts: str) -> str:
    return f"<!doctype html><html><head></head><body><main>{''.join(parts)}</main></body></html>"


@pytest.mark.chromium
def test_a_page_is_printed() -> None:
    made = pdf(page(heading("Title"), TABLE))
    assert made.startswith(b"%PDF-")
    assert made.rstrip().endswith(b"%%EOF")
    assert len(re.findall(rb"/Type ?/Page\b", made)) == 1


def test_without_a_browser_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_module, "BROWSERS", ("no-such-program",))
    with pytest.raises(MissingTool, match="apt install chromium"):
        pdf(page())
