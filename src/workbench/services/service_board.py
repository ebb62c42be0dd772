"""What a person wants of each service, and how each stands: rows of the hospital's file.

A page or a verb writes a wish; ``workbench up`` looks every second, and writes how the services
stand.  There is no port to protect, and a wish outlives both.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol

from workbench.language import Marked, Saying, mark
from workbench.rights import rights_here
from workbench.services.kept_service import COLLECT, KeptService
from workbench.services.running_process import Process

UP_MAX_AGE_S = 20.0  # one that has said nothing for so long hangs or is gone
# Rows of the table ``control``; the collector's own command stops it as well as a wish.
WISH, STATE, UP, COMMAND = "wish ", "service ", "up", "command"
STOP, RUN = "stop", "run"


class WantedState(StrEnum):
    """What a person wants of a service."""

    RUNNING = "running"
    STOPPED = "stopped"


class Asker(StrEnum):
    """Where a person asked."""

    PAGE = "page"
    TERMINAL = "terminal"

    @property
    def said(self) -> Marked:
        """The same for people."""
        return ASKERS[self]


class ServiceState(StrEnum):
    """How a service stands."""

    RUNNING = "running"
    ENDING = "ending"
    WAITING = "waiting"
    STOPPED = "stopped"
    FAILED = "failed"
    NOT_SET_UP = "not set up"

    @property
    def said(self) -> Marked:
        """The same for people."""
        return STATES[self]


ASKERS = {Asker.PAGE: mark("on a page"), Asker.TERMINAL: mark("in a terminal")}
STATES = {
    ServiceState.RUNNING: mark("running"),
    ServiceState.ENDING: mark("ending"),
    ServiceState.WAITING: mark("ended, will be started again"),
    ServiceState.STOPPED: mark("not running"),
    ServiceState.FAILED: mark("not started again"),
    ServiceState.NOT_SET_UP: mark("not set up"),
}


class ControlRows(Protocol):
    """What is asked of the hospital's file; each row has ``name``, ``value`` and ``at``."""

    def all(self, statement: str, *values: Any) -> Sequence[Any]:
        """Return all rows of a query."""

    def write(self, statement: str, *values: Any) -> None:
        """Run one writing statement."""


@dataclass(frozen=True)
class Wish:
    """What somebody wants of a service; ``key`` is another one with each wish."""

    wanted: WantedState = WantedState.RUNNING
    by: Asker | None = None
    at: str = ""
    key: str = ""


@dataclass(frozen=True)
class ServiceReport:
    """How a service stands, as ``workbench up`` wrote it; ``since`` is UTC, ISO 8601.

    Attributes
    ----------
    restarts
        How often it was started again since ``workbench up`` began.
    reason
        Why it ended last, or is not started; no patient attribute stands in it.
    """

    state: ServiceState
    since: str
    pid: int | None = None
    restarts: int = 0
    reason: Saying = field(default_factory=lambda: Saying(""))

    def stored(self) -> str:
        """Return it for the file."""
        return json.dumps({**vars(self), "reason": self.reason.stored()})

    @classmethod
    def read(cls, text: str) -> ServiceReport:
        """Read what ``stored`` wrote."""
        kept = json.loads(text)
        return cls(
            ServiceState(kept["state"]), str(kept["since"]), kept["pid"], int(kept["restarts"]),
            Saying.read(kept["reason"]),
        )  # fmt: skip


@dataclass(frozen=True)
class UpHeartbeat:
    """What ``workbench up`` said of itself last."""

    process: str
    host: str
    since: str
    age_seconds: float

    @property
    def lives(self) -> bool:
        """Whether it is there; of one on another machine, by what it said last."""
        if self.host != socket.gethostname():
            return self.age_seconds < UP_MAX_AGE_S
        process = Process.named(self.process)
        return bool(process and process.lives)

    @property
    def said(self) -> Saying:
        """Which one it is, for a person."""
        return Saying(
            "process {number} on {host}, since {since} UTC",
            number=self.process.partition(":")[0], host=self.host,
            since=self.since.replace("T", " "),
        )  # fmt: skip


class ServiceBoard:
    """The wishes and the states of one workspace."""

    def __init__(self, rows: ControlRows) -> None:
        self._rows = rows

    # --- asked of the services -----------------------------------------------------------------

    def ask(self, service: KeptService, wanted: WantedState, by: Asker) -> None:
        """Want a service running or stopped; raises ``RightsError`` without the right to it."""
        rights_here().need(service.right)
        key = f"{time.time_ns()}"
        if service.name == COLLECT:
            self._command(wanted)
        self._put(WISH + service.name, json.dumps({"wanted": wanted, "by": by, "key": key}))

    def _command(self, wanted: WantedState) -> None:
        """Let the collector's own command agree; a pause stays one."""
        if wanted is WantedState.STOPPED:
            self._put(COMMAND, STOP)
        elif self._values(COMMAND).get(COMMAND, ("", ""))[0] == STOP:
            self._put(COMMAND, RUN)

    def wishes(self, services: Sequence[KeptService]) -> dict[str, Wish]:
        """Return what is wanted of each service; running where nobody has said anything."""
        written = {**self._values(f"{WISH}%"), **self._values(COMMAND)}
        return {service.name: _wish(service, written) for service in services}

    # --- told by their parent ------------------------------------------------------------------

    def beat(self, process: str, since: str, services: Mapping[str, ServiceReport]) -> None:
        """Say that the parent is there, and how its services stand."""
        up = {"process": process, "host": socket.gethostname(), "since": since,
              "clock": time.time()}  # fmt: skip
        self._put(UP, json.dumps(up))
        for name, report in services.items():
            self._put(STATE + name, report.stored())

    def gone(self) -> None:
        """Take the parent off the board, and what it said of the services."""
        self._rows.write("DELETE FROM control WHERE name = ? OR name LIKE ?", UP, f"{STATE}%")

    @property
    def up(self) -> UpHeartbeat | None:
        """What the parent said last; ``None`` where none is there."""
        value, _ = self._values(UP).get(UP, ("", ""))
        if not value:
            return None
        kept = json.loads(value)
        age = time.time() - float(kept["clock"])
        beat = UpHeartbeat(str(kept["process"]), str(kept["host"]), str(kept["since"]), age)
        return beat if beat.lives else None

    def reports(self) -> dict[str, ServiceReport]:
        """Return how each service stands, by its name; nothing where no parent is there."""
        if self.up is None:
            return {}
        return {
            name.removeprefix(STATE): ServiceReport.read(value)
            for name, (value, _) in self._values(f"{STATE}%").items()
        }

    def _values(self, pattern: str) -> dict[str, tuple[str, str]]:
        rows = self._rows.all("SELECT name, value, at FROM control WHERE name LIKE ?", pattern)
        return {str(row["name"]): (str(row["value"]), str(row["at"])) for row in rows}

    def _put(self, name: str, value: str) -> None:
        self._rows.write(
            "INSERT INTO control VALUES (?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at",
            name, value, now_utc(),
        )  # fmt: skip


def now_utc() -> str:
    """Return now in UTC, ISO 8601 to the second."""
    return datetime.now(UTC).replace(microsecond=0, tzinfo=None).isoformat()


def _wish(service: KeptService, written: Mapping[str, tuple[str, str]]) -> Wish:
    value, at = written.get(WISH + service.name, ("", ""))
    kept = json.loads(value) if value else {}
    by = Asker(kept["by"]) if kept else None
    wanted = WantedState(kept["wanted"]) if kept else WantedState.RUNNING
    if service.name == COLLECT:
        # Its own command has the last word: `collect stop` and `collect resume` write no wish.
        stopped = written.get(COMMAND, ("", ""))[0] == STOP
        agrees = (wanted is WantedState.STOPPED) == stopped
        wanted = WantedState.STOPPED if stopped else WantedState.RUNNING
        if not agrees:
            by, at = None, written.get(COMMAND, ("", at))[1]
    return Wish(wanted, by, at, str(kept.get("key", "")))
