"""How the command line speaks: people on standard error, programs on the last line."""

from __future__ import annotations

import argparse
import io
import json
from pathlib import Path

import pytest

from workbench.cli.output import (
    DONE,
    finish,
    print_json,
    show_progress,
    tell,
)


def options(json: bool) -> argparse.Namespace:
    return argparse.Namespace(json=json)


def test_a_program_reads_one_line_and_a_person_the_other_stream(
    capsys: pytest.CaptureFixture[str],
) -> None:
    counts = {"rows": 3, "where": Path("a"), "name": "Þórsson\n"}
    assert finish(options(json=True), counts, "{rows} rows.") == DONE
    said = capsys.readouterr()
    assert said.err == "3 rows.\n"
    assert said.out.count("\n") == 1
    assert json.loads(said.out) == {"rows": 3, "where": "a", "name": "Þórsson\n"}


def test_without_json_nothing_goes_to_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    finish(options(json=False), {"rows": 3}, "")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "")


def test_a_line_is_one_line_whatever_stands_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    tell("a\x1b[2Jb")
    print_json({"text": "a\x1b[2Jb"})
    said = capsys.readouterr()
    assert "\x1b" not in said.err + said.out
    assert json.loads(said.out)["text"] == "a\x1b[2Jb", "a program gets it whole, in escapes"


def test_progress_is_told_once_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    for done in range(4):
        show_progress(done, 3, "reading")
    show_progress(7, None, "receiving")
    assert capsys.readouterr().err == "reading: 3 of 3\n"


def test_progress_renews_its_line_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    show_progress(1, 2, "reading")
    show_progress(5, None, "receiving")
    assert "\n" not in screen.getvalue()
    show_progress(2, 2, "reading\x1b")
    text = screen.getvalue()
    assert text.endswith("\n")
    assert text.count("\r") == 3
    assert "receiving: 5 " in text
    assert "\x1b" not in text


def test_exit_codes_are_those_that_scripts_rely_on() -> None:
    from workbench.cli import output

    codes = [getattr(output, name) for name in ("DONE", "PROBLEMS", "NOT_STARTED", "BROKE_OFF",
                                                "STOPPED")]  # fmt: skip
    assert codes == [0, 1, 2, 3, 130]
