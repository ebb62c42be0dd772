"""Completeness is judged by what is here, and what is not known is never called complete."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench import create_survey
from workbench.errors import SettingsError
from workbench.report import completeness as numbers
from workbench.report import completeness_page as page
from workbench.report import run_report
from workbench.schema import LEDGER, REJECTED, RUN

ASKED = datetime(2026, 3, 2, 20, 15, tzinfo=UTC)
STUDY: dict[str, object] = {
    "state": "complete", "tries": 1, "asked_at": ASKED, "unwanted": "", "modalities": "CT",
    "series": 1, "told": 10, "listed": True, "expected": 10, "stored": 10, "refused": 0,
    "missing": 0, "first_found": ASKED, "last_found": ASKED + timedelta(seconds=2),
}  # fmt: skip
NOBODY: dict[str, object] = {
    "state": "waiting", "tries": 0, "asked_at": None, "StudyInstanceUID": None, "unwanted": None,
    "modalities": None, "series": None, "told": None, "listed": None, "expected": None,
    "stored": None, "refused": None, "missing": None, "first_found": None, "last_found": None,
}  # fmt: skip


def ledger(*changes: dict[str, object]) -> pl.DataFrame:
    """A ledger of one complete study a patient, changed; each row a patient unless numbered."""
    return LEDGER.frame([
        {"queue_number": number, "patient": f"LU01-P{number}", "StudyInstanceUID": f"2.25.{number}",
         "reason": None, "refused_codes": None, **STUDY, **change}
        for number, change in enumerate(changes, 1)
    ])  # fmt: skip


def test_all_here_is_proven_and_said() -> None:
    found = numbers.totals(ledger({}, {"refused": 2, "stored": 8}))
    assert found.proven
    assert "Complete: 2 of 2 patients" in page.verdict(found)
    assert "18 stored, 2 put aside" in page.verdict(found)


@pytest.mark.parametrize(
    "change",
    [
        {"state": "incomplete", "missing": 3, "stored": 7},
        {"missing": 1, "stored": 9},  # whatever the state says
        {"listed": False},
        {"state": "not found"},
        {"state": "failed"},
        NOBODY,
    ],
)
def test_one_open_case_is_enough_and_is_listed(change: dict[str, object]) -> None:
    rows = ledger({}, change)
    found = numbers.totals(rows)
    assert not found.proven
    assert page.verdict(found).startswith("Not complete")
    assert numbers.not_complete(rows)["queue_number"].to_list() == [2]
    assert numbers.not_complete(rows)["why"].item() or change.get("state") in (
        "not found", "failed",
    )  # fmt: skip


def test_unwanted_studies_count_apart_and_their_objects_not_at_all() -> None:
    rows = ledger({}, {"unwanted": "age", "expected": 0, "told": 500, "queue_number": 1})
    found = numbers.totals(rows)
    assert (found.patients, found.studies, found.unwanted, found.told) == (1, 1, 1, 10)
    assert found.proven
    assert numbers.left_out(rows).rows() == [("age", 1)]


def test_a_count_the_pacs_did_not_give_is_said_and_not_a_zero() -> None:
    rows = ledger({"told": None}, {})
    assert (numbers.totals(rows).told, numbers.totals(rows).untold) == (10, 1)
    assert "no count for 1 studies" in page.sums(rows)


def test_studies_the_pacs_stopped_telling_of() -> None:
    gone = {"last_found": ASKED - timedelta(days=30), "first_found": ASKED - timedelta(days=60)}
    rows = ledger({}, gone, {**gone, "state": "failed"}, {**gone, "state": "waiting"})
    # who was not answered last time has not stopped telling of anything
    assert numbers.not_told_any_more(rows)["patient"].to_list() == ["LU01-P2"]


def test_months_are_of_the_last_question_and_states_on_the_way_are_one() -> None:
    rows = ledger({}, {"state": "moving"}, {"state": "found"}, NOBODY)
    assert sorted(numbers.by_month(rows).rows()) == [
        ("2026-03", "complete", 1),
        ("2026-03", "not settled", 2),
        ("not asked yet", "not settled", 1),
    ]


def test_the_period_is_of_days_and_must_be_one() -> None:
    rows = ledger({}, {"asked_at": ASKED + timedelta(days=1)}, NOBODY)
    assert numbers.in_period(rows, "", "").height == 3
    assert numbers.in_period(rows, "2026-03-02", "2026-03-02")["queue_number"].to_list() == [1]
    assert numbers.in_period(rows, "2026-03-03", "")["queue_number"].to_list() == [2]
    for wrong in (("yesterday", ""), ("2026-03-03", "2026-03-02")):
        with pytest.raises(SettingsError):
            numbers.in_period(rows, *wrong)


def test_objects_from_folders_and_duplicates_were_not_refused_by_us() -> None:
    rejected = REJECTED.frame([
        {"object_number": number, "verdict": verdict, "code": code, "reason": "why",
         "source": source, "received_at": ASKED}
        for number, (verdict, code, source) in enumerate((
            ("quarantined", "damaged", "network"), ("quarantined", "damaged", "network"),
            ("duplicate", "duplicate", "network"), ("rejected", "not_dicom", "folder"),
        ))
    ])  # fmt: skip
    assert numbers.refused_by_reason(rejected).rows() == [("quarantined", "damaged", "why", 2)]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.integers(0, 9), st.integers(0, 9), st.integers(0, 3),
                  st.booleans()),
        min_size=1, max_size=12,
    ),
    st.randoms(),
)  # fmt: skip
def test_sums_add_up_and_the_order_of_rows_changes_nothing(
    studies: list[tuple[int, int, int, int, bool]], shuffle: object
) -> None:
    rows = ledger(*(
        {"queue_number": patient, "stored": stored, "refused": refused, "missing": missing,
         "expected": stored + refused + missing, "unwanted": "" if wanted else "modality"}
        for patient, stored, refused, missing, wanted in studies
    ))  # fmt: skip
    found = numbers.totals(rows)
    assert found.expected == found.stored + found.refused + found.missing
    assert found.patients == numbers.states(rows)["patients"].sum()
    assert found.patients == numbers.by_month(rows)["patients"].sum()
    assert found == numbers.totals(rows.reverse())
    assert found.proven == (sum(one[3] for one in studies if one[4]) == 0)


def test_an_empty_ledger_is_said_and_cannot_be_signed() -> None:
    empty = LEDGER.empty()
    assert not numbers.totals(empty).proven
    assert "Nothing was asked" in page.opening("x", empty)
    assert "<table" not in page.signatures(empty, "")
    for part in (page.sums(empty), page.figure(empty), page.open_cases(empty, 5)):
        assert "<table" not in part
        assert "<svg" not in part


def test_a_long_list_is_cut_and_says_so() -> None:
    rows = ledger(*({"state": "failed", "reason": f"R{n}"} for n in range(5)))
    told = page.open_cases(rows, 2)
    assert "3 more are not listed" in told
    assert "R1" in told
    assert "R4" not in told
    with pytest.raises(SettingsError):
        page.checked_limit(0)


def test_reasons_are_escaped() -> None:
    assert "<img" not in page.open_cases(ledger({"state": "failed", "reason": "<img src=x>"}), 9)


def test_the_report_is_one_page_to_sign(tmp_path: Path) -> None:
    survey = create_survey(tmp_path / "w")
    rows = ledger({}, {"state": "incomplete", "reason": "3 objects did not arrive.",
                       "missing": 3, "stored": 7})  # fmt: skip
    survey.store.publish({LEDGER.name: rows})
    fingerprint = survey.pseudonyms().fingerprint
    survey.close()
    out = tmp_path / "completeness.html"
    run = run_report("completeness", {"workspace": str(tmp_path / "w"), "place": "Esch"}, out)
    assert (run.outcome, run.message) == ("done", "")
    html = out.read_text("utf-8")
    assert "Not complete: 1 of 2 patients are complete; 3 of 20 listed objects missing." in html
    assert "3 objects did not arrive." in html
    assert "LU01-P2" in html
    assert fingerprint in html
    assert "Signature" in html
    assert "&lt;" not in html, "no mark-up is shown as text"
    assert "Esch" in html
    assert html.count("<svg") == 1
    assert str(tmp_path) not in html
    assert re.search(r"https?://(?!www\.w3\.org)", html) is None

    wrong = run_report("completeness", {"workspace": str(tmp_path / "w"), "asked_from": "x"}, out)
    assert wrong.failed
    assert "asked_from is not a date" in wrong.message
    assert out.read_text("utf-8") == html


def test_versions_are_those_that_collected() -> None:
    runs = RUN.frame([
        {"run_number": n, "stage": stage, "started_at": ASKED, "ended_at": ASKED,
         "version": version, "outcome": "done", "counts": "{}"}
        for n, (stage, version) in enumerate(
            (("collect", "2.0"), ("collect", "1.0"), ("collect", "2.0"), ("map", "3.0")))
    ])  # fmt: skip
    assert page.collector_versions(runs) == "1.0, 2.0"


def test_a_study_that_two_lines_name_counts_once() -> None:
    shared = {"StudyInstanceUID": "2.25.7", "patient": "LU01-A"}
    rows = ledger(shared, shared, {})
    found = numbers.totals(rows)
    assert (found.lines, found.patients, found.complete, found.studies) == (3, 2, 2, 2)
    assert (found.expected, found.stored, found.told) == (20, 20, 20)
    assert numbers.states(rows)["stored"].sum() == 20
    assert found.proven
    assert "2 of 2 patients" in page.verdict(found)
    assert "20 stored" in page.verdict(found)


def test_the_fullest_listing_of_a_study_is_the_one_that_counts() -> None:
    shared = {"StudyInstanceUID": "2.25.7", "patient": "LU01-A"}
    part = {**shared, "expected": 4, "stored": 4, "listed": False}
    out = {**shared, "unwanted": "accession", "expected": 0, "stored": 0}
    for order in ((part, shared, out), (out, part, shared), (shared, out, part)):
        found = numbers.totals(ledger(*order))
        assert (found.expected, found.unlisted, found.studies, found.unwanted) == (10, 0, 1, 0)
        assert numbers.left_out(ledger(*order)).is_empty()


def test_a_patient_of_several_lines_is_as_far_as_the_line_furthest_behind() -> None:
    own = {"patient": "LU01-A"}
    rows = ledger(own, {**own, "state": "incomplete", "reason": "R", "missing": 1, "stored": 9}, {})
    found = numbers.totals(rows)
    assert (found.patients, found.complete, found.missing) == (2, 1, 1)
    (case,) = numbers.not_complete(rows).to_dicts()
    assert (case["state"], case["why"], case["studies"]) == ("incomplete", "R", 2)
    assert numbers.by_month(rows)["patients"].sum() == 2


def test_lines_are_one_patients_through_any_of_their_pseudonyms() -> None:
    rows = ledger(
        {"patient": "LU01-A"}, {"patient": "LU01-B", "queue_number": 1}, {"patient": "LU01-B"},
        {"patient": "LU01-C"},
    )  # fmt: skip
    assert numbers.totals(rows).patients == 2


def test_a_study_that_another_line_still_tells_of_has_not_vanished() -> None:
    shared = {"StudyInstanceUID": "2.25.7", "patient": "LU01-A"}
    gone = {**shared, "last_found": ASKED - timedelta(days=30)}
    assert numbers.not_told_any_more(ledger(gone, shared)).is_empty()
    assert numbers.not_told_any_more(ledger(gone, gone)).height == 1


def test_a_caution_beside_a_complete_patient_is_counted_and_listed() -> None:
    rows = ledger({}, {"reason": "In 1 of its studies objects name the patient otherwise."})
    assert (numbers.totals(rows).complete, numbers.totals(rows).cautioned) == (2, 1)
    assert numbers.totals(rows).proven, "nothing is missing"
    told = page.open_cases(rows, 5)
    assert "Complete, with a caution" in told
    assert "otherwise" in told
    assert "LU01-P2" in told
    assert "LU01-P1" not in told
    assert "caution" not in page.open_cases(ledger({}), 5)
