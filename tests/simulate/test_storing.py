"""Objects sent as no well-behaved peer would: on the wrong context, or only half of one."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.dsutils import split_dataset

from workbench.simulate.storing import HALF_PDU, store_half, store_plain

JPEG = Path(str(get_testdata_file("JPEG2000.dcm")))
PLAIN = Path(str(get_testdata_file("CT_small.dcm")))


@contextmanager
def peer(taken: list[Any], *contexts: Any, status: int = 0) -> Iterator[Association]:
    """Yield an association with a receiver that notes what it got, and answers a status."""

    def take(event: Any) -> int:
        taken.append(event)
        return status

    ended: list[Any] = []
    server = AE("RECEIVER")
    sender = AE("SENDER")
    for abstract, syntax in contexts:
        server.add_supported_context(abstract, syntax)
        sender.add_requested_context(abstract, syntax)
    handlers = [(evt.EVT_C_STORE, take), (evt.EVT_CONN_CLOSE, ended.append)]
    running = server.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    try:
        association = sender.associate("127.0.0.1", running.server_address[1])
        assert association.is_established
        yield association
        if association.is_established:
            association.release()
    finally:
        running.shutdown()


def class_of(file: Path) -> Any:
    return split_dataset(file)[0].MediaStorageSOPClassUID


def test_a_compressed_object_goes_out_as_it_is_where_none_was_agreed_on() -> None:
    """A receiver that trusts the context then reads pixels that are none."""
    taken: list[Any] = []
    with peer(taken, (class_of(JPEG), ExplicitVRLittleEndian)) as association:
        answer = store_plain(association, JPEG, originator_aet="MOVER", originator_id=7, msg_id=3)
        assert answer.Status == 0
        again = store_plain(association, JPEG)
        assert again.Status == 0, "the association goes on"
    event = taken[0]
    meta, offset = split_dataset(JPEG)
    assert event.context.transfer_syntax == ExplicitVRLittleEndian != meta.TransferSyntaxUID
    assert event.request.DataSet.getvalue() == JPEG.read_bytes()[offset:]
    assert event.request.AffectedSOPInstanceUID == meta.MediaStorageSOPInstanceUID
    assert event.request.MoveOriginatorApplicationEntityTitle == "MOVER"
    assert (event.request.MoveOriginatorMessageID, event.request.MessageID) == (7, 3)


def test_the_answer_of_the_peer_comes_back() -> None:
    with peer([], (class_of(PLAIN), ExplicitVRLittleEndian), status=0xA700) as association:
        assert store_plain(association, PLAIN).Status == 0xA700


def test_where_plain_was_not_agreed_on_its_own_syntax_is_taken() -> None:
    taken: list[Any] = []
    meta, _ = split_dataset(JPEG)
    with peer(taken, (class_of(JPEG), meta.TransferSyntaxUID)) as association:
        assert store_plain(association, JPEG).Status == 0
    assert taken[0].context.transfer_syntax == meta.TransferSyntaxUID
    assert taken[0].dataset.SOPInstanceUID == dcmread(JPEG).SOPInstanceUID


@pytest.mark.parametrize("send", [store_plain, store_half])
def test_without_a_context_of_its_class_nothing_is_sent(send: Any) -> None:
    taken: list[Any] = []
    with peer(taken, (class_of(PLAIN), ExplicitVRLittleEndian)) as association:
        other = JPEG if class_of(JPEG) != class_of(PLAIN) else None
        assert other is not None
        with pytest.raises(ValueError, match="presentation context"):
            send(association, other)
        assert store_plain(association, PLAIN).Status == 0
    assert len(taken) == 1


def test_half_an_object_arrives_as_none_and_the_connection_ends() -> None:
    taken: list[Any] = []
    with peer(taken, (class_of(PLAIN), ExplicitVRLittleEndian)) as association:
        store_half(association, PLAIN)
        assert not association.is_established
    assert taken == [], "a receiver that takes it has taken half an object for a whole one"


def test_even_a_small_object_is_cut_in_its_middle() -> None:
    """It takes several pieces; some are sent, and the last is not."""
    sent: list[Any] = []
    with peer([], (class_of(PLAIN), ExplicitVRLittleEndian)) as association:
        send = association.dul.send_pdu
        association.dul.send_pdu = lambda pdu: (sent.append(pdu), send(pdu))[1]  # type: ignore[method-assign]
        store_half(association, PLAIN)
    fragments = [item[1] for pdu in sent if hasattr(pdu, "presentation_data_value_list")
                 for item in pdu.presentation_data_value_list]  # fmt: skip
    size = sum(map(len, fragments))
    whole = PLAIN.stat().st_size
    assert 0.5 * whole < size < whole
    assert max(map(len, fragments)) <= HALF_PDU
    headers = [fragment[0] for fragment in fragments]  # PS3.8 annex E.2: bit 1 marks the last
    assert not any(header == 0x02 for header in headers), "the last piece of the data set"
    assert list(itertools.takewhile(lambda header: header & 1, headers)), "the command is whole"
