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
DOSE = "ctdi_vol_mgy"
OF_SLICES = {  # of the best part alone: they belong together
    "images": "slices",
    "slice_increment_mm": "slice_increment_mm",
    "slice_location_min_mm": "slice_location_min_mm",
    "slice_location_max_mm": "slice_location_max_mm",
}


def technique_of(acquisition: Acquisition) -> dict[str, Any]:
    """Return the technique columns of ``schema.IRRADIATION_EVENT`` and their provenance."""
    told = [(part, json.loads(part["provenance"] or "{}")) for part in acquisition.ranked]
    row: dict[str, Any] = {column: acquisition.best[name] for column, name in OF_SLICES.items()}
    provenance: dict[str, str] = {}
    for column, name in {**COLUMNS, DOSE: DOSE}.items():
        row[column] = None
        for part, sources in told:
            if part[name] is not None:
                row[column] = part[name]
                if column in sources:
                    provenance[column] = sources[column]
                break
    del row[DOSE]  # is the event's own to tell
    row["provenance"] = json.dumps(provenance, sort_keys=True)
    return row
