"""Parts of a multipart answer are the same however the network cuts it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.collect.dicomweb.http import BrokenOff
from workbench.collect.dicomweb.multipart import boundary_of, parts

LARGEST = 1000


def answer(contents: list[bytes], end: bytes = b"\r\n") -> bytes:
    lines = [b"preamble"]
    for content in contents:
        lines += [b"--cut", b"Content-Type: application/dicom", b"", content]
    return end.join([*lines, b"--cut--", b"epilogue"])


@given(
    contents=st.lists(st.binary(max_size=60).filter(lambda some: b"--cut" not in some), max_size=4),
    size=st.integers(1, 50),
)
def test_parts_come_whole_however_they_arrive(contents: list[bytes], size: int) -> None:
    whole = answer(contents)
    chunks = [whole[start : start + size] for start in range(0, len(whole), size)]
    assert list(parts(chunks, b"cut", LARGEST)) == contents


def test_lines_may_end_in_lf_alone() -> None:
    assert list(parts([answer([b"a\nb", b""], b"\n")], b"cut", LARGEST)) == [b"a\nb", b""]


def test_nothing_need_follow_the_last_boundary() -> None:
    whole = answer([b"one"]).removesuffix(b"\r\nepilogue")
    assert whole.endswith(b"--cut--")
    assert list(parts([whole], b"cut", LARGEST)) == [b"one"]


def test_an_answer_that_ends_early_is_no_answer() -> None:
    found = []
    with pytest.raises(BrokenOff, match="early"):
        for part in parts([answer([b"one", b"two"])[:-20]], b"cut", LARGEST):
            found.append(part)  # noqa: PERF402 (what came before counts)
    assert found == [b"one"]


def test_a_part_without_end_is_refused_early() -> None:
    taken = 0

    def endless():
        nonlocal taken
        yield b"--cut\r\n\r\n"
        while True:
            taken += 100
            yield b"x" * 100

    with pytest.raises(BrokenOff, match="larger"):
        list(parts(endless(), b"cut", LARGEST))
    assert taken <= LARGEST + 300


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ('multipart/related; type="application/dicom"; boundary=abc', b"abc"),
        ('Multipart/Related; Boundary="a b"; start=x', b"a b"),
        ("application/dicom", b""),
        ("application/dicom; boundary=abc", b""),
    ],
)
def test_the_boundary_is_read_as_servers_write_it(content_type: str, boundary: bytes) -> None:
    assert boundary_of(content_type) == boundary
