"""Try the connections of a workspace one after the other, and say what to do where one fails."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from workbench.collect.connections import source_of
from workbench.collect.filter_warnings import filter_warnings
from workbench.collect.filters import SurveyFilter
from workbench.collect.hours.schedule import read_timetable
from workbench.collect.received import STORED, ReceivedObject
from workbench.deidentify.engine import Deidentifier
from workbench.deidentify.header_rows import HeaderRows
from workbench.deidentify.switches import profile_of
from workbench.dicom.read import read_received
from workbench.errors import NetworkError, WorkbenchError
from workbench.language import Marked, Words, capital, mark, number, sentences, t
from workbench.stages.sending_trial import Say, hurried, object_sent
from workbench.stages.trial_listening import (
    NUMBER,
    listening,
    made_up_object,
    receiver_for_us,
    send_to_us,
)
from workbench.survey import Survey

Step = Callable[[Survey, Say], Words]


@dataclass(frozen=True)
class Trial:
    """One test of a connection: its name, whether it passed, and what to know or do."""

    name: Words
    passed: bool
    text: Words


def silent(_: Words) -> None:
    """Say nothing."""


def trials(survey: Survey, say: Say = silent) -> Iterator[Trial]:
    """Try settings, PACS and receiver; a trial that fails does not stop the others.

    Each is yielded when it has ended; ``say`` is told what a longer one is doing.
    """
    for name, step in STEPS:
        yield trial(name, step, survey, say)


def trial(name: Marked, step: Step, survey: Survey, say: Say = silent) -> Trial:
    """Run one trial."""
    try:
        return Trial(t(name), True, step(survey, say))
    except WorkbenchError as error:
        return Trial(t(name), False, capital(error.words()))


def _settings(survey: Survey, _: Say) -> Words:
    settings = survey.settings
    wanted = SurveyFilter.from_settings(settings.filter)
    hours = read_timetable(settings.schedule).query.grid.describe()
    survey.pseudonyms()
    asked = t("Wanted: {filter}. Asked: {hours}.", filter=wanted.sentence(), hours=hours)
    return sentences(asked, *filter_warnings(wanted))


def _disk(survey: Survey, _: Say) -> Words:
    return t("{free} GB free.", free=number(shutil.disk_usage(survey.folder).free / 2**30, 1))


def _echo(survey: Survey, _: Say) -> Words:
    source_of(hurried(survey.settings), survey.folder, lambda _: STORED).echo()
    return t("It did.")


def _round_trip(survey: Survey, _: Say) -> Words:
    """Send a made-up object to our own receiver; no filter of the collection is asked."""
    profile = profile_of(survey.settings.protection, survey.folder)
    rows = HeaderRows(Deidentifier(profile, survey.pseudonyms()))
    taken: list[str] = []

    def take(received: ReceivedObject) -> int:
        header = read_received(received.encoded, received.transfer_syntax)
        taken.append(str(rows.row(header).row))
        return STORED

    try:
        with receiver_for_us(survey, take):
            status = send_to_us(survey, made_up_object())
    except NetworkError:
        with listening(survey) as arrivals:  # says what is wrong, where no collector is at work
            if not arrivals.collector:
                raise
        return t("The collector is listening there; it took an object and dropped it.")
    if status != STORED or not taken:
        raise NetworkError("our receiver did not take an object.", "Look at the log.")
    if NUMBER in taken[0] or "Canary" in taken[0]:
        raise NetworkError("a name passed the border.", "Do not collect; report this.")
    return t("It did; the made-up name in it did not pass.")


STEPS: tuple[tuple[Marked, Step], ...] = (
    (mark("Settings"), _settings),
    (mark("Disk"), _disk),
    (mark("PACS answers C-ECHO"), _echo),
    (mark("PACS can send to us"), object_sent),
    (mark("Our receiver takes, de-identifies and drops an object"), _round_trip),
)
