"""A header cut with the help of its neighbours is cut as if it were alone."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from tests.dicom.headers import SYNTAX, encoded, ordinary
from workbench.dicom.fast import stretches
from workbench.dicom.fast.split import Cut, NotPlainError, cut
from workbench.dicom.fast.stretches import Runs
from workbench.dicom.reader import HeaderReader
from workbench.errors import ReadError


def split(content: bytes, syntax: str, runs: Runs | None = None) -> Cut | None:
    try:
        return cut(content, 0, syntax, runs=runs)
    except NotPlainError:
        return None


def slice_of(number: int, undefined: bool = False) -> Dataset:
    data = ordinary(undefined)
    data.SOPInstanceUID, data.InstanceNumber = f"1.2.{number}", number
    data.SliceLocation = f"{number * 1.5}"
    return data


@pytest.mark.parametrize("implicit", [True, False])
@pytest.mark.parametrize("undefined", [True, False])
def test_what_neighbours_share_is_taken_as_runs(implicit: bool, undefined: bool) -> None:
    runs = Runs()
    for number in range(5):
        content = encoded(slice_of(number, undefined), implicit)
        found = split(content, SYNTAX[implicit], runs)
        assert found == split(content, SYNTAX[implicit])
        assert found is not None
    assert len(runs.at) >= 2
    assert sum(len(run.elements) for run in runs.at.values()) > len(found.elements) / 2


@given(st.data())
def test_damaged_neighbours_are_cut_as_if_alone(data: st.DataObject) -> None:
    implicit, undefined = data.draw(st.booleans()), data.draw(st.booleans())
    runs = Runs()
    for number in range(4):
        content = bytearray(encoded(slice_of(number // 2, undefined), implicit))
        for _ in range(data.draw(st.integers(0, 2))):
            place = data.draw(st.integers(0, len(content) - 1))
            content[place] = data.draw(st.sampled_from([0, 1, 8, 0x20, 0x53, 0x51, 0xFE, 0xFF]))
        whole = bytes(content)
        assert_alike(split(whole, SYNTAX[implicit], runs), split(whole, SYNTAX[implicit]))


def assert_alike(found: Cut | None, alone: Cut | None) -> None:
    assert found == alone
    assert found is None or list(found.elements) == list(alone.elements)  # type: ignore[union-attr]


def test_elements_on_both_sides_of_pixel_data_are_no_run() -> None:
    pixels = b"\xe0\x7f\x10\0OW\0\0\x04\0\0\0abcd"
    behind = b"\xfc\xff\xfc\xffOB\0\0\x04\0\0\0\0\0\0\0"
    runs = Runs()
    for number in (1, 1, 1, 1, 2):
        content = encoded(slice_of(number))
        found = split(content + pixels + behind, SYNTAX[False], runs)
        assert found is not None
        assert found.encoded == content + behind
        assert found.elements[0xFFFCFFFC] == behind
    without = split(encoded(slice_of(2)) + behind, SYNTAX[False], runs)
    assert without is not None
    assert without.encoded == encoded(slice_of(2)) + behind


def test_real_files_beside_each_other(test_data: Path) -> None:
    """Shuffled twice over: headers read by one reader are the headers read alone."""
    paths = [path for path in sorted(test_data.rglob("*")) if path.is_file()]
    chance, reader, compared = random.Random(3), HeaderReader(), 0
    for path in (*paths, *chance.sample(paths, len(paths))):
        try:
            header = reader.header(path)
        except ReadError:
            continue
        if header.cut is None or len(header.encoded) > 20_000:
            continue
        assert_alike(header.cut, split(header.encoded, header.transfer_syntax))
        compared += 1
    assert compared > 700


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "MAX_BYTES", 5_000)
    kept = Runs()
    for number in range(200):
        content = encoded(slice_of(number // 2))
        assert split(content, SYNTAX[False], kept) == split(content, SYNTAX[False])
        held = sum(map(len, kept._last.values()))
        held += sum(len(run.encoded) for run in kept.at.values())
        assert held <= 5_000


def test_large_elements_are_not_remembered() -> None:
    large, kept = b"x" * (stretches.MAX_KEPT_BYTES + 2), Runs()
    for _ in range(3):
        data = ordinary()
        data.add_new(0x00420011, "OB", large)
        split(encoded(data), SYNTAX[False], kept)
    assert kept.at
    assert all(0x00420011 not in run.elements for run in kept.at.values())


def test_nothing_is_remembered_beyond_a_reader() -> None:
    content = encoded(slice_of(1))
    one, other = HeaderReader(), HeaderReader()
    for _ in range(3):
        one.received(content, SYNTAX[False])
    assert one._memory.explicit.at
    assert not other._memory.explicit.at
