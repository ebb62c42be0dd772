"""What is being looked at is written first: who ends while looking leaves a trace."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from workbench.stages.quality.look_journal import FILE, MAX_ENDS, LookJournal


def test_a_look_that_ends_well_leaves_nothing(tmp_path: Path) -> None:
    journal = LookJournal(tmp_path)
    with journal.alone() as alone:
        assert alone
        with journal.looking(["a", "b"]):
            assert json.loads((tmp_path / FILE).read_text()) == {"a": 1, "b": 1}
            assert (tmp_path / FILE).stat().st_mode & 0o077 == 0
        assert not (tmp_path / FILE).exists()
        with pytest.raises(ValueError), journal.looking(["a"]):
            raise ValueError
        assert not (tmp_path / FILE).exists()


def end_while_looking(folder: Path, name: str) -> None:
    """Let another process end while it looks at an image."""
    pid = os.fork()
    if pid == 0:
        journal = LookJournal(folder)
        with journal.alone(), journal.looking([name]):
            os._exit(9)
    os.waitpid(pid, 0)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_the_second_end_at_an_image_is_fatal(tmp_path: Path) -> None:
    for ends in range(1, MAX_ENDS + 1):
        end_while_looking(tmp_path, "a")
        journal = LookJournal(tmp_path)
        with journal.alone() as alone:
            assert alone  # the lock has ended with its process
            assert journal.fatal() == (["a"] if ends == MAX_ENDS else [])
    with journal.alone():
        journal.forget(["a"])
        assert not (tmp_path / FILE).exists()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_what_is_done_with_is_forgiven_an_end_before(tmp_path: Path) -> None:
    end_while_looking(tmp_path, "a")
    journal = LookJournal(tmp_path)
    with journal.alone():
        with journal.looking(["a"]):  # its header, say
            assert json.loads((tmp_path / FILE).read_text()) == {"a": 2}
        assert json.loads((tmp_path / FILE).read_text()) == {"a": 1}
        journal.forget(["a"])
        assert not (tmp_path / FILE).exists()
    end_while_looking(tmp_path, "a")
    with journal.alone():
        assert journal.fatal() == []


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_images_that_others_ended_at_are_not_forgotten_meanwhile(tmp_path: Path) -> None:
    end_while_looking(tmp_path, "a")
    journal = LookJournal(tmp_path)
    with journal.alone(), journal.looking(["b"]):
        pass
    end_while_looking(tmp_path, "a")
    with journal.alone():
        assert journal.fatal() == ["a"]


def test_only_one_looks_at_a_time(tmp_path: Path) -> None:
    with LookJournal(tmp_path).alone() as first, LookJournal(tmp_path).alone() as second:
        assert (first, second) == (True, False)
    with LookJournal(tmp_path).alone() as again:
        assert again


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"a": "x"}', "null"])
def test_a_journal_somebody_spoiled_is_begun_anew(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    with LookJournal(tmp_path).alone() as alone:
        assert alone
