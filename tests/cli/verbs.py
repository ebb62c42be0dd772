"""Run a verb as a script does: exit code, the JSON of the last line, what a person reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

from workbench.cli import main

CT = Path(str(get_testdata_file("CT_small.dcm", download=False)))


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, object], str]:
    code = main([*map(str, words), "--json"])
    out, err = capsys.readouterr()
    return code, json.loads(out.strip().splitlines()[-1]), err
