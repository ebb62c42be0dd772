"""A letter is in one program's hand at a time, and what came of it stands at its run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.store.conftest import OpenStore
from workbench.store.report_letters import LetterTries, ReportLetters
from workbench.store.report_runs import DONE, MAIL_WANTED, PlanRun, ReportRuns, RunEnd

NOW = datetime(2026, 3, 27, 1, 30, tzinfo=UTC)
FIRST = LetterTries(run=1, tries=1, tried_at=1000.5, held_until=2000.25, asked="x")


@pytest.fixture
def stored(open_store: OpenStore) -> Iterator[tuple[ReportRuns, ReportLetters]]:
    store = open_store()
    yield store.report_runs, store.report_letters
    store.close()


def made(runs: ReportRuns) -> PlanRun:
    run = runs.claim(("daily", "dose_by_protocol"), NOW, 0, "me", NOW)
    assert run is not None
    runs.finish(run, RunEnd(state=DONE, ended_at=NOW, mail_state=MAIL_WANTED))
    return runs.run(run.number)


def test_a_letter_is_taken_by_one_program(stored: tuple[ReportRuns, ReportLetters]) -> None:
    runs, letters = stored
    run = made(runs)
    assert letters.of(run) is None
    first = replace(FIRST, run=run.number)
    assert letters.take(None, first)
    assert not letters.take(None, replace(first, tried_at=1001.0))
    assert letters.of(run) == first
    again = replace(first, tries=2, tried_at=3000.0, held_until=4000.0)
    assert letters.take(first, again)
    assert not letters.take(first, replace(again, tried_at=3001.0))


def test_what_came_of_it_stands_at_the_run_with_its_reason(
    stored: tuple[ReportRuns, ReportLetters],
) -> None:
    runs, letters = stored
    run = made(runs)
    first = replace(FIRST, run=run.number)
    letters.take(None, first)
    why = {"text": "the server is away.", "values": {}}
    assert letters.note(first, "partly", ["abc"], "the server is away.", why)
    kept = letters.of(run)
    assert kept is not None
    assert (kept.held_until, kept.problem, kept.why) == (0, "the server is away.", why)
    told = runs.run(run.number)
    assert (told.state, told.mail_state, told.mailed_to) == ("done", "partly", ("abc",))


def test_who_was_thought_dead_cannot_note_that_nobody_has_it(
    stored: tuple[ReportRuns, ReportLetters],
) -> None:
    runs, letters = stored
    run = made(runs)
    slow = replace(FIRST, run=run.number)
    quick = replace(slow, tries=2, tried_at=3000.0, held_until=4000.0)
    assert letters.take(None, slow)
    assert letters.take(slow, quick)
    assert letters.note(quick, "sent", ["abc"], "", None)
    assert not letters.note(slow, "wanted", [], "away", None)
    assert runs.run(run.number).mail_state == "sent"
