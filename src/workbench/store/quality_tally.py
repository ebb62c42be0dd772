"""How image quality stands in numbers: what a list of pages asks every few seconds.

The rule of what is due is that of ``stages.quality.due``; a test holds the two together.  The
measurements themselves are read only of results that nobody has decided on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from workbench.store.database import Database
from workbench.store.quality_records import REJECTED

ALARM = "alarm"
MARKS = "SELECT (SELECT count(*) FROM {0}) AS rows, (SELECT max(number) FROM {0}) AS newest"
STANDING = (
    "SELECT number, profile, acquired_at, (SELECT decision FROM test_decision AS made"
    " WHERE made.result = test_result.number ORDER BY made.number DESC LIMIT 1) AS decision"
    " FROM test_result"
)


@dataclass(frozen=True)
class ProfileTally:
    """A test profile: its name, days between two tests, and when it was done last.

    ``last`` is the acquisition of the newest result that is not rejected, in the local time of the
    images; ``None`` where there is none.  ``interval_days`` is ``None`` where none is asked for.
    """

    name: str
    interval_days: float | None
    last: datetime | None = None

    @property
    def due(self) -> datetime | None:
        """When the next test is due; ``None`` without an interval, or before the first."""
        if self.last is None or not self.interval_days:
            return None
        return self.last + timedelta(days=self.interval_days)


@dataclass(frozen=True)
class QualityTally:
    """All test profiles, and how many results wait for a decision, alarms among them."""

    profiles: tuple[ProfileTally, ...]
    waiting: int
    alarms: int

    def overdue(self, now: datetime) -> int:
        """Return how many tests are overdue at ``now``, local time."""
        return sum(profile.due is not None and profile.due < now for profile in self.profiles)

    def next_due(self, now: datetime) -> tuple[ProfileTally, ...]:
        """Return the profiles that are due after ``now``, the next one first."""
        coming = [(profile.due, profile) for profile in self.profiles if profile.due]
        sooner = sorted(coming, key=lambda pair: (pair[0], pair[1].name))
        return tuple(profile for due, profile in sooner if due >= now)


def tally_marks(database: Database) -> tuple[int, ...]:
    """Return numbers that change whenever a tally does: its rows are never changed."""
    rows = (database.one(MARKS.format(table)) for table in
            ("test_profile", "test_result", "test_decision"))  # fmt: skip
    return tuple(value or 0 for row in rows if row for value in (row["rows"], row["newest"]))


def quality_tally(database: Database) -> QualityTally:
    """Count how every profile stands, and what waits for a decision."""
    with database.snapshot():
        contents = database.all("SELECT name, content FROM test_profile ORDER BY name, version")
        results = database.all(STANDING)
        undecided = [row["number"] for row in results if row["decision"] is None]
        waiting = database.all_among(
            "SELECT content FROM test_result WHERE number IN ({})", undecided
        )
    newest = {row["name"]: json.loads(row["content"]) for row in contents}
    profiles = {
        name: ProfileTally(name, content.get("interval_days")) for name, content in newest.items()
    }
    for row in results:
        counts = row["acquired_at"] and row["decision"] != REJECTED and row["profile"] in profiles
        if counts:
            profile, at = profiles[row["profile"]], datetime.fromisoformat(row["acquired_at"])
            if profile.last is None or at > profile.last:
                profiles[profile.name] = replace(profile, last=at)
    alarms = sum(json.loads(row["content"])["state"] == ALARM for row in waiting)
    return QualityTally(tuple(profiles.values()), len(undecided), alarms)
