"""Which attribute each value of a scan came from, by machine, software and source.

What is unread has rows too: ``read_from`` is null there, and ``scans`` says of how many.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from workbench.schema import COVERAGE

MACHINE = ("manufacturer", "model", "software_versions", "source")
# What a dose study needs of a scan, in the order of the event table.
NEEDED = (
    "started_at", "patient_age_years", "patient_sex", "event_type", "body_region", "protocol",
    "ctdi_vol_mgy", "dlp_mgy_cm", "ctdi_phantom_cm", "kvp_kv", "tube_current_ma",
    "rotation_time_s", "exposure_time_s", "pitch", "single_collimation_mm",
    "total_collimation_mm", "scan_length_mm", "exposed_length_mm", "reconstructable_length_mm",
    "table_feed_mm", "table_speed_mm_s", "images", "images_in_acquisition", "slice_thickness_mm",
    "slice_increment_mm", "slice_location_min_mm", "mas", "effective_mas", "exposure_mas",
    "modulation", "contrast", "procedure_step", "patient_position", "gantry_tilt_deg",
)  # fmt: skip
WITHOUT = {"event_type": "unknown", "body_region": "unknown"}  # words for what is not known
BASES = {"dlp_mgy_cm": "dlp_basis", "exposed_length_mm": "exposed_length_basis"}
COMPUTED = "computed"  # from several attributes or slices, or copied under the column's own name


def coverage(events: pl.DataFrame) -> pl.DataFrame:
    """Return a frame of ``schema.COVERAGE`` from one of ``schema.IRRADIATION_EVENT``.

    Every source counts, preferred or not; topograms do not.
    """
    scans = events.filter(~pl.col("localizer").fill_null(False))
    machines: dict[tuple[Any, ...], Counter[tuple[str, str | None]]] = {}
    sizes: Counter[tuple[Any, ...]] = Counter()
    for scan in scans.select(*MACHINE, *NEEDED, *BASES.values(), "provenance").iter_rows(
        named=True
    ):
        machine = tuple(scan[name] for name in MACHINE)
        sizes[machine] += 1
        machines.setdefault(machine, Counter()).update(_read_from(scan))
    rows = [
        dict(zip(MACHINE, machine, strict=True))
        | {"column": column, "read_from": source, "scans": count, "of_scans": sizes[machine]}
        for machine, found in machines.items()
        for (column, source), count in found.items()
    ]
    return COVERAGE.frame(rows).sort(COVERAGE.key, nulls_last=True)


def _read_from(scan: Mapping[str, Any]) -> Iterable[tuple[str, str | None]]:
    written = json.loads(scan["provenance"] or "{}")
    told = {column: source for column, source in written.items() if isinstance(source, str)}
    for column, basis in BASES.items():
        told.setdefault(column, scan[basis])
    for column in NEEDED:
        absent = scan[column] is None or scan[column] == WITHOUT.get(column)
        yield column, None if absent else told.get(column) or COMPUTED
