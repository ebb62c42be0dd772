"""A header cut with the help of its neighbours is cut as if it were alone."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from tests.dicom.headers import SYNTAX, encoded, ordinary
from workbench.dicom.fast import split as cutting
from workbench.dicom.fast import stretches
from workbench.dicom.fast.split import Cut, cut
from workbench.dicom.fast.stretches import Run, Runs
from workbench.dicom.interned import InternedRows
from workbench.dicom.read import read_header, read_received
from workbench.dicom.record import dicom_json, instance_row
from workbench.errors import ReadError


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "RUNS", {True: Runs(), False: Runs()})


def alone(content: bytes, syntax: str) -> Cut | None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cutting, "RUNS", {True: Runs(), False: Runs()})
        return cut(content, 0, syntax)


def parts(found: Cut) -> list[int]:
    """Return the tags of all parts, in their order."""
    flat: list[int] = []
    for part in found.parts:
        flat += part.elements if isinstance(part, Run) else [part]
    return flat


def slice_of(number: int, undefined: bool = False) -> Dataset:
    data = ordinary(undefined)
    data.SOPInstanceUID, data.InstanceNumber = f"1.2.{number}", number
    data.SliceLocation = f"{number * 1.5}"
    return data


@pytest.mark.parametrize("implicit", [True, False])
@pytest.mark.parametrize("undefined", [True, False])
def test_what_neighbours_share_is_taken_as_runs(implicit: bool, undefined: bool) -> None:
    for number in range(5):
        content = encoded(slice_of(number, undefined), implicit)
        found = cut(content, 0, SYNTAX[implicit])
        assert found == alone(content, SYNTAX[implicit])
        assert found is not None
        assert parts(found) == list(found.elements)
    assert sum(isinstance(part, Run) for part in found.parts) >= 2
    assert len(found.parts) < len(found.elements)


@given(st.data())
def test_damaged_neighbours_are_cut_as_if_alone(data: st.DataObject) -> None:
    implicit, undefined = data.draw(st.booleans()), data.draw(st.booleans())
    for number in range(4):
        content = bytearray(encoded(slice_of(number // 2, undefined), implicit))
        for _ in range(data.draw(st.integers(0, 2))):
            place = data.draw(st.integers(0, len(content) - 1))
            content[place] = data.draw(st.sampled_from([0, 1, 8, 0x20, 0x53, 0x51, 0xFE, 0xFF]))
        found = cut(bytes(content), 0, SYNTAX[implicit])
        assert found == alone(bytes(content), SYNTAX[implicit])
        assert found is None or parts(found) == list(found.elements)


def test_elements_on_both_sides_of_pixel_data_are_no_run() -> None:
    pixels = b"\xe0\x7f\x10\0OW\0\0\x04\0\0\0abcd"
    behind = b"\xfc\xff\xfc\xffOB\0\0\x04\0\0\0\0\0\0\0"
    for number in (1, 1, 1, 1, 2):
        content = encoded(slice_of(number))
        found = cut(content + pixels + behind, 0, SYNTAX[False])
        assert found is not None
        assert found.encoded == content + behind
        assert found.elements[0xFFFCFFFC] == behind
    without = cut(encoded(slice_of(2)) + behind, 0, SYNTAX[False])
    assert without is not None
    assert without.encoded == encoded(slice_of(2)) + behind


def test_real_files_beside_each_other(test_data: Path) -> None:
    """Shuffled twice over: rows made with runs are the rows that pydicom's elements give."""
    paths = [path for path in sorted(test_data.rglob("*")) if path.is_file()]
    chance, rows, compared = random.Random(3), InternedRows(), 0
    for path in (*paths, *chance.sample(paths, len(paths))):
        try:
            header = read_header(path)
        except ReadError:
            continue
        if header.cut is None or len(header.encoded) > 20_000:
            continue
        found = alone(header.encoded, header.transfer_syntax)
        assert found is not None
        assert found.elements == header.cut.elements
        assert found.sequences == header.cut.sequences
        as_json, unreadable = dicom_json(header.dataset)
        row, untyped = instance_row(as_json)
        assert rows.row(header) == (row, [*unreadable, *untyped])
        compared += 1
    assert compared > 700


def test_a_private_block_that_changes_its_owner() -> None:
    """What a run means may hang on an element outside it: the block's reservation."""
    rows = InternedRows()
    for number in range(12):
        data = slice_of(number)
        owner = ("GEMS_PARM_01", "ACME")[number // 4 % 2]
        block = data.private_block(0x0043, owner, create=True)
        for low in range(0x27, 0x2A):
            block.add_new(low, "SH", "0.9:1")
        header = read_received(encoded(data, implicit=True), SYNTAX[True])
        as_json, unreadable = dicom_json(header.dataset)
        row, untyped = instance_row(as_json)
        assert rows.row(header) == (row, [*unreadable, *untyped])


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stretches, "MOST_BYTES", 5_000)
    for number in range(200):
        content = encoded(slice_of(number // 2))
        assert cut(content, 0, SYNTAX[False]) == alone(content, SYNTAX[False])
        kept = cutting.RUNS[True]
        held = sum(map(len, kept._last.values()))
        held += sum(len(run.encoded) for run in kept.at.values())
        assert held <= 5_000


def test_large_elements_are_not_remembered() -> None:
    large = b"x" * (stretches.LARGEST_KEPT + 2)
    for _ in range(3):
        data = ordinary()
        data.add_new(0x00420011, "OB", large)
        cut(encoded(data), 0, SYNTAX[False])
    kept = cutting.RUNS[True]
    assert kept.at
    assert all(0x00420011 not in run.elements for run in kept.at.values())
