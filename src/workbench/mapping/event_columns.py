"""What every event has: whose, of which study, by which equipment, and under which UID."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
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


def derived_uid(*identity: object) -> str:
    """Return a stable UID under 2.25 (ITU-T X.667) for an event whose header names none."""
    text = "|".join("" if value is None else str(value) for value in identity)
    return f"2.25.{int.from_bytes(sha256(text.encode()).digest()[:16])}"
