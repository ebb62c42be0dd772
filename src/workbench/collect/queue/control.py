"""What the page and the collector tell each other, through the hospital's file.

The collector is a process of its own.  The page asks (run, pause, stop, now until ...) by writing
a row; the collector looks every second, and writes what it is doing every few seconds.  There is
no port to protect and nothing is lost when either is not there.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from workbench.collect.clock import moment
from workbench.collect.hours.week_grid import Override
from workbench.collect.queue.hospital_file import HospitalFile
from workbench.errors import SettingsError
from workbench.language import Saying, Words
from workbench.rights import Right, needs
from workbench.services.running_process import Process
from workbench.services.service_board import COMMAND, ServiceBoard

HEARTBEAT_MAX_AGE_S = 20.0  # a heartbeat that is older is of a collector that hangs or is gone
EVENTS_KEPT = 10_000
OVERRIDE, HEARTBEAT, ENDED = "override", "heartbeat ", "ended"


class Command(StrEnum):
    """What the page wants of every collector of the workspace."""

    RUN = "run"
    PAUSE = "pause"
    STOP = "stop"


@dataclass(frozen=True)
class Heartbeat:
    """What one collector said last, and whether it is still there.

    Attributes
    ----------
    doing
        What it does, with its code (``doings.Doing``); ``told`` has it in English.
    """

    owner: str
    age_seconds: float
    lives: bool
    told: Mapping[str, Any]
    doing: Saying = field(default_factory=lambda: Saying(""))

    @property
    def fresh(self) -> bool:
        """Whether the collector is at work."""
        return self.lives and self.age_seconds < HEARTBEAT_MAX_AGE_S

    @property
    def name(self) -> Words:
        """Which one it is, for a person: process, machine, since when."""
        return self.said.words()

    @property
    def said(self) -> Saying:
        """The same, to be said later."""
        host, since = self.told.get("host"), str(self.told.get("since") or "").replace("T", " ")
        number = self.owner.partition(":")[0]
        if host and since:
            return Saying(
                "process {number} on {host}, since {since} UTC",
                number=number, host=host, since=since,
            )  # fmt: skip
        if host:
            return Saying("process {number} on {host}", number=number, host=host)
        if since:
            return Saying("process {number}, since {since} UTC", number=number, since=since)
        return Saying("process {number}", number=number)


def _lives(owner: str, age: float, told: Mapping[str, Any]) -> bool:
    """Say whether a collector is there; of one on another machine, by what it said last."""
    if told.get("host", socket.gethostname()) != socket.gethostname():
        return age < HEARTBEAT_MAX_AGE_S
    process = Process.named(owner)
    return bool(process and process.lives)


class Control:
    """The two-way notice board of one workspace.

    Attributes
    ----------
    services
        What ``workbench up`` is told there, and tells.
    """

    def __init__(self, hospital: HospitalFile) -> None:
        self._hospital = hospital
        self.services = ServiceBoard(hospital)

    # --- asked of the collector ----------------------------------------------------------------

    @property
    def command(self) -> Command:
        """What the collectors shall do."""
        return Command(self._value(COMMAND) or Command.RUN)

    @command.setter
    @needs(Right.COLLECT)
    def command(self, command: Command) -> None:
        """Ask for something."""
        self._set(COMMAND, command)

    @property
    def override(self) -> Override | None:
        """What overrides the schedule, until its end; ``None`` when nothing does."""
        written = self._value(OVERRIDE)
        if not written:
            return None
        until, opened = json.loads(written)
        override = Override(datetime.fromisoformat(until), opened)
        return override if override.until > datetime.now(UTC) else None

    @override.setter
    @needs(Right.COLLECT)
    def override(self, override: Override | None) -> None:
        """Override the schedule, or no more."""
        written = [override.until.isoformat(), override.opened] if override else None
        self._set(OVERRIDE, json.dumps(written) if written else "")

    # --- told by the collector -----------------------------------------------------------------

    def enter(self, owner: str, told: Mapping[str, Any]) -> None:
        """Say that a collector begins; raises ``SettingsError`` while another one works.

        Two would share the queue, but each is set up by the same settings: the second finds the
        receiver's port taken, or asks the PACS at the same time.
        """
        with self._hospital.transaction():
            for beat in self.heartbeats():
                if beat.owner != owner and beat.lives:
                    raise SettingsError(
                        "another collector works on this workspace: {collector}.",
                        "Let it work, or stop it first: workbench collect stop -w FOLDER",
                        collector=beat.said,
                    )
            self.beat(owner, told)

    def beat(self, owner: str, told: Mapping[str, Any]) -> None:
        """Say what a collector is doing."""
        kept = {
            name: value.stored() if isinstance(value, Saying) else value
            for name, value in told.items()
        }
        self._set(HEARTBEAT + owner, json.dumps({**kept, "clock": time.time()}))

    def gone(self, owner: str) -> None:
        """Take a collector off the board, and note when."""
        self._hospital.write("DELETE FROM control WHERE name = ?", HEARTBEAT + owner)
        self._set(ENDED, moment())

    @property
    def ended(self) -> datetime | None:
        """When a collector was last taken off the board, UTC; ``None`` if never."""
        written = self._value(ENDED)
        return datetime.fromisoformat(written).replace(tzinfo=UTC) if written else None

    def heartbeats(self) -> list[Heartbeat]:
        """Return what every collector said last; those that ended properly are not there."""
        rows = self._hospital.all(
            "SELECT name, value FROM control WHERE name LIKE ? ORDER BY at", HEARTBEAT + "%"
        )
        heartbeats = []
        for row in rows:
            owner, told = row["name"].removeprefix(HEARTBEAT), json.loads(row["value"])
            age = time.time() - told.pop("clock", 0.0)
            doing = Saying.read(str(told.get("doing", "")))
            if "doing" in told:
                told["doing"] = str(doing)
            heartbeats.append(Heartbeat(owner, age, _lives(owner, age, told), told, doing))
        return heartbeats

    def tell(self, said: Saying | str, severity: str = "info") -> None:
        """Add a line to the log that the page shows; it holds no name, ID or UID."""
        text = said.stored() if isinstance(said, Saying) else said
        row = self._hospital.one(
            "INSERT INTO event (at, severity, text) VALUES (?, ?, ?) RETURNING number",
            moment(), severity, text,
        )  # fmt: skip
        if row is not None and row["number"] % 100 == 0:
            self._hospital.write("DELETE FROM event WHERE number <= ?", row["number"] - EVENTS_KEPT)

    def events(self, limit: int = 50) -> list[dict[str, Any]]:
        """Return the newest lines of the log, newest first; ``said`` is ``text`` to be worded."""
        rows = self._hospital.all("SELECT * FROM event ORDER BY number DESC LIMIT ?", limit)
        told = [(dict(row), Saying.read(str(row["text"]))) for row in rows]
        return [{**row, "text": str(said), "said": said} for row, said in told]

    def _value(self, name: str) -> str:
        row = self._hospital.one("SELECT value FROM control WHERE name = ?", name)
        return str(row["value"]) if row else ""

    def _set(self, name: str, value: str) -> None:
        self._hospital.write(
            "INSERT INTO control VALUES (?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at",
            name, value, moment(),
        )  # fmt: skip
