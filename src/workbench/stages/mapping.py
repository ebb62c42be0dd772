"""Map: from de-identified headers to series, irradiation events and findings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from workbench.executors import Executor, Serial, Workplace
from workbench.language import mark
from workbench.mapping import MappingAttempt, map_apart, together
from workbench.mapping.source_choice import patients_together
from workbench.schema import FINDING, INSTANCE, IRRADIATION_EVENT, SERIES, Table
from workbench.stages.changed_studies import in_studies, study_fingerprints
from workbench.stages.incremental import MadeRows, work_on_changed
from workbench.stages.run_record import Progress, no_progress, recorded
from workbench.survey import Survey, open_survey

TABLES = (INSTANCE, SERIES, IRRADIATION_EVENT, FINDING)  # read and made
STUDY = "StudyInstanceUID"
DOING = mark("mapping studies")
MAPPED_AT_ONCE = 10_000  # instances; their headers as text take some 120 MB
AGE_MISMATCH = "age_mismatch"  # what de-identification says where birth date and age differ
PHANTOM_NAMED = "phantom_named"  # and where the patient's name is a phantom's


@dataclass(frozen=True)
class MapTask:
    """Map the headers of some patients of a workspace."""

    folder: Path
    patients: tuple[str, ...] = field(repr=False)
    ages_differ: tuple[int, ...] = field(repr=False)
    phantoms: tuple[int, ...] = field(repr=False)
    studies: int

    def run(self, workplace: Workplace) -> tuple[MappingAttempt, int]:  # noqa: ARG002 - opens little
        """Return what became of them, and how many studies they have."""
        theirs = pl.col("patient").is_in(self.patients)
        survey = open_survey(self.folder, answered=True)
        try:
            rows = survey.store.read("instance", lambda rows: rows.filter(theirs).collect())
        finally:
            survey.close()
        return map_apart(rows, list(self.ages_differ), list(self.phantoms)), self.studies


@dataclass
class MapWork:
    """What ``map`` does, as ``incremental`` asks for it."""

    survey: Survey
    progress: Progress
    using: Executor
    stage: str = "map"
    finding_stage: str = "mapping"
    tables: tuple[Table, ...] = (SERIES, IRRADIATION_EVENT, FINDING)
    _instances: pl.LazyFrame = field(init=False, repr=False)
    _pairs: pl.DataFrame | None = field(init=False, repr=False)  # of a patient and a study

    def look(self) -> dict[str, str]:
        """Return study to fingerprint of its objects, as they are now."""
        self._instances, inputs = self.survey.store.read(
            "instance", lambda rows: (rows, header_fingerprints(rows))
        )
        self._pairs = None
        return inputs

    def _read(self, collect: Callable[[pl.LazyFrame], pl.DataFrame]) -> pl.DataFrame:
        """Collect of the instances that were looked at, or of today's where those are gone.

        To scan them anew costs much where many objects wait in the catalogue.
        """
        try:
            return collect(self._instances)
        except (OSError, pl.exceptions.PolarsError):
            return self.survey.store.read("instance", collect)

    def with_kin(self, studies: Collection[str]) -> set[str]:
        """Return studies and all others of their patients.

        A study that bears the pseudonyms of several patients draws all of them in.
        """
        kin, before = set(studies), 0
        while len(kin) > before:
            before = len(kin)
            pairs, patients = self._patients(kin)
            kin |= set(pairs.filter(pl.col("patient").is_in(patients.implode()))[STUDY])
        return kin

    def _patients(self, studies: Collection[str]) -> tuple[pl.DataFrame, pl.Series]:
        """Return all pairs of a patient and a study, and the patients of these studies."""
        if self._pairs is None:
            pair = ("patient", pl.col(STUDY).fill_null(""))
            self._pairs = self._read(lambda rows: rows.select(pair).unique().collect())
        return self._pairs, self._pairs.filter(in_studies(studies))["patient"].unique()

    def make(self, studies: Collection[str]) -> MadeRows:
        """Map the patients of these studies, some at a time."""
        patients = self._patients(studies)[1].drop_nulls()
        sizes = self._read(lambda rows: _sizes(rows, patients))
        total, done = int(sizes["studies"].sum()), 0
        self.progress(0, total, DOING)
        attempts = []
        for attempt, count in self.using.run(self._tasks(sizes)):
            attempts.append(attempt)
            done += count
            self.progress(done, total, DOING)
        if not attempts:  # they have been erased meanwhile
            return MadeRows({table.name: table.empty() for table in self.tables})
        whole = together(attempts)
        rows = (whole.mapped.series, whole.mapped.events, whole.mapped.findings)
        names = (table.name for table in self.tables)
        return MadeRows(dict(zip(names, rows, strict=True)), whole.failed)

    def _tasks(self, sizes: pl.DataFrame) -> Iterator[MapTask]:
        ages_differ, phantoms = self._noted(AGE_MISMATCH), self._noted(PHANTOM_NAMED)
        folder = self.survey.folder.absolute()
        for chunk in sizes.partition_by("chunk", maintain_order=True):
            patients, studies = tuple(chunk["patient"]), int(chunk["studies"].sum())
            yield MapTask(folder, patients, ages_differ, phantoms, studies)

    def _noted(self, code: str) -> tuple[int, ...]:
        """Return the numbers of objects of which the border noted something."""
        noted = (pl.col("stage") == "import") & (pl.col("code") == code)
        numbers = self.survey.store.read(
            "finding", lambda rows: rows.filter(noted).select("object_number").collect()
        )
        return tuple(numbers["object_number"].drop_nulls())


def header_fingerprints(instances: pl.LazyFrame) -> dict[str, str]:
    """Return study to fingerprint of what ``map`` reads of it."""
    return study_fingerprints(instances, "content_sha256", TABLES)


def _sizes(instances: pl.LazyFrame, patients: pl.Series) -> pl.DataFrame:
    """Return patients with their rows and studies, in chunks to be mapped together.

    Patients who share a study are in the same one.
    """
    theirs = instances.filter(pl.col("patient").is_in(patients.implode()))
    sizes = (
        theirs.group_by("patient")
        .agg(rows=pl.len(), studies=pl.col(STUDY).n_unique())
        .sort("patient")
        .collect()
    )
    shared = (
        theirs.select("patient", STUDY).drop_nulls().unique()
        .filter(pl.col("patient").n_unique().over(STUDY) > 1)
        .sort("patient", STUDY).collect()
    )  # fmt: skip
    leaders = patients_together(shared.iter_rows())
    leader = pl.col("patient").replace(list(leaders), list(leaders.values()))
    return (
        sizes.with_columns(leader=leader)
        .sort("leader", "patient")
        .with_columns(chunk=(pl.col("rows").cum_sum() - 1) // MAPPED_AT_ONCE)
        .with_columns(pl.col("chunk").max().over("leader"))
        .drop("leader")
    )


def map_survey(
    survey: Survey,
    progress: Progress = no_progress,
    using: Executor | None = None,
    *,
    again: bool = False,
) -> dict[str, int]:
    """Map the headers of new or changed studies to series and irradiation events.

    All studies of a patient are mapped together, because they may show the same event.  The
    counts are ``studies`` new or changed, ``failed`` of those mapped now, ``findings`` that warn
    of them, and ``series`` and ``events`` in all.  What failed is tried again next time.
    ``using`` says who does the work; by default this process.  ``again``: all studies, whatever
    was mapped before.  Others may map, import and erase at the same time.
    """
    with recorded(survey, "map", progress) as counts:
        work = MapWork(survey, progress, using or Serial())
        counts["studies"], made = work_on_changed(survey, work, progress, again=again)
        counts["failed"] = len(made.failed)
        counts["findings"] = int((made.frames[FINDING.name]["severity"] == "warning").sum())
        counts["series"] = survey.store.read("series", _height)
        counts["events"] = survey.store.read(
            "irradiation_event", lambda rows: _height(rows.filter(pl.col("preferred")))
        )
    return dict(counts)


def _height(rows: pl.LazyFrame) -> int:
    return int(rows.select(pl.len()).collect().item())
