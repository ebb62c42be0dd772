"""Small makers of elements: what they write is read by pydicom as the standard says."""

from __future__ import annotations

import datetime as dt
from io import BytesIO

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from workbench.simulate.datasets import (
    coded,
    dates_and_times,
    dicom_datetime,
    dicom_time,
    finish,
    own_copy,
    put,
    put_private,
    rounded,
    with_values,
)

NOW = dt.datetime(2024, 1, 5, 7, 8, 9, 12_345)


def test_a_word_that_is_no_keyword_is_an_error() -> None:
    with pytest.raises(KeyError, match="PatientNam"):
        put(Dataset(), {"PatientNam": "x"})


@pytest.mark.parametrize(("sign", "vr"), [(0, "US"), (1, "SS")])
def test_an_element_of_two_representations_has_that_of_the_pixels(sign: int, vr: str) -> None:
    made = with_values({"PixelRepresentation": sign, "PixelPaddingValue": 5})
    assert vr == made["PixelPaddingValue"].VR  # PS3.5 annex A, PS3.3 C.7.6.3.1


def test_a_private_block_has_its_creator() -> None:
    made = Dataset()
    put_private(made, 0x19, "MAKER", {0x27: ("DS", "1.5")})
    assert made[0x0019, 0x0010].value == "MAKER"
    assert made[0x0019, 0x1027].value == 1.5


def test_a_copy_shares_nothing_with_its_original() -> None:
    first = with_values({"PatientID": "1", "ProcedureCodeSequence": [coded("A", "DCM", "a")]})
    copy = own_copy(first)
    assert copy == first
    copy.PatientID = "2"
    copy.ProcedureCodeSequence[0].CodeValue = "B"
    assert first.PatientID == "1"
    assert first.ProcedureCodeSequence[0].CodeValue == "A"


def test_what_is_finished_is_a_file_of_the_standard() -> None:
    made = finish(
        with_values({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "SOPInstanceUID": "1.2.3"}),
        "1.2.840.10008.1.2.1",
    )
    out = BytesIO()
    made.save_as(out, enforce_file_format=True)
    read = pydicom.dcmread(BytesIO(out.getvalue()))
    assert read.file_meta.MediaStorageSOPInstanceUID == read.SOPInstanceUID == "1.2.3"


def test_dates_and_times_are_those_of_the_moment_to_the_millisecond() -> None:
    assert dicom_time(NOW) == "070809.012"
    assert dicom_datetime(NOW) == "20240105070809.012"
    found = dates_and_times({"Study": NOW, "Series": NOW}, ["Study"])
    assert found == {"StudyDate": "20240105", "StudyTime": "070809.012"}


@given(st.floats(-1e9, 1e9))
def test_a_decimal_string_is_short_enough_and_near_enough(value: float) -> None:
    text = rounded(value)
    assert 0 < len(text) <= 16  # PS3.5 section 6.2
    assert float(text) == pytest.approx(value, rel=1e-6, abs=1e-6)
    assert not text.endswith(".")
