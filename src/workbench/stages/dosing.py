"""Dose: from irradiation events to dose estimates."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import polars as pl

from workbench.dose import estimate
from workbench.dose.method import BUILTIN, DoseMethod
from workbench.executors import Executor, Serial, Workplace
from workbench.language import mark
from workbench.plugins import DOSE_METHODS, find
from workbench.schema import DOSE_ESTIMATE, IRRADIATION_EVENT, Table
from workbench.stages.changed_studies import in_studies, study_fingerprints
from workbench.stages.incremental import MadeRows, work_on_changed
from workbench.stages.run_record import Progress, no_progress, recorded
from workbench.survey import Survey

DOING = mark("estimating doses")
ESTIMATED_AT_ONCE = 20_000  # events


@dataclass(frozen=True)
class DoseTask:
    """Estimate the doses of some irradiation events."""

    events: pl.DataFrame = field(repr=False)

    def run(self, workplace: Workplace) -> pl.DataFrame:  # noqa: ARG002 - needs nothing kept
        """Return the estimates."""
        return estimate(self.events, dose_methods())


@dataclass
class DoseWork:
    """What ``dose`` does, as ``incremental`` asks for it."""

    survey: Survey
    progress: Progress
    using: Executor
    stage: str = "dose"
    finding_stage: str = "dose"
    tables: tuple[Table, ...] = (DOSE_ESTIMATE,)
    _events: pl.DataFrame = field(init=False, repr=False)

    def look(self) -> dict[str, str]:
        """Return study to fingerprint of its events, as they are now, and of the methods."""
        self._events = self.survey.table("irradiation_event")  # names of scanners are no input
        return event_fingerprints(self._events)

    def with_kin(self, studies: Collection[str]) -> set[str]:
        """Return the studies: each is estimated alone."""
        return set(studies)

    def make(self, studies: Collection[str]) -> MadeRows:
        """Estimate the doses of the events of these studies."""
        self.progress(0, len(studies), DOING)
        parts = self._events.filter(in_studies(studies)).iter_slices(ESTIMATED_AT_ONCE)
        estimates = self.using.run(DoseTask(part) for part in parts)
        rows = pl.concat([DOSE_ESTIMATE.empty(), *estimates])
        self.progress(len(studies), len(studies), DOING)
        return MadeRows({DOSE_ESTIMATE.name: rows})


def event_fingerprints(events: pl.DataFrame) -> dict[str, str]:
    """Return study to fingerprint of its events and of the methods there are."""
    digest = events.select(
        "StudyInstanceUID", event=pl.struct(pl.all()).map_elements(str, return_dtype=pl.String)
    )
    known = ",".join(f"{method.name} {method.version}" for method in dose_methods())
    return study_fingerprints(digest.lazy(), "event", (IRRADIATION_EVENT, DOSE_ESTIMATE), known)


def estimate_doses(
    survey: Survey,
    progress: Progress = no_progress,
    using: Executor | None = None,
    *,
    again: bool = False,
) -> dict[str, int]:
    """Estimate the doses of the events of new or changed studies.

    ``using`` and ``again`` as for mapping.
    """
    with recorded(survey, "dose", progress) as counts:
        work = DoseWork(survey, progress, using or Serial())
        counts["studies"], _ = work_on_changed(survey, work, progress, again=again)
        counts["estimates"] = survey.store.read(
            "dose_estimate", lambda rows: int(rows.select(pl.len()).collect().item())
        )
    return dict(counts)


def dose_methods() -> tuple[DoseMethod, ...]:
    """Return the dose methods there are: built-in, and offered by other packages."""
    return tuple(plugin.value for plugin in find(DOSE_METHODS, BUILTIN) if plugin.value)
