"""Fixtures that tests of several rooms share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deidentify.conftest import in_memory  # noqa: F401
from workbench.cli import main


@pytest.fixture
def workspace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["init", "-w", str(tmp_path / "w"), "--survey", "test", "--site", "LU01"]) == 0
    capsys.readouterr()
    return tmp_path / "w"
