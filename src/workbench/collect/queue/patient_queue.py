"""The patient queue: whom to ask the PACS for, in which order, and how far each has come.

Inside a priority the order is drawn by lot when a patient is added, and stays through restarts:
were patients asked in the order of their list, whoever has the list could read their pseudonyms
off the order of arrival.

A collector leases a patient for a while and renews the lease as long as it lives, so a patient is
never done by two at once, and one whose collector died is taken up again.  A patient is tried a
fixed number of times, then waits for a person; that the collector was killed is no try.  Who is
complete and asked for once more stays so until the PACS answers otherwise.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from workbench.collect.clock import moment, steady
from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue.hospital_file import HospitalFile, drawn, last_drawn
from workbench.language import Saying, Words, mark, t
from workbench.rights import Right, needs
from workbench.services.running_process import boot

LEASE_S = 60.0
MAX_WAIT_S = 7 * 24 * 3600.0  # seconds: doubling must not put a patient off for ever


class PatientState(StrEnum):
    """How far the collection of one patient has come."""

    WAITING = "waiting"
    ASKED = "asked"
    FOUND = "found"
    MOVING = "moving"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    NOT_FOUND = "not found"
    FAILED = "failed"

    @property
    def words(self) -> Words:
        """Its name, for a person."""
        return t(STATES[self])

    @property
    def said(self) -> Saying:
        """Its name, to be said later."""
        return Saying(STATES[self])


STATES = MappingProxyType({
    PatientState.WAITING: mark("waiting"), PatientState.ASKED: mark("asked"),
    PatientState.FOUND: mark("found"), PatientState.MOVING: mark("moving"),
    PatientState.COMPLETE: mark("complete"), PatientState.INCOMPLETE: mark("incomplete"),
    PatientState.NOT_FOUND: mark("not found"), PatientState.FAILED: mark("failed"),
})  # fmt: skip


@dataclass(frozen=True)
class Counts:
    """Of one patient: wanted studies the PACS has, and what became of their objects.

    Attributes
    ----------
    studies
        Studies that the PACS has and that are wanted.
    expected
        Objects the PACS listed of them.
    already, received
        Of these, what was here before, and what came now.
    refused
        Objects that came and were put aside with a reason; they count as received.
    """

    studies: int = 0
    expected: int = 0
    already: int = 0
    received: int = 0
    refused: int = 0


@dataclass(frozen=True)
class Job:
    """A leased patient; ``complete`` is one who is so already, and is asked for once more."""

    number: int
    patient: ListedPatient = field(repr=False)
    tries: int
    complete: bool = False


@dataclass(frozen=True)
class Retry:
    """When to try again: at most ``tries`` times, after ``seconds``, doubled each time."""

    tries: int = 3
    seconds: float = 3600.0

    def wait(self, tries: int) -> float:
        """Return the seconds to wait after so many tries."""
        doubled: float = self.seconds * 2.0 ** min(max(tries - 1, 0), 20)
        return min(doubled, MAX_WAIT_S)


class Queue:
    """The queue in the hospital's file, as one collector or page sees it."""

    def __init__(self, hospital: HospitalFile, owner: str = "") -> None:
        self._hospital = hospital
        self._owner = owner

    # --- filling it ----------------------------------------------------------------------------

    @needs(Right.COLLECT)
    def add(self, patients: Iterable[ListedPatient]) -> int:
        """Add patients that are not in the queue yet; return how many were new.

        Raises ``IdentityError`` while the key is locked, as all do that read or write who it is.
        """
        sealed, now = self._hospital.sealed, moment()
        listed: dict[bytes, ListedPatient] = {}
        for patient in patients:
            listed.setdefault(sealed.patient_index(patient), patient)
        with self._hospital.transaction():
            known = self._numbers(listed)
            new = [index for index in listed if index not in known]
            first = self._hospital.last_number("patient") + 1
            return self._hospital.many(
                "INSERT INTO patient (number, lookup, identity, priority, state, added_at, lot)"
                " VALUES (?, ?, ?, ?, 'waiting', ?, ?)",
                (
                    (number, index, sealed.patient(number, listed[index]),
                     listed[index].priority, now, drawn())
                    for number, index in enumerate(new, first)
                ),
            ) if new else 0  # fmt: skip

    def numbers(self, patients: Iterable[ListedPatient]) -> list[int]:
        """Return the numbers of those patients that are in the queue, in the order given."""
        sealed = self._hospital.sealed
        indexes = [sealed.patient_index(patient) for patient in patients]
        known = self._numbers(indexes)
        return [known[index] for index in indexes if index in known]

    def _numbers(self, indexes: Iterable[bytes]) -> dict[bytes, int]:
        rows = self._hospital.all_among(
            "SELECT lookup, number FROM patient WHERE lookup IN ({})", dict.fromkeys(indexes)
        )
        return {bytes(row["lookup"]): int(row["number"]) for row in rows}

    @needs(Right.COLLECT)
    def prioritise(self, number: int, priority: int) -> None:
        """Move a patient forward (larger) or back."""
        self._hospital.write("UPDATE patient SET priority = ? WHERE number = ?", priority, number)

    # --- working through it --------------------------------------------------------------------

    def lease(self) -> Job | None:
        """Take the next patient that is due and nobody works on; ``None`` when there is none."""
        sealed = self._hospital.sealed  # without the key nobody is taken
        row = self._leased()
        if row is None:
            return None
        complete = row["state"] == PatientState.COMPLETE
        return Job(row["number"], sealed.patient_of(row), row["tries"], complete)

    def _leased(self) -> Any | None:
        with self._hospital.transaction():
            return self._hospital.one(
                # A lease that ran out was cut off: that try does not count.
                "UPDATE patient SET tries = tries + (owner IS NULL),"
                " owner = ?, lease_boot = ?, lease_until = ?,"
                " state = iif(state = 'complete', state, 'asked'),"
                " reason = '', asked_at = ?, changed_at = ?"
                " WHERE number = (SELECT number FROM patient WHERE due IS NOT NULL AND due <= ?"
                "  AND (owner IS NULL OR lease_boot <> ? OR lease_until < ?)"
                "  ORDER BY priority DESC, tries, lot LIMIT 1) RETURNING *",
                self._owner, boot(), steady() + LEASE_S, moment(), moment(),
                time.time(), boot(), steady(),
            )  # fmt: skip

    def renew(self) -> None:
        """Hold on to what this collector has leased."""
        self._hospital.write(
            "UPDATE patient SET lease_until = ? WHERE owner = ?",
            steady() + LEASE_S, self._owner,
        )  # fmt: skip

    def owns(self, number: int) -> bool:
        """Whether this collector still holds the lease of a patient."""
        row = self._hospital.one("SELECT owner FROM patient WHERE number = ?", number)
        return row is not None and row["owner"] == self._owner

    def reached(self, number: int, state: PatientState, counts: Counts | None = None) -> None:
        """Note how far a leased patient has come.

        Who was complete stays so while asked: only what must be fetched makes it another state.
        """
        self._hospital.write(
            "UPDATE patient SET state = iif(state = 'complete' AND ? IN ('asked', 'found'),"
            " state, ?), changed_at = ? WHERE number = ? AND owner = ?",
            state, state, moment(), number, self._owner,
        )  # fmt: skip
        if counts is not None:
            self.count(number, counts)

    def count(self, number: int, counts: Counts) -> None:
        """Note what a patient's objects have become."""
        self._hospital.write(
            "UPDATE patient SET studies = ?, expected = ?, already = ?, received = ?, refused = ?"
            " WHERE number = ?",
            counts.studies, counts.expected, counts.already, counts.received, counts.refused,
            number,
        )  # fmt: skip

    def recount(self, number: int, here: int, refused: int) -> None:
        """Note how many objects of a line are here by now, whichever line brought them.

        Where none is missing any more it is asked for again, so that it can be judged.
        """
        self._hospital.write(
            "UPDATE patient SET received = max(? - coalesce(already, 0), 0), refused = ?,"
            " due = CASE WHEN ? >= expected AND state = 'incomplete' THEN 0 ELSE due END,"
            " tries = CASE WHEN ? >= expected AND state = 'incomplete' THEN 0 ELSE tries END"
            " WHERE number = ? AND owner IS NULL",
            here, refused, here, here, number,
        )  # fmt: skip

    def settle(
        self, number: int, state: PatientState, reason: Saying | str = "",
        again: float | None = None,
    ) -> None:  # fmt: skip
        """Give a patient back: for good, or to be tried ``again`` in so many seconds."""
        self._hospital.write(
            "UPDATE patient SET state = ?, reason = ?, due = ?, owner = NULL, lease_until = NULL,"
            " changed_at = ? WHERE number = ? AND (owner = ? OR owner IS NULL)",
            state, reason.stored() if isinstance(reason, Saying) else reason,
            None if again is None else time.time() + again, moment(), number,
            self._owner,
        )  # fmt: skip

    def release(self, number: int) -> None:
        """Give back a patient that was stopped midway, as if it had not been tried."""
        self._hospital.write(
            "UPDATE patient SET state = iif(state = 'complete', state, 'waiting'), reason = '',"
            " tries = max(tries - 1, 0), due = 0,"
            " owner = NULL, lease_until = NULL, changed_at = ? WHERE number = ? AND owner = ?",
            moment(), number, self._owner,
        )  # fmt: skip

    def take_over(self, owners: Iterable[str]) -> list[int]:
        """Free the patients of collectors that are known to be gone; return their numbers.

        That a program of ours ended is not their fault: it counts as no try.  They come last of
        their priority, so that one who brings the collector down keeps nobody else waiting.
        """
        freed: list[int] = []
        for owner in owners:
            with self._hospital.transaction():
                rows = self._hospital.all("SELECT number FROM patient WHERE owner = ?", owner)
                for row in rows:
                    self._hospital.write(
                        "UPDATE patient SET owner = NULL, lease_until = NULL, lot = ?,"
                        " tries = max(tries - 1, 0),"
                        " state = iif(state = 'complete', state, 'waiting') WHERE number = ?",
                        last_drawn(), row["number"],
                    )  # fmt: skip
            freed += [row["number"] for row in rows]
        return freed

    def owners(self) -> list[str]:
        """Return who holds leases now."""
        rows = self._hospital.all("SELECT DISTINCT owner FROM patient WHERE owner IS NOT NULL")
        return [row["owner"] for row in rows]

    @needs(Right.COLLECT)
    def retry(self, numbers: Iterable[int] | None = None) -> int:
        """Try patients again that are not complete, as if for the first time; return how many.

        ``None`` means all that are incomplete, not found or failed.
        """
        again = (
            "UPDATE patient SET due = 0, tries = 0, state = 'waiting', reason = ''"
            " WHERE owner IS NULL AND state IN ('incomplete', 'not found', 'failed')"
        )
        if numbers is None:
            return self._hospital.change(again)
        with self._hospital.transaction():
            return sum(
                self._hospital.change(f"{again} AND number = ?", number) for number in numbers
            )

    @needs(Right.COLLECT)
    def ask_again(self, numbers: Iterable[int]) -> int:
        """Ask the PACS again for patients in whatever state, because it may have more by now.

        Those that are complete stay so until it answers otherwise.
        """
        with self._hospital.transaction():
            return sum(
                self._hospital.change(
                    "UPDATE patient SET due = 0, tries = 0, reason = '',"
                    " state = iif(state = 'complete', state, 'waiting')"
                    " WHERE owner IS NULL AND number = ?", number,
                )
                for number in numbers
            )  # fmt: skip

    @needs(Right.COLLECT)
    def remove(self, numbers: Iterable[int]) -> int:
        """Take patients off the queue that nobody works on; return how many.

        What the PACS answered of them goes, too.
        """
        removed = 0
        with self._hospital.transaction():
            for number in numbers:
                if self._hospital.change(
                    "DELETE FROM patient WHERE number = ? AND owner IS NULL", number
                ):
                    removed += 1
                    for table in ("study", "series", "answer"):
                        self._hospital.write(f"DELETE FROM {table} WHERE patient = ?", number)  # noqa: S608  names of our own
        return removed

    # --- looking at it -------------------------------------------------------------------------

    def states(self) -> dict[PatientState, int]:
        """Return the number of patients by state, every state named."""
        rows = self._hospital.all("SELECT state, count(*) AS n FROM patient GROUP BY state")
        counts = {row["state"]: int(row["n"]) for row in rows}
        return {state: counts.get(state, 0) for state in PatientState}

    def outstanding(self) -> int:
        """Return how many patients are still to be done, now or later."""
        row = self._hospital.one("SELECT count(*) AS n FROM patient WHERE due IS NOT NULL")
        return int(row["n"]) if row else 0

    def next_due(self) -> float | None:
        """Return in how many seconds the next patient is due; ``None`` when none is to come."""
        row = self._hospital.one("SELECT min(due) AS due FROM patient WHERE due IS NOT NULL")
        return None if row is None or row["due"] is None else max(row["due"] - time.time(), 0.0)

    def rows(
        self, states: Iterable[PatientState] = (), after: int = 0, limit: int = 100
    ) -> list[dict[str, Any]]:
        """Return a page of the queue by number, without any patient's identity."""
        wanted = json.dumps([str(state) for state in states])
        rows = self._hospital.all(
            "SELECT number, state, reason, priority, tries, due, owner IS NOT NULL AS working,"
            " added_at, asked_at, changed_at, studies, expected, already, received, refused"
            " FROM patient WHERE number > ? AND (? = '[]' OR state IN (SELECT value FROM"
            " json_each(?))) ORDER BY number LIMIT ?",
            after, wanted, wanted, limit,
        )  # fmt: skip
        return [{**row, "reason": str(Saying.read(row["reason"]))} for row in map(dict, rows)]

    def reasons(self, numbers: Iterable[int]) -> dict[int, Saying]:
        """Return why each of some patients is not complete, or what else is to be known."""
        rows = self._hospital.all_among(
            "SELECT number, reason FROM patient WHERE number IN ({})", list(numbers)
        )
        return {row["number"]: Saying.read(row["reason"]) for row in rows}

    def listed(self, number: int) -> ListedPatient:
        """Return whom a number means; for use inside the hospital only."""
        row = self._hospital.one("SELECT * FROM patient WHERE number = ?", number)
        if row is None:
            raise KeyError(number)
        return self._hospital.sealed.patient_of(row)
