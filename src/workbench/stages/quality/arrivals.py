"""Phantom images that came by themselves: recognised, measured, kept, and told of when wrong."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pydicom import Dataset

from workbench.deidentify.descriptors import clean_label
from workbench.deidentify.people import people_in
from workbench.dicom.files import Candidate
from workbench.errors import DamagedObject, MeasurementError, ReadError
from workbench.language import Saying, mark
from workbench.qa.profiles import TestProfile
from workbench.stages.quality.alarms import Alarms
from workbench.stages.quality.desk import MeasurementAttempt, QualityDesk
from workbench.stages.quality.image_reasons import (
    NO_IMAGE,
    NO_PROFILE,
    in_a_row,
    noted,
    with_remedy,
)
from workbench.stages.quality.look_journal import LookJournal
from workbench.stages.quality.selection import Offered, PhantomSeries, equipment, select
from workbench.stages.quality.unselected import (
    ERASED,
    MEASURED,
    QUARANTINED,
    REFUSED,
    UNRECOGNISED,
    expire,
)
from workbench.stages.run_record import Progress, no_progress

LOGGER = logging.getLogger(__name__)
SHOWN = ("Modality", "Manufacturer", "ManufacturerModelName", "StationName")
FATAL = mark("the program ended twice while it looked at this image")
POLL_INTERVAL_S = 2.0  # between looks at the folder
MAX_DEPTH = 8  # of sequences in which people are looked for


@dataclass
class Arrived:
    """What one look at the phantom images came to: numbers of series, and of alarms.

    ``alarms`` are those that were tried to tell of, ``untold`` all that not everybody has.
    ``quarantined`` counts images, not series.  ``erased`` are those that no test profile selects,
    after the days that the settings name.
    """

    measured: int = 0
    unrecognised: int = 0
    refused: int = 0
    quarantined: int = 0
    waiting: int = 0
    alarms: int = 0
    untold: int = 0
    erased: int = 0
    results: list[int] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """Return the numbers."""
        return dict(vars(self))


class Arrivals:
    """Looks at the phantom images of a workspace."""

    def __init__(self, desk: QualityDesk) -> None:
        self._desk = desk
        self._settings = desk.survey.settings.quality
        self._alarms = Alarms(desk.quality, desk.survey.settings, desk.survey.folder)
        self._journal = LookJournal(desk.survey.folder)

    def look(self, *, now: float | None = None, progress: Progress = no_progress) -> Arrived:
        """Measure what has come and is complete; tell of alarms not told of yet."""
        arrived, at = Arrived(), now or time.time()
        with self._journal.alone() as alone:
            if alone:
                self._look(arrived, at, progress)
                arrived.alarms, arrived.untold = self._alarms.tell(at)
            else:  # another program is looking: what has come, and who is told, is its business
                arrived.waiting = len(self._new())
        arrived.erased = self.expire(now)
        return arrived

    def _new(self) -> list[Path]:
        known = {image.image for image in self._desk.quality.images() if image.state != ERASED}
        names = [name for name in self._desk.phantoms.names() if name not in known]
        return [self._desk.phantoms.path(name) for name in names]

    def _look(self, arrived: Arrived, now: float, progress: Progress) -> None:
        self._quarantine_fatal(arrived)
        paths = self._new()
        selection = select(self._noted(paths), self._desk.profiles(), progress) if paths else None
        for series in selection.series if selection else ():
            if self._quiet(series, now):
                names = [image.source.path.stem for image in series.images]
                with self._journal.looking(names):
                    self._take(series, arrived)
                self._journal.forget(names)
            else:
                arrived.waiting += 1
        seen = {
            image.source.path for each in (selection.series if selection else ())
            for image in each.images
        }  # fmt: skip
        faults = selection.faults if selection else {}
        damaged = {
            path: Saying(mark("it cannot be read: {reason}"), reason=error.saying())
            for path, error in faults.items() if isinstance(error, DamagedObject)
        }  # fmt: skip
        self._quarantine(damaged, arrived)
        left = [path for path in paths if path not in seen]
        self._aside([path for path in left if path not in damaged])
        self._journal.forget(path.stem for path in left)

    def _noted(self, paths: Sequence[Path]) -> Iterator[Path]:
        """Yield paths, each written in the journal while it is looked at."""
        for path in paths:
            with self._journal.looking((path.stem,)):
                yield path

    def _quarantine_fatal(self, arrived: Arrived) -> None:
        """Put aside what the program ended at again and again."""
        fatal = set(self._journal.fatal())
        paths = [path for path in self._new() if path.stem in fatal]
        self._quarantine(dict.fromkeys(paths, Saying(FATAL)), arrived)
        self._journal.forget(fatal)

    def _quarantine(
        self, reasons: Mapping[Path, Saying], arrived: Arrived,
        headers: Mapping[Path, Mapping[str, str]] | None = None,
    ) -> None:  # fmt: skip
        """Note images that are not looked at any more, until somebody asks for it."""
        self._desk.quality.note_images([
            noted(path, _came(path), QUARANTINED, reason, header=(headers or {}).get(path))
            for path, reason in reasons.items()
        ])  # fmt: skip
        arrived.quarantined += len(reasons)

    def expire(self, now: float | None = None) -> int:
        """Erase what no test profile selects once it is old enough; return how many objects."""
        days = self._settings.unselected_days
        erased = expire(self._desk.quality, self._desk.phantoms, days, now)
        if erased:
            LOGGER.warning("%d objects that no test profile selects were erased", erased)
        return erased

    def again(self) -> int:
        """Forget what became of images nobody measured, so that they are looked at once more.

        For when a test profile was made or changed after they came, or a decoder was installed;
        returns how many.
        """
        return self._desk.quality.forget_images((UNRECOGNISED, REFUSED, QUARANTINED))

    def _quiet(self, series: PhantomSeries, now: float) -> bool:
        """Say whether nothing has come to a series for long enough that it is complete."""
        last = max(image.source.path.stat().st_mtime for image in series.images)
        return now - last >= self._settings.quiet_s

    def _take(self, series: PhantomSeries, arrived: Arrived) -> None:
        """Measure a series against every profile that selects it and that its images fit."""
        reasons: list[Saying] = []
        unreadable: dict[Candidate, ReadError] = {}
        measured = False
        for profile in series.profiles:
            try:
                attempt = self._desk.attempt_series(profile.name, series, unreadable)
            except MeasurementError as error:
                reasons.append(_of_profile(profile, error.saying()))
                continue
            if attempt.refused:
                reasons += [_of_profile(profile, line.words) for line in attempt.lines
                            if line.refuses]  # fmt: skip
                continue
            self._keep(series, profile, attempt, arrived)
            measured = True
        left = [image for image in series.images if image.source not in unreadable]
        if not measured and left:
            self._leave(left, reasons, arrived, recognised=bool(series.profiles))
        self._quarantine(
            {source.path: error.saying() for source, error in unreadable.items()}, arrived,
            {image.source.path: _shown(image.header, named=True) for image in series.images},
        )  # fmt: skip

    def _leave(
        self, images: Sequence[Offered], reasons: Sequence[Saying], arrived: Arrived, *,
        recognised: bool,
    ) -> None:  # fmt: skip
        state = REFUSED if recognised else UNRECOGNISED
        self._note(images, state, in_a_row(reasons) if reasons else with_remedy(NO_PROFILE))
        if recognised:
            arrived.refused += 1
        else:
            arrived.unrecognised += 1

    def _keep(
        self,
        series: PhantomSeries,
        profile: TestProfile,
        attempt: MeasurementAttempt,
        arrived: Arrived,
    ) -> None:
        number = self._desk.keep(attempt)
        self._alarms.expect(number)
        self._note(series.images, MEASURED, None, profile.name, number)
        arrived.measured += 1
        arrived.results.append(number)

    def _note(
        self, images: Sequence[Offered], state: str, reason: Saying | None, profile: str = "",
        result: int | None = None,
    ) -> None:  # fmt: skip
        self._desk.quality.note_images([
            noted(
                image.source.path, _came(image.source.path), state, reason, (profile, result),
                _shown(image.header, named=state != MEASURED),
            )
            for image in images
        ])  # fmt: skip

    def _aside(self, paths: Sequence[Path]) -> None:
        """Note what came and is no image that could be read."""
        self._desk.quality.note_images([
            noted(path, _came(path), UNRECOGNISED, with_remedy(NO_IMAGE))
            for path in paths
        ])  # fmt: skip


def _shown(header: Dataset, *, named: bool) -> dict[str, str]:
    """Return what lists show of the machine.

    Where the object may be a patient's (``named``), what names people in it is taken out: it may
    stand in a label of the machine as well.
    """
    shown = {name: text for name, text in equipment(header).items() if name in SHOWN}
    if not named:
        return shown
    people = people_in(header, MAX_DEPTH)
    return {name: clean_label(text, people) for name, text in shown.items()}


def _of_profile(profile: TestProfile, reason: str) -> Saying:
    """Return why images were not measured by a profile."""
    return Saying("{profile}: {reason}", profile=profile.name, reason=reason)


def _came(path: Path) -> datetime:
    stamp = path.stat().st_mtime
    return datetime.fromtimestamp(stamp, UTC).replace(tzinfo=None)
