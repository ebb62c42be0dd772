"""What every stage has in common: progress that is told, and a run that is noted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from workbench import __version__
from workbench.errors import WorkbenchError
from workbench.store.database_wait import unheard
from workbench.survey import Survey

Progress = Callable[[int, int | None, str], None]


def no_progress(done: int, total: int | None, text: str) -> None:
    """Report nothing."""


@contextmanager
def recorded(
    survey: Survey, stage: str, progress: Progress = no_progress
) -> Iterator[dict[str, Any]]:
    """Note the run of a stage in the run table, a failed one too; yields its counts to fill.

    ``progress`` is told while the catalogue is waited for, and may end that by raising.
    """
    survey.store.waits.heard = lambda text: progress(0, None, text)
    number = survey.store.begin_run(stage, __version__)
    counts: dict[str, Any] = {}
    outcome = "failed"
    try:
        yield counts
        outcome = "done"
    except WorkbenchError as error:
        counts["error"] = type(error).__name__
        raise
    finally:
        survey.store.waits.heard = unheard
        survey.store.end_run(number, outcome, counts)
