"""The walker must find the end of every element and refuse what a reader would guess at."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.dicom.walk import DatasetStructure, Encoding, looks_explicit, walk
from workbench.errors import DamagedObject

EXPLICIT, IMPLICIT, BIG = Encoding(), Encoding(explicit=False), Encoding(little=False)


def element(tag: int, vr: str, value: bytes, order: str = "<") -> bytes:
    """Encode one explicit element (PS3.5 section 7.1.2)."""
    head = struct.pack(order + "HH", tag >> 16, tag & 0xFFFF) + vr.encode()
    if vr in ("OB", "OW", "SQ", "UN", "UT"):
        return head + b"\0\0" + struct.pack(order + "I", len(value)) + value
    return head + struct.pack(order + "H", len(value)) + value


def implicit(tag: int, value: bytes, length: int | None = None) -> bytes:
    """Encode one implicit element (PS3.5 section 7.1.3)."""
    size = len(value) if length is None else length
    return struct.pack("<HHI", tag >> 16, tag & 0xFFFF, size) + value


def item(content: bytes, defined: bool = True) -> bytes:
    if defined:
        return implicit(0xFFFEE000, content)
    return implicit(0xFFFEE000, content, 0xFFFFFFFF) + implicit(0xFFFEE00D, b"")


def undefined_sequence(tag: int, items: bytes, vr: bytes = b"SQ") -> bytes:
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr + b"\0\0\xff\xff\xff\xff"
    return head + items + implicit(0xFFFEE0DD, b"")


NAME = element(0x00100010, "PN", b"AB")


def refused(data: bytes, encoding: Encoding = EXPLICIT, depth: int = 64) -> str:
    with pytest.raises(DamagedObject) as caught:
        walk(data, 0, encoding, depth)
    return caught.value.code


def test_explicit_implicit_and_big_endian_end_where_the_bytes_end() -> None:
    for data, encoding in (
        (NAME, EXPLICIT),
        (implicit(0x00100010, b"AB"), IMPLICIT),
        (element(0x00100010, "PN", b"AB", ">"), BIG),
    ):
        assert walk(data, 0, encoding) == DatasetStructure(end=len(data))


def test_pixel_data_is_found_native_and_encapsulated() -> None:
    native = NAME + element(0x7FE00010, "OW", b"12")
    assert walk(native, 0, EXPLICIT).pixels == [(len(NAME), len(native))]
    fragments = undefined_sequence(0x7FE00010, item(b"") + item(b"\xff\xd8"), b"OB")
    data = NAME + fragments + element(0xFFFCFFFC, "OB", b"\0\0")
    found = walk(data, 0, EXPLICIT)
    assert found.pixels == [(len(NAME), len(NAME) + len(fragments))]
    assert found.end == len(data)


@pytest.mark.parametrize("defined", [True, False])
def test_nested_sequences_are_walked(defined: bool) -> None:
    inner = undefined_sequence(0x00081140, item(NAME, defined))
    data = undefined_sequence(0x00081115, item(inner, defined)) + NAME
    assert walk(data, 0, EXPLICIT).end == len(data)


def test_un_of_undefined_length_holds_implicit_items() -> None:
    data = undefined_sequence(0x00091010, item(implicit(0x00091011, b"AB")), b"UN")
    assert walk(data, 0, EXPLICIT).end == len(data)


def test_declared_length_beyond_the_bytes_left_is_refused_at_any_depth() -> None:
    cut = element(0x00100010, "PN", b"ABCD")[:-1]
    assert refused(cut) == "truncated"
    assert refused(element(0x00081140, "SQ", item(cut))) == "truncated"
    assert refused(implicit(0x00100010, b"AB", 1000), IMPLICIT) == "truncated"
    assert refused(NAME[:7]) == "truncated"


def test_a_tag_that_stands_twice_is_refused_since_readers_differ() -> None:
    assert refused(NAME + NAME) == "duplicate_tag"
    assert refused(element(0x00081140, "SQ", item(NAME + NAME))) == "duplicate_tag"
    two_items = element(0x00081140, "SQ", item(NAME) + item(NAME))
    assert walk(two_items, 0, EXPLICIT).end == len(two_items)


def test_depth_is_bounded() -> None:
    def nested(levels: int) -> bytes:
        data = NAME
        for _ in range(levels):
            data = undefined_sequence(0x00081140, item(data))
        return data

    assert walk(nested(64), 0, EXPLICIT).end == len(nested(64))
    assert refused(nested(65)) == "too_deep"
    assert refused(nested(5000)) == "too_deep"


def test_unknown_vr_and_foreign_items_are_refused() -> None:
    assert refused(element(0x00100010, "ZZ", b"AB") + b"\1\2") == "unknown_vr"
    assert refused(element(0x00100010, "ZZ", b"AB", ">"), BIG) == "unknown_vr"
    assert refused(element(0x00081140, "SQ", NAME)) == "not_an_item"


def test_oddities_are_noted_and_do_no_harm() -> None:
    unsorted = NAME + element(0x00080060, "CS", b"CT")
    assert walk(unsorted, 0, EXPLICIT).notes == {"unsorted"}
    assert walk(NAME + b"\0" * 20, 0, EXPLICIT) == DatasetStructure(
        end=len(NAME), notes={"padding"}
    )
    assert walk(element(0x00100010, "pn", b"AB"), 0, EXPLICIT).notes == {"odd_vr"}


def test_explicit_is_told_from_implicit() -> None:
    assert looks_explicit(NAME, 0)
    assert not looks_explicit(implicit(0x00100010, b"AB"), 0)


@given(st.binary(max_size=400), st.sampled_from([EXPLICIT, IMPLICIT, BIG]))
def test_any_bytes_end_or_are_refused(data: bytes, encoding: Encoding) -> None:
    try:
        found = walk(data, 0, encoding)
    except DamagedObject:
        return
    assert 0 <= found.end <= len(data)


@given(st.integers(min_value=1, max_value=60))
def test_every_cut_of_a_good_data_set_is_shorter_or_refused(cut: int) -> None:
    data = (
        element(0x00081140, "SQ", item(NAME) + item(NAME)) + NAME + element(0x00200010, "SH", b"1 ")
    )
    whole = len(data)
    try:
        assert walk(data[: whole - cut], 0, EXPLICIT).end < whole
    except DamagedObject as error:
        assert error.code == "truncated"


@pytest.mark.parametrize("tail", [b"", implicit(0xFFFEE00D, b"")])
@pytest.mark.parametrize("vr", [b"SQ", b"UN"])
def test_a_sequence_that_ends_with_the_bytes_but_not_by_its_delimiter_is_cut_off(
    vr: bytes, tail: bytes
) -> None:
    content = implicit(0x00080100, b"AB") if vr == b"UN" else NAME
    items = item(content) * 2 + (implicit(0xFFFEE000, content, 0xFFFFFFFF) + tail)
    whole = undefined_sequence(0x00081140, items, vr)
    if tail:
        walk(whole, 0, EXPLICIT)
    assert refused(whole[:-8]) == "truncated"


def test_elements_are_counted_at_any_depth() -> None:
    item = struct.pack("<HHI", 0xFFFE, 0xE000, 8) + struct.pack("<HHI", 0x0008, 0x0100, 0)
    unknown = b"\x09\0\x02\x10UN\0\0\xff\xff\xff\xff" + item * 10 + b"\xfe\xff\xdd\xe0\0\0\0\0"
    assert walk(unknown, 0, Encoding(), most=22).end == len(unknown)
    with pytest.raises(DamagedObject) as refused:
        walk(unknown, 0, Encoding(), most=21)
    assert refused.value.code == "too_many"
    twice = unknown + unknown.replace(b"\x09\0\x02\x10", b"\x0b\0\x02\x10")
    with pytest.raises(DamagedObject):
        walk(twice, 0, Encoding(), most=30)
