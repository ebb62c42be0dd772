"""A page as PDF: printed by a browser where there is one, else the remedy."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

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


@pytest.mark.chromium
@pytest.mark.parametrize("letters", [20, 60, 90, 140])
def test_a_page_is_printed_wherever_temporary_files_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, letters: int
) -> None:
    """Chromium's socket lies there, and a socket's address is short (unix(7))."""
    place = tmp_path / ("t" * letters)
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setenv("TMPDIR", str(place))
    assert pdf(page(heading("Title"))).startswith(b"%PDF-")
    assert list(place.iterdir()) == []
