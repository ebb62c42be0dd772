"""The receiver takes what its peers send, byte for byte, and stays up whatever happens."""

from __future__ import annotations

import errno
import hashlib
import logging
import socket
import ssl
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, _config
from pynetdicom.dsutils import split_dataset

from tests.attacks.attack_wire import (
    ABORTED,
    ACCEPTED,
    CT,
    EXPLICIT,
    REJECTED,
    STORE,
    VERIFICATION,
    Wire,
    fragment,
    message,
)
from tests.attacks.attack_wire import associate as associate_by_hand
from workbench.collect.dimse.admission import SPEAKS_TLS, AllowedPeer
from workbench.collect.dimse.receiver import Receiver, Reception
from workbench.collect.phantom_folder import PhantomFolder
from workbench.collect.received import CANNOT_UNDERSTAND, OUT_OF_RESOURCES, STORED, ReceivedObject
from workbench.dicom.read import read_header
from workbench.errors import NetworkError, SettingsError, StoreError
from workbench.model import ApplicationEntity

US = ApplicationEntity("WORKBENCH", port=0)
PEERS = (AllowedPeer("MODALITY"),)
REAL = (
    "CT_small.dcm", "MR_small.dcm", "JPEG2000.dcm", "MR_small_RLE.dcm", "rtplan.dcm",
    "MR_small_bigendian.dcm", "JPEG-lossy.dcm", "image_dfl.dcm", "reportsi.dcm",
)  # fmt: skip


def associate(
    receiver: Receiver, *contexts: Any, title: str = "MODALITY", called: str = "WORKBENCH"
) -> Any:
    node = AE(ae_title=title)
    node.add_requested_context("1.2.840.10008.1.1")
    for sop_class, syntax in contexts:
        node.add_requested_context(sop_class, syntax)
    return node.associate(receiver.entity.host, receiver.entity.port, ae_title=called)


def send(receiver: Receiver, dataset: Any, **titles: str) -> int | None:
    association = associate(receiver, (dataset.SOPClassUID, ExplicitVRLittleEndian), **titles)
    status = association.send_c_store(dataset)
    association.release()
    return status.get("Status")


def answers_echo(receiver: Receiver, **titles: str) -> bool:
    association = associate(receiver, **titles)
    try:
        return bool(association.is_established and association.send_c_echo().Status == STORED)
    finally:
        association.release()


@pytest.mark.parametrize(
    ("calling", "called", "trace"),
    [
        ("", "WORKBENCH", "(no calling AE title) at 127.0.0.1"),
        ("MODALITY", "", "MODALITY (calls nobody) at 127.0.0.1"),
        ("", "", "(no DICOM request) at 127.0.0.1"),
        ("STRANGER", "WORKBENCH", "STRANGER at 127.0.0.1"),
    ],
)
def test_whoever_is_refused_leaves_a_trace(
    calling: str, called: str, trace: str, keeper: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with Receiver(Reception(US, PEERS), keeper.take) as receiver:
        with Wire(receiver.entity.port) as wire:
            wire.send(associate_by_hand(((VERIFICATION, EXPLICIT),), calling, called))
            assert wire.answer()[0] in (ABORTED, REJECTED)
        until(lambda: receiver.status().refused_associations == 1)
        assert receiver.status().refused_lately == (trace,)
        assert trace in caplog.text
        assert answers_echo(receiver), "others are answered all the same"
        assert receiver.status().refused_associations == 1


def test_what_is_no_dicom_leaves_a_trace_and_a_look_at_the_port_leaves_none(keeper: Any) -> None:
    with Receiver(Reception(US, PEERS), keeper.take) as receiver:
        with Wire(receiver.entity.port):
            pass  # a monitor of the network, or a balance of load
        with Wire(receiver.entity.port) as wire:
            wire.send(b"GET / HTTP/1.1\r\n\r\n" * 4)
            assert wire.closed()
        until(lambda: receiver.status().refused_associations == 1)
        assert receiver.status().refused_lately == ("(no DICOM request) at 127.0.0.1",)


def test_services_that_we_do_not_offer_are_refused_politely(keeper: Any) -> None:
    """Storage commitment and MPPS beside C-STORE: the association is accepted, they are not."""
    commitment, mpps = "1.2.840.10008.1.20.1", "1.2.840.10008.3.1.2.3.3"
    with Receiver(Reception(US, PEERS), keeper.take) as receiver:
        association = associate(
            receiver, (CTImageStorage, ExplicitVRLittleEndian),
            (commitment, ExplicitVRLittleEndian), (mpps, ExplicitVRLittleEndian),
        )  # fmt: skip
        assert association.is_established
        accepted = {str(context.abstract_syntax) for context in association.accepted_contexts}
        assert CTImageStorage in accepted
        assert {commitment, mpps} & accepted == set()
        refused = {str(context.abstract_syntax) for context in association.rejected_contexts}
        assert {commitment, mpps} <= refused
        association.release()
        assert receiver.status().refused_associations == 0


def test_what_has_come_of_an_object_is_counted_while_it_comes(keeper: Any) -> None:
    """So that a large one over a slow line is no standstill."""
    with (
        Receiver(Reception(US, PEERS), keeper.take) as receiver,
        Wire(receiver.entity.port) as wire,
    ):
        assert wire.open((CT, EXPLICIT), calling="MODALITY") == ACCEPTED
        assert receiver.arrived == 0
        wire.send(fragment(message(STORE, CT, b"1.2.3"), command=True, last=True))
        for sent in (1, 2, 3):
            wire.send(fragment(bytes(2**16), command=False, last=False))
            until(lambda sent=sent: receiver.arrived == sent * 2**16)
        assert receiver.count == 0
    del wire


def until(condition: Any, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.01)


@pytest.mark.parametrize("name", REAL)
def test_a_data_set_arrives_as_its_file_has_it(
    name: str, keeper: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(str(get_testdata_file(name)))
    meta, offset = split_dataset(path)
    monkeypatch.setattr(_config, "STORE_SEND_CHUNKED_DATASET", True)
    with Receiver(Reception(US, PEERS), keeper.take) as receiver:
        context = (meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID)
        association = associate(receiver, context)
        assert association.send_c_store(path).Status == STORED
        association.release()
    (received,) = keeper.objects.values()
    if meta.TransferSyntaxUID.is_deflated:
        assert received.encoded == path.read_bytes()[offset:]
    else:
        assert received.encoded == read_header(path).encoded, "all but Pixel Data, byte for byte"
    assert received.size == path.stat().st_size - offset
    assert received.transfer_syntax == meta.TransferSyntaxUID
    assert received.sop_class == meta.MediaStorageSOPClassUID
    assert received.calling == "MODALITY"


def test_a_private_storage_class_is_taken(keeper: Any, make: Any) -> None:
    dataset = make("0042", 1, 1, 1)
    dataset.SOPClassUID = "1.3.46.670589.11.0.0.12.1"
    with Receiver(Reception(US, PEERS), keeper.take) as receiver:
        assert send(receiver, dataset) == STORED
    assert keeper.objects["1.2.826.1.1.1"].sop_class == dataset.SOPClassUID


@pytest.mark.parametrize("title", ["EVIL", "modality", "MODALITY2"])
def test_an_unknown_peer_is_refused(title: str, keeper: Any) -> None:
    with Receiver(Reception(US, PEERS), keeper.take) as receiver:
        assert associate(receiver, title=title).is_rejected
        assert answers_echo(receiver)


def test_a_receiver_for_nobody_is_a_mistake(keeper: Any) -> None:
    with pytest.raises(SettingsError):
        Receiver(Reception(US, ()), keeper.take)


def test_it_listens_to_loopback_unless_told_otherwise(keeper: Any) -> None:
    with Receiver(Reception(US, PEERS), keeper.take) as receiver:
        assert receiver.entity.host == "127.0.0.1"
        assert receiver.entity.port > 0


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (StoreError("Canary^Yellow"), OUT_OF_RESOURCES),
        (OSError("Canary^Yellow"), OUT_OF_RESOURCES),
        (MemoryError("Canary^Yellow"), OUT_OF_RESOURCES),
        (ValueError("Canary^Yellow"), CANNOT_UNDERSTAND),
    ],
)
def test_a_taker_that_fails_is_an_answer_and_no_end(
    error: Exception, status: int, make: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def take(received: ReceivedObject) -> int:
        raise error

    with caplog.at_level(logging.DEBUG), Receiver(Reception(US, PEERS), take) as receiver:
        assert send(receiver, make("0042", 1, 1, 1)) == status
        assert answers_echo(receiver)
    ours = [record for record in caplog.records if record.name.startswith("workbench")]
    assert "object 1" in ours[0].getMessage()
    assert not any("Canary" in record.getMessage() or record.exc_info for record in ours)


def test_the_answer_is_what_the_taker_says(make: Any) -> None:
    with Receiver(Reception(US, PEERS), lambda received: 0xB000) as receiver:
        assert send(receiver, make("0042", 1, 1, 1)) == 0xB000


@pytest.mark.parametrize(
    "uid", ["../../../../tmp/pwned", "/etc/passwd", "1.2.3;rm", "1.2 3", "$(id)"]
)
def test_a_uid_that_is_a_path_or_a_command_stays_outside(uid: str, keeper: Any, make: Any) -> None:
    with Receiver(Reception(US, PEERS), keeper.take) as receiver:
        dataset = make("0042", 1, 1, 1)
        dataset.SOPInstanceUID = uid
        assert send(receiver, dataset) != STORED
        assert answers_echo(receiver)
    assert not keeper.objects


def test_a_sloppy_uid_is_the_takers_to_judge(keeper: Any, make: Any) -> None:
    """Some pseudonymising programs write a hash; the object must get a verdict, not vanish."""
    dataset = make("0042", 1, 1, 1)
    dataset.SOPInstanceUID = "dccc9599"
    with Receiver(Reception(US, PEERS), keeper.take) as receiver:
        assert send(receiver, dataset) == STORED
    assert "dccc9599" in keeper.objects


def test_a_received_object_shows_its_number_only(keeper: Any, make: Any) -> None:
    with Receiver(Reception(US, PEERS), keeper.take) as receiver:
        send(receiver, make("0042", 1, 1, 1))
    assert repr(keeper.objects["1.2.826.1.1.1"]) == "ReceivedObject(number=1)"


def test_peers_do_not_wait_for_one_another(make: Any) -> None:
    both = threading.Barrier(2, timeout=10.0)

    def take(received: ReceivedObject) -> int:
        both.wait()
        return STORED

    with Receiver(Reception(US, PEERS), take) as receiver:
        objects = [make("0042", 1, 1, number) for number in (1, 2)]
        senders = [threading.Thread(target=send, args=(receiver, one)) for one in objects]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        assert receiver.status().objects == 2
    assert not both.broken


def test_a_peer_is_admitted_from_its_address_alone(keeper: Any) -> None:
    peers = (AllowedPeer("MODALITY", "192.0.2.0/24"), AllowedPeer("OTHER", "localhost"))
    with Receiver(Reception(US, peers), keeper.take) as receiver:
        assert associate(receiver).is_rejected
        assert answers_echo(receiver, title="OTHER")
        status = receiver.status()
    assert status.refused_associations == 1
    assert status.refused_lately == ("MODALITY at 127.0.0.1",)


def test_phantom_images_are_kept_whole_under_a_name_of_ours(keeper: Any, tmp_path: Path) -> None:
    path = Path(str(get_testdata_file("CT_small.dcm")))
    folder = PhantomFolder(tmp_path / "phantoms")
    reception = Reception(US, PEERS, phantom_title="WB_PHANTOM")
    with Receiver(reception, keeper.take, folder.keep) as receiver:
        for _ in range(2):
            assert send(receiver, dcmread(path), called="WB_PHANTOM") == STORED
        assert send(receiver, dcmread(path)) == STORED
    (kept,) = folder.folder.iterdir()
    assert folder.folder.stat().st_mode & 0o077 == 0
    data, original = dcmread(kept), dcmread(path)
    assert data.PixelData == original.PixelData
    assert kept.stem == hashlib.sha256(str(original.SOPInstanceUID).encode()).hexdigest()
    assert kept.read_bytes()[:128] == bytes(128)
    (header,) = keeper.objects.values()
    assert header.cut


def test_other_content_of_the_same_phantom_image_stands_beside_it(tmp_path: Path) -> None:
    folder = PhantomFolder(tmp_path / "phantoms")
    for content in (b"one", b"two", b"one"):
        received = ReceivedObject(1, content, "1.2.840.10008.1.2", CTImageStorage, "1.2.3", "A")
        assert folder.keep(received) == STORED
    assert len(list(folder.folder.iterdir())) == 2


def test_silent_connections_do_not_shut_others_out(keeper: Any) -> None:
    with Receiver(Reception(US, PEERS), keeper.take) as receiver:
        address = (receiver.entity.host, receiver.entity.port)
        silent = [socket.create_connection(address) for _ in range(12)]
        start = time.monotonic()
        assert answers_echo(receiver)
        assert time.monotonic() - start < 3.0
        for connection in silent:
            connection.close()
        time.sleep(0.2)


def test_a_header_that_announces_gigabytes_is_cut_off(keeper: Any) -> None:
    with Receiver(Reception(US, PEERS), keeper.take) as receiver:
        address = (receiver.entity.host, receiver.entity.port)
        with socket.create_connection(address, timeout=5.0) as connection:
            connection.sendall(b"\x01\x00\xff\xff\xff\xff")
            sent = 0
            with pytest.raises(OSError):
                while sent < 2**26:
                    sent += connection.send(bytes(2**16))
                    time.sleep(0.001)
            assert sent < 2**24
        assert answers_echo(receiver)


def test_a_port_that_is_taken_is_said_with_a_remedy(keeper: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        entity = ApplicationEntity("WORKBENCH", port=other.getsockname()[1])
        with pytest.raises(NetworkError, match="choose another port"):
            Receiver(Reception(entity, PEERS), keeper.take).__enter__()


def test_after_it_ended_nothing_is_taken(keeper: Any) -> None:
    with Receiver(Reception(US, PEERS), keeper.take) as receiver:
        assert answers_echo(receiver)
    assert not associate(receiver).is_established


@pytest.mark.dcmtk
def test_dcmsend_sends_real_files(keeper: Any, tmp_path: Path) -> None:
    files = [Path(str(get_testdata_file(name))) for name in REAL]
    with Receiver(Reception(US, PEERS), keeper.take) as receiver:
        entity = receiver.entity
        command = ["/usr/bin/dcmsend", "-aet", "MODALITY", "-aec", "WORKBENCH", "-dn"]
        subprocess.run([*command, entity.host, str(entity.port), *files], check=True, timeout=60)
    expected = {dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in files}
    assert keeper.objects.keys() == expected


def test_implicit_and_explicit_are_both_usual(keeper: Any) -> None:
    with Receiver(Reception(US, PEERS), keeper.take) as receiver:
        association = associate(
            receiver,
            (CTImageStorage, ImplicitVRLittleEndian),
            (CTImageStorage, ExplicitVRLittleEndian),
        )
        assert len(association.accepted_contexts) == 3
        association.release()


@pytest.mark.parametrize(
    ("allowed", "address", "admitted"),
    [
        ("", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("192.0.2.0/24", "192.0.2.8", True),
        ("192.0.2.8/24", "192.0.2.7", True),
        ("192.0.2.0/24", "::ffff:192.0.2.8", True),
        ("2001:db8::/32", "2001:db8::1", True),
        ("2001:db8::/32", "192.0.2.7", False),
        ("localhost", "127.0.0.1", True),
        ("no.such.host.invalid", "127.0.0.1", False),
    ],
)
def test_an_address_may_be_written_as_people_do(
    allowed: str, address: str, *, admitted: bool
) -> None:
    peer = AllowedPeer("MODALITY", allowed)
    assert peer.admits("MODALITY", address) is admitted
    assert not peer.admits("OTHER", address)


def test_the_status_tells_what_has_come(keeper: Any, make: Any) -> None:
    with Receiver(Reception(US, PEERS), keeper.take) as receiver:
        assert receiver.status().last_object_at == ""
        send(receiver, make("0042", 1, 1, 1))
        status = receiver.status()
    assert (status.objects, status.refused_objects) == (1, 0)
    assert status.bytes == keeper.objects["1.2.826.1.1.1"].size
    then = datetime.fromisoformat(status.last_object_at)
    assert abs(datetime.now(UTC) - then) < timedelta(minutes=5)


@pytest.mark.parametrize(
    ("entity", "words"),
    [
        (ApplicationEntity("WORKBENCH", "192.0.2.77", 0), "no such address"),
        (ApplicationEntity("WORKBENCH", "no-such-host.invalid", 0), "no such address"),
    ],
)
def test_an_address_of_another_computer_is_told_as_that(
    keeper: Any, entity: ApplicationEntity, words: str
) -> None:
    with pytest.raises(NetworkError, match=words) as caught:
        Receiver(Reception(entity, PEERS), keeper.take).__enter__()
    assert "host of [local]" in caught.value.remedy


def test_a_port_of_the_system_is_told_as_that(keeper: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "denied")

    monkeypatch.setattr(AE, "make_server", denied)
    with pytest.raises(NetworkError, match="kept for the system") as caught:
        Receiver(
            Reception(ApplicationEntity("WORKBENCH", port=104), PEERS), keeper.take
        ).__enter__()
    assert "1024" in caught.value.remedy


def test_a_peer_that_encrypts_at_a_plain_port_is_remembered(keeper: Any) -> None:
    with Receiver(Reception(US, PEERS), keeper.take) as receiver:
        assert answers_echo(receiver)
        assert receiver.status().refused_lately == (), "a plain peer is none"
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
        place = (receiver.entity.host, receiver.entity.port)
        with socket.create_connection(place) as plain, pytest.raises(OSError):
            client.wrap_socket(plain)
        until(lambda: receiver.status().refused_lately)
        status = receiver.status()
        assert status.refused_lately == (f"{SPEAKS_TLS} at 127.0.0.1",)
        assert status.refused_associations == 1
        assert answers_echo(receiver)
