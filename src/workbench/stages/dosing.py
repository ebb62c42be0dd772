"""Dose: from irradiation events to dose estimates."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from workbench.dose import estimate
from workbench.dose.method import BUILTIN, DoseMethod
from workbench.executors import Executor, Serial, Workplace
from workbench.plugins import DOSE_METHODS, find
from workbench.schema import DOSE_ESTIMATE, IRRADIATION_EVENT
from workbench.stages.changed_studies import (
    changed_studies,
    in_studies,
    merged,
    study_fingerprints,
)
from workbench.stages.run_record import Progress, no_progress, recorded
from workbench.survey import Survey

ESTIMATED_AT_ONCE = 20_000  # events


@dataclass(frozen=True)
class DoseTask:
    """Estimate the doses of some irradiation events."""

    events: pl.DataFrame = field(repr=False)

    def run(self, workplace: Workplace) -> pl.DataFrame:  # noqa: ARG002 - needs nothing kept
        """Return the estimates."""
        return estimate(self.events, dose_methods())


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
        inputs = study_fingerprints(
            digest.lazy(), "event", (IRRADIATION_EVENT, DOSE_ESTIMATE), known
        )
        changed = changed_studies(survey, "dose", inputs)
        gone = survey.store.fingerprints("dose").keys() - inputs.keys()  # no events any more
        counts["studies"] = len(changed)
        if changed or gone:
            progress(0, len(changed), "estimating doses")
            kept = {study for study in inputs if study not in changed}
            parts = events.filter(in_studies(changed)).iter_slices(ESTIMATED_AT_ONCE)
            estimates = (using or Serial()).run(DoseTask(part) for part in parts)
            new = pl.concat([DOSE_ESTIMATE.empty(), *estimates])
            survey.store.publish({DOSE_ESTIMATE.name: merged(survey, DOSE_ESTIMATE, kept, new)})
            survey.store.remember("dose", inputs)
            progress(len(changed), len(changed), "estimating doses")
        counts["estimates"] = survey.lazy("dose_estimate").select(pl.len()).collect().item()
    return dict(counts)


def dose_methods() -> tuple[DoseMethod, ...]:
    """Return the dose methods there are: built-in, and offered by other packages."""
    return tuple(plugin.value for plugin in find(DOSE_METHODS, BUILTIN) if plugin.value)
