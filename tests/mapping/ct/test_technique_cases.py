"""Small inputs that users of such programs reported: enhanced CT, rotation time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from workbench.mapping import Mapped, map_instances


def mapped(folder: Path, cases: Any) -> Mapped:
    files = sorted(file for file in folder.iterdir() if file.suffix == ".dcm")
    return map_instances(cases.frame([dcmread(file, stop_before_pixels=True) for file in files]))


def test_values_of_functional_groups_are_read(test_data: Path, cases: Any) -> None:
    found = mapped(test_data / "cases" / "ct" / "R05_enhanced", cases)
    (event,) = found.events.to_dicts()
    told = {
        "ctdi_vol_mgy": 10, "ctdi_phantom_cm": 32, "kvp_kv": 120, "tube_current_ma": 200,
        "rotation_time_s": 0.5, "pitch": 1, "total_collimation_mm": 40, "scan_length_mm": 300,
        "mas": 100, "effective_mas": 100, "exposure_mas": 100, "images": 60,
        "event_type": "SPIRAL", "body_region": "chest",
    }  # fmt: skip
    assert {name: event[name] for name in told} == pytest.approx(told)
    assert found.series.select("instances", "images", "role").rows() == [(1, 60, "SCAN")]
    assert "multi_frame" not in " ".join(found.findings["code"])


@pytest.mark.parametrize(
    ("case", "sources"),
    [("c06_enhanced_ct", {"header"}), ("c06b_enhanced_with_report", {"header", "rdsr"})],
)
def test_enhanced_ct_is_one_event_and_its_report_counts(
    test_data: Path, cases: Any, case: str, sources: set[str]
) -> None:
    events = mapped(test_data / "cases" / "dose" / case, cases).events
    assert set(events["source"]) == sources
    assert events["irradiation_event_uid"].n_unique() == 1
    (counted,) = events.filter("preferred").to_dicts()
    assert counted["source"] == max(sources)
    assert counted["ctdi_vol_mgy"] == 10


def test_rotation_time_is_feed_over_speed(test_data: Path, cases: Any) -> None:
    found = mapped(test_data / "cases" / "ct" / "T11_siemens_rot", cases)
    (event,) = found.events.to_dicts()
    assert event["rotation_time_s"] == pytest.approx(0.5)
    assert json.loads(event["provenance"])["rotation_time_s"] == "TableFeedPerRotation / TableSpeed"
    assert event["mas"] == pytest.approx(event["tube_current_ma"] * 0.5)


def test_real_headers_of_philips_and_siemens_have_their_effective_mas(
    test_data: Path, cases: Any
) -> None:
    real = {
        "fo-dicom/IM-0001-0001-0001.dcm": (106, 99.7, "LONGITUDINAL"),
        "orthanc-tests/2020-09-11-Christopher-ELSCINT1-Raw.dcm": (
            229.5, 180.3, "ANGULAR+LONGITUDINAL"
        ),
        "orthanc-tests/PatientWith2studies/TEST_1_study_1234.dcm": (
            86, 71.7, "ANGULAR+LONGITUDINAL"
        ),
    }  # fmt: skip
    for file, (mas, effective, modulation) in real.items():
        header = dcmread(test_data / "dose" / file, stop_before_pixels=True)
        (event,) = map_instances(cases.frame(header)).events.to_dicts()
        assert event["mas"] == pytest.approx(mas)
        assert event["effective_mas"] == pytest.approx(effective, abs=0.05)
        assert event["exposure_mas"] == pytest.approx(event["effective_mas"], abs=1)
        assert json.loads(event["provenance"])["exposure_mas"] == "Exposure, as effective_mas"
        assert event["modulation"] == modulation
