"""Columns that every event takes from its object: under the names of the schema, none lost."""

from __future__ import annotations

from typing import Any

from workbench.mapping.event_columns import age_flags, placed, shared_columns
from workbench.model import Finding
from workbench.schema import INSTANCE, IRRADIATION_EVENT


def instance(**more: Any) -> dict[str, Any]:
    row = dict.fromkeys((*INSTANCE.names, "patient_age_years", "age_contradictory", "started_at"))
    return row | {
        "patient": "P", "StudyInstanceUID": "1.2", "SeriesInstanceUID": "1.2.3", "Modality": "CT",
        "Manufacturer": "ACME", "ManufacturerModelName": "Ring", "StationName": "CT1",
        "DeviceSerialNumber": "7", "PatientSex": "F", "ProtocolName": "Thorax",
        "StudyDescription": "CT Thorax", "patient_age_years": 45.0, "object_number": 9,
    } | more  # fmt: skip


def test_an_event_says_whose_it_is_of_which_study_and_by_which_machine() -> None:
    found = shared_columns(instance())
    assert found.items() >= {
        "patient": "P", "StudyInstanceUID": "1.2", "SeriesInstanceUIDs": ["1.2.3"],
        "modality": "CT", "manufacturer": "ACME", "model": "Ring", "station": "CT1",
        "device_serial_number": "7", "patient_age_years": 45.0, "patient_sex": "F",
        "protocol": "Thorax", "study_description": "CT Thorax",
    }.items()  # fmt: skip
    assert IRRADIATION_EVENT.frame([found]).height == 1


def test_a_contradicting_age_is_a_flag_of_every_event() -> None:
    assert age_flags(instance(age_contradictory=True)) == ["age_contradictory"]
    assert age_flags(instance(age_contradictory=False)) == []


def test_a_finding_gets_its_place_and_keeps_its_words() -> None:
    finding = placed(Finding("mapping", "bad_value", "no number", column="dlp_mgy_cm"), instance())
    assert (finding.object_number, finding.study, finding.series) == (9, "1.2", "1.2.3")
    assert (finding.code, finding.column) == ("bad_value", "dlp_mgy_cm")
