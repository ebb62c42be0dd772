"""Which tests were done, and which are overdue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from workbench.language import Words, mark, t
from workbench.qa.judging import State
from workbench.qa.profiles import TestProfile
from workbench.report.quality_page import state_words
from workbench.store.quality_records import REJECTED, StoredResult

NEVER_DONE, OVERDUE = "never done", "overdue"
STANDINGS = {NEVER_DONE: mark("never done"), OVERDUE: mark("overdue")}


@dataclass(frozen=True)
class Due:
    """How a test profile stands.

    Attributes
    ----------
    profile
        The test profile.
    last
        When the images of the last result that counts were acquired; a rejected one does not.
    state
        State of that result.
    waiting
        Results that nobody has accepted or rejected yet.
    due
        When the next test is due; ``None`` without an interval, or before the first test.
    overdue
        How long it is overdue; ``None`` when it is not.
    """

    profile: TestProfile
    last: datetime | None
    state: State | None
    waiting: int
    due: datetime | None
    overdue: timedelta | None

    @property
    def standing(self) -> str:
        """How it stands, as a code: ``NEVER_DONE``, ``OVERDUE``, or the state of the result."""
        if self.last is None:
            return NEVER_DONE
        return OVERDUE if self.overdue else str(self.state)


def standing_words(standing: str) -> Words:
    """Say how a test profile, a result or a value stands in a word or two."""
    return t(STANDINGS[standing]) if standing in STANDINGS else state_words(standing)


def due_of(profile: TestProfile, results: Iterable[StoredResult], now: datetime) -> Due:
    """Return how a profile stands at ``now``, in the local time of the images."""
    counting = [result for result in results if result.decision != REJECTED]
    dated = [result for result in counting if result.acquired_at is not None]
    last = dated[-1] if dated else None
    due = None
    if last and last.acquired_at and profile.interval_days:
        due = last.acquired_at + timedelta(days=profile.interval_days)
    return Due(
        profile=profile,
        last=last.acquired_at if last else None,
        state=State(last.content["state"]) if last else None,
        waiting=sum(not result.decisions for result in counting),
        due=due,
        overdue=now - due if due and now > due else None,
    )


def all_due(
    profiles: Iterable[TestProfile], results: Mapping[str, Iterable[StoredResult]], now: datetime
) -> list[Due]:
    """Return how profiles stand: overdue first, then those never done, then by name."""
    entries = [due_of(profile, results.get(profile.name, ()), now) for profile in profiles]
    order = {OVERDUE: 0, NEVER_DONE: 1}
    return sorted(entries, key=lambda entry: (order.get(entry.standing, 2), entry.profile.name))
