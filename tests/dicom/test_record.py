"""Typed columns hold what the header says, or null with a finding; JSON loses nothing."""

from __future__ import annotations

import json
import struct
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from workbench.dicom import record
from workbench.dicom.jsonmodel import first, items, private, values
from workbench.dicom.read import read_header
from workbench.dicom.record import (
    dicom_json,
    instance_row,
)
from workbench.errors import ReadError
from workbench.schema import INSTANCE


def row_of(data: Dataset) -> tuple[dict[str, object], list[str]]:
    as_json, unreadable = dicom_json(data)
    row, untyped = instance_row(as_json)
    return row, sorted({finding.column or "" for finding in (*unreadable, *untyped)})


def with_text(keyword: str, text: str) -> Dataset:
    data = Dataset()
    setattr(data, keyword, text)
    return data


@pytest.mark.parametrize("text", ["12,5", "abc", "NaN", "inf"])
def test_a_decimal_string_that_is_no_number_is_null_with_a_finding(text: str) -> None:
    raw = Dataset()
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    raw[Tag("KVP")] = RawDataElement(Tag("KVP"), "DS", len(text), text.encode(), 0, False, True)
    row, columns = row_of(raw)
    assert row["KVP"] is None
    assert columns == ["KVP"]
    assert text.lower() in str(row["header"]).lower()


def test_empty_absent_and_zero_differ() -> None:
    data = with_text("KVP", "")
    data.SliceThickness = "0"
    row, columns = row_of(data)
    assert (row["KVP"], row["SliceThickness"], columns) == (None, 0.0, [])
    header = json.loads(str(row["header"]))
    assert "00180060" in header
    assert "00181150" not in header


def test_a_scalar_column_does_not_take_the_first_of_many() -> None:
    data = Dataset()
    data.SliceThickness = ["1", "2"]
    row, columns = row_of(data)
    assert row["SliceThickness"] is None
    assert columns == ["SliceThickness"]


def test_multi_valued_text_keeps_all_its_values() -> None:
    data = Dataset()
    data.ConvolutionKernel = ["I30f", "2"]
    data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    row, _ = row_of(data)
    assert row["ConvolutionKernel"] == "I30f\\2"
    assert row["ImageType"] == ["ORIGINAL", "PRIMARY", "AXIAL"]


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"AcquisitionDateTime": "20240102030405.5", "StudyDate": "20200101"},
         datetime(2024, 1, 2, 3, 4, 5, 500_000)),
        ({"AcquisitionDateTime": "20240102030405+0100"}, datetime(2024, 1, 2, 3, 4, 5)),
        ({"AcquisitionDate": "20240102", "AcquisitionTime": "0304"}, datetime(2024, 1, 2, 3, 4)),
        ({"AcquisitionDate": "20240102"}, None),
        ({"StudyDate": "20240102", "StudyTime": "030405"}, datetime(2024, 1, 2, 3, 4, 5)),
        ({"AcquisitionTime": "030405"}, None),
    ],
)  # fmt: skip
def test_the_start_is_read_from_the_best_pair_there_is(
    elements: dict[str, str], expected: datetime | None
) -> None:
    data = Dataset()
    for keyword, text in elements.items():
        setattr(data, keyword, text)
    assert row_of(data)[0]["started_at"] == expected


def test_json_model_helpers_find_sequences_and_private_blocks() -> None:
    item = Dataset()
    item.CodeValue = "113691"
    data = Dataset()
    data.CTDIPhantomTypeCodeSequence = Sequence([item])
    block = data.private_block(0x0043, "GEMS_PARM_01", create=True)
    block.add_new(0x27, "SH", "0.984:1")
    as_json, findings = dicom_json(data)
    assert findings == []
    assert first(items(as_json, "CTDIPhantomTypeCodeSequence")[0], "CodeValue") == "113691"
    assert private(as_json, "GEMS_PARM_01", 0x43, 0x27) == {"vr": "SH", "Value": ["0.984:1"]}
    assert private(as_json, "OTHER", 0x43, 0x27) is None
    assert values(as_json, "KVP") == []


def test_every_readable_file_gives_a_row_of_the_table_and_loses_no_element(
    test_data: Path,
) -> None:
    rows = []
    for path in sorted((test_data / "dose").rglob("*")):
        if not path.is_file():
            continue
        try:
            header = read_header(path)
        except ReadError:
            continue
        as_json, _ = dicom_json(header.dataset)
        assert len(as_json) == len(header.dataset)
        rows.append(instance_row(as_json)[0])
    frame = INSTANCE.frame(rows)
    assert frame.height > 400
    assert frame["SOPInstanceUID"].null_count() == 0


def test_a_number_no_column_can_hold_is_null_with_a_finding() -> None:
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    raw = Dataset()
    digits = b"9" * 20
    raw[Tag("SeriesNumber")] = RawDataElement(Tag("SeriesNumber"), "IS", 20, digits, 0, False, True)
    row, columns = row_of(raw)
    assert (row["SeriesNumber"], columns) == (None, ["SeriesNumber"])
    assert INSTANCE.frame([row]).height == 1


TEXTS = st.text(st.sampled_from("019.+-eE \\\0^~/:AZaz"), max_size=12)
LETTERS = ["ISO_IR 6", "ISO_IR 100", "ISO_IR 13", "ISO_IR 192", "ISO 2022 IR 87"]


@given(
    vr=st.sampled_from([*record.PLAIN_NUMBERS, *record.PLAIN_VRS]),
    text=TEXTS,
    letters=st.sampled_from(LETTERS),
)
def test_short_cuts_give_what_pydicom_gives(vr: str, text: str, letters: str) -> None:
    assert_same_as_pydicom(vr, text.encode("ascii"), letters)


@given(vr=st.sampled_from(sorted(record.PLAIN_BINARY)), raw=st.binary(min_size=1, max_size=8))
def test_short_cuts_of_binary_numbers(vr: str, raw: bytes) -> None:
    assert_same_as_pydicom(vr, raw)
    size = record.PLAIN_BINARY[vr].size
    assert_same_as_pydicom(vr, (raw * 8)[:size])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.0, 12.25])
def test_odd_binary_numbers(value: float) -> None:
    assert_same_as_pydicom("FD", struct.pack("<d", value))


def assert_same_as_pydicom(vr: str, raw: bytes, letters: str = "ISO_IR 6") -> None:
    def read() -> str:
        data, tag = Dataset(), Tag(0x00181030)
        data.SpecificCharacterSet = letters
        data[tag] = RawDataElement(tag, vr, len(raw), raw, 0, False, True)
        alone = record.element_json(data.get_item(tag)) if letters == "ISO_IR 6" else None
        return repr((dicom_json(data), alone))

    with pytest.MonkeyPatch.context() as patch:
        ours = read()
        patch.setattr(record, "plain_values", lambda *_: None)
        assert read() == ours
