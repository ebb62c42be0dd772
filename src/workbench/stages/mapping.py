"""Map: from de-identified headers to series, irradiation events and findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from workbench.executors import Executor, Serial, Workplace
from workbench.mapping import MappingAttempt, map_apart, together
from workbench.schema import FINDING, INSTANCE, IRRADIATION_EVENT, SERIES
from workbench.stages.changed_studies import (
    changed_studies,
    in_studies,
    merged,
    merged_findings,
    study_fingerprints,
)
from workbench.stages.run_record import Progress, no_progress, recorded
from workbench.survey import Survey, open_survey

TABLES = (INSTANCE, SERIES, IRRADIATION_EVENT, FINDING)  # read and made
MAPPED_AT_ONCE = 10_000  # instances; their headers as text take some 120 MB
AGE_MISMATCH = "age_mismatch"  # what de-identification says where birth date and age differ


@dataclass(frozen=True)
class MapTask:
    """Map the headers of some patients of a workspace."""

    folder: Path
    patients: tuple[str, ...] = field(repr=False)
    ages_differ: tuple[int, ...] = field(repr=False)
    studies: int

    def run(self, workplace: Workplace) -> tuple[MappingAttempt, int]:  # noqa: ARG002 - opens little
        """Return what became of them, and how many studies they have."""
        survey = open_survey(self.folder)
        try:
            rows = survey.instances().filter(pl.col("patient").is_in(self.patients)).collect()
        finally:
            survey.close()
        return map_apart(rows, list(self.ages_differ)), self.studies


def map_survey(
    survey: Survey, progress: Progress = no_progress, using: Executor | None = None
) -> dict[str, int]:
    """Map the headers of new or changed studies to series and irradiation events.

    All studies of a patient are mapped together, because they may show the same event.  The
    counts are ``studies`` new or changed, ``failed`` of those mapped now, ``findings`` that warn
    of them, and ``series`` and ``events`` in all.  What failed is tried again next time.
    ``using`` says who does the work; by default this process.
    """
    with recorded(survey, "map") as counts:
        instances = survey.lazy("instance")
        inputs = study_fingerprints(instances, "content_sha256", TABLES)
        changed = changed_studies(survey, "map", inputs)
        counts |= {"studies": len(changed), "failed": 0, "findings": 0}
        if changed:
            patients, studies = _whole_patients(instances, changed)
            theirs = instances.filter(pl.col("patient").is_in(patients))
            done = _mapped(survey, theirs, progress, using or Serial())
            kept = set(inputs) - studies
            survey.store.publish({
                SERIES.name: merged(survey, SERIES, kept, done.mapped.series),
                IRRADIATION_EVENT.name:
                    merged(survey, IRRADIATION_EVENT, kept, done.mapped.events),
                FINDING.name: merged_findings(survey, "mapping", kept, done.mapped.findings),
            })  # fmt: skip
            survey.store.remember(
                "map", {study: value for study, value in inputs.items() if study not in done.failed}
            )
            counts["failed"] = len(done.failed)
            warns = done.mapped.findings["severity"] == "warning"
            counts["findings"] = int(warns.sum())
        counts["series"] = survey.lazy("series").select(pl.len()).collect().item()
        counts["events"] = survey.events(preferred=True).height
    return dict(counts)


def _whole_patients(instances: pl.LazyFrame, changed: Iterable[str]) -> tuple[list[str], set[str]]:
    """Return the patients of studies and all their studies, patients in order.

    A study that bears the pseudonyms of several patients draws all of them in.
    """
    pairs = instances.select("patient", pl.col("StudyInstanceUID").fill_null("")).unique().collect()
    patients, studies, before = pairs["patient"][:0], set(changed), 0
    while len(studies) > before:
        before = len(studies)
        patients = pairs.filter(in_studies(studies))["patient"].unique()
        studies |= set(
            pairs.filter(pl.col("patient").is_in(patients.implode()))["StudyInstanceUID"]
        )
    return patients.drop_nulls().sort().to_list(), studies


def _mapped(
    survey: Survey, instances: pl.LazyFrame, progress: Progress, using: Executor
) -> MappingAttempt:
    """Map the instances of whole patients, some patients at a time."""
    ages_differ = (
        survey.lazy("finding")
        .filter((pl.col("stage") == "import") & (pl.col("code") == AGE_MISMATCH))
        .select("object_number").drop_nulls().collect()["object_number"].to_list()
    )  # fmt: skip
    sizes = (
        instances.group_by("patient")
        .agg(rows=pl.len(), studies=pl.col("StudyInstanceUID").n_unique())
        .sort("patient")
        .with_columns(chunk=(pl.col("rows").cum_sum() - 1) // MAPPED_AT_ONCE)
        .collect()
    )
    total, done = int(sizes["studies"].sum()), 0
    progress(0, total, "mapping studies")
    tasks = (
        MapTask(
            survey.folder.absolute(), tuple(chunk["patient"]), tuple(ages_differ),
            int(chunk["studies"].sum()),
        )
        for chunk in sizes.partition_by("chunk", maintain_order=True)
    )  # fmt: skip
    attempts = []
    for attempt, studies in using.run(tasks):
        attempts.append(attempt)
        done += studies
        progress(done, total, "mapping studies")
    return together(attempts)
