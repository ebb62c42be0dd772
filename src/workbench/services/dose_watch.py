"""Maps and doses by itself whenever patients have come: a small loop that starts a child.

The loop reads two numbers of the hospital's file, none of anybody's identity, and loads none of
the programs that compute: those live in the child and end with their work.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from workbench.errors import SettingsError
from workbench.language import Marked, mark
from workbench.services.control_file import control_of
from workbench.services.service_board import ControlRows, now_utc
from workbench.settings_file import read_tables

LOOK_S = 3.0
GAP_S = 30.0  # between two runs: patients of a quick archive are dosed together
AGAIN_S, MAX_AGAIN_S = 300.0, 3600.0  # after a run that failed; doubled with each
STEPS = (("map",), ("dose",))
FINE = (0, 1)  # exit codes of every verb: done, done with problems listed
ROW = "dosing"  # of the table ``control``
TABLE, KEY = "collect", "dose_when_complete"  # the setting that switches it off

Seen = tuple[int, str]


class DosingState(StrEnum):
    """What the loop does."""

    OFF = "off"
    RESTING = "resting"
    WORKING = "working"
    FAILED = "failed"

    @property
    def said(self) -> Marked:
        """The same for people."""
        return SAID[self]


SAID = {
    DosingState.OFF: mark("Mapping and doses do not follow by themselves: it is switched off."),
    DosingState.RESTING: mark("Mapped and dosed up to the last patient, at {moment}."),
    DosingState.WORKING: mark("Mapping and estimating doses since {moment}."),
    DosingState.FAILED: mark(
        "Mapping and doses failed at {moment}; it is tried again. Its reason stands in the log "
        "of workbench up."
    ),
}


class Worker(Protocol):
    """A child at work, as ``ServiceProcess``."""

    def poll(self) -> int | None:
        """Return its exit code; ``None`` while it works."""

    def read(self) -> bytes:
        """Return what it has said since."""

    def kill(self) -> None:
        """End it."""

    def close(self) -> None:
        """Let go of it."""


@dataclass(frozen=True)
class DosingReport:
    """What the loop does, since when (UTC, ISO 8601)."""

    state: DosingState
    at: str

    def stored(self) -> str:
        """Return it for the file."""
        return json.dumps(vars(self))

    @classmethod
    def read(cls, rows: ControlRows) -> DosingReport | None:
        """Return what the loop said last; ``None`` where it never ran."""
        found = rows.all("SELECT value FROM control WHERE name = ?", ROW)
        if not found:
            return None
        kept = json.loads(found[0]["value"])
        return cls(DosingState(kept["state"]), str(kept["at"]))


class DoseWatch:
    """The loop of one workspace; ``look`` is one turn of it.

    ``start`` begins a verb of the command line in a child; ``say`` gets what the child said.
    """

    def __init__(
        self, folder: Path, start: Callable[[Sequence[str]], Worker], say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._folder, self._start, self._say, self._clock = folder, start, say, clock
        self._child: Worker | None = None
        self._steps: list[tuple[str, ...]] = []
        self._done: Seen | None = None  # what there was when the last good run began
        self._doing: Seen = (0, "")
        self._not_before = 0.0
        self._failures = 0
        self._told: DosingState | None = None

    def look(self) -> None:
        """Go on with the work in hand, or begin where patients have come since."""
        if self._child is not None:
            self._go_on(self._child)
            return
        if not self._wanted():
            self._tell(DosingState.OFF)
            return
        seen = self._settled()
        if seen is None or self._clock() < self._not_before:
            return
        if seen == self._done or not seen[0]:
            if self._told is not DosingState.FAILED:
                self._tell(DosingState.RESTING)
            return
        self._doing, self._steps = seen, list(STEPS)
        self._next()

    def end(self) -> None:
        """End the child: what it has not published is done another time."""
        if self._child is not None:
            self._child.kill()

    def _next(self) -> None:
        words = self._steps.pop(0)
        self._tell(DosingState.WORKING)
        try:
            self._child = self._start([*words, "-w", str(self._folder)])
        except OSError:
            self._failed()

    def _go_on(self, child: Worker) -> None:
        code = child.poll()
        said = child.read()
        if code is None:
            return
        child.close()
        self._child = None
        if code not in FINE:
            self._say(said.decode("utf-8", "replace").strip())
            self._failed()
        elif self._steps:
            self._next()
        else:
            self._done, self._failures = self._doing, 0
            self._not_before = self._clock() + GAP_S
            self._tell(DosingState.RESTING)

    def _failed(self) -> None:
        wait = min(AGAIN_S * 2.0**self._failures, MAX_AGAIN_S)
        self._failures = min(self._failures + 1, 10)
        self._not_before = self._clock() + wait
        self._tell(DosingState.FAILED)

    def _wanted(self) -> bool:
        try:
            return read_tables(self._folder).get(TABLE, {}).get(KEY, True) is not False
        except SettingsError:  # half edited: as it was
            return self._told is not DosingState.OFF

    def _settled(self) -> Seen | None:
        """Return how many patients are settled with objects here, and when the last of them was.

        ``None`` where nobody can say now: the file is locked.
        """
        try:
            with control_of(self._folder) as rows:
                if not rows.all("SELECT 1 FROM sqlite_master WHERE name = 'patient'"):
                    return 0, ""
                row = rows.all(
                    "SELECT count(*) AS n, max(changed_at) AS at FROM patient WHERE owner IS NULL"
                    " AND state IN ('complete', 'incomplete')"
                )[0]
                return int(row["n"]), str(row["at"] or "")
        except sqlite3.Error:
            return None

    def _tell(self, state: DosingState) -> None:
        if state is self._told:
            return
        with suppress(sqlite3.Error), control_of(self._folder) as rows:
            rows.write(
                "INSERT INTO control VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
                " value = excluded.value, at = excluded.at",
                ROW, DosingReport(state, now_utc()).stored(), now_utc(),
            )  # fmt: skip
            self._told = state
