"""A header told as DICOM JSON, encoded by us and read again, is the header that was told."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from workbench.dicom.fromjson import encode_json, told_syntax
from workbench.dicom.read import read_received
from workbench.dicom.record import dicom_json
from workbench.errors import DamagedObject

UID = {"00080018": {"vr": "UI", "Value": ["1.2.3"]}}


def again(item: dict[str, Any]) -> dict[str, Any]:
    """Encode, pass the receiver's door, and tell it again."""
    encoded, left = encode_json(item)
    assert left == 0
    return dicom_json(read_received(encoded, str(ExplicitVRLittleEndian)).dataset)[0]


@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "MR_small.dcm", "test-SR.dcm", "rtplan.dcm", "rtdose.dcm"]
)
def test_real_headers_come_through_unchanged(name: str) -> None:
    dataset = dcmread(str(get_testdata_file(name)))
    for keyword in ("PixelData", "DataSetTrailingPadding"):
        if keyword in dataset:
            del dataset[keyword]
    told = dicom_json(dataset)[0]
    back = again(told)
    for one in (back, told):
        one.pop("00080005", None)  # its own test below
    assert back == told


TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\\="), max_size=8)


def ends(value: str) -> str:
    return value.strip(" ")


@given(
    words=st.lists(TEXT.map(ends).filter(bool), min_size=1, max_size=3),
    whole=st.integers(-(2**31), 2**31 - 1),
    real=st.floats(allow_nan=False, allow_infinity=False),
    binary=st.binary(max_size=40).filter(lambda some: len(some) % 2 == 0 and some),
)
def test_values_of_each_kind_come_through(
    words: list[str], whole: int, real: float, binary: bytes
) -> None:
    item: dict[str, Any] = {
        **UID,
        "00081030": {"vr": "LO", "Value": words},
        "00201041": {"vr": "FD", "Value": [real]},
        "00280106": {"vr": "SL", "Value": [whole, 0]},
        "00291010": {"vr": "OB", "InlineBinary": base64.b64encode(binary).decode()},
        "00400275": {"vr": "SQ", "Value": [{"00400007": {"vr": "LO", "Value": words[:1]}}, {}]},
    }
    back = again(item)
    back.pop("00080005", None)
    assert back == item


def test_text_beyond_ascii_is_utf8_whatever_the_server_says_of_its_own_copy() -> None:
    name = {"Alphabetic": "Müller^Jürgen", "Ideographic": "山田^太郎"}
    item = {
        **UID,
        "00080005": {"vr": "CS", "Value": ["ISO_IR 100"]},
        "00100010": {"vr": "PN", "Value": [name]},
    }
    back = again(item)
    assert back["00100010"]["Value"] == [name]
    assert back["00080005"]["Value"] == ["ISO_IR 192"]
    plain = again({**item, "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Miller"}]}})
    assert plain["00080005"]["Value"] == ["ISO_IR 100"], "where nothing is gained it stays"


def test_values_that_their_representation_forbids_stay_for_the_reader_to_judge() -> None:
    item = {**UID, "00181151": {"vr": "IS", "Value": ["12,5"]}}
    assert again(item)["00181151"]["Value"] == ["12,5"]


def test_minus_zero_keeps_its_sign() -> None:
    item = {**UID, "00200032": {"vr": "DS", "Value": [-0.0, 0.5, 120.0]}}
    back = again(item)["00200032"]["Value"]
    assert [str(value) for value in back] == ["-0.0", "0.5", "120.0"]


def test_a_value_longer_than_its_length_field_is_kept() -> None:
    words = ["x" * 60] * 1200
    encoded, _ = encode_json({**UID, "00081030": {"vr": "LO", "Value": words}})
    dataset = read_received(encoded, str(ExplicitVRLittleEndian)).dataset
    assert dataset.get_item("StudyDescription").value.decode().strip().split("\\") == words


def test_what_cannot_be_had_is_counted() -> None:
    item = {
        **UID,
        "00280010": {"vr": "US", "Value": [70000]},
        "00291010": {"vr": "OB", "BulkDataURI": "https://pacs/bulk"},
        "00291011": {"vr": "OB", "InlineBinary": "not base64!"},
        "7FE00010": {"vr": "OW", "BulkDataURI": "https://pacs/pixels"},
        "00020010": {"vr": "UI", "Value": ["1.2.840.10008.1.2.4.70"]},
        "00080000": {"vr": "UL", "Value": [8]},
    }
    encoded, left = encode_json(item)
    assert left == 3, "Pixel Data, group lengths and file meta information are not missed"
    assert list(read_received(encoded, "").dataset.keys()) == [0x00080018]
    assert told_syntax(item) == "1.2.840.10008.1.2.4.70"


def test_a_missing_vr_is_looked_up() -> None:
    dataset: Dataset = read_received(
        encode_json({**UID, "00080060": {"Value": ["CT"]}})[0], ""
    ).dataset
    assert dataset.Modality == "CT"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["vr", "Value", "InlineBinary", "BulkDataURI", "00080018", "00400275"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(st.dictionaries(st.sampled_from(["00080018", "00400275", "00291010", "x"]), JSON))
def test_any_json_is_encoded_or_damaged(item: dict[str, Any]) -> None:
    try:
        encoded, _ = encode_json(item)
    except DamagedObject:
        return
    assert isinstance(encoded, bytes)
    assert isinstance(told_syntax(item), str)


def test_nesting_has_a_bound() -> None:
    item: dict[str, Any] = {}
    for _ in range(100):
        item = {"00400275": {"vr": "SQ", "Value": [item]}}
    with pytest.raises(DamagedObject, match="nested"):
        encode_json({**UID, **item})
