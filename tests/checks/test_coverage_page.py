"""The page on coverage names each column of each machine, read or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.coverage import page
from workbench.mapping.coverage import NEEDED

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"


def row(column: str, read_from: str | None, scans: int = 2) -> dict[str, Any]:
    return {
        "manufacturer": "A", "model": "B", "software_versions": None, "source": "header",
        "column": column, "read_from": read_from, "scans": scans, "of_scans": 2,
    }  # fmt: skip


def test_what_is_read_and_what_is_not_stand_apart() -> None:
    text = page([row("pitch", "SpiralPitchFactor", 1), row("pitch", None, 1), row("mas", None)])
    assert "## A, B: header" in text
    assert "Software not told; scans: 2." in text
    assert "| SpiralPitchFactor | `pitch` (in 1) |" in text
    assert "Not read: `pitch` (in 1), `mas`." in text


def test_the_page_that_is_shipped_names_every_column_of_every_machine() -> None:
    sections = PAGE.read_text(encoding="utf-8").split("\n## ")[1:]
    assert len(sections) > 10
    for section in sections:
        assert [name for name in NEEDED if f"`{name}`" not in section] == []
