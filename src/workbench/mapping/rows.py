"""Columns that every event of an object shares: whose, of which study, by which equipment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


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
