"""Letters about runs of reports: who has one in hand, how often it was tried, what kept it away.

A letter is a second state of its run: it is tried again without the report being made again.  Who
sends one holds it for as long as a mail server may take, so that no other program sends it, too;
when that time is over, because the program was killed, another one may.

Moments are seconds since 1970.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.store.database import Database, Row
from workbench.store.report_runs import PlanRun, ReportRuns

TABLES = """
CREATE TABLE IF NOT EXISTS report_letter (
    run BIGINT PRIMARY KEY, tries BIGINT NOT NULL, tried_at DOUBLE PRECISION NOT NULL,
    held_until DOUBLE PRECISION NOT NULL, asked TEXT NOT NULL, problem TEXT NOT NULL,
    why TEXT NOT NULL
);
"""


@dataclass(frozen=True, kw_only=True)
class LetterTries:
    """How the letter of a run stands after the tries so far.

    Attributes
    ----------
    run
        Number of the run.
    tries
        How often it was tried with the settings and recipients of the last try.
    tried_at, held_until
        When last, and until when nobody else tries; 0 where nobody has it in hand.
    asked
        With what settings and recipients, as a digest.
    problem
        Why not everybody has it, in English; empty where that is not known, or everybody has.
    why
        The same as it is kept for other languages (``Saying.as_json``).
    """

    run: int
    tries: int
    tried_at: float
    held_until: float = 0.0
    asked: str = ""
    problem: str = ""
    why: object = None


class ReportLetters:
    """The letters in the catalogue, by the number of their run."""

    def __init__(self, database: Database, runs: ReportRuns) -> None:
        self._database = database
        self._runs = runs

    def of(self, run: PlanRun) -> LetterTries | None:
        """Return how a letter stands; ``None`` where it was never tried."""
        row = self._database.one("SELECT * FROM report_letter WHERE run = ?", run.number)
        return None if row is None else _tries(row)

    def take(self, before: LetterTries | None, taken: LetterTries) -> bool:
        """Take a letter in hand; ``False``: another program has, since ``before`` was read."""
        why = json.dumps(taken.why)

        def take() -> bool:
            if before is None:
                mine = self._database.change(
                    "INSERT INTO report_letter (run, tries, tried_at, held_until, asked, problem,"
                    " why) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    taken.run, taken.tries, taken.tried_at, taken.held_until, taken.asked,
                    taken.problem, why,
                )  # fmt: skip
            else:
                mine = self._database.change(
                    "UPDATE report_letter SET tries = ?, tried_at = ?, held_until = ?, asked = ?"
                    " WHERE run = ? AND tries = ? AND tried_at = ? AND held_until = ?"
                    " AND asked = ?",
                    taken.tries, taken.tried_at, taken.held_until, taken.asked, *_as_seen(before),
                )  # fmt: skip
            return mine == 1

        return self._database.atomically(take)

    def note(
        self, taken: LetterTries, state: str, told: Sequence[str], problem: str, why: object
    ) -> bool:
        """Note what came of a try, with who has the letter (``recipient_id``), and let it go.

        ``False``, and nothing is noted, where another program has taken it over.
        """

        def note() -> bool:
            mine = self._database.change(
                "UPDATE report_letter SET held_until = 0, problem = ?, why = ?"
                " WHERE run = ? AND tries = ? AND tried_at = ? AND held_until = ? AND asked = ?",
                problem, json.dumps(why), *_as_seen(taken),
            )  # fmt: skip
            if mine == 1:
                self._runs.note_mail(self._runs.run(taken.run), state, told)
            return mine == 1

        return self._database.atomically(note)


def _as_seen(tries: LetterTries) -> tuple[object, ...]:
    return tries.run, tries.tries, tries.tried_at, tries.held_until, tries.asked


def _tries(row: Row) -> LetterTries:
    return LetterTries(
        run=row["run"], tries=row["tries"], tried_at=row["tried_at"],
        held_until=row["held_until"], asked=row["asked"], problem=row["problem"],
        why=json.loads(row["why"]),
    )  # fmt: skip
