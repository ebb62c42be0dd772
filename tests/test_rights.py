"""Rights: what includes what, how a kernel is told, and that nothing is allowed by mistake."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from workbench import rights
from workbench.errors import RightsError
from workbench.rights import COMING, GIVEN, Right, Rights

TABLE = {
    Right.LOOK: {Right.LOOK},
    Right.DECIDE: {Right.LOOK, Right.DECIDE},
    Right.COLLECT: {Right.LOOK, Right.COLLECT},
    Right.ADMINISTER: set(Right),
}


@pytest.mark.parametrize("given", Right)
def test_each_right_includes_what_the_table_says(given: Right) -> None:
    held = Rights.of([given])
    assert {right for right in Right if held.allow(right)} == TABLE[given]
    for right in set(Right) - TABLE[given]:
        with pytest.raises(RightsError, match=f"the right to {right}"):
            held.need(right)


def test_two_rights_together_are_their_union_and_no_more() -> None:
    both = Rights.of([Right.DECIDE]) | Rights.of([Right.COLLECT])
    assert not both.allow(Right.ADMINISTER)
    assert {right for right in Right if both.allow(right)} == set(Right) - {Right.ADMINISTER}


@pytest.mark.parametrize("text", ["", "all", "ADMINISTER", "administer;", "look collect", " look"])
def test_what_is_no_right_gives_none(text: str) -> None:
    assert Rights.read(text) == Rights()
    assert not Rights.read(text).allow(Right.LOOK)


def test_what_is_written_is_read_again() -> None:
    for given in ([], [Right.LOOK], [Right.COLLECT, Right.DECIDE], list(Right)):
        assert Rights.read(str(Rights.of(given))) == Rights.of(given)


def test_a_program_of_a_person_may_do_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(GIVEN, raising=False)
    monkeypatch.delenv(COMING, raising=False)
    assert rights.visitor() == rights.rights_here() == rights.EVERY_RIGHT


def test_a_kernel_may_do_nothing_until_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "k.visit"
    monkeypatch.setenv(GIVEN, "")
    monkeypatch.setenv(COMING, str(file))
    assert not rights.rights_here().allow(Right.LOOK)
    teller = threading.Timer(0.2, rights.hand_over, (file, Rights.of([Right.DECIDE])))
    teller.start()
    assert rights.visitor() == Rights.of([Right.DECIDE])
    teller.join()
    assert not file.exists()
    # Once and for all: a second file changes nothing.
    rights.hand_over(file, rights.EVERY_RIGHT)
    assert rights.rights_here() == rights.visitor() == Rights.of([Right.DECIDE])
    assert COMING not in os.environ


def test_the_file_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "k.visit"
    before = os.umask(0)
    try:
        rights.hand_over(file, Rights.of([Right.LOOK]))
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["k.visit"]


def test_what_a_server_that_was_killed_left_half_written_gives_nothing_and_blocks_nobody(
    tmp_path: Path,
) -> None:
    file = tmp_path / "k.visit"
    for left in (file.with_suffix(".partial"), tmp_path / "k.visit.partial"):
        left.write_text("administer")
        left.chmod(0o666)
    rights.hand_over(file, Rights.of([Right.LOOK]))
    assert file.read_text("ascii") == "look"
    assert file.stat().st_mode & 0o777 == 0o600


def test_nobody_is_waited_for_when_the_server_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(GIVEN, "")
    monkeypatch.setenv(COMING, str(tmp_path / "gone" / "k.visit"))
    assert rights.visitor() == Rights()


def test_a_function_refuses_whatever_called_it(monkeypatch: pytest.MonkeyPatch) -> None:
    @rights.needs(Right.ADMINISTER)
    def delete(what: str) -> str:
        return f"{what} is gone"

    assert delete("it") == "it is gone"
    monkeypatch.setenv(GIVEN, "look,decide,collect")
    with pytest.raises(RightsError, match="administer"):
        delete("it")
