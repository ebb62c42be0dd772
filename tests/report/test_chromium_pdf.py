"""A page printed by a browser, wherever temporary files lie."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import polars as pl
import pytest

from workbench.errors import WorkbenchError
from workbench.report import chromium_pdf
from workbench.report.chromium_pdf import browser, printed_by_chromium
from workbench.report.html_tables import Shown, heading, html_table

FRAME = pl.DataFrame({"name": ["Müller {\\b}", "x"], "value": [1.25, None]})
TABLE = html_table(FRAME, (Shown("name", "Name"), Shown("value", "Value", "mGy", 1)), "Doses")


def page(*parts: str) -> str:
    return f"<!doctype html><html><head></head><body><main>{''.join(parts)}</main></body></html>"


@pytest.mark.chromium
def test_a_page_is_printed() -> None:
    made = printed_by_chromium(page(heading("Title"), TABLE), browser())
    assert made.startswith(b"%PDF-")
    assert made.rstrip().endswith(b"%%EOF")
    assert len(re.findall(rb"/Type ?/Page\b", made)) == 1


def test_no_browser_is_named_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium_pdf, "BROWSERS", ("no-such-program",))
    assert browser() == ""


def test_a_browser_that_prints_nothing_is_told(tmp_path: Path) -> None:
    """The first fails, the second ends well and leaves no file."""
    for command in ("exit 3", "exit 0"):
        program = tmp_path / "browser"
        program.write_text(f"#!/bin/sh\n{command}\n")
        program.chmod(0o700)
        with pytest.raises(WorkbenchError, match=r"did not print .*\.html"):
            printed_by_chromium(page(), str(program))


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
    assert printed_by_chromium(page(heading("Title")), browser()).startswith(b"%PDF-")
    assert list(place.iterdir()) == []
