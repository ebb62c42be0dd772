"""Both lines of Workbench as functions.  Start reading here.

The dose line, from an object of the hospital to a dose estimate::

    file or PACS -> header -> de-identified header -> store.instance         (a Gathering)
                 -> mapping -> store.series, store.irradiation_event         (map_survey)
                 -> dose    -> store.dose_estimate                           (estimate_doses)
                 -> report  -> one HTML, PDF, DOCX or RTF file               (make_report)

The quality line, from a phantom image to a judged result::

    phantom image -> recognised by a test profile -> verified -> measured
                  -> judged -> kept as store.test_result -> alarm by e-mail  (Arrivals.look)
                  -> control chart, on the page and in reports               (quality.charting)

Every stage may be called again: it does only what changed since the last time.  The verbs of the
command line, the notebooks and ``make demo`` call these functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from workbench.executors import Executor
from workbench.stages.dosing import dose_methods, estimate_doses
from workbench.stages.mapping import map_survey
from workbench.stages.quality.arrivals import Arrivals, Arrived
from workbench.stages.quality.desk import QualityDesk
from workbench.stages.reporting import make_report
from workbench.stages.run_record import Progress, no_progress
from workbench.survey import Survey

T = TypeVar("T")

__all__ = [
    "dose_line",
    "dose_methods",
    "estimate_doses",
    "make_report",
    "map_survey",
    "quality_line",
]


def dose_line(
    survey: Survey,
    gather: Callable[[], T],
    progress: Progress = no_progress,
    using: Executor | None = None,
) -> T:
    """Bring objects in, map their headers, estimate doses; return what ``gather`` tells.

    ``gather`` brings objects over the border: ``stages.importing.import_files`` from folders,
    ``stages.collecting.collect`` from a PACS.  ``using`` says who maps and estimates; by default
    this process.
    """
    gathered = gather()
    map_survey(survey, progress, using)
    estimate_doses(survey, progress, using)
    return gathered


def quality_line(
    desk: QualityDesk, progress: Progress = no_progress, *, now: float | None = None
) -> Arrived:
    """Measure, judge and keep the phantom images that have come; tell of values out of limits.

    ``now`` is the time (seconds since 1970, UTC) by which a series that is still coming is told
    from a complete one; by default the clock's.
    """
    return Arrivals(desk).look(now=now, progress=progress)
