"""One study that cannot be mapped does not stop the others: it becomes a finding."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import polars as pl

from workbench.mapping.application import Mapped, map_instances
from workbench.model import Finding, MappingState, SeriesRole
from workbench.schema import FINDING, IRRADIATION_EVENT, SERIES

Stage = Callable[[pl.DataFrame], Mapped]
# What a defect in the mapping raises: anything, and what polars raises in place of a crash.
FAILURES = (Exception, pl.exceptions.PanicException)


@dataclass(frozen=True)
class MappingAttempt:
    """What was mapped, and the studies (StudyInstanceUID, "" for none) that could not be."""

    mapped: Mapped
    failed: frozenset[str]


def map_apart(
    instances: pl.DataFrame, ages_differ: Collection[int] = (), phantoms: Collection[int] = ()
) -> MappingAttempt:
    """Map instances of whole patients; a study that raises is left out, with a finding.

    The finding names the kind of the exception only: its words may hold a header value.
    """
    return _attempt(instances, lambda part: map_instances(part, None, ages_differ, phantoms))


def _attempt(instances: pl.DataFrame, stage: Stage) -> MappingAttempt:
    """Try all at once; then a patient at a time; then leave out the studies that fail alone."""
    try:
        return MappingAttempt(stage(instances), frozenset())
    except FAILURES as error:
        kind = type(error).__name__
    patients = instances.partition_by("patient", maintain_order=True)
    if len(patients) > 1:
        return together([_attempt(patient, stage) for patient in patients])
    studies = instances.partition_by("StudyInstanceUID", maintain_order=True)
    if len(studies) == 1:
        return _failed(instances, kind)
    alone = [_attempt(study, stage) for study in studies]
    good = [study for study, attempt in zip(studies, alone, strict=True) if not attempt.failed]
    bad = [attempt for attempt in alone if attempt.failed]
    if not bad:  # each can be mapped, but not all of one patient
        return _failed(instances, kind)
    return together([*bad, *([_attempt(pl.concat(good), stage)] if good else [])])


def together(attempts: Sequence[MappingAttempt]) -> MappingAttempt:
    """Return several attempts (at least one) as one."""
    return MappingAttempt(
        Mapped(
            pl.concat([attempt.mapped.series for attempt in attempts]),
            pl.concat([attempt.mapped.events for attempt in attempts]),
            pl.concat([attempt.mapped.findings for attempt in attempts]),
        ),
        frozenset().union(*(attempt.failed for attempt in attempts)),
    )


def _failed(instances: pl.DataFrame, kind: str) -> MappingAttempt:
    """Return the series of studies as incomplete, no events, and a finding a study."""
    studies = instances["StudyInstanceUID"].unique(maintain_order=True).to_list()
    findings = [
        Finding("mapping", "study_not_mapped", f"the study could not be mapped ({kind}); it is "
                "tried again next time", severity="error", study=study)
        for study in studies
    ]  # fmt: skip
    copied = ["patient", "StudyInstanceUID", "SeriesInstanceUID", "Modality"]
    series = instances.group_by(copied).len("instances").sort(copied, nulls_last=True)
    incomplete = {
        "role": SeriesRole.OTHER, "state": MappingState.INCOMPLETE,
        "state_reason": "the study could not be mapped",
    }  # fmt: skip
    return MappingAttempt(
        Mapped(
            SERIES.frame([row | incomplete for row in series.to_dicts()]),
            IRRADIATION_EVENT.empty(),
            FINDING.frame([finding.row() for finding in findings]),
        ),
        frozenset(study or "" for study in studies),
    )
