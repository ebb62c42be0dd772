"""Values no standard allows go through the whole line: nothing stops, nothing is made up."""

from __future__ import annotations

import copy
from pathlib import Path

import polars as pl
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from workbench.stages.importing import import_files
from workbench.stages.line import dose_line
from workbench.survey import Survey, create_survey

ODD: dict[str, dict[str, bytes]] = {
    "year one": {"StudyDate": b"00010101", "AcquisitionDate": b"00010102"},
    "long number": {"KVP": b"1" * 40},
    "negative age": {"PatientAge": b"-05Y"},
    "blank ID": {"PatientID": b"    "},
    "two values": {"KVP": b"120\\140 ", "ImagePositionPatient": b"1\\2 "},
    "no orientation": {"ImageOrientationPatient": b"0\\0\\0\\0\\0\\0 "},
    "unknown letters": {"SpecificCharacterSet": b"ISO_IR 999"},
    "endless text": {"StudyDescription": b"A" * 60_000},
    "age of 999": {"PatientAge": b"999Y"},
    "broken name": {"PatientName": b"^^^^=\xff\xfe= "},
    "hour 25": {"AcquisitionTime": b"256199"},
    "too large": {"SeriesNumber": b"9" * 20},
    "negative dose": {"CTDIvol": b"\0\0\0\0\0\0\x08\xc0"},
    "not a number": {"CTDIvol": b"\0\0\0\0\0\0\xf8\x7f"},
}


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Survey:
    folder = tmp_path_factory.mktemp("odd")
    base = dcmread(str(get_testdata_file("CT_small.dcm", download=False)))
    for number, values in enumerate(ODD.values(), 1):
        data = copy.deepcopy(base)
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
        data.SeriesInstanceUID = f"1.2.4.{number}"
        for keyword, value in values.items():
            tag = Tag(keyword)
            vr = dictionary_VR(tag)
            data[tag] = RawDataElement(tag, vr, len(value), value, 0, False, True)
        data.save_as(folder / str(number))
    survey = create_survey(folder / "w")
    files = sorted(Path(folder).glob("[0-9]*"))
    dose_line(survey, lambda: import_files(survey, files))
    return survey


def test_every_object_is_kept_with_its_series(survey: Survey) -> None:
    assert survey.table("instance").height == len(ODD)
    assert survey.table("series").height == len(ODD)


def test_no_impossible_value_becomes_a_number(survey: Survey) -> None:
    instances, events = survey.table("instance"), survey.events()
    # A copied column holds what the header says, however odd, if it is one number.
    assert set(instances["KVP"].drop_nulls()) == {120.0, float("1" * 40)}
    assert instances["SeriesNumber"].null_count() == 1
    ages = instances["patient_age_days"].drop_nulls()
    assert ages.min() is None or ages.is_between(0, 90 * 366).all()
    doses = events.filter(pl.col("ctdi_vol_mgy").is_not_null())
    assert (doses["ctdi_vol_mgy"] > 0).all()
    assert doses["ctdi_vol_mgy"].is_finite().all()


def test_what_was_not_used_is_a_finding(survey: Survey) -> None:
    columns = set(survey.findings()["column"].drop_nulls())
    assert {"KVP", "SeriesNumber", "PatientID"} <= columns
