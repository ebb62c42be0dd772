"""How the command line speaks: people on standard error, programs on the last line."""

from __future__ import annotations

import argparse
import errno
import io
import json
from pathlib import Path

import pytest

from workbench.cli.output import (
    DONE,
    answer_to,
    finish,
    print_json,
    say,
    show_progress,
    tell,
)
from workbench.errors import SettingsError


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
    finish(options(json=False), {"rows": 3, "name": "a"}, "{rows} rows of {name!r} in {C:\\x} {y}.")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("3 rows of 'a' in {C:\\x} {y}.\n", "")


@pytest.mark.parametrize("json", [True, False])
def test_a_question_is_asked_beside_the_results(
    json: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(" yes \n"))
    assert answer_to("Go on? ", "Add --yes.") == "yes"
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "Go on? ")
    with pytest.raises(SettingsError, match=r"nobody to ask. Add --yes"):
        answer_to("Go on? ", "Add --yes.")


@pytest.mark.parametrize(("coding", "shown"), [("ascii", "M\\xfcller"), ("utf-8", "Müller")])
def test_what_a_stream_cannot_show_is_shown_in_escapes(
    coding: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=coding)
    monkeypatch.setattr("sys.stdout", stream)
    say(options(json=False), "Müller")
    assert stream.buffer.getvalue().decode(coding) == f"{shown}\n"  # type: ignore[attr-defined]


def test_a_result_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("sys.stdout", Full())
    with pytest.raises(SettingsError, match="standard output: no space left on device"):
        say(options(json=False), "x")
    with pytest.raises(SettingsError, match="standard output"):
        print_json({})


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
