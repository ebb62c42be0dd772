"""Columns that every event of an object shares: whose, of which study, by which equipment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workbench.mapping.age import FLAG as AGE_CONTRADICTORY
from workbench.model import Finding


def shared_columns(instance: Mapping[str, Any]) -> dict[str, object]:
    """Return the columns of ``schema.IRRADIATION_EVENT`` that come from the object itself."""
    return {
        "patient": instance["patient"],
        "StudyInstanceUID": instance["StudyInstanceUID"],
        "SeriesInstanceUIDs": [instance["SeriesInstanceUID"]],
        "modality": instance["Modality"],
        "manufacturer": instance["Manufacturer"],
        "model": instance["ManufacturerModelName"],
        "station": instance["StationName"],
        "device_serial_number": instance["DeviceSerialNumber"],
        "patient_age_years": instance["patient_age_years"],
        "patient_sex": instance["PatientSex"],
        "started_at": instance["started_at"],
        "protocol": instance["ProtocolName"],
        "study_description": instance["StudyDescription"],
    }


def age_flags(instance: Mapping[str, Any]) -> list[str]:
    """Return the flag of an object whose study tells contradicting ages."""
    return [AGE_CONTRADICTORY] if instance["age_contradictory"] else []


def placed(finding: Finding, instance: Mapping[str, Any]) -> Finding:
    """Return a finding with the object, study and series it is about."""
    return replace(
        finding, object_number=instance["object_number"],
        study=instance["StudyInstanceUID"], series=instance["SeriesInstanceUID"],
    )  # fmt: skip
