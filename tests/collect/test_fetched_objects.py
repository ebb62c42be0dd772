"""The door for what we fetch: one at a time, numbered, and always an answer of the standard."""

from __future__ import annotations

import logging
import threading

import pytest

from workbench.collect.fetched_objects import Door, decided
from workbench.collect.received import ReceivedObject
from workbench.errors import StoreError


@pytest.mark.parametrize(
    ("status", "final"),
    [(0x0000, True), (0xB000, True), (0xB006, True), (0xBFFF, True), (0xA700, False),
     (0xC000, False), (0xFE00, False), (0x0110, False)],
)  # fmt: skip
def test_success_and_warnings_need_not_be_sent_again(status: int, final: bool) -> None:
    assert decided(status) is final  # PS3.4 table B.2-1


def hand(door: Door, uid: str = "1.2.3", size: int = 0) -> int:
    return door.hand(b"encoded", "1.2.840.10008.1.2", "1.2.840.10008.5.1.4.1.1.2", uid, size)


def test_objects_are_numbered_and_know_what_was_cut_off() -> None:
    taken: list[ReceivedObject] = []
    door = Door(lambda one: taken.append(one) or 0, "PACS")  # type: ignore[func-returns-value]
    assert [hand(door), hand(door, size=900)] == [0, 0]
    assert [(one.number, one.cut, one.size, one.calling) for one in taken] == [
        (1, False, 7, "PACS"), (2, True, 900, "PACS"),
    ]  # fmt: skip


@pytest.mark.parametrize("uid", ["", "../x", "1.2 3", "1" * 65, "1.2\n"])
def test_what_is_no_uid_does_not_pass(uid: str) -> None:
    door = Door(lambda _: pytest.fail("taken"), "PACS")
    assert hand(door, uid) == 0xC000
    assert door.count == 0


@pytest.mark.parametrize(
    ("error", "status"),
    [(StoreError("full"), 0xA700), (OSError("CANARY"), 0xA700), (MemoryError(), 0xA700),
     (ValueError("CANARY"), 0xC000)],
)  # fmt: skip
def test_whatever_is_raised_there_is_an_answer_and_no_words_of_a_header(
    error: Exception, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    def take(_: ReceivedObject) -> int:
        raise error

    caplog.set_level(logging.DEBUG)
    assert hand(Door(take, "PACS")) == status
    assert "CANARY" not in caplog.text
    assert "object 1" in caplog.text


def test_only_one_at_a_time_is_taken() -> None:
    met = []
    inside = threading.Barrier(2)

    def take(_: ReceivedObject) -> int:
        try:
            inside.wait(timeout=0.3)  # two inside at once would meet
            met.append(True)
        except threading.BrokenBarrierError:
            pass
        return 0

    door = Door(take, "PACS")
    threads = [threading.Thread(target=hand, args=(door,)) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (door.count, met) == (2, [])
