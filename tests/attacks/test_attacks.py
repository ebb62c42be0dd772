"""The receiver under attack: it keeps within its memory and goes on answering good peers.

Memory is asserted as promised, since it does not depend on how busy the machine is.  A good echo
is promised within 1 s on a machine with nothing else to do; here ``SLACK`` is allowed, and
``python -m tests.attacks.measure`` prints the exact figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.attacks.attack_bench import Receiver, watched
from tests.attacks.attack_list import ATTACKS, Attack, deflate_bomb, nested
from tests.attacks.attack_wire import (
    ABORTED,
    ACCEPTED,
    CALLING,
    CT,
    EXPLICIT,
    REJECTED,
    AbortedError,
    GoneError,
    Wire,
    associate,
    echo_once,
    head,
)
from tests.faults.fault_objects import simulated
from workbench.survey import Survey, open_survey

MOST_MB = 200.0
ECHO_SECONDS, SLACK = 1.0, 3.0
CALLING_UNKNOWN = 3  # PS3.8 table 9-21, source 1
KEPT = (0x0000, 0xB007)  # stored, or put aside
# Nothing of it may become a path, a command or a second UID (PS3.5 section 9.1).
NO_UIDS = {
    "up": b"../../../../tmp/wb-pwned",
    "absolute": b"/tmp/wb-pwned",
    "command": b"1.2.3;rm",
    "empty": b"",
    "too long": b"1." * 40 + b"1",
    "zero byte": b"1.2.3\0/../wb-pwned",
    "backslash": b"..\\..\\wb-pwned",
}


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with Receiver(tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def doorkeeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    """Return a receiver that many harmless tests share."""
    with Receiver(tmp_path_factory.mktemp("doorkeeper")) as running:
        yield running


def survey_of(receiver: Receiver) -> Survey:
    """Stop a receiver and return its survey."""
    receiver.program.stop()
    return open_survey(receiver.workspace)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_memory_is_bounded_and_good_peers_are_answered(receiver: Receiver, attack: Attack) -> None:
    with watched(receiver, attack.peer) as seen:
        attack.run(receiver.port)
    assert receiver.running
    assert seen.peak_mb < MOST_MB
    assert seen.failed == 0
    assert seen.slowest < ECHO_SECONDS * SLACK
    echo_once(receiver.port, attack.peer)  # and afterwards, with nothing left behind


@pytest.mark.parametrize("attack", [deflate_bomb, nested])
def test_a_hostile_object_is_put_aside(receiver: Receiver, attack) -> None:
    attack(receiver.port)
    with closing(survey_of(receiver)) as survey:
        assert survey.store.table("instance").is_empty()
        assert not survey.store.table("rejected").is_empty()


def test_a_claim_of_4_gb_is_cut_off_before_it_is_sent(doorkeeper: Receiver) -> None:
    with Wire(doorkeeper.port) as wire:
        wire.send(head(1, 2**32 - 1))
        assert wire.flood(64 * 2**20) < 64 * 2**20
        assert wire.closed()


def test_a_silent_peer_is_cut_off(doorkeeper: Receiver) -> None:
    with Wire(doorkeeper.port, seconds=15.0) as wire:
        assert wire.closed()


@pytest.mark.parametrize("title", ["EVIL", CALLING.lower(), CALLING + "2", CALLING[:-1], "*"])
def test_an_unknown_calling_title_is_refused(doorkeeper: Receiver, title: str) -> None:
    with Wire(doorkeeper.port) as wire:
        wire.send(associate(((CT, EXPLICIT),), calling=title))
        kind, body = wire.answer()
    assert (kind, *body[1:]) == (REJECTED, 1, 1, CALLING_UNKNOWN)


def test_an_association_without_titles_is_not_accepted(doorkeeper: Receiver) -> None:
    with Wire(doorkeeper.port) as wire:
        wire.send(associate(((CT, EXPLICIT),), calling="", called=""))
        assert wire.answer()[0] in (REJECTED, ABORTED)


@pytest.mark.parametrize("uid", NO_UIDS.values(), ids=NO_UIDS.keys())
def test_what_is_no_uid_is_refused_and_answered(doorkeeper: Receiver, uid: bytes) -> None:
    with Wire(doorkeeper.port, seconds=5.0) as wire:
        assert wire.open((CT, EXPLICIT)) == ACCEPTED
        try:
            status = wire.store(uid, simulated(0).encoded)
        except AbortedError:
            return
        assert status == 0x0117 or status >> 12 in (0xA, 0xC)  # failures: PS3.7 annex C
        # The association is of use to the peer afterwards.
        assert wire.store(b"1.2.3", simulated(0).encoded) in KEPT


def test_no_uid_becomes_a_path(tmp_path: Path) -> None:
    with Receiver(tmp_path) as receiver:
        for uid in NO_UIDS.values():
            try:
                with Wire(receiver.port, seconds=2.0) as wire:
                    wire.open((CT, EXPLICIT))
                    assert wire.store(b"1.2.3", with_instance(uid)) in KEPT
                    wire.store(uid, with_instance(uid))
            except GoneError:
                continue
        receiver.program.stop()
    outside = {path.name for path in tmp_path.iterdir()}
    assert outside == {"workspace", "log.txt"}
    for folder in (Path("/tmp"), Path("/"), Path.cwd(), *tmp_path.parents):
        assert not (folder / "wb-pwned").exists()
        assert not list(folder.glob("1.2.3*"))
    names = [path.name for path in (tmp_path / "workspace").rglob("*")]
    assert names
    assert not [name for name in names if "pwned" in name or name.startswith("1.")]


def with_instance(uid: bytes) -> bytes:
    """Return an object that bears ``uid`` as its SOP Instance UID, whatever it is."""
    ours = simulated(0).sop_instance.encode()
    padded = len(ours) + len(ours) % 2
    written = uid[:padded].ljust(padded, b"\0")
    return simulated(0).encoded.replace(ours.ljust(padded, b"\0"), written)


@pytest.mark.parametrize("count", [200])
def test_good_peers_can_come_and_go_for_ever(doorkeeper: Receiver, count: int) -> None:
    for _ in range(count):
        echo_once(doorkeeper.port)


def test_streams_recorded_as_hostile_do_no_harm(doorkeeper: Receiver, test_data: Path) -> None:
    streams = sorted((test_data / "bad" / "net").glob("*.bin"))
    assert streams
    with watched(doorkeeper) as seen:
        for stream in streams:
            with Wire(doorkeeper.port) as wire:
                wire.send(stream.read_bytes())
    assert doorkeeper.running
    assert seen.failed == 0
    assert seen.peak_mb < MOST_MB
