"""When a plan is due in a sentence of ours, in each language."""

from __future__ import annotations

import pytest

from workbench.language import use_language
from workbench.plans.plan_words import when_words
from workbench.plans.report_plan import read_plans
from workbench.settings import Settings

SENTENCES = [
    ({"days": "mon-fri", "at": "5:30", "holidays": "skip"}, "on working days at 05:30"),
    ({"days": "mon-fri", "at": "5:30"}, "Mon-Fri at 05:30"),
    ({"days": "mon-fri", "at": "5:30", "holidays": "next"},
     "Mon-Fri at 05:30, on holidays the next working day"),
    ({"at": "23:00"}, "every day at 23:00"),
    ({"at": "23:00", "holidays": "skip"}, "every day at 23:00, on holidays not at all"),
    ({"days": "sat, sun", "at": "6:00"}, "Sat and Sun at 06:00"),
    ({"days": "mon, wed, fri", "at": "6:00"}, "Mon, Wed and Fri at 06:00"),
    ({"days": "thu", "at": "6:00"}, "Thu at 06:00"),
    ({"when": "30 5 1 * *"}, "on day 1 of the month at 05:30"),
    ({"when": "30 5 L * *"}, "on the last day of the month at 05:30"),
    ({"when": "0 6 * * 1#1"}, "on the first Monday of the month at 06:00"),
    ({"when": "0 6 * * 5L"}, "on the last Friday of the month at 06:00"),
    ({"when": "0 6 * * 5l"}, "on the last Friday of the month at 06:00"),
    ({"when": "0 6 * * 0"}, "Sun at 06:00"),
    ({"when": "0 6 * * 7"}, "Sun at 06:00"),
    ({"when": "0 6 * * *"}, "every day at 06:00"),
    ({"when": "*/10 6 1-7 2 mon"}, "at the times */10 6 1-7 2 mon (as cron writes them)"),
    ({"when": "0 6 1 * 1"}, "at the times 0 6 1 * 1 (as cron writes them)"),
    ({"when": "0 6 1 6 *"}, "at the times 0 6 1 6 * (as cron writes them)"),
]  # fmt: skip


def said(table: dict[str, object]) -> str:
    read = read_plans(Settings(report={"x": table}, schedule={"zone": "Europe/Luxembourg"}))
    return when_words(read.plans["x"])


@pytest.mark.parametrize(("table", "sentence"), SENTENCES)
def test_a_person_is_told_when(table: dict[str, object], sentence: str) -> None:
    assert said(table) == sentence


@pytest.mark.parametrize("table", [table for table, _ in SENTENCES])
def test_nothing_of_it_is_left_in_english(table: dict[str, object]) -> None:
    with use_language("xx"):
        words = said(table)
    assert words.startswith("⟦")
    assert words.endswith("⟧")
