"""CT instances made ready: no impossible values, kinds, positions, the facts of their series."""

from __future__ import annotations

import polars as pl

from workbench.mapping.ct.functional_groups import with_frames
from workbench.mapping.ct.kinds import UNKNOWN_MAKER, with_kinds
from workbench.mapping.ct.series import deciding, header_facts, with_scan, with_spiral
from workbench.mapping.ct.slice_positions import with_position
from workbench.mapping.plausible import without_implausible
from workbench.mapping.rules import Rules
from workbench.model import Finding

# Columns of the instance table, their quantity and the factor to the unit of the bounds.
CHECKED = {
    "KVP": ("voltage", 1.0),
    "XRayTubeCurrent": ("current", 1.0),
    "ExposureTime": ("time", 1e-3),
    "RevolutionTime": ("time", 1.0),
    "SliceThickness": ("length", 1.0),
    "SpacingBetweenSlices": ("position", 1.0),  # negative where slices run the other way
    "SliceLocation": ("position", 1.0),
    "SingleCollimationWidth": ("length", 1.0),
    "TotalCollimationWidth": ("length", 1.0),
    "TableSpeed": ("speed", 1.0),
    "TableFeedPerRotation": ("length", 1.0),
    "SpiralPitchFactor": ("ratio", 1.0),
    "CTDIvol": ("ctdi_vol", 1.0),
}


def prepared(instances: pl.DataFrame, rules: Rules) -> tuple[pl.DataFrame, list[Finding]]:
    """Return instances with kind, table movement, slice position and the facts of their series.

    A multi-frame image becomes a row a frame.
    """
    frames, unread = with_frames(instances)
    own = ~pl.col("foreign")  # the bounds are those of CT
    plausible, findings = without_implausible(frames, CHECKED, own)
    frame = with_scan(with_position(with_spiral(with_kinds(plausible, rules), rules)))
    facts, problems = header_facts(deciding(frame, "scan"), rules)
    frame = frame.join(facts, on=["series_key", "scan"], how="left", maintain_order="left")
    return frame, [*unread, *findings, *problems, *_series_findings(frame)]


def _series_findings(ordered: pl.DataFrame) -> list[Finding]:
    """Series of an unknown maker, and those that mix localizers with scans."""
    ct = ordered.filter(pl.col("kind").is_in(["image", "derived", "localizer", "dose_info"]))
    series = ct.group_by("series_key", maintain_order=True).agg(
        pl.col("StudyInstanceUID", "SeriesInstanceUID", "maker").first(),
        kinds=pl.col("kind").filter(pl.col("kind").is_in(["image", "localizer"])).n_unique(),
    )  # fmt: skip
    findings = []
    for row in series.iter_rows(named=True):
        place = {"study": row["StudyInstanceUID"], "series": row["SeriesInstanceUID"]}
        if row["maker"] == UNKNOWN_MAKER:
            findings.append(
                Finding("mapping", "unknown_maker", "no rules for this maker; the generic ones "
                        "are used", severity="note", column="Manufacturer", **place)
            )  # fmt: skip
        if row["kinds"] > 1:
            findings.append(
                Finding("mapping", "mixed_series", "the series holds localizers and scans",
                        severity="note", **place)
            )  # fmt: skip
    return findings
