"""The report of completeness in another language: every text goes through the door."""

from __future__ import annotations

import polars as pl
import pytest

from tests.language.unmarked import unmarked
from tests.report.report_frames import drawn_apart
from tests.report.test_completeness import NOBODY, ledger
from workbench.language import data, use_language
from workbench.report import completeness as numbers
from workbench.report import completeness_page as page
from workbench.schema import LEDGER, REJECTED, RUN

TERMS = page.Terms(
    survey="Dose", pacs="ARCHIVE", wanted="CT", hours="Mon 19:00-06:00", versions="1.0", key="ab12"
)
LEDGERS = {
    "nothing": LEDGER.empty(),
    "proven": ledger({}, {"reason": "It came from two places."}),
    "lacking": ledger(
        {}, {"state": "incomplete", "stored": 8, "missing": 2},
        {"state": "failed", "reason": "The PACS refused."}, {**NOBODY, "reason": None},
        {"listed": False, "told": None}, {"unwanted": "modality"}, {"unwanted": "age_unknown"},
    ),
}  # fmt: skip


def parts(rows: pl.DataFrame, terms: page.Terms) -> list[str]:
    rejected = REJECTED.frame([
        {"object_number": 1, "verdict": "quarantined", "code": "truncated", "source": "network",
         "reason": "it ends early"}
    ])  # fmt: skip
    return [
        page.opening("Completeness of the collection", rows), page.terms(rows, terms),
        page.sums(rows), page.figure(rows), page.open_cases(rows, 1), page.open_cases(rows, 9),
        page.reasons(rows, rejected), page.reasons(rows, rejected.clear()),
        page.vanished(rows, 9), page.signatures(rows, "Luxembourg"), page.signatures(rows, ""),
    ]  # fmt: skip


@pytest.mark.parametrize("name", LEDGERS)
def test_nothing_is_left_in_english(name: str) -> None:
    with use_language("xx"):
        for part in parts(LEDGERS[name], TERMS):
            assert unmarked(drawn_apart(part)) == []


def test_what_is_not_set_is_said() -> None:
    without = page.Terms(survey="Dose", pacs="", wanted="CT", hours="", versions="", key="")
    assert "none is set" in page.terms(LEDGERS["proven"], without)


def test_who_came_is_told_by_version_or_nobody() -> None:
    assert page.collector_versions(RUN.empty()) == "none"


def test_hours_stand_with_their_zone() -> None:
    assert (
        page.hours("Mon 19:00-06:00", "Europe/Luxembourg") == "Mon 19:00-06:00 (Europe/Luxembourg)"
    )
    with use_language("xx"):
        assert page.hours(data("Mon"), "UTC") == "«Mon» «(UTC)»"


def test_every_state_has_a_name_and_english_is_the_code() -> None:
    for state in numbers.BEHIND:
        assert page.state_words(state) == state
        with use_language("xx"):
            assert page.state_words(state).startswith("⟦")


def test_why_is_said_in_the_language() -> None:
    rows = LEDGERS["lacking"]
    english = numbers.not_complete(rows)["why"].to_list()
    assert "2 listed objects are not here." in english
    assert "Not asked for yet." in english
    with use_language("xx"):
        for why in numbers.not_complete(rows)["why"].drop_nulls():
            assert unmarked(f"<p>{why}</p>") == []
