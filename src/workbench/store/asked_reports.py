"""Reports that somebody asks for now: rows of ``report_run`` like those of a plan.

A wish is a run that waits for its first try, so that whoever looks takes it over as it takes over
a run of a plan, once.  Its name begins with ``page-``: no plan can be named so.  It ends as
``failed`` when it is cancelled; what its maker then still writes is refused.

Moments are UTC.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from workbench.errors import StoreError
from workbench.language import Saying
from workbench.rights import Right, needs
from workbench.store.database import Database
from workbench.store.report_runs import FAILED, MAIL_NONE, RETRY, RUNNING, PlanRun, ReportRuns

ASKED = "page-"  # begins the name of what was asked for on a page
PAGE = "page"  # the owner of a run that nobody has taken yet
CANCELLED = "Cancelled"  # the kind of error of a run that somebody has ended
MAX_IN_A_SECOND = 60


class AskedReports:
    """What people have asked for, in the catalogue; ``runs`` are all runs."""

    def __init__(self, database: Database, runs: ReportRuns) -> None:
        self._database = database
        self._runs = runs

    @needs(Right.DECIDE)
    def ask(self, report: str, parameters: Mapping[str, object], now: datetime) -> PlanRun:
        """Note a wish; two of the same second stand a second apart.

        Raises ``StoreError`` where as many were asked for as no person can.
        """
        name, second = ASKED + report, now.replace(microsecond=0)
        for later in range(MAX_IN_A_SECOND):
            slot = second + timedelta(seconds=later)
            if self._inserted(name, report, slot, parameters, now):
                return next(run for run in self._runs.runs(name) if run.slot == slot)
        raise StoreError("too many reports were asked for.", "Wait a minute, then ask again.")

    def _inserted(
        self, name: str, report: str, slot: datetime, parameters: Mapping[str, object],
        now: datetime,
    ) -> bool:  # fmt: skip
        wish = (
            "INSERT INTO report_run (name, slot, report, state, attempt, skipped, owner,"
            " retry_at, started_at, error_kind, message, fingerprint, parameters, file,"
            " sha256, mailed_to, mail_state)"
            " VALUES (?, ?, ?, ?, 0, 0, ?, ?, ?, '', '', '', ?, '', '', '[]', ?)"
            " ON CONFLICT DO NOTHING"
        )
        values = (
            name, _text(slot), report, RETRY, PAGE, _text(now), _text(now),
            json.dumps(dict(parameters)), MAIL_NONE,
        )  # fmt: skip
        return self._database.atomically(lambda: self._database.change(wish, *values)) == 1

    @needs(Right.DECIDE)
    def cancel(self, number: int, now: datetime) -> bool:
        """End a wish, waiting or in hand; ``False`` where it has ended, or is no wish."""
        ended = (
            "UPDATE report_run SET state = ?, ended_at = ?, retry_at = NULL, lease_until = NULL,"
            " error_kind = ?, message = ? WHERE number = ? AND name LIKE ? AND state IN (?, ?)"
        )
        said = Saying("somebody cancelled it.").stored()
        values = (FAILED, _text(now), CANCELLED, said, number, f"{ASKED}%", RETRY, RUNNING)
        return self._database.atomically(lambda: self._database.change(ended, *values)) == 1

    def waiting(self, now: datetime) -> list[PlanRun]:
        """Return the wishes that nobody has in hand, oldest first."""
        return [
            run for run in self._runs.open_runs() if is_asked(run) and not run.is_held(now)
        ]  # fmt: skip


def is_asked(run: PlanRun) -> bool:
    """Say whether somebody asked for a run on a page."""
    return run.name.startswith(ASKED)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
