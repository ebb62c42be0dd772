"""Lines of several programs in one log: whole, with a name, without tokens and commands."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.services.log_lines import MAX_LINE_BYTES, LineSplitter, SharedLog

SECRET = "c2VjcmV0LXRva2Vu"
ADDRESS = f"Serving at http://127.0.0.1:8866/?token={SECRET}"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class FullDisk(io.StringIO):
    def write(self, _: str) -> int:
        raise OSError(28, "No space left on device")


@given(st.lists(st.binary(max_size=40)), st.binary(max_size=40))
def test_however_a_text_is_cut_its_lines_are_the_same(pieces: list[bytes], last: bytes) -> None:
    splitter = LineSplitter()
    found = [line for piece in [*pieces, last] for line in splitter.lines(piece)]
    found += splitter.rest()
    text = b"".join([*pieces, last])
    lines = text.split(b"\n")
    whole = [line.decode(errors="replace").rstrip("\r") for line in lines]
    assert found == (whole if lines[-1] else whole[:-1])


@pytest.mark.parametrize("size", [MAX_LINE_BYTES + 1, 5 * MAX_LINE_BYTES])
def test_a_line_without_end_is_cut_and_the_next_one_is_whole(size: int) -> None:
    splitter = LineSplitter()
    found = []
    for start in range(0, size, 1000):
        found += splitter.lines(b"x" * min(1000, size - start))
    found += splitter.lines(b"y\nnext\n")
    assert [len(found[0]) <= MAX_LINE_BYTES, found[1:]] == [True, ["next"]]
    assert splitter.rest() == []


def test_each_line_bears_the_name_of_its_program_and_commands_no_terminal() -> None:
    log = io.StringIO()
    SharedLog(log).write("qa", "Result 7 was measured.\x1b[2J")
    assert log.getvalue() == "qa: Result 7 was measured.\u241b[2J\n"


def test_a_token_goes_to_a_terminal_and_never_into_a_file(tmp_path: Path) -> None:
    terminal = tmp_path / "tty"
    terminal.write_text("")
    log = io.StringIO()
    shared = SharedLog(log, str(terminal))
    shared.write("serve", ADDRESS)
    assert SECRET not in log.getvalue()
    assert "token=…" in log.getvalue()
    assert "password" not in log.getvalue(), "whoever sits there has seen it"
    assert terminal.read_text() == f"serve: {ADDRESS}\n"


def test_without_a_terminal_the_remedy_is_told_once(tmp_path: Path) -> None:
    log = io.StringIO()
    shared = SharedLog(log, str(tmp_path / "none" / "tty"))
    shared.write("serve", ADDRESS)
    shared.write("serve", ADDRESS)
    assert SECRET not in log.getvalue()
    assert log.getvalue().count("workbench rights set") == 1


def test_a_terminal_as_log_shows_it_as_it_is() -> None:
    log = Terminal()
    SharedLog(log, "/nowhere/at/all").write("serve", ADDRESS)
    assert log.getvalue() == f"serve: {ADDRESS}\n"


def test_a_log_that_cannot_be_written_ends_nothing() -> None:
    SharedLog(FullDisk()).write("qa", "a line")
    closed = io.StringIO()
    closed.close()
    SharedLog(closed).write("qa", "a line")
