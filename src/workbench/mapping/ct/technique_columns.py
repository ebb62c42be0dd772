"""The technique columns of an event that is read from images, with their provenance."""

from __future__ import annotations

import json
from typing import Any

from workbench.mapping.ct.acquisitions import Acquisition

# Columns of an event and those of a part; what the best part lacks, the next that has it tells.
COLUMNS = {
    **{name: name for name in (
        "ctdi_phantom_cm", "kvp_kv", "tube_current_ma", "rotation_time_s", "pitch",
        "single_collimation_mm", "total_collimation_mm", "table_feed_mm", "table_speed_mm_s",
        "slice_thickness_mm", "mas", "effective_mas", "exposure_mas", "modulation", "contrast",
        "images_in_acquisition", "gantry_tilt_deg", "reconstruction_diameter_mm",
        "table_height_mm",
    )},
    "modulation_text": "ExposureModulationType",
    "contrast_agent": "ContrastBolusAgent",
    "procedure_step": "PerformedProcedureStepDescription",
    "patient_position": "PatientPosition",
    "patient_state": "PatientState",
    "software_versions": "SoftwareVersions",
}  # fmt: skip
OF_SLICES = {  # of the best part alone: they belong together
    "images": "slices",
    "slice_increment_mm": "slice_increment_mm",
    "slice_location_min_mm": "slice_location_min_mm",
    "slice_location_max_mm": "slice_location_max_mm",
}


def technique_of(acquisition: Acquisition) -> dict[str, Any]:
    """Return the technique columns of ``schema.IRRADIATION_EVENT`` and their provenance."""
    row: dict[str, Any] = {}
    provenance: dict[str, str] = {}
    for column, name in COLUMNS.items():
        part = acquisition.telling(name)
        row[column] = None if part is None else part[name]
        if part is not None:
            _tell(provenance, column, part)
    row |= {column: acquisition.best[name] for column, name in OF_SLICES.items()}
    if (part := acquisition.telling("ctdi_vol_mgy")) is not None:
        _tell(provenance, "ctdi_vol_mgy", part)
    row["provenance"] = json.dumps(provenance, sort_keys=True)
    return row


def _tell(provenance: dict[str, str], column: str, part: Any) -> None:
    source = json.loads(part["provenance"] or "{}").get(column)
    if source is not None:
        provenance[column] = source
