"""The page of reports: chosen, made, told, handed over, signed, planned; each right its own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest

from tests.language.unmarked import unmarked
from tests.server.server_workspace import harmless, make_workspace
from tests.stages.planned_reports import QuickReports
from workbench.language import use_language
from workbench.rights import GIVEN, Right
from workbench.settings_file import read_settings
from workbench.stages.page_reports import PageReports
from workbench.store.report_runs import PlanRun
from workbench.survey import open_survey
from workbench_widgets.pages.reports import reports_page
from workbench_widgets.pages.reports.page import ReportsPage
from workbench_widgets.parts.live.live import Ask

PAGE = '<!doctype html><html><body><main><p class="lead">{name} {number}</p></main></body></html>'
Be = Callable[..., None]


@pytest.fixture
def quick() -> QuickReports:
    made = QuickReports()
    made.page = PAGE
    return made


@pytest.fixture
def page(tmp_path: Path, quick: QuickReports) -> Iterator[ReportsPage]:
    made = opened(make_workspace(tmp_path / "w", harmless(2)), quick)
    yield made
    made.survey.close()


def opened(folder: Path, quick: QuickReports) -> ReportsPage:
    def make(workspace: Path) -> None:
        survey = open_survey(workspace)
        PageReports(survey, make=quick).carry_out()
        survey.close()

    page = reports_page(str(folder))
    assert isinstance(page, ReportsPage)
    page.desk.make, page.desk.wait_s = make, 0
    page.person.who = ("A. Physicist", "Medical physicist")
    return page


@pytest.fixture
def be(monkeypatch: pytest.MonkeyPatch) -> Be:
    return lambda *rights: monkeypatch.setenv(GIVEN, ",".join(rights))


def ask(page: ReportsPage, question: str, /, **values: str) -> str:
    return unescape(page.answer(Ask(question, values)).html)


def look(page: ReportsPage) -> str:
    return ask(page, "look")


def section(page: ReportsPage, name: str) -> str:
    return ask(page, "section", value=name)


def make(page: ReportsPage, report: str = "dose_by_protocol", **values: str) -> PlanRun:
    ask(page, "choose", report=report)
    ask(page, "make", seen=report, **values)
    assert page.desk.worker
    page.desk.worker.join(30)
    return page.desk.runs()[0]


def handed(page: ReportsPage, question: str, number: int) -> tuple[str, bytes]:
    told: list[tuple[dict[str, str], list[bytes]]] = []
    page.downloads.send = lambda message, buffers: told.append((message, buffers))
    ask(page, question, value=str(number))
    ((message, (content,)),) = told
    return message["file"], content


# --- choosing ------------------------------------------------------------------------------------


def test_parameters_are_fields_with_the_values_of_the_survey(page: ReportsPage) -> None:
    shown = ask(page, "choose", report="dose_by_protocol")
    assert re.search(r'<select name="p-country">.*<option value="UK" selected>', shown)
    assert re.search(r'<select name="p-year">.*<option value="2022" selected>', shown)
    assert 'name="p-workspace"' not in shown
    assert 'name="p-acquired_from"' in ask(page, "choose", report="quality_over_time")


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"p-year": "soon"}, "there is no 'soon'"),
        ({"p-country": "Atlantis"}, "there is no 'Atlantis'"),
    ],
)
def test_a_wrong_value_is_said_beside_its_field_and_kept(
    page: ReportsPage, quick: QuickReports, values: dict[str, str], why: str
) -> None:
    ask(page, "choose", report="dose_by_protocol")
    shown = ask(page, "make", seen="dose_by_protocol", **values)
    assert "Nothing was made" in shown
    assert why in shown
    assert 'aria-invalid="true"' in shown
    assert page.desk.runs() == []
    assert quick.made == []


def test_a_title_left_as_it_is_stays_ours_in_every_language(page: ReportsPage) -> None:
    with use_language("fr"):
        shown = ask(page, "choose", report="dose_by_protocol")
        assert 'value="Dose par protocole"' in shown
        run = make(page, **{"p-title": "Dose par protocole", "language": "fr"})
        assert "title" not in run.parameters
        assert make(page, **{"p-title": "Nos doses"}).parameters["title"] == "Nos doses"


def test_what_the_survey_has_none_of_is_said(page: ReportsPage) -> None:
    assert "The survey has none yet." in ask(page, "choose", report="quality_over_time")
    assert "none yet" not in ask(page, "choose", report="dose_by_protocol")


def test_numbers_and_days_are_checked_before_anything_is_asked_for(page: ReportsPage) -> None:
    ask(page, "choose", report="quality_over_time")
    shown = ask(page, "make", seen="quality_over_time", **{"p-acquired_from": "1 May"})
    assert "no day" in shown
    ask(page, "choose", report="quality_results")
    assert "no whole number" in ask(page, "make", seen="quality_results", **{"p-numbers": "1, x"})
    assert make(page, "quality_results", **{"p-numbers": "1, 2"}).parameters["numbers"] == [1, 2]


def test_the_address_chooses_a_report_and_nothing_else(page: ReportsPage) -> None:
    first = page.desk.chosen
    page.desk.choose("../secret")
    assert page.desk.chosen == first
    page.desk.choose("quality_due")
    assert 'value="quality_due" selected' in look(page)


# --- making --------------------------------------------------------------------------------------


def test_a_report_is_made_in_the_language_of_the_page_and_handed_over(
    page: ReportsPage, quick: QuickReports
) -> None:
    run = make(page, **{"p-country": "UK", "p-title": "Our doses", "language": "fr"})
    assert quick.made == [("dose_by_protocol", {"title": "Our doses", "language": "fr"})]
    assert run.state == "done"
    shown = look(page)
    assert run.fingerprint in shown
    copy = page.survey.folder / run.file
    assert f'href="/{run.file}" target="_blank" rel="noopener"' in shown
    name, content = handed(page, "as-html", run.number)
    assert re.fullmatch(r"dose_by_protocol_\d{4}-\d\d-\d\d\.html", name)
    assert content == copy.read_bytes()
    assert hashlib.sha256(content).hexdigest() == run.sha256
    name, content = handed(page, "as-docx", run.number)
    assert content.startswith(b"PK")


def test_a_failure_names_cell_kind_and_remedy(page: ReportsPage, quick: QuickReports) -> None:
    quick.fails = lambda name: {}[name]
    make(page)
    shown = look(page)
    assert "It stopped in code cell 4. Make it again." in shown
    assert "<dt>Code cell</dt><dd>4</dd>" in shown
    assert "<dt>Kind of error</dt><dd><code>KeyError</code></dd>" in shown
    assert "tell who keeps Workbench" in shown
    assert "as-pdf" not in shown


def test_one_that_waits_can_be_cancelled_and_is_no_failure_of_a_report(page: ReportsPage) -> None:
    page.desk.make = lambda _: None
    page.desk.begin = lambda: None  # type: ignore[method-assign]
    ask(page, "choose", report="quality_due")
    shown = ask(page, "make", seen="quality_due")
    assert "<progress" in shown
    number = page.desk.runs()[0].number
    assert "cancelled" in ask(page, "cancel", value=str(number))
    assert "had ended before" in ask(page, "cancel", value=str(number))
    assert "<progress" not in look(page)


# --- signing -------------------------------------------------------------------------------------


def test_a_report_is_signed_once_read_and_a_change_breaks_the_signature(page: ReportsPage) -> None:
    run = make(page)
    section(page, "history")
    ask(page, "show-run", value=str(run.number))
    assert "Tick that you have read it" in ask(page, "sign", seen=run.sha256)
    assert "not open any more" in ask(page, "sign", seen="0" * 64, read="yes")
    shown = ask(page, "sign", seen=run.sha256, read="yes")
    assert "Signed by A. Physicist, Medical physicist" in shown
    assert "✓</i> holds" in shown
    assert handed(page, "as-docx", run.number)[0].endswith(".docx")
    copy = page.survey.folder / run.file
    copy.write_text(copy.read_text() + " ")
    shown = look(page)
    assert "broken: the file is not the one that was signed" in shown
    assert "A. Physicist (broken)" in shown


def test_without_a_name_nothing_is_signed(page: ReportsPage) -> None:
    page.person.who = ("", "")
    run = make(page)
    section(page, "history")
    ask(page, "show-run", value=str(run.number))
    assert "needs a name and a role" in ask(page, "sign", seen=run.sha256, read="yes")


def test_a_browser_says_who_sits_there_and_widget_state_holds_none_of_it(
    page: ReportsPage,
) -> None:
    page.person._told(None, {"name": " B. Head ", "role": "Head" * 40}, [])
    assert page.person.who == ("B. Head", ("Head" * 40)[:80])
    page.person._told(None, {"name": 3, "role": None}, [])
    page.person._told(None, "nonsense", [])
    assert page.person.who[0] == "B. Head"
    assert "B. Head" not in str(page.person.get_state())


# --- schedule ------------------------------------------------------------------------------------

PLAN = {"name": "weekly_dose", "days": "mon", "at": "05:30", "to": "", "attach": "pdf"}


def test_a_plan_is_written_read_rests_and_is_removed(page: ReportsPage) -> None:
    ask(page, "choose", report="dose_by_protocol")
    section(page, "plans")
    shown = ask(page, "plan", seen="dose_by_protocol", **{**PLAN, "to": "a@x.lu; b@x.lu"})
    assert "The report is made" in shown
    written = read_settings(page.survey.folder).report["weekly_dose"]
    assert (written["days"], written["at"]) == ("mon", "05:30")
    assert list(written["to"]) == ["a@x.lu", "b@x.lu"]
    assert "there is a plan of that name" in ask(
        page, "plan", seen="dose_by_protocol", **PLAN
    ).lower()  # fmt: skip
    assert "rests, says A. Physicist" in ask(page, "pause", value="weekly_dose")
    assert "goes on" in ask(page, "resume", value="weekly_dose")
    assert "is removed" in ask(page, "remove", value="weekly_dose")
    assert read_settings(page.survey.folder).report == {}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"at": "25:00"}, "no time of day"), ({"days": "never"}, "no time of day"),
        ({"name": "My plan"}, "no name of a plan"), ({"to": "nobody"}, "no e-mail address"),
        ({"name": "page-x"}, "no name of a plan"),
    ],
)  # fmt: skip
def test_a_wrong_plan_is_refused_and_the_settings_stay(
    page: ReportsPage, wrong: dict[str, str], why: str
) -> None:
    before = (page.survey.folder / "workbench.toml").read_bytes()
    ask(page, "choose", report="dose_by_protocol")
    section(page, "plans")
    assert why in ask(page, "plan", seen="dose_by_protocol", **{**PLAN, **wrong})
    assert (page.survey.folder / "workbench.toml").read_bytes() == before


# --- rights, empty, words ------------------------------------------------------------------------


def test_who_may_only_look_sees_and_downloads_and_does_nothing_else(
    page: ReportsPage, be: Be
) -> None:
    run = make(page)
    be(Right.LOOK)
    shown = look(page)
    assert "you need the right to decide" in shown
    assert 'value="make"' not in re.sub(r'role="tab"[^>]*', "", shown)
    assert "right to decide" in ask(page, "make", seen="dose_by_protocol")
    assert handed(page, "as-html", run.number)[1]
    section(page, "history")
    ask(page, "show-run", value=str(run.number))
    assert "right to decide" in ask(page, "sign", seen=run.sha256, read="yes")
    section(page, "plans")
    assert 'name="plan"' not in look(page)
    be(Right.LOOK, Right.DECIDE)
    assert "right to administer" in ask(page, "plan", seen="dose_by_protocol", **PLAN)
    assert len(page.desk.runs()) == 1
    assert read_settings(page.survey.folder).report == {}


def test_a_survey_without_anything_says_what_to_do(page: ReportsPage) -> None:
    assert "No report was made yet" in section(page, "history")
    assert "No report is made by itself yet" in section(page, "plans")
    assert "no longer kept" in ask(page, "section", value="make") + ask(
        page, "as-pdf", value="99"
    )  # fmt: skip


def test_all_words_can_be_translated(page: ReportsPage, quick: QuickReports) -> None:
    make(page)
    quick.fails = lambda name: {}[name]
    make(page)
    with use_language("xx"):
        for name in ("make", "history", "plans"):
            section(page, name)
            shown = page.answer(Ask("look", {})).html
            assert not list(unmarked(shown)), name
