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

from workbench.collect.queue.control import PAUSED, Command, Control, Heartbeat
from workbench.collect.queue.heartbeat import WARN_FREE_BYTES, filling

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
    """

    kind: StateKind
    text: str
    todo: str = ""
    start: str = ""

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
        text = f"The collector has not answered since {_since(now, silent, zone)}."
        return CollectorState(
            StateKind.PROBLEM, f"{text} What is shown of it is old.",
            "It may hang: look at the machine, or stop and start it again.",
        )  # fmt: skip
    start = f"workbench collect run -w {quote(str(folder.absolute()))}"
    if beats:
        silent = min(beat.age_seconds for beat in beats)
        text = f"Not running since {_since(now, silent, zone)}: it was ended from outside."
        return CollectorState(
            StateKind.PROBLEM, f"{text} Nothing it acknowledged is lost.", _asked(command), start
        )
    ended = control.ended
    text = (
        f"Not running since {_at(ended, now, zone)}." if ended
        else "Not running: none was started here yet."
    )  # fmt: skip
    return CollectorState(StateKind.WARNING, text, _asked(command), start)


def _at_work(command: Command, fresh: Sequence[Heartbeat]) -> CollectorState:
    silent = min(beat.age_seconds for beat in fresh)
    if silent > LATE_S:
        return CollectorState(
            StateKind.WARNING,
            f"No word from the collector for {silent:.0f} seconds. What is shown of it may be old.",
        )
    filled = min(beat.told.get("disk_free", WARN_FREE_BYTES) for beat in fresh)
    state = _doing(command, fresh)
    if warning := filling(filled):
        kind = StateKind.PROBLEM if state.kind is StateKind.PROBLEM else StateKind.WARNING
        return replace(state, kind=kind, todo=warning)
    return state


def _doing(command: Command, fresh: Sequence[Heartbeat]) -> CollectorState:
    asked = _awaited(command, fresh)
    if asked:
        return CollectorState(StateKind.WARNING, asked)
    doing = "; ".join(str(beat.told.get("doing", "")) for beat in fresh)
    if any(beat.told.get("patient") for beat in fresh):
        return CollectorState(StateKind.WORKING, f"Working. {doing}")
    if doing.startswith("Pausing"):
        return CollectorState(StateKind.WORKING, "Working; a pause between two patients.")
    trouble = "nearly full" in doing or "away" in doing
    return CollectorState(StateKind.PROBLEM if trouble else StateKind.GOOD, doing)


def _awaited(command: Command, fresh: Sequence[Heartbeat]) -> str:
    """Return what was asked for and how far it is; empty when the collectors simply work."""
    paused = [beat.told.get("doing") == PAUSED for beat in fresh]
    busy = any(beat.told.get("patient") for beat in fresh)
    if command is Command.PAUSE and all(paused):
        return PAUSED
    if command is Command.PAUSE:
        return f"Asked to pause{': the patient in hand is finished first' * busy}."
    if command is Command.STOP:
        return f"Asked to stop{': the patient in hand is finished first' * busy}."
    return "Asked to go on." if any(paused) else ""


def _asked(command: Command) -> str:
    """Return what stands in the way of a collector that is started now."""
    if command is Command.STOP:
        return "It was asked to stop. Press Resume, then start it."
    if command is Command.PAUSE:
        return "A pause is asked for: once started it waits until somebody presses Resume."
    return ""


def _since(now: datetime, seconds: float, zone: ZoneInfo) -> str:
    return _at(now - timedelta(seconds=seconds), now, zone)


def _at(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return a moment on the wall of a zone, with its day where that is not today."""
    there, today = moment.astimezone(zone), now.astimezone(zone).date()
    return f"{there:%H:%M:%S}" if there.date() == today else f"{there:%a %d %b %Y %H:%M}"
