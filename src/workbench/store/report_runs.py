"""Plans of reports and their runs: one run a slot, whatever number of programs look.

A run is claimed by the row that is made for its slot, which only one of all can make.  Who holds
it renews its lease; when that has ended, because the program was killed or its machine is off,
another one takes the run over, and what the first one then still writes is refused.

Moments are UTC.  A clock that was set back makes no run due twice, and does not hold up what a
clock that was wrong has written of the future.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from workbench.language import NOTHING_SAID, Saying
from workbench.rights import Right, needs
from workbench.store.database import Database, Row

TABLES = """
CREATE TABLE IF NOT EXISTS report_plan (
    name TEXT NOT NULL, timing TEXT NOT NULL, first_seen_at TEXT NOT NULL,
    paused_by TEXT NOT NULL, PRIMARY KEY (name, timing)
);
CREATE TABLE IF NOT EXISTS report_run (
    number {serial},
    name TEXT NOT NULL, slot TEXT NOT NULL, report TEXT NOT NULL, state TEXT NOT NULL,
    attempt BIGINT NOT NULL, skipped BIGINT NOT NULL, owner TEXT NOT NULL,
    lease_until TEXT, retry_at TEXT, started_at TEXT NOT NULL, ended_at TEXT,
    cell BIGINT, error_kind TEXT NOT NULL, message TEXT NOT NULL,
    fingerprint TEXT NOT NULL, parameters TEXT NOT NULL, file TEXT NOT NULL, sha256 TEXT NOT NULL,
    mailed_to TEXT NOT NULL, mail_state TEXT NOT NULL, UNIQUE (name, slot)
);
CREATE INDEX IF NOT EXISTS report_run_state ON report_run (state);
"""
RUNNING, RETRY, DONE, FAILED = "running", "retry", "done", "failed"
MAIL_NONE, MAIL_WANTED, MAIL_PARTLY, MAIL_SENT = "none", "wanted", "partly", "sent"
LEASE = timedelta(minutes=15)  # renewed every third of it
SUPERSEDED = "Superseded"  # the kind of error of a run whose next time has come before it ran


class PlanNote(NamedTuple):
    """Since when a plan is known with these times, and who has paused it, if anybody."""

    first_seen_at: datetime
    paused_by: str = ""


@dataclass(frozen=True, kw_only=True)
class PlanRun:
    """One run of a plan: what it was for, how far it is, and what became of it.

    Attributes
    ----------
    name, report
        The plan, and the report it makes.
    slot
        The time it was due.
    state
        ``running``, ``retry`` (failed, and due again at ``retry_at``), ``done`` or ``failed``.
    attempt
        Which try this is, from 1 on.
    skipped
        Times before the slot that nobody ran for.
    owner, lease_until
        Who has it in hand, and until when nobody else takes it over.
    cell, error_kind, message
        Where and why the last try failed; never a value from a header.
    file
        The dated copy, from the folder of the workspace; empty when it is no longer kept.
    mail_state
        ``none``, ``wanted``, ``partly`` or ``sent``.
    mailed_to
        Who has its letter, by ``recipient_id``.
    """

    number: int
    name: str
    slot: datetime
    report: str
    state: str
    attempt: int
    skipped: int = 0
    owner: str = ""
    lease_until: datetime | None = None
    retry_at: datetime | None = None
    started_at: datetime
    ended_at: datetime | None = None
    cell: int | None = None
    error_kind: str = ""
    message: Saying = NOTHING_SAID
    fingerprint: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""
    sha256: str = ""
    mailed_to: tuple[str, ...] = ()
    mail_state: str = MAIL_NONE

    def is_held(self, now: datetime) -> bool:
        """Say whether somebody has it in hand.

        A lease of more than twice its length was written by a clock that was wrong.
        """
        until = self.lease_until
        return self.state == RUNNING and until is not None and now < until <= now + 2 * LEASE


@dataclass(frozen=True, kw_only=True)
class RunEnd:
    """How a try at a run has ended."""

    state: str
    ended_at: datetime
    retry_at: datetime | None = None
    cell: int | None = None
    error_kind: str = ""
    message: Saying = NOTHING_SAID
    fingerprint: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""
    sha256: str = ""
    mail_state: str = MAIL_NONE


class ReportRuns:
    """The plans and runs of reports in the catalogue."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- plans ---------------------------------------------------------------------------------

    def see(self, timings: Mapping[str, str], now: datetime) -> dict[str, PlanNote]:
        """Return what is known of plans with these times; what is new is noted as of now.

        So a new plan, and one that has new times, has missed nothing before it was written.
        """
        known = self.known(timings, now)
        if len(known) < len(timings):
            self._database.atomically(lambda: self._note(timings, now))
            known = self.known(timings, now)
        return known

    def known(self, timings: Mapping[str, str], now: datetime) -> dict[str, PlanNote]:
        """Return what is known of plans with these times, and note nothing."""
        rows = self._database.all("SELECT * FROM report_plan")
        return {
            row["name"]: PlanNote(_moment(row["first_seen_at"]), row["paused_by"])
            for row in rows
            if timings.get(row["name"]) == row["timing"] and row["first_seen_at"] <= _text(now)
        }

    def _note(self, timings: Mapping[str, str], now: datetime) -> None:
        for name, timing in timings.items():
            paused = self._database.one(
                "SELECT paused_by FROM report_plan WHERE name = ? AND paused_by <> ''", name
            )
            self._database.write(
                "INSERT INTO report_plan (name, timing, first_seen_at, paused_by)"
                " VALUES (?, ?, ?, ?) ON CONFLICT (name, timing) DO UPDATE"
                # a clock that was wrong has seen it in the future
                " SET first_seen_at = excluded.first_seen_at"
                " WHERE report_plan.first_seen_at > excluded.first_seen_at",
                name, timing, _text(now), paused["paused_by"] if paused else "",
            )  # fmt: skip

    @needs(Right.DECIDE)
    def pause(self, name: str, by: str) -> bool:
        """Let a plan rest, whatever its times; ``False`` for one that nobody has looked at."""
        change = "UPDATE report_plan SET paused_by = ? WHERE name = ?"
        return self._change(change, by, name) > 0

    @needs(Right.DECIDE)
    def resume(self, name: str, now: datetime) -> bool:
        """Let a plan run again; what it has missed meanwhile is not caught up."""
        change = (
            "UPDATE report_plan SET paused_by = '', first_seen_at = ?"
            " WHERE name = ? AND paused_by <> ''"
        )
        return self._change(change, _text(now), name) > 0

    # --- who runs what -------------------------------------------------------------------------

    def last_slots(self, now: datetime) -> dict[str, datetime]:
        """Return the last slot of each plan, of those up to now."""
        rows = self._database.all(
            "SELECT name, MAX(slot) AS slot FROM report_run WHERE slot <= ? GROUP BY name",
            _text(now),
        )
        return {row["name"]: _moment(row["slot"]) for row in rows}

    def open_runs(self) -> list[PlanRun]:
        """Return the runs that are running or wait for another try, oldest slot first."""
        return self._runs("WHERE state IN (?, ?) ORDER BY slot, number", RUNNING, RETRY)

    def claim(
        self, plan: tuple[str, str], slot: datetime, skipped: int, owner: str, now: datetime
    ) -> PlanRun | None:
        """Take the run of a plan (its name, its report) for a slot; ``None``: another one has."""
        name, report = plan

        def take() -> PlanRun | None:
            mine = self._database.change(
                "INSERT INTO report_run (name, slot, report, state, attempt, skipped, owner,"
                " lease_until, started_at, error_kind, message, fingerprint, parameters, file,"
                " sha256, mailed_to, mail_state)"
                " VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, '', '', '', '{}', '', '', '[]', ?)"
                " ON CONFLICT DO NOTHING",
                name, _text(slot), report, RUNNING, skipped, owner, _text(now + LEASE),
                _text(now), MAIL_NONE,
            )  # fmt: skip
            taken = self._runs("WHERE name = ? AND slot = ?", name, _text(slot))
            return taken[0] if mine == 1 else None

        return self._database.atomically(take)

    def take_over(self, run: PlanRun, owner: str, now: datetime) -> PlanRun | None:
        """Take a run that waits for a try, or whose lease has ended; ``None``: another one has."""

        def take() -> PlanRun | None:
            mine = self._database.change(
                "UPDATE report_run SET state = ?, attempt = attempt + 1, owner = ?,"
                " lease_until = ?, retry_at = NULL, started_at = ?, ended_at = NULL"
                " WHERE number = ? AND attempt = ?"
                " AND state = ? AND COALESCE(lease_until, '') = ?",
                RUNNING, owner, _text(now + LEASE), _text(now), *_as_seen(run),
            )  # fmt: skip
            return self.run(run.number) if mine == 1 else None

        return self._database.atomically(take)

    def renew(self, run: PlanRun, now: datetime) -> bool:
        """Hold a run for longer; ``False`` when another one has taken it over."""
        held = (
            "UPDATE report_run SET lease_until = ? WHERE number = ? AND attempt = ?"
            " AND state = ? AND owner = ?"
        )
        return self._change(held, _text(now + LEASE), *_held(run)) == 1

    def finish(self, run: PlanRun, end: RunEnd, also: Callable[[], None] = lambda: None) -> bool:
        """Note how a try has ended; ``False``, and nothing is noted, when it is another's by now.

        ``also`` is done within the same transaction, perhaps more than once.
        """

        def note() -> bool:
            mine = self._database.change(
                "UPDATE report_run SET state = ?, ended_at = ?, retry_at = ?, lease_until = NULL,"
                " cell = ?, error_kind = ?, message = ?, fingerprint = ?, parameters = ?,"
                " file = ?, sha256 = ?, mail_state = ? WHERE number = ? AND attempt = ?"
                " AND state = ? AND owner = ?",
                end.state, _text(end.ended_at), _text_or_none(end.retry_at), end.cell,
                end.error_kind, end.message.stored(), end.fingerprint,
                json.dumps(dict(end.parameters)),
                end.file, end.sha256, end.mail_state, *_held(run),
            )  # fmt: skip
            if mine == 1:
                also()
            return mine == 1

        return self._database.atomically(note)

    def give_up(self, run: PlanRun, end: RunEnd) -> bool:
        """Close a run that nobody has in hand; ``False`` when somebody has by now."""
        closed = (
            "UPDATE report_run SET state = ?, ended_at = ?, retry_at = NULL, lease_until = NULL,"
            " error_kind = ?, message = ?, mail_state = ? WHERE number = ? AND attempt = ?"
            " AND state = ? AND COALESCE(lease_until, '') = ?"
        )
        message = end.message.stored()
        values = (end.state, _text(end.ended_at), end.error_kind, message, end.mail_state)
        return self._change(closed, *values, *_as_seen(run)) == 1

    # --- what has been ------------------------------------------------------------------------

    def run(self, number: int) -> PlanRun:
        """Return one run; raises ``IndexError`` for a number nobody has."""
        return self._runs("WHERE number = ?", number)[0]

    def runs(self, name: str = "") -> list[PlanRun]:
        """Return the runs of a plan, or all, oldest slot first."""
        return self._runs("WHERE (? = '' OR name = ?) ORDER BY slot, number", name, name)

    def latest(self) -> dict[str, PlanRun]:
        """Return the run of the last slot of each plan."""
        last = self._runs(
            "WHERE slot = (SELECT MAX(slot) FROM report_run AS same"
            " WHERE same.name = report_run.name)"
        )
        return {run.name: run for run in last}

    def before(self, run: PlanRun) -> PlanRun | None:
        """Return the last run of a plan before this one that was done or failed by itself."""
        earlier = self._runs(
            "WHERE name = ? AND slot < ? AND state IN (?, ?) AND error_kind <> ?"
            " ORDER BY slot DESC LIMIT 1",
            run.name, _text(run.slot), DONE, FAILED, SUPERSEDED,
        )  # fmt: skip
        return earlier[0] if earlier else None

    def is_newest_done(self, run: PlanRun) -> bool:
        """Say whether no later slot of the plan has a good report."""
        later = self._database.one(
            "SELECT 1 FROM report_run WHERE name = ? AND slot > ? AND state = ?",
            run.name, _text(run.slot), DONE,
        )  # fmt: skip
        return later is None

    def let_files_go(
        self, name: str, keep: int, remove: Callable[[frozenset[str], frozenset[int]], None]
    ) -> None:
        """Forget the dated copies of a plan but for the newest.

        ``remove`` is given those that are kept and the numbers of runs that may still write, and
        removes all other files; nobody else publishes meanwhile.
        """

        def forget() -> None:
            rows = self._database.all(
                "SELECT number, file FROM report_run WHERE name = ? AND file <> ''"
                " ORDER BY slot DESC",
                name,
            )
            numbers = [row["number"] for row in rows[keep:]]
            self._database.change_among(
                "UPDATE report_run SET file = '' WHERE number IN ({})", numbers
            )
            unfinished = frozenset(run.number for run in self.open_runs())
            remove(frozenset(row["file"] for row in rows[:keep]), unfinished)

        self._database.atomically(forget)

    # --- mail ----------------------------------------------------------------------------------

    def unmailed(self) -> list[PlanRun]:
        """Return the runs of which somebody is still to be told, oldest slot first."""
        return self._runs(
            "WHERE mail_state IN (?, ?) ORDER BY slot, number", MAIL_WANTED, MAIL_PARTLY
        )

    def note_mail(self, run: PlanRun, state: str, mailed_to: Sequence[str]) -> None:
        """Note who has been told of a run."""
        change = "UPDATE report_run SET mail_state = ?, mailed_to = ? WHERE number = ?"
        self._change(change, state, json.dumps(list(mailed_to)), run.number)

    def _change(self, statement: str, *values: object) -> int:
        return self._database.atomically(lambda: self._database.change(statement, *values))

    def _runs(self, where: str, *values: object) -> list[PlanRun]:
        rows = self._database.all(f"SELECT * FROM report_run {where}", *values)  # noqa: S608
        return [_run(row) for row in rows]


# Who has taken it over has counted the try up; who holds it has renewed its lease.
def _as_seen(run: PlanRun) -> tuple[object, ...]:
    return run.number, run.attempt, run.state, _text_or_none(run.lease_until) or ""


def _held(run: PlanRun) -> tuple[object, ...]:
    return run.number, run.attempt, RUNNING, run.owner


def _text(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def _text_or_none(at: datetime | None) -> str | None:
    return None if at is None else _text(at)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


MOMENTS = frozenset({"slot", "lease_until", "retry_at", "started_at", "ended_at"})


def _run(row: Row) -> PlanRun:
    values = {each.name: row[each.name] for each in fields(PlanRun)}
    for name in MOMENTS:
        values[name] = _moment(values[name]) if values[name] else None
    values["parameters"] = json.loads(values["parameters"])
    values["message"] = Saying.read(values["message"])
    values["mailed_to"] = tuple(json.loads(values["mailed_to"]))
    return PlanRun(**values)
