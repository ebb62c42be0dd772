"""The line from instances to series and irradiation events.

1. instances are ordered, ages read, dose reports recognised, series given to their modality;
2. each modality makes its instances ready, and each of its sources reads events (``sources``);
3. events of several sources are matched and one is preferred (``source_choice``);
4. each modality gives its series role and state; what no modality takes has a reason.

Everything is done a patient at a time: series, studies and events are told apart by their
patient too, so mapping patients apart gives the rows that mapping them together gives.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import polars as pl

from workbench.mapping.age import with_age
from workbench.mapping.body_regions import ambiguous_regions
from workbench.mapping.event_start import with_study_zone
from workbench.mapping.other_series import other_series
from workbench.mapping.phantoms import named_studies, with_phantoms
from workbench.mapping.report_kinds import with_report_kind
from workbench.mapping.rules import Rules, built_in_rules
from workbench.mapping.source_choice import with_preferred
from workbench.mapping.sources import MODALITIES, SOURCES, Modality
from workbench.model import DoseSource, Finding, MappingState, SeriesRole
from workbench.schema import FINDING, INSTANCE, SERIES


@dataclass(frozen=True)
class Mapped:
    """Result of a mapping: frames of ``schema.SERIES``, ``IRRADIATION_EVENT`` and ``FINDING``."""

    series: pl.DataFrame
    events: pl.DataFrame
    findings: pl.DataFrame


def map_instances(
    instances: pl.DataFrame,
    rules: Rules | None = None,
    ages_differ: Collection[int] = (),
    phantoms: Collection[int] = (),
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
    phantoms
        Numbers of objects whose patient bears the name of a phantom.

    Returns
    -------
    Mapped
        Rows in a fixed order: the same instances give the same tables.
    """
    rules = rules or built_in_rules()
    ordered, findings = _ordered(instances)
    ordered, doubtful = with_age(ordered, ages_differ)
    ordered, zones = with_study_zone(ordered)
    shares, others = _shared_out(with_report_kind(ordered))
    read = [_read(modality, share, rules) for modality, share in shares]
    frames = [frame for share in read for frame in share.events.values()]
    events, choices = with_preferred(frames)
    events, tests = with_phantoms(events, named_studies(ordered, phantoms))
    findings += [*doubtful, *zones, *choices, *tests, *ambiguous_regions(events)]
    findings += _studies_of_several(instances)
    findings += [finding for share in read for finding in share.findings]
    series = [
        _series_frame(share.modality.series(share.instances, share.events, events, rules))
        for share in read
    ]
    every = pl.concat([_series_frame(other_series(others)), *series])
    placed = every.sort(
        "patient", "StudyInstanceUID", "SeriesNumber", "SeriesInstanceUID", nulls_last=True
    )
    return Mapped(pl.concat([placed, _homeless(instances)]), events, _finding_frame(findings))


@dataclass(frozen=True)
class _Share:
    """The instances of one modality, made ready, and what its sources read."""

    modality: Modality
    instances: pl.DataFrame
    events: dict[DoseSource, pl.DataFrame] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def _shared_out(
    instances: pl.DataFrame,
) -> tuple[list[tuple[Modality, pl.DataFrame]], pl.DataFrame]:
    """Give each series to the first modality that one of its instances belongs to.

    What of it is of another modality is marked ``foreign``.  Returns the modalities with their
    instances, and the instances that nobody takes.
    """
    shares: list[tuple[Modality, pl.DataFrame]] = []
    for modality in MODALITIES:
        structured = pl.col("report_kind").is_in(list(modality.reports))
        image = pl.col("report_kind").is_null() & pl.col("Modality").is_in(
            list(modality.modalities)
        )
        marked = instances.with_columns(foreign=~(structured | image).fill_null(False))
        taken = (~pl.col("foreign")).any().over("series_key")
        shares.append((modality, marked.filter(taken)))
        instances = marked.filter(~taken).drop("foreign")
    return shares, instances


def _read(modality: Modality, instances: pl.DataFrame, rules: Rules) -> _Share:
    ready, findings = modality.prepare(instances, rules)
    share = _Share(modality, ready, findings=findings)
    for source in SOURCES:
        if source.modality == modality.name:
            share.events[source.name], source_findings = source.events(ready, rules)
            share.findings.extend(source_findings)
    return share


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


def _studies_of_several(instances: pl.DataFrame) -> list[Finding]:
    """Tell of studies that stand under several patients: counts of patients and studies do too."""
    studies = (
        instances.select("patient", "StudyInstanceUID").drop_nulls().unique()
        .group_by("StudyInstanceUID").len("patients").filter(pl.col("patients") > 1)
    )  # fmt: skip
    return [
        Finding("mapping", "study_of_several_patients", f"the study is kept under {patients} "
                "pseudonyms, though a study has one patient; its events count once where they are "
                "recognised", study=study)
        for study, patients in studies.iter_rows()
    ]  # fmt: skip


def _homeless(instances: pl.DataFrame) -> pl.DataFrame:
    """One row a study for the objects that name no series, so that none is silently absent."""
    homeless = instances.filter(pl.col("SeriesInstanceUID").is_null())
    studies = homeless.group_by("patient", "StudyInstanceUID").len("instances")
    unused: dict[str, object] = {
        "role": SeriesRole.OTHER, "state": MappingState.UNUSED,
        "state_reason": "the objects have no Series Instance UID",
    }  # fmt: skip
    rows = studies.sort("patient", "StudyInstanceUID").to_dicts()
    return SERIES.frame([row | unused for row in rows])


def _series_frame(series: pl.DataFrame) -> pl.DataFrame:
    """Return rows with the columns of the series table; a modality leaves out what it has not."""
    return SERIES.fit(series).cast(pl.Schema(SERIES.polars()))


def _finding_frame(findings: list[Finding]) -> pl.DataFrame:
    frame = FINDING.frame([finding.row() for finding in findings])
    return frame.unique().sort(FINDING.names, nulls_last=True)
