"""How the collectors of a workspace stand, in words: the same for every page and command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from shlex import quote
from typing import Any
from zoneinfo import ZoneInfo

from workbench.collect.queue.control import Command, Control, Heartbeat
from workbench.collect.queue.doings import TROUBLE, Doing, paused
from workbench.collect.queue.heartbeat import WARN_FREE_BYTES, filling
from workbench.language import Words, data, day_and_clock, listed, t
from workbench.services.kept_service import COLLECT
from workbench.services.service_board import ServiceReport, ServiceState

NO_WORDS = Words("")
LATE_S = 5.0  # a collector speaks every two seconds


class StateKind(StrEnum):
    """How much a state asks for attention."""

    GOOD = "good"
    WORKING = "working"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class CollectorState:
    """How it stands.

    Attributes
    ----------
    text
        In a sentence or two.
    todo
        What somebody should do; empty where nothing is to be done.
    start
        The command that starts a collector; empty while one runs.
    kept
        Whether ``workbench up`` is there, which a page can ask to start one.
    """

    kind: StateKind
    text: Words
    todo: Words = NO_WORDS
    start: str = ""
    kept: bool = False

    def lines(self) -> list[str]:
        """Say all of it in lines of text."""
        started = f"Start it in a terminal: {self.start}" if self.start else ""
        return [line for line in (f"Collector: {self.text}", self.todo, started) if line]

    def as_json(self) -> dict[str, Any]:
        """Return it for a program."""
        return {"kind": str(self.kind), "text": self.text, "todo": self.todo, "start": self.start}


def collector_state(
    control: Control, folder: Path, zone: ZoneInfo, now: datetime | None = None
) -> CollectorState:
    """Return how the collectors of a workspace folder stand; moments are told in ``zone``."""
    command, beats = control.command, control.heartbeats()
    now = now or datetime.now(UTC)
    if fresh := [beat for beat in beats if beat.fresh]:
        return _at_work(command, fresh)
    if hung := [beat for beat in beats if beat.lives]:
        silent = min(beat.age_seconds for beat in hung)
        return CollectorState(
            StateKind.PROBLEM,
            t(
                "The collector has not answered since {moment}. What is shown of it is old.",
                moment=_since(now, silent, zone),
            ),
            t("It may hang: look at the machine, or stop and start it again."),
        )
    workspace = f"-w {quote(str(folder.absolute()))}"
    if report := control.services.reports().get(COLLECT):
        return _under_up(report, f"workbench up --start {COLLECT} {workspace}", now, zone)
    start = f"workbench up {workspace}"
    if beats:
        silent = min(beat.age_seconds for beat in beats)
        text = t(
            "Not running since {moment}: it was ended from outside. Nothing it acknowledged is "
            "lost.",
            moment=_since(now, silent, zone),
        )
        return CollectorState(StateKind.PROBLEM, text, _asked(command), start)
    ended = control.ended
    text = (
        t("Not running since {moment}.", moment=_at(ended, now, zone)) if ended
        else t("Not running: none was started here yet.")
    )  # fmt: skip
    return CollectorState(StateKind.WARNING, text, _asked(command), start)


def _under_up(report: ServiceReport, start: str, now: datetime, zone: ZoneInfo) -> CollectorState:
    """Return how a collector stands that says nothing, by what its parent says of it."""
    since = _at(datetime.fromisoformat(report.since).replace(tzinfo=UTC), now, zone)
    state, reason = report.state, report.reason.words()
    if state in (ServiceState.RUNNING, ServiceState.ENDING):
        text = t("Starting.") if state is ServiceState.RUNNING else t("Ending.")
        return CollectorState(StateKind.WARNING, text, kept=True)
    if state is ServiceState.WAITING:
        text = t("It ended, and is started again in a moment. {reason}", reason=reason)
        return CollectorState(StateKind.PROBLEM, text, kept=True)
    if state is ServiceState.STOPPED:
        text = t("Stopped since {moment}.", moment=since)
        return CollectorState(StateKind.WARNING, text, NO_WORDS, start, kept=True)
    if state is ServiceState.NOT_SET_UP:
        return CollectorState(
            StateKind.WARNING, t("Not running: no PACS is set."),
            t("Set one under Settings, then start the collector."), start, kept=True,
        )  # fmt: skip
    return CollectorState(
        StateKind.PROBLEM, t("Not running since {moment}. {reason}", moment=since, reason=reason),
        t("Mend that, then start the collector."), start, kept=True,
    )  # fmt: skip


def _at_work(command: Command, fresh: Sequence[Heartbeat]) -> CollectorState:
    silent = min(beat.age_seconds for beat in fresh)
    if silent > LATE_S:
        return CollectorState(
            StateKind.WARNING,
            t(
                "No word from the collector for {seconds} seconds. What is shown of it may be old.",
                seconds=round(silent),
            ),
        )
    filled = min(beat.told.get("disk_free", WARN_FREE_BYTES) for beat in fresh)
    state = _doing(command, fresh)
    if warning := filling(filled):
        kind = StateKind.PROBLEM if state.kind is StateKind.PROBLEM else StateKind.WARNING
        return replace(state, kind=kind, todo=warning.words())
    return state


def _doing(command: Command, fresh: Sequence[Heartbeat]) -> CollectorState:
    asked = _awaited(command, fresh)
    if asked:
        return CollectorState(StateKind.WARNING, asked)
    doings = listed((beat.doing.words() for beat in fresh), "; ")
    if any(beat.told.get("patient") for beat in fresh):
        return CollectorState(StateKind.WORKING, t("Working. {doing}", doing=doings))
    codes = [beat.doing.code for beat in fresh]
    if codes[0] == Doing.RESTING:
        return CollectorState(StateKind.WORKING, t("Working; a pause between two patients."))
    trouble = not TROUBLE.isdisjoint(codes)
    return CollectorState(StateKind.PROBLEM if trouble else StateKind.GOOD, doings)


def _awaited(command: Command, fresh: Sequence[Heartbeat]) -> Words:
    """Return what was asked for and how far it is; empty when the collectors simply work."""
    pauses = [beat.doing.code == Doing.PAUSED for beat in fresh]
    busy = any(beat.told.get("patient") for beat in fresh)
    if command is Command.PAUSE and all(pauses):
        return paused().words()
    if command is Command.PAUSE and busy:
        return t("Asked to pause: the patient in hand is finished first.")
    if command is Command.PAUSE:
        return t("Asked to pause.")
    if command is Command.STOP and busy:
        return t("Asked to stop: the patient in hand is finished first.")
    if command is Command.STOP:
        return t("Asked to stop.")
    return t("Asked to go on.") if any(pauses) else NO_WORDS


def _asked(command: Command) -> Words:
    """Return what stands in the way of a collector that is started now."""
    if command is Command.STOP:
        return t("It was asked to stop. Press Resume, then start it.")
    if command is Command.PAUSE:
        return t("A pause is asked for: once started it waits until somebody presses Resume.")
    return NO_WORDS


def _since(now: datetime, seconds: float, zone: ZoneInfo) -> Words:
    return _at(now - timedelta(seconds=seconds), now, zone)


def _at(moment: datetime, now: datetime, zone: ZoneInfo) -> Words:
    """Return a moment on the wall of a zone, with its day where that is not today."""
    there, today = moment.astimezone(zone), now.astimezone(zone).date()
    return data(f"{there:%H:%M:%S}") if there.date() == today else day_and_clock(there, year=True)
