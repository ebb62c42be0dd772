"""What every stage has in common: progress that is told, and a run that is noted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from workbench import __version__
from workbench.errors import WorkbenchError
from workbench.store.database import DatabaseFullError
from workbench.store.database_wait import unheard
from workbench.survey import Survey

LOGGER = logging.getLogger(__name__)
Progress = Callable[[int, int | None, str], None]


def no_progress(done: int, total: int | None, text: str) -> None:
    """Report nothing."""


@contextmanager
def recorded(
    survey: Survey, stage: str, progress: Progress = no_progress, full_disk_ends: bool = True
) -> Iterator[dict[str, Any]]:
    """Note the run of a stage in the run table, a failed one too; yields its counts to fill.

    ``progress`` is told while the catalogue is waited for, and may end that by raising.  What
    serves others need not end for a full disk (``full_disk_ends``): its run is not noted then.
    """
    survey.store.waits.heard = lambda text: progress(0, None, text)
    number = _begun(survey, stage, full_disk_ends)
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
        if number is not None:
            survey.store.end_run(number, outcome, counts)


def _begun(survey: Survey, stage: str, full_disk_ends: bool) -> int | None:
    """Return the number of a run that is noted; ``None`` where there was no room for that."""
    try:
        return survey.store.begin_run(stage, __version__)
    except DatabaseFullError:
        if full_disk_ends:
            raise
        LOGGER.warning("The disk is full: this run of %s is not noted.", stage)
        return None
