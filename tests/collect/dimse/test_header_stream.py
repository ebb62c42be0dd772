"""A header is cut out of an object on its way in, wherever the network cuts the object."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pynetdicom import AE, build_context
from pynetdicom.dsutils import split_dataset

from workbench.collect.dimse import header_stream
from workbench.collect.dimse.admission import AllowedPeer
from workbench.collect.dimse.header_stream import Budget, Sink, WholeSink
from workbench.collect.dimse.receiver import Receiver, Reception
from workbench.dicom.read import read_header, read_received
from workbench.model import ApplicationEntity

EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
NAMES = (
    "CT_small.dcm", "MR_small.dcm", "JPEG2000.dcm", "MR_small_RLE.dcm", "rtplan.dcm",
    "MR_small_bigendian.dcm", "reportsi.dcm", "no_meta_group_length.dcm", "ExplVR_BigEnd.dcm",
)  # fmt: skip


def encoded(name: str) -> tuple[bytes, str, bytes]:
    path = Path(str(get_testdata_file(name, download=False)))
    meta, offset = split_dataset(path)
    return path.read_bytes()[offset:], str(meta.TransferSyntaxUID), read_header(path).encoded


def element(group: int, number: int, value: bytes, length: int | None = None) -> bytes:
    """An element of Implicit VR Little Endian."""
    size = len(value) if length is None else length
    return struct.pack("<HHI", group, number, size) + value


@given(name=st.sampled_from(NAMES), data=st.data())
@settings(max_examples=60, deadline=None)
def test_however_it_is_cut_the_same_header_is_kept(name: str, data: Any) -> None:
    whole, syntax, header = encoded(name)
    sink = Sink(lambda: syntax, Budget())
    places = sorted(data.draw(st.sets(st.integers(1, len(whole)), max_size=40)))
    for start, end in zip([0, *places], [*places, len(whole)], strict=True):
        sink.write(whole[start:end])
    assert sink.getvalue() == header
    assert sink.whole
    assert sink.size == len(whole)
    assert sink.cut == (header != whole)


@pytest.mark.parametrize("name", ["CT_small.dcm", "JPEG2000.dcm", "MR_small_RLE.dcm"])
def test_pixels_that_end_early_are_noticed(name: str) -> None:
    whole, syntax, _ = encoded(name)
    at = whole.find(b"\xe0\x7f\x10\x00")
    for end in (at + 14, at + 200, (at + len(whole)) // 2):
        sink = Sink(lambda: syntax, Budget())
        sink.write(whole[:end])
        assert sink.cut
        assert not sink.whole


@pytest.mark.parametrize("size", [1, 7, 64, 5000])
def test_more_pixels_than_declared_are_left_out(size: int) -> None:
    whole, syntax, header = encoded("CT_small.dcm")
    at = whole.find(b"\xe0\x7f\x10\x00OW") + 12
    end = at + int.from_bytes(whole[at - 4 : at], "little")
    for surplus in (b"\xff" * 5000, b"\x07\x01" * 2500):
        sink = Sink(lambda: syntax, Budget())
        sent = whole[:end] + surplus
        for start in range(0, len(sent), size * 20):
            sink.write(sent[start : start + size * 20])
        assert sink.whole
        assert sink.getvalue() == header[: len(sink.getvalue())] != b""
        assert read_received(sink.getvalue(), syntax).dataset.SOPInstanceUID


def test_what_stands_behind_the_pixels_is_kept() -> None:
    first, last = element(0x0008, 0x0060, b"CT"), element(0xFFFC, 0xFFFC, b"ab")
    sink = Sink(lambda: IMPLICIT, Budget())
    sink.write(first + element(0x7FE0, 0x0010, bytes(1000)) + last)
    assert sink.getvalue() == first + last


def test_pixels_within_a_sequence_stay_for_the_reader_to_judge() -> None:
    icon = element(0x7FE0, 0x0010, bytes(16))
    item = element(0xFFFE, 0xE000, icon)
    whole = element(0x0088, 0x0200, item)
    sink = Sink(lambda: IMPLICIT, Budget())
    for byte in whole:
        sink.write(bytes([byte]))
    assert sink.getvalue() == whole
    assert not sink.cut


def test_a_sequence_without_length_may_be_cut_between_its_items() -> None:
    items = element(0xFFFE, 0xE000, element(0x0008, 0x1150, b"1.2.3 ")) * 2
    sequence = element(0x0008, 0x1140, items, 0xFFFFFFFF)
    header = sequence + element(0xFFFE, 0xE0DD, b"") + element(0x0010, 0x0020, b"ID")
    whole = header + element(0x7FE0, 0x0010, bytes(1000))
    for place in range(1, len(header)):
        sink = Sink(lambda: IMPLICIT, Budget())
        sink.write(whole[:place])
        sink.write(whole[place:])
        assert sink.getvalue() == header


def test_pixels_without_number_are_left_to_the_reader() -> None:
    first = element(0x0008, 0x0060, b"CT")
    sink = Sink(lambda: IMPLICIT, Budget())
    sink.write(first + element(0x7FE0, 0x0010, bytes(8)) * 1000)
    assert len(sink.getvalue()) == len(first) + 997 * 16


def test_a_header_without_end_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header_stream, "MAX_HEADER_BYTES", 100_000)
    sink = Sink(lambda: IMPLICIT, Budget())
    sink.write(element(0x0008, 0x1140, b"", 0xFFFFFFFF))
    for _ in range(1000):
        sink.write(element(0xFFFE, 0xE000, bytes(992)))
    assert sink.overflow
    assert len(sink.getvalue()) <= 100_000
    assert sink.size > 1_000_000


def test_all_headers_on_their_way_share_one_budget_and_give_it_back() -> None:
    budget = Budget(1000)
    first, second = (Sink(lambda: IMPLICIT, budget) for _ in range(2))
    first.write(element(0x0010, 0x4000, bytes(692)))
    second.write(element(0x0010, 0x4000, bytes(692)))
    assert (first.overflow, second.overflow) == (False, True)
    del first
    third = Sink(lambda: IMPLICIT, budget)
    third.write(element(0x0010, 0x4000, bytes(692)))
    assert not third.overflow


def test_a_whole_object_is_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header_stream, "MAX_WHOLE_BYTES", 1000)
    sink = WholeSink(Budget())
    for _ in range(3):
        sink.write(bytes(500))
    assert (sink.overflow, sink.size, len(sink.getvalue())) == (True, 1500, 1000)


def test_pynetdicom_still_collects_where_we_reach_in() -> None:
    """Fails when a new pynetdicom puts messages together in another way than ``cut`` expects."""
    sinks: list[BytesIO] = []

    def take(received: Any) -> int:
        assert received.cut
        assert len(received.encoded) < 10_000 < received.size
        sinks.append(received)
        return 0x0000

    peers = (AllowedPeer("MODALITY"),)
    with Receiver(Reception(ApplicationEntity("US", port=0), peers), take) as receiver:
        path = str(get_testdata_file("CT_small.dcm", download=False))
        node = AE(ae_title="MODALITY")
        context = build_context("1.2.840.10008.5.1.4.1.1.2", EXPLICIT)
        association = node.associate("127.0.0.1", receiver.entity.port, [context])
        assert association.send_c_store(path).Status == 0x0000
        association.release()
    assert len(sinks) == 1
