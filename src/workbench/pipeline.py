"""The straight line, from a file or a PACS to dose estimates.  Start reading here.

    bytes -> header -> de-identified header -> store.instance
          -> mapping -> store.series, store.irradiation_event -> dose -> store.dose_estimate

Every stage may be called again: it does only what changed since the last time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from workbench import __version__
from workbench.collector import Collection, collect, publish_ledger
from workbench.dose import estimate
from workbench.dose.method import BUILTIN, DoseMethod
from workbench.executors import Executor, Serial
from workbench.importing import import_files
from workbench.intake import Intake, receive
from workbench.mapping import Attempt, map_apart, together
from workbench.plugins import DOSE_METHODS, find
from workbench.report.runner import ReportRun, run_report
from workbench.runs import Progress, no_progress, recorded
from workbench.schema import DOSE_ESTIMATE, FINDING, IRRADIATION_EVENT, SERIES, Table
from workbench.survey import Survey, open_survey

ESTIMATED_AT_ONCE = 20_000  # events
TEMPLATES = "report_templates"  # a site's own report notebooks, in the workspace
MAPPED_AT_ONCE = 10_000  # instances; their headers as text take some 120 MB
AGE_MISMATCH = "age_mismatch"  # what de-identification says where birth date and age differ

__all__ = [
    "Collection",
    "Intake",
    "Progress",
    "collect",
    "dose_methods",
    "estimate_doses",
    "import_files",
    "make_report",
    "map_survey",
    "publish_ledger",
    "receive",
    "run_line",
]


def run_line(survey: Survey, paths: Sequence[Path], progress: Progress = no_progress) -> Intake:
    """Take files all the way to dose estimates."""
    intake = import_files(survey, paths, progress)
    map_survey(survey, progress)
    estimate_doses(survey, progress)
    return intake


@dataclass(frozen=True)
class MapTask:
    """Map the headers of some patients of a workspace."""

    folder: Path
    patients: tuple[str, ...] = field(repr=False)
    ages_differ: tuple[int, ...] = field(repr=False)
    studies: int

    def run(self) -> tuple[Attempt, int]:
        """Return what became of them, and how many studies they have."""
        survey = open_survey(self.folder)
        try:
            rows = survey.instances().filter(pl.col("patient").is_in(self.patients)).collect()
        finally:
            survey.close()
        return map_apart(rows, list(self.ages_differ)), self.studies


@dataclass(frozen=True)
class DoseTask:
    """Estimate the doses of some irradiation events."""

    events: pl.DataFrame = field(repr=False)

    def run(self) -> pl.DataFrame:
        """Return the estimates."""
        return estimate(self.events, dose_methods())


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
        inputs = _fingerprints(instances, "content_sha256")
        changed = _changed(survey, "map", inputs)
        counts |= {"studies": len(changed), "failed": 0, "findings": 0}
        if changed:
            patients, studies = _whole_patients(instances, changed)
            theirs = instances.filter(pl.col("patient").is_in(patients))
            done = _mapped(survey, theirs, progress, using or Serial())
            kept = set(inputs) - studies
            survey.store.publish({
                SERIES.name: _merged(survey, SERIES, kept, done.mapped.series),
                IRRADIATION_EVENT.name:
                    _merged(survey, IRRADIATION_EVENT, kept, done.mapped.events),
                FINDING.name: _merged_findings(survey, "mapping", kept, done.mapped.findings),
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
        patients = pairs.filter(_in_studies(studies))["patient"].unique()
        studies |= set(
            pairs.filter(pl.col("patient").is_in(patients.implode()))["StudyInstanceUID"]
        )
    return patients.drop_nulls().sort().to_list(), studies


def _mapped(
    survey: Survey, instances: pl.LazyFrame, progress: Progress, using: Executor
) -> Attempt:
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


def estimate_doses(
    survey: Survey, progress: Progress = no_progress, using: Executor | None = None
) -> dict[str, int]:
    """Estimate the doses of the events of new or changed studies; ``using`` as for mapping."""
    with recorded(survey, "dose") as counts:
        events = survey.events()
        digest = events.select(
            "StudyInstanceUID", event=pl.struct(pl.all()).map_elements(str, return_dtype=pl.String)
        )
        methods = dose_methods()
        known = ",".join(f"{method.name} {method.version}" for method in methods)
        inputs = _fingerprints(digest.lazy(), "event", known)
        changed = _changed(survey, "dose", inputs)
        gone = survey.store.fingerprints("dose").keys() - inputs.keys()  # no events any more
        counts["studies"] = len(changed)
        if changed or gone:
            progress(0, len(changed), "estimating doses")
            kept = {study for study in inputs if study not in changed}
            parts = events.filter(_in_studies(changed)).iter_slices(ESTIMATED_AT_ONCE)
            made = (using or Serial()).run(DoseTask(part) for part in parts)
            new = pl.concat([DOSE_ESTIMATE.empty(), *made])
            survey.store.publish({DOSE_ESTIMATE.name: _merged(survey, DOSE_ESTIMATE, kept, new)})
            survey.store.remember("dose", inputs)
            progress(len(changed), len(changed), "estimating doses")
        counts["estimates"] = survey.lazy("dose_estimate").select(pl.len()).collect().item()
    return dict(counts)


def dose_methods() -> tuple[DoseMethod, ...]:
    """Return the dose methods there are: built-in, and offered by other packages."""
    return tuple(plugin.value for plugin in find(DOSE_METHODS, BUILTIN) if plugin.value)


def make_report(
    survey: Survey, name: str, out: Path, parameters: Mapping[str, object]
) -> ReportRun:
    """Run a papermill report on the survey and write it as HTML, PDF or RTF."""
    publish_ledger(survey)
    told = {"workspace": str(survey.folder.resolve()), **parameters}
    with recorded(survey, "report") as counts:
        made = run_report(name, told, out, survey.folder / TEMPLATES)
        counts["outcome"] = made.outcome
    return made


def _fingerprints(rows: pl.LazyFrame, column: str, method: str = "") -> dict[str, str]:
    """Return a digest of each study's input and of what will be done with it."""
    frame = (
        rows.select(pl.col("StudyInstanceUID").fill_null(""), column)
        .group_by("StudyInstanceUID")
        .agg(pl.col(column).sort())
        .collect()
    )
    return {
        study: hashlib.sha256("\0".join([__version__, method, *parts]).encode()).hexdigest()
        for study, parts in frame.iter_rows()
    }


def _changed(survey: Survey, stage: str, inputs: Mapping[str, str]) -> set[str]:
    done = survey.store.fingerprints(stage)
    return {study for study, value in inputs.items() if done.get(study) != value}


def _in_studies(studies: Iterable[str]) -> pl.Expr:
    return pl.col("StudyInstanceUID").fill_null("").is_in(sorted(studies))


def _merged(survey: Survey, table: Table, kept: set[str], new: pl.DataFrame) -> pl.DataFrame:
    old = survey.store.table(table.name).filter(_in_studies(kept))
    merged = pl.concat([old, new.select(table.names)])
    return merged.sort(*table.key, nulls_last=True) if table.key else merged


def _merged_findings(survey: Survey, stage: str, kept: set[str], new: pl.DataFrame) -> pl.DataFrame:
    old = survey.store.derived("finding").filter((pl.col("stage") != stage) | _in_studies(kept))
    return pl.concat([old, new.select(FINDING.names)])
