"""What a letter says of a report: in the plan's language, with nothing of a patient in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.stages.mailed_runs import DONE, FAILED, SLOT, kept, own_notebook, plan
from workbench.errors import SettingsError
from workbench.language import Saying, use_language
from workbench.mail import Letter
from workbench.settings import ServerSettings
from workbench.stages.report_letter import FAILURE, RECOVERY, REPORT, kind_of, letter_of
from workbench.stages.report_letter import pages_address as address
from workbench.survey import Survey, create_survey

HEAD = '<title>T</title><p class="lead">12 events &amp; 3\n patients.</p><p class="lead">more</p>'
PATIENT = "MUELLER^HANS"


@pytest.fixture
def survey(tmp_path: Path) -> Iterator[Survey]:
    made = create_survey(tmp_path / "w")
    yield made
    made.close()


def said(letter: Letter) -> str:
    return "\n".join((letter.subject, *letter.lines))


def test_what_a_letter_is_about_is_the_run_and_the_one_before() -> None:
    assert kind_of(DONE, None) == kind_of(DONE, DONE) == REPORT
    assert kind_of(DONE, FAILED) == RECOVERY
    assert kind_of(FAILED, None) == kind_of(FAILED, FAILED) == FAILURE


def test_the_same_plan_slot_and_kind_are_the_same_letter_and_others_are_not(
    survey: Survey,
) -> None:
    run = kept(survey, DONE)
    first = letter_of(survey, plan(), run, None)
    assert first.identity == letter_of(survey, plan(), replace(run, number=9), None).identity
    others = (
        letter_of(survey, plan(), run, FAILED), letter_of(survey, plan(), FAILED, None),
        letter_of(survey, plan(), replace(run, slot=SLOT.replace(day=28)), None),
        letter_of(survey, replace(plan(), name="other"), replace(run, name="other"), None),
    )  # fmt: skip
    assert len({first.identity, *(letter.identity for letter in others)}) == 5


@pytest.mark.parametrize("language", ["en", "de", "fr", "xx"])
def test_a_letter_is_in_the_language_that_is_spoken(survey: Survey, language: str) -> None:
    run = kept(survey, DONE, HEAD)
    with use_language(language):
        letter = letter_of(survey, plan(), run, None)
    day = {"en": "2026-03-27 02:30", "de": "27.03.2026 02:30", "fr": "27/03/2026 02:30"}
    assert day.get(language, "") in letter.subject
    title = {"en": "Dose by protocol", "de": "Dosis nach Protokoll"}
    assert title.get(language, "") in letter.subject
    # Words of ours are all marked; what is data stands in quotes.
    if language == "xx":
        lines = [line for line in letter.lines if line and not line.startswith("12 events")]
        assert all("⟦" in line for line in lines)
        assert "«daily»" in said(letter)
    assert "12 events & 3 patients." in letter.lines


def test_the_title_is_the_plan_s_where_it_gives_one(survey: Survey) -> None:
    run = replace(kept(survey, DONE), parameters={"title": "Dose of our CT"})
    assert letter_of(survey, plan(), run, None).subject.startswith("Dose of our CT, ")


def test_a_failure_names_report_slot_cell_and_kind(survey: Survey) -> None:
    letter = letter_of(survey, plan(), FAILED, None)
    text = said(letter)
    for words in (
        "Dose by protocol", "2026-03-27 02:30", "Plan: daily", "code cell 4", "StoreError",
        "the store is locked", "Tries: 3",
    ):  # fmt: skip
        assert words in text
    assert letter.attachments == ()


def test_words_of_a_site_s_own_notebook_are_never_repeated(survey: Survey) -> None:
    own_notebook(survey, "ours", {})
    run = replace(FAILED, report="ours", message=f"the report stopped: {PATIENT}")
    text = said(letter_of(survey, plan(report="ours"), run, None))
    assert PATIENT not in text
    assert "StoreError" in text


def test_a_failure_of_a_report_that_is_not_there_is_told_all_the_same(survey: Survey) -> None:
    run = replace(
        FAILED, report="nowhere", cell=None, message=Saying("there is no report 'nowhere'.")
    )
    letter = letter_of(survey, plan(report="nowhere"), run, None)
    assert letter.subject == "Report failed: daily, 2026-03-27 02:30"
    assert "there is no report 'nowhere'." in said(letter)


@pytest.mark.parametrize("notebook", ["completeness", "ours"])
def test_nothing_of_a_page_with_a_row_a_patient_is_in_a_letter(
    survey: Survey, notebook: str
) -> None:
    own_notebook(survey, "ours", {"workbench": {"patient_rows": True}})
    run = kept(survey, replace(DONE, report=notebook), f'<p class="lead">{PATIENT}</p>')
    letter = letter_of(survey, plan(report=notebook), run, None)
    assert letter.attachments == ()
    assert PATIENT not in said(letter)
    assert "has a row a patient" in said(letter)
    assert "attach_rows = true in [report.daily]" in said(letter)
    letter = letter_of(survey, plan(report=notebook, attach_rows=True), run, None)
    assert PATIENT in said(letter)
    assert len(letter.attachments) == 1


@pytest.mark.parametrize("address", ["", "https://w.example", "http://w.example:8000/pages/"])
def test_the_page_is_found_by_its_link_or_in_the_workspace(survey: Survey, address: str) -> None:
    survey.settings = replace(survey.settings, server=ServerSettings(address=address))
    text = said(letter_of(survey, plan(), kept(survey, DONE), None))
    if address:
        assert f"Pages: {address.rstrip('/')}/reports/daily.html" in text
    else:
        assert "reports/history/daily/2026-03-27_0130Z.html" in text
    assert str(survey.folder) not in text


@pytest.mark.parametrize("written", ["w.example", "ftp://w.example", "https://", "javascript:x",
                                     "https://u:p@w.example", "https://w.example/?token=1",
                                     "https://w.example/#x", "https://w.\nexample"])  # fmt: skip
def test_what_is_no_address_is_refused_and_costs_no_letter(survey: Survey, written: str) -> None:
    with pytest.raises(SettingsError, match="address of"):
        address(ServerSettings(address=written))
    survey.settings = replace(survey.settings, server=ServerSettings(address=written))
    text = said(letter_of(survey, plan(), kept(survey, DONE), None))
    assert written not in text
    assert "2026-03-27_0130Z.html" in text


def test_missed_times_are_counted_and_a_page_without_a_summary_is_no_error(survey: Survey) -> None:
    run = replace(kept(survey, DONE, "<p>no lead</p>"), skipped=3, fingerprint="")
    text = said(letter_of(survey, plan(attach="none"), run, None))
    assert "3 earlier times were missed." in text
    assert "Fingerprint of the tables: –" in text
    assert "attached" not in text
