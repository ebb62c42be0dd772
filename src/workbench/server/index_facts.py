"""What the index says of a workspace, in numbers: read in one go, without any kernel.

Every index that is open asks every second and a half.  What was read less than two seconds ago is
told again; tables are read anew only when their marks have changed.  What cannot be read is an
error in its place, and hides nothing else.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import polars as pl

from workbench.collect.queue.hospital_file import FILE as HOSPITAL_FILE
from workbench.collect.queue.overview import queue_of
from workbench.collect.queue.patient_queue import PatientState
from workbench.errors import StoreError, WorkbenchError
from workbench.plans.report_plan import read_plans
from workbench.scanners.device_signs import DeviceSigns
from workbench.scanners.scanner_file import read_scanners
from workbench.scanners.scanner_names import COLUMNS, ScannerNames
from workbench.services.control_file import board_of
from workbench.services.service_board import ServiceReport
from workbench.settings import Settings
from workbench.settings_file import read_settings
from workbench.store.quality_tally import QualityTally
from workbench.store.report_runs import FAILED, RETRY, PlanRun
from workbench.survey import Survey, open_survey

T = TypeVar("T")
FRESH_S = 2.0
WAIT_S = 2.0  # for a catalogue that is locked: the page shows nothing meanwhile
UNPLANNED = timedelta(days=7)  # that the failure of a report nobody has planned is told
EVENTS = "irradiation_event"


@dataclass(frozen=True)
class DoseFacts:
    """How many irradiation events there are, scanners, and scanners without a person's name."""

    events: int
    scanners: int
    unnamed: int


@dataclass(frozen=True)
class ReportFacts:
    """Runs that failed or are tried again, plans that cannot be read, and the next that is due.

    ``due`` is the UTC time of the next report, ``None`` where none is planned.
    """

    failed: tuple[PlanRun, ...]
    wrong: tuple[WorkbenchError, ...]
    due: datetime | None


@dataclass(frozen=True)
class IndexFacts:
    """All there is to say; an error stands where something could not be read.

    Attributes
    ----------
    free
        Bytes that the workspace's disk has left.
    queue
        Patients by state; ``None`` where nobody has ever collected.
    services
        How the programs that ``workbench up`` keeps stand; empty where it does not run.
    """

    settings: Settings | WorkbenchError
    free: int | WorkbenchError
    doses: DoseFacts | WorkbenchError
    quality: QualityTally | WorkbenchError
    reports: ReportFacts | WorkbenchError
    queue: dict[PatientState, int] | WorkbenchError | None
    services: dict[str, ServiceReport]


class FactsReader:
    """Reads the facts of one workspace; any thread may ask."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._reading = Lock()
        self._facts: IndexFacts | None = None
        self._read_at = 0.0
        self._kept: dict[str, tuple[Hashable, Any]] = {}

    def facts(self) -> IndexFacts:
        """Return the facts, at most ``FRESH_S`` old, or older while somebody reads them."""
        facts = self._facts
        if facts is not None and time.monotonic() - self._read_at < FRESH_S:
            return facts
        if not self._reading.acquire(blocking=facts is None):
            assert facts is not None
            return facts
        try:
            if self._facts is None or time.monotonic() - self._read_at >= FRESH_S:
                self._facts = self._read()
                self._read_at = time.monotonic()
            return self._facts
        finally:
            self._reading.release()

    def _read(self) -> IndexFacts:
        settings = tried(lambda: read_settings(self._folder))
        doses, quality, reports = self._of_store(settings)
        return IndexFacts(
            settings, tried(lambda: shutil.disk_usage(self._folder).free), doses, quality, reports,
            tried(lambda: queue_of(self._folder)), services(self._folder),
        )  # fmt: skip

    def _of_store(
        self, settings: Settings | WorkbenchError
    ) -> tuple[
        DoseFacts | WorkbenchError, QualityTally | WorkbenchError, ReportFacts | WorkbenchError
    ]:
        if isinstance(settings, WorkbenchError):
            return settings, settings, settings
        survey = tried(lambda: open_survey(self._folder, wait_s=WAIT_S))
        if isinstance(survey, WorkbenchError):
            return survey, survey, survey
        try:
            return (
                tried(lambda: self._doses(survey)), tried(lambda: self._quality(survey)),
                tried(lambda: report_facts(survey)),
            )  # fmt: skip
        finally:
            survey.close()

    def _doses(self, survey: Survey) -> DoseFacts:
        named = read_scanners(self._folder)
        marks = survey.store.version([EVENTS])
        fingerprint = marks.files.get(EVENTS, ()), marks.erasures, named.digest
        counts = {
            DeviceSigns(*row[:4]): row[4]
            for row in self._since("doses", fingerprint, lambda: counted(survey)).iter_rows()
        }
        found = ScannerNames.of(counts, named.scanners).scanners
        unnamed = sum(not scanner.named for scanner in found)
        return DoseFacts(sum(counts.values()), len(found), unnamed)

    def _quality(self, survey: Survey) -> QualityTally:
        store = survey.store
        return self._since("quality", store.tally_marks(), store.quality_tally)

    def _since(self, name: str, marks: Hashable, read: Callable[[], T]) -> T:
        """Return what was read before while the marks are the same."""
        kept = self._kept.get(name)
        if kept is None or kept[0] != marks:
            kept = self._kept[name] = marks, read()
        found: T = kept[1]
        return found


def tried(read: Callable[[], T]) -> T | WorkbenchError:
    """Return what is read, or what stands in the way, without words of the system's."""
    try:
        return read()
    except WorkbenchError as error:
        return error
    except (OSError, sqlite3.Error, pl.exceptions.PolarsError, ValueError, KeyError):
        return StoreError("it cannot be read.", "Ask who looks after Workbench to run its check.")


def counted(survey: Survey) -> pl.DataFrame:
    """Return the number of preferred events by the signs of their scanner."""

    def collect(events: pl.LazyFrame) -> pl.DataFrame:
        preferred = events.filter(pl.col("preferred")).select(COLUMNS)
        return preferred.group_by(COLUMNS).len().sort(COLUMNS).collect()

    return survey.store.read(EVENTS, collect)


def report_facts(survey: Survey) -> ReportFacts:
    """Return how the reports of a workspace stand."""
    now = datetime.now(UTC)
    plans, mistakes = read_plans(survey.settings)
    failed = [
        run for name, run in sorted(survey.store.report_runs.latest().items())
        if run.state in (FAILED, RETRY) and (name in plans or now - run.slot < UNPLANNED)
    ]  # fmt: skip
    due = [moment for plan in plans.values() if (moment := plan.times.next_due(now))]
    return ReportFacts(tuple(failed), tuple(mistakes.values()), min(due, default=None))


def services(folder: Path) -> dict[str, ServiceReport]:
    """Return how the services stand; empty where nobody keeps them, or nothing can be read."""
    if not (folder / HOSPITAL_FILE).exists():
        return {}
    try:
        with board_of(folder) as board:
            return board.reports()
    except (sqlite3.Error, ValueError, KeyError):
        return {}  # the queue's line says that this file cannot be read
