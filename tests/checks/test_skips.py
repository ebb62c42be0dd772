"""Skips are counted, named in the last line, and fail a run that allows none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
ROOT = Path(__file__).resolve().parents[2]
CONFTEST = (Path(__file__).resolve().parents[1] / "conftest.py").read_text(encoding="utf-8")
MARKERS = "[pytest]\nmarkers =\n    orthanc: x\n    dcmtk: x\n    chromium: x\n    postgres: x\n"


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    for name in ("WORKBENCH_TEST_DATA", "WORKBENCH_NO_SKIPS"):
        monkeypatch.delenv(name, raising=False)
    nowhere = 'Program("Orthanc", "no-such-program", ("no/such/place",))'
    conftest = CONFTEST + f'\n\nPROGRAMS["orthanc"] = {nowhere}\n'
    pytester.makeconftest(conftest)
    # The conftest imports from the tests; pytest finds them by the settings of our own folder.
    monkeypatch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)
    pytester.makeini(MARKERS)
    return pytester


def last_line(result: pytest.RunResult) -> str:
    return [line for line in result.outlines if line.strip()][-1]


def test_nothing_skipped_is_said(suite: pytest.Pytester) -> None:
    suite.makepyfile("def test_a(): pass")
    result = suite.runpytest_subprocess()
    assert last_line(result) == "Nothing was skipped."
    assert result.ret == 0


SKIPPING = """
import pytest
@pytest.mark.orthanc
def test_a(): raise AssertionError("must not run")
@pytest.mark.orthanc
def test_b(): raise AssertionError("must not run")
def test_c(test_data): raise AssertionError("must not run")
def test_d(): pass
@pytest.mark.xfail
def test_e(): assert False
"""


def test_the_last_line_counts_by_reason(suite: pytest.Pytester) -> None:
    suite.makepyfile(SKIPPING)
    result = suite.runpytest_subprocess()
    assert last_line(result) == (
        "Skipped: 2 × needs Orthanc (not installed); 1 × needs test data: set WORKBENCH_TEST_DATA."
    )
    assert result.ret == 0
    result.assert_outcomes(passed=1, skipped=3, xfailed=1)


def test_a_skip_fails_a_run_that_allows_none(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_NO_SKIPS", "1")
    suite.makepyfile(SKIPPING)
    result = suite.runpytest_subprocess()
    assert result.ret == 1
    assert last_line(result).endswith("WORKBENCH_NO_SKIPS is set: the run fails.")


def test_a_whole_file_left_out_counts_too(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_NO_SKIPS", "1")
    suite.makepyfile(
        test_one="def test_a(): pass", test_two="import pytest\npytest.importorskip('zz')"
    )
    assert suite.runpytest_subprocess().ret == 1


def test_what_the_machine_s_owner_does_not_allow_is_named_and_fails_nothing(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_NO_SKIPS", "1")
    suite.makepyfile("import pytest\ndef test_a(): pytest.skip('not allowed here: to mount')")
    result = suite.runpytest_subprocess()
    assert result.ret == 0
    assert last_line(result) == "Skipped: 1 × not allowed here: to mount."
