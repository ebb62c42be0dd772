"""The line from instances to series and irradiation events.

1. every instance gets a kind (``kinds``) and a slice position (``geometry``);
2. series are summarised (``summary``), one header each is opened (``series``);
3. events are read from images (``acquisitions``, ``events``), dose sequences and dose reports;
4. events of several sources are matched and one is preferred (``preferred``);
5. series get role and state from all this (``states``).

Everything is done a patient at a time: series, studies and events are told apart by their
patient too, so mapping patients apart gives the rows that mapping them together gives.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from workbench.mapping.age import with_age
from workbench.mapping.body_regions import ambiguous_regions, regions_of
from workbench.mapping.ct.acquisitions import acquisitions, parts
from workbench.mapping.ct.dose_sequence_events import dose_sequence_events
from workbench.mapping.ct.header_events import header_events
from workbench.mapping.ct.kinds import UNKNOWN_MAKER, with_kinds
from workbench.mapping.ct.report_events import report_events
from workbench.mapping.ct.series import deciding, header_facts, with_spiral
from workbench.mapping.ct.slice_positions import with_position
from workbench.mapping.ct.states import with_states
from workbench.mapping.ct.summary import summarise, with_technique
from workbench.mapping.event_start import with_study_zone
from workbench.mapping.plausible import without_implausible
from workbench.mapping.rules import Rules, built_in_rules
from workbench.mapping.source_choice import with_preferred
from workbench.model import Finding, MappingState, SeriesRole
from workbench.schema import FINDING, INSTANCE, SERIES

REGION_TEXTS = {
    "ProtocolName": "protocol", "SeriesDescription": "series description",
    "StudyDescription": "study description", "BodyPartExamined": "body part",
}  # fmt: skip


# Enhanced CT and Legacy Converted Enhanced CT Image Storage (PS3.4 B.5).
MULTI_FRAME = ["1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2"]


@dataclass(frozen=True)
class Mapped:
    """Result of a mapping: frames of ``schema.SERIES``, ``IRRADIATION_EVENT`` and ``FINDING``."""

    series: pl.DataFrame
    events: pl.DataFrame
    findings: pl.DataFrame


def map_instances(
    instances: pl.DataFrame, rules: Rules | None = None, ages_differ: Collection[int] = ()
) -> Mapped:
    """Map instances to series and irradiation events.

    Parameters
    ----------
    instances
        Frame of ``schema.INSTANCE``, rows in any order; patients must be complete.
    rules
        Rules of the makers; the built-in ones by default.
    ages_differ
        Numbers of objects whose birth date and PatientAge contradict each other.

    Returns
    -------
    Mapped
        Rows in a fixed order: the same instances give the same tables.
    """
    rules = rules or built_in_rules()
    ordered, findings = _ordered(instances)
    ordered, unlikely = without_implausible(ordered)
    ordered, doubtful = with_age(ordered, ages_differ)
    ordered, zones = with_study_zone(ordered)
    ordered = with_position(with_spiral(with_kinds(ordered, rules), rules))
    decided = deciding(ordered)
    facts, problems = header_facts(decided, rules)
    headers = header_events(acquisitions(parts(ordered, facts)))
    sequences, sequence_findings = dose_sequence_events(ordered)
    reports, report_findings = report_events(ordered)
    events, choices = with_preferred([reports, sequences, headers.events])
    findings += [*unlikely, *doubtful, *zones, *problems, *_series_findings(ordered)]
    findings += [*headers.findings, *sequence_findings, *report_findings, *choices]
    findings += ambiguous_regions(events)
    series = with_states(_summary(ordered, decided, facts), events, headers, rules)
    every_series = pl.concat([_series_frame(series), _homeless(instances)])
    return Mapped(every_series, events, _finding_frame(findings))


def _summary(ordered: pl.DataFrame, decided: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """One row a series with technique, dose and body region."""
    key = "series_key"
    kinds = decided.group_by(key).agg(pl.col("kind").first(), pl.col("report_kind").first())
    counted = ordered.group_by(key).agg(instances=pl.len())
    series = summarise(decided, key)
    for table in (facts, kinds, counted):
        series = series.join(table, on=key, how="left", maintain_order="left")
    image = pl.col("kind").is_in(["image", "derived"])  # only their slices lie along the table
    series = with_technique(series).with_columns(
        pl.when(image).then(name).alias(name) for name in ("slice_increment_mm", "scan_length_mm")
    )
    return regions_of(series, REGION_TEXTS)


def _ordered(instances: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding]]:
    """Sort instances, drop repeats, leave out those that belong to no series."""
    columns = INSTANCE.polars()
    absent = [pl.lit(None).alias(name) for name in columns if name not in instances.columns]
    frame = instances.with_columns(absent).select(  # of objects that an older version stored
        pl.col(name).cast(kind, strict=False) for name, kind in columns.items()
    )
    homeless = frame.filter(pl.col("SeriesInstanceUID").is_null())
    findings = [
        Finding("mapping", "no_series", "the object has no Series Instance UID and is not mapped",
                object_number=number, study=study)
        for number, study in homeless.select("object_number", "StudyInstanceUID").iter_rows()
    ]  # fmt: skip
    keys = ["patient", "StudyInstanceUID", "SeriesInstanceUID", "InstanceNumber",
            "SOPInstanceUID", "object_number"]  # fmt: skip
    place = [pl.col(name).fill_null("") for name in keys[:3]]
    once = pl.struct("patient", "StudyInstanceUID", "SOPInstanceUID").is_first_distinct()
    kept = (
        frame.filter(pl.col("SeriesInstanceUID").is_not_null())
        .sort(keys, nulls_last=True)
        .filter(pl.col("SOPInstanceUID").is_null() | once)
        .with_columns(series_key=pl.concat_str(place, separator="|"))
    )
    return kept, findings


def _homeless(instances: pl.DataFrame) -> pl.DataFrame:
    """One row a study for the objects that name no series, so that none is silently absent."""
    homeless = instances.filter(pl.col("SeriesInstanceUID").is_null())
    studies = homeless.group_by("patient", "StudyInstanceUID").len("instances")
    said: dict[str, object] = {
        "role": SeriesRole.OTHER, "state": MappingState.UNUSED,
        "state_reason": "the objects have no Series Instance UID",
    }  # fmt: skip
    rows = studies.sort("patient", "StudyInstanceUID").to_dicts()
    return SERIES.frame([row | said for row in rows])


def _series_findings(ordered: pl.DataFrame) -> list[Finding]:
    """Series of an unknown maker, of multi-frame images, and that mix localizers with scans."""
    ct = ordered.filter(pl.col("kind").is_in(["image", "derived", "localizer", "dose_info"]))
    series = ct.group_by("series_key", maintain_order=True).agg(
        pl.col("StudyInstanceUID", "SeriesInstanceUID", "maker").first(),
        multi_frame=pl.col("SOPClassUID").is_in(MULTI_FRAME).any(),
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
        if row["multi_frame"]:
            findings.append(
                Finding("mapping", "multi_frame_not_read", "the values of multi-frame images stand "
                        "in functional groups, which are not read: no dose comes from them",
                        **place)
            )  # fmt: skip
        if row["kinds"] > 1:
            findings.append(
                Finding("mapping", "mixed_series", "the series holds localizers and scans",
                        severity="note", **place)
            )  # fmt: skip
    return findings


def _series_frame(series: pl.DataFrame) -> pl.DataFrame:
    return series.select(pl.col(name).cast(kind) for name, kind in SERIES.polars().items()).sort(
        "patient", "StudyInstanceUID", "SeriesNumber", "SeriesInstanceUID", nulls_last=True
    )


def _finding_frame(findings: list[Finding]) -> pl.DataFrame:
    frame = FINDING.frame([finding.row() for finding in findings])
    return frame.unique().sort(FINDING.names, nulls_last=True)
