"""However a peer cuts and mixes its messages, objects arrive whole and nothing grows.

Spoken by hand, because no library says what these peers say.  The tests also fail when a new
pynetdicom no longer works the way ``inflow`` expects.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.dsutils import split_dataset

from tests.attacks.attack_wire import (
    ABORTED,
    ACCEPTED,
    CT,
    DATA,
    ECHO,
    EXPLICIT,
    STORE,
    VERIFICATION,
    AbortedError,
    GoneError,
    Wire,
    associate,
    echo_once,
    fragment,
    message,
    pdu,
)
from workbench.collect.dimse import c_store
from workbench.collect.dimse.admission import AllowedPeer
from workbench.collect.dimse.receiver import Receiver, Reception
from workbench.collect.received import CANNOT_UNDERSTAND, STORED
from workbench.dicom.read import read_header
from workbench.model import ApplicationEntity

FILE = Path(str(get_testdata_file("CT_small.dcm", download=False)))
WHOLE = FILE.read_bytes()[split_dataset(FILE)[1] :]
HEADER = read_header(FILE).encoded


@pytest.fixture
def receiver(keeper: Any) -> Iterator[Receiver]:
    entity = ApplicationEntity("WORKBENCH", port=0)
    with Receiver(Reception(entity, (AllowedPeer("SENDER"),)), keeper.take) as running:
        yield running


def opened(receiver: Receiver) -> Wire:
    wire = Wire(receiver.entity.port, seconds=10.0)
    assert wire.open((CT, EXPLICIT), (VERIFICATION, EXPLICIT)) == ACCEPTED
    return wire


def item(body: bytes, control: int, context: int = 1) -> bytes:
    return struct.pack(">IBB", len(body) + 2, context, control) + body


def cut(whole: bytes, places: set[int]) -> list[bytes]:
    ends = sorted(place for place in places if place < len(whole))
    return [whole[a:b] for a, b in zip([0, *ends], [*ends, len(whole)], strict=True)]


@given(
    command_cuts=st.sets(st.integers(1, 150), max_size=4),
    data_cuts=st.sets(st.integers(1, len(WHOLE)), max_size=12),
    together=st.lists(st.integers(1, 5), min_size=1),
    sends=st.integers(1, 5000),
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_however_a_request_is_cut_its_header_arrives(
    receiver: Receiver,
    keeper: Any,
    command_cuts: set[int],
    data_cuts: set[int],
    together: list[int],
    sends: int,
) -> None:
    command = cut(message(STORE, CT, b"1.2.3"), command_cuts)
    data = cut(WHOLE, data_cuts)
    items = [item(one, 1) for one in command[:-1]] + [item(command[-1], 3)]
    items += [item(one, 0) for one in data[:-1]] + [item(data[-1], 2)]
    stream, numbers = b"", iter(together * len(items))
    while items:
        number = next(numbers)
        stream += pdu(4, b"".join(items[:number]))
        items = items[number:]
    with opened(receiver) as wire:
        for start in range(0, len(stream), sends):
            wire.send(stream[start : start + sends])
        assert wire.status() == STORED
        wire.release()
    received = keeper.objects.pop("1.2.3")
    assert received.encoded == HEADER
    assert (received.cut, received.size) == (True, len(WHOLE))


def test_objects_sent_ahead_of_the_answers_are_answered_in_turn(
    receiver: Receiver, keeper: Any
) -> None:
    uids = [f"1.2.{number}".encode() for number in range(20)]
    with opened(receiver) as wire:
        for uid in uids:
            wire.send(fragment(message(STORE, CT, uid), command=True, last=True))
            wire.send(fragment(WHOLE, command=False, last=True))
        for uid in uids:
            kind, body = wire.answer()
            assert kind == DATA
            assert uid in body
    assert list(keeper.objects) == [uid.decode() for uid in uids]


def test_echoes_sent_ahead_of_the_answers_do_not_pile_up() -> None:
    waiting: list[int] = []
    entity = ApplicationEntity("WORKBENCH", port=0)
    receiver = Receiver(Reception(entity, (AllowedPeer("SENDER"),)), lambda _: STORED)
    handler = receiver._admission.requested

    def requested(event: Any) -> None:
        handler(event)
        queue = event.assoc.dimse.msg_queue
        put = queue.put

        def counted(*words: Any) -> None:
            put(*words)
            waiting.append(queue.qsize())

        vars(queue).update(put=counted)

    vars(receiver._admission).update(requested=requested)
    with receiver, Wire(receiver.entity.port, seconds=10.0) as wire:
        assert wire.open((VERIFICATION, EXPLICIT)) == ACCEPTED
        wire.send(fragment(message(ECHO, VERIFICATION), command=True, last=True) * 300)
        for _ in range(300):
            assert wire.status() == 0
    assert len(waiting) >= 300
    assert max(waiting) <= c_store.MAX_WAITING + 1


def test_an_echo_between_objects_is_answered(receiver: Receiver) -> None:
    request = fragment(message(ECHO, VERIFICATION), command=True, last=True, context=3)
    with opened(receiver) as wire:
        for uid in (b"1.2.3", b"1.2.4"):
            assert wire.store(uid, WHOLE) == STORED
            wire.send(request)
            assert wire.status() == 0


def test_a_peer_that_takes_little_at_once_is_answered_in_pieces(receiver: Receiver) -> None:
    request = associate(((CT, EXPLICIT),)).replace(struct.pack(">I", 16_384), struct.pack(">I", 40))
    answer = b""
    with Wire(receiver.entity.port) as wire:
        wire.send(request)
        wire.answer()
        wire.send(fragment(message(STORE, CT, b"1.2.3"), command=True, last=True))
        wire.send(fragment(WHOLE, command=False, last=True))
        control = 0
        while not control & 2:
            kind, body = wire.answer()
            assert (kind, len(body) <= 40) == (DATA, True)
            control, answer = body[5], answer + body[6:]
    assert b"1.2.3" in answer
    assert struct.pack("<HHIH", 0, 0x0900, 2, STORED) in answer


def store_part(command: bytes, **options: Any) -> bytes:
    return fragment(command, command=True, last=True, **options)


REQUEST = message(STORE, CT, b"1.2.3")
PROTOCOL_ERRORS = {
    "a context nobody agreed on": store_part(REQUEST, context=99),
    "no message number": store_part(REQUEST.replace(struct.pack("<HHIH", 0, 0x0110, 2, 1), b"")),
    "an element longer than the command": store_part(REQUEST[:-4]),
    "a command that is none": store_part(message(0x7777, CT, b"1.2.3")),
    "data without a request": fragment(WHOLE, command=False, last=True),
    "data of another context": store_part(REQUEST)
    + fragment(WHOLE, command=False, last=True, context=3),
    "a command among the data": store_part(REQUEST) * 2,
    "a fragment longer than its PDU": pdu(4, struct.pack(">IBB", 500, 1, 3) + REQUEST),
    "a fragment without control": pdu(4, struct.pack(">IB", 1, 1)),
    "half a fragment's head": pdu(4, b"\0\0"),
    "an endless command": fragment(bytes(2**15), command=True, last=False) * 4,
    "an endless data set of another request": store_part(message(0x0020, CT, b"1.2.3"))
    + fragment(bytes(2**16), command=False, last=False) * 20,
}


@pytest.mark.parametrize("words", PROTOCOL_ERRORS.values(), ids=PROTOCOL_ERRORS.keys())
def test_what_must_not_be_said_ends_the_association_alone(
    receiver: Receiver, keeper: Any, words: bytes
) -> None:
    with opened(receiver) as wire:
        try:
            wire.send(words)
            kind, _ = wire.answer()
            assert kind == ABORTED
        except GoneError:
            pass  # closed before it was read to its end
        assert wire.closed()
    assert not keeper.objects
    echo_once(receiver.entity.port)


def test_an_object_that_breaks_off_is_not_taken_and_leaves_nothing(
    receiver: Receiver, keeper: Any
) -> None:
    free = receiver._headers._left
    for end in (10, len(HEADER) // 2, len(WHOLE) - 1):
        with opened(receiver) as wire:
            wire.send(fragment(REQUEST, command=True, last=True))
            wire.send(fragment(WHOLE[:end], command=False, last=False))
    with opened(receiver) as wire:
        assert wire.store(b"1.2.3", WHOLE[: len(HEADER)]) == CANNOT_UNDERSTAND, "and it is told"
        assert wire.store(b"1.2.4", WHOLE) == STORED
    assert list(keeper.objects) == ["1.2.4"]
    receiver.__exit__()
    assert receiver._headers._left == free
    assert receiver.status().associations == 0


def test_a_request_without_a_uid_is_answered(receiver: Receiver) -> None:
    with opened(receiver) as wire:
        assert wire.store(b"", WHOLE) == CANNOT_UNDERSTAND
        assert wire.store(b"1." * 4000 + b"1", WHOLE) == CANNOT_UNDERSTAND
        assert wire.store(b"1.2.3", WHOLE) == STORED


def test_an_uncompressed_context_may_carry_what_it_likes(receiver: Receiver, keeper: Any) -> None:
    """Some peers send JPEG fragments where they agreed on none (PS3.5 section A.4)."""
    path = Path(str(get_testdata_file("JPEG2000.dcm", download=False)))
    encoded = path.read_bytes()[split_dataset(path)[1] :]
    with opened(receiver) as wire:
        assert wire.store(b"1.2.3", encoded) == STORED
    assert keeper.objects["1.2.3"].encoded == read_header(path).encoded


def test_another_service_is_declined_and_the_association_goes_on_or_ends(
    receiver: Receiver, keeper: Any
) -> None:
    words = store_part(message(0x0020, CT, b"1.2.3")) + fragment(HEADER, command=False, last=True)
    with opened(receiver) as wire, pytest.raises((AbortedError, GoneError)):
        wire.send(words)
        while wire.status() != STORED:
            pass
    assert not keeper.objects
    echo_once(receiver.entity.port)


def test_pynetdicom_still_is_what_inflow_expects() -> None:
    association = Association(AE(), "acceptor")
    dul = association.dul
    for name in ("_is_transport_event", "_read_pdu_data", "send_pdu", "kill_dul"):
        assert callable(getattr(dul, name))
    for name in ("_run_loop_delay", "_idle_timer", "_kill_thread", "to_provider_queue"):
        assert hasattr(dul, name)
    assert isinstance(association._reactor_checkpoint, threading.Event)
