"""The simulated hospital as a whole: its truth, its cases, its determinism."""

from __future__ import annotations

import hashlib
import io
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pydicom
import pytest

from workbench.simulate.hospital import Hospital, simulate_hospital
from workbench.simulate.truth import TRUTH

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MAKERS = {"ge", "siemens", "philips", "toshiba"}


@pytest.fixture(scope="module")
def hospital() -> Hospital:
    return simulate_hospital(seed=1, patients=12)


@pytest.fixture(scope="module")
def objects(hospital: Hospital) -> list[Dataset]:
    return list(hospital.objects())


@pytest.fixture(scope="module")
def ct(hospital: Hospital) -> pl.DataFrame:
    return hospital.truth.filter(pl.col("modality") == "CT")


def encoded(dataset: Dataset) -> bytes:
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


def test_dlp_is_ctdi_vol_times_exposed_length(ct: pl.DataFrame) -> None:
    product = ct["ctdi_vol_mgy"] * ct["exposed_length_mm"] / 10
    assert ((product - ct["dlp_mgy_cm"]).abs() <= 1e-6 * ct["dlp_mgy_cm"]).all()


def test_spirals_expose_more_than_they_show(ct: pl.DataFrame) -> None:
    spiral = ct.filter(pl.col("event_type") == "SPIRAL")
    beyond = spiral["exposed_length_mm"] - spiral["scan_length_mm"]
    assert beyond.min() > 5
    assert beyond.max() < 95  # PMC3473380 measured 32 to 95 mm
    assert spiral["pitch"].is_not_null().all()
    assert ct.filter(pl.col("event_type") != "SPIRAL")["pitch"].is_null().all()


def test_doses_are_of_this_world(ct: pl.DataFrame) -> None:
    scans = ct.filter(~pl.col("localizer") & (pl.col("event_type") == "SPIRAL"))
    assert scans["ctdi_vol_mgy"].is_between(1, 80).all()
    assert scans["dlp_mgy_cm"].is_between(20, 1500).all()
    assert (ct.filter("localizer")["ctdi_vol_mgy"] < 1).all()


def test_events_are_unique_and_typed(hospital: Hospital) -> None:
    assert hospital.truth["irradiation_event_uid"].is_unique().all()
    assert dict(hospital.truth.schema) == dict(TRUTH)


def test_every_case_a_survey_meets_is_there(hospital: Hospital, ct: pl.DataFrame) -> None:
    assert set(ct["maker"]) == MAKERS
    children = ct.filter(pl.col("patient_age_years") < 16)
    body = children.filter(pl.col("body_region") != "head")
    assert set(body["ctdi_phantom_cm"]) == {16, 32}
    assert {s.language for s in hospital.studies} == {"en", "de", "fr"}
    assert {s.report for s in hospital.studies} == {"rdsr", "none", "cumulative"}
    assert {p.patient.character_set for p in hospital.studies} == {"ISO_IR 100", "ISO_IR 192"}
    assert {"rdsr", "dose_sequence", "header", "dose_screen"} == set(
        hospital.truth["dose_in"].explode().drop_nulls()
    )


def test_blemishes_are_in_the_headers(hospital: Hospital, objects: list[Dataset]) -> None:
    images = [o for o in objects if o.Modality == "CT" and "ImageType" in o]
    assert any("ProtocolName" not in o for o in images)
    assert any("PatientAge" not in o and not o.PatientBirthDate for o in images)
    assert any(o.Manufacturer == "GE Medical Systems" for o in images)
    assert any(o.Modality == "DX" and "KVP" in o and o.KVP is None for o in objects)
    vague = [s for s in hospital.studies if "unknown_region" in s.blemishes]
    assert vague
    assert all(s.protocol == "17b" and s.description == "CT" for s in vague)


def test_size_and_speed(hospital: Hospital, tmp_path: Path) -> None:
    started = time.process_time()
    files = hospital.write(tmp_path / "archive")
    assert time.process_time() - started < 15
    assert 600 <= len(files) <= 1500


def test_same_seed_same_bytes_other_seed_other_uids(objects: list[Dataset]) -> None:
    again = list(simulate_hospital(seed=1, patients=3).objects())
    first = [o for o in objects if o.PatientID in {p.PatientID for p in again}]
    digests = [hashlib.sha256(encoded(o)).hexdigest() for o in first[:60]]
    assert digests == [hashlib.sha256(encoded(o)).hexdigest() for o in again[:60]]
    other = simulate_hospital(seed=2, patients=3)
    assert not {o.SOPInstanceUID for o in other.objects()} & {o.SOPInstanceUID for o in objects}


def test_every_object_reads_back_the_same(objects: list[Dataset]) -> None:
    for dataset in objects:
        raw = encoded(dataset)
        assert len(raw) % 2 == 0
        back = pydicom.dcmread(io.BytesIO(raw))
        assert back.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
        assert {e.tag for e in back} == {e.tag for e in dataset}
        if "PixelData" in back:
            bytes_a_sample = back.BitsAllocated // 8
            assert len(back.PixelData) == back.Rows * back.Columns * bytes_a_sample
            assert back.BitsStored == back.HighBit + 1


def test_names_survive_their_character_set(hospital: Hospital, objects: list[Dataset]) -> None:
    names = {s.patient.patient_id: s.patient.name for s in hospital.studies}
    read = {o.PatientID: pydicom.dcmread(io.BytesIO(encoded(o))).PatientName for o in objects}
    for patient_id, name in names.items():
        assert str(read[patient_id]) == name
    assert any(not name.isascii() for name in names.values())


def test_uids_are_unique_and_nested(objects: list[Dataset]) -> None:
    instances = Counter(o.SOPInstanceUID for o in objects)
    assert max(instances.values()) == 1
    study_of = {}
    for o in objects:
        assert study_of.setdefault(o.SeriesInstanceUID, o.StudyInstanceUID) == o.StudyInstanceUID
        assert len(o.SOPInstanceUID) <= 64


def test_objects_do_not_share_elements(hospital: Hospital) -> None:
    stream = hospital.objects()
    first, second = next(stream), next(stream)
    first.PatientName = "changed"
    first.StudyDescription = "changed"
    third = next(stream)
    assert str(second.PatientName) == str(third.PatientName) != "changed"
    assert second.StudyDescription != "changed"


def test_truth_names_the_series_that_exist(hospital: Hospital, objects: list[Dataset]) -> None:
    series = {o.SeriesInstanceUID for o in objects if "ImageType" in o and o.Modality == "CT"
              and o.SOPClassUID.name == "CT Image Storage"}  # fmt: skip
    told = set(hospital.truth.filter(pl.col("modality") == "CT")["SeriesInstanceUIDs"].explode())
    assert told == series
    everyone = {o.PatientID for o in objects}
    assert everyone == {*hospital.patient_ids, hospital.phantom.patient_id}


def test_a_hospital_has_patients() -> None:
    with pytest.raises(ValueError, match="at least one"):
        simulate_hospital(patients=0)
    assert len(simulate_hospital(patients=14).patient_ids) == 14
