"""Each recipient has the letter about a report once, whatever mail servers and programs do."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.mail.mail_server import (
    drop,
    mail_server,
    scripted_server,
    stall,
    trickle,
)
from tests.stages.planned_reports import BOTH, DAILY, DAY, MINUTE, Hospital, hospital_of, refuse
from tests.store.conftest import postgres  # noqa: F401
from workbench.errors import StoreError
from workbench.mail import Post
from workbench.mail.mail_outcome import recipient_id
from workbench.settings import MailSettings
from workbench.stages.report_mail import MAKING_S, is_due, mail_problems, untold_runs
from workbench.stages.scheduling import ReportSchedule
from workbench.store.report_letters import LetterTries

BEGIN = datetime(2026, 3, 26, 12, tzinfo=UTC)
A, B = "a@example.org", "b@example.org"
MAILED = {**DAILY, "to": [A, B], "attach": "html"}
UNKNOWN = f"550 5.1.1 no such user <{B}>"
PAGE = '<title>T</title><h1>T</h1><p class="lead">12 events of 3 patients.</p>{name} {number}'


@pytest.fixture(params=BOTH)
def hospital(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hospital]:
    for made in hospital_of(request, tmp_path / "w", BEGIN):
        made.reports.page = PAGE
        yield made


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Hospital]:
    """A hospital of the engine that needs none, for what is no matter of the state."""
    from workbench.settings import StoreSettings

    made = Hospital(tmp_path / "w", StoreSettings(), BEGIN)
    made.reports.page = PAGE
    yield made
    made.close()


def planned(hospital: Hospital, server: str, **plans: object) -> ReportSchedule:
    """Write plans that are due from tomorrow on, and return a program that has seen them."""
    hospital.mail = MailSettings(server, "none", "workbench@example.org", timeout_s=1.0)
    hospital.plan(**(plans or {"daily": MAILED}))  # type: ignore[arg-type]
    program = hospital.mailing_program()
    program.look()
    return program


def later(hospital: Hospital, span: timedelta) -> None:
    hospital.clock.at += span


def mail(hospital: Hospital) -> list[tuple[str, int]]:
    """Return of each run what its mail is, and how many have it."""
    return [(run.mail_state, len(run.mailed_to)) for run in hospital.runs()]


def tries(hospital: Hospital) -> list[int]:
    letters = hospital.survey.store.report_letters
    known = [letters.of(run) for run in hospital.runs()]
    return [each.tries if each else 0 for each in known]


def problems(hospital: Hospital) -> list[str]:
    hospital.survey.settings = hospital._opened[-1].settings
    return [each.problem for each in untold_runs(hospital.survey, hospital.clock.at)]


# --- servers that behave -------------------------------------------------------------------------


def test_a_good_report_comes_once_with_its_page(hospital: Hospital) -> None:
    with mail_server() as server:
        program = planned(hospital, server.address)
        later(hospital, DAY)
        (run,) = program.look().runs
        for _ in range(3):
            later(hospital, 60 * MINUTE)
            program.look()
            hospital.mailing_program().look()
        assert sorted(server.recipients) == [A, B]
        message = server.message()
    assert (run.mail_state, run.mailed_to) == ("sent", (recipient_id(A), recipient_id(B)))
    assert message["Subject"] == "Dose by protocol, 2026-03-27 02:30"
    (file,) = message.iter_attachments()
    assert file.get_filename() == "daily_2026-03-27_0230.html"
    assert file.get_content().strip() == hospital.page("daily")
    body = message.get_body(("plain",))
    assert body is not None
    said = body.get_content()
    for words in (
        "12 events of 3 patients.", "Plan: daily", "Report: dose_by_protocol", "f" * 16,
        f"SHA-256 of the page: {run.sha256}", "reports/history/daily/2026-03-27_0130Z.html",
        "Due: 2026-03-27 02:30 (Europe/Luxembourg)",
    ):  # fmt: skip
        assert words in said
    assert A not in str(hospital.runs())
    assert problems(hospital) == []


def test_only_the_last_try_that_failed_is_told_and_the_next_good_one_says_it_works_again(
    hospital: Hospital,
) -> None:
    with mail_server() as server:
        program = planned(hospital, server.address)
        hospital.reports.fails = refuse()
        later(hospital, DAY)
        for _ in range(12):
            program.look()
            later(hospital, 10 * MINUTE)
        assert len(server.taken) == 1
        failure = server.message()
        hospital.reports.fails = lambda name: None
        for _ in range(2):
            later(hospital, DAY)
            program.look()
        subjects = [server.message(number)["Subject"] for number in range(len(server.taken))]
        recovery = server.message(1)
    assert subjects == [
        "Report failed: Dose by protocol, 2026-03-27 02:30",
        "Report works again: Dose by protocol, 2026-03-28 02:30",
        "Dose by protocol, 2026-03-29 03:00",  # there was no 02:30
    ]
    body = failure.get_content()
    for words in ("Plan: daily", "Tries: 3", "code cell 4", "Kind of error: KeyError"):
        assert words in body
    assert "header's value" not in body
    plain = recovery.get_body(("plain",))
    assert plain is not None
    assert "2026-03-27 02:30, it was not (KeyError)" in plain.get_content()
    assert [run.mail_state for run in hospital.runs()] == ["sent"] * 3


def test_programs_that_look_at_once_send_each_letter_once(hospital: Hospital) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with mail_server() as server:
        plans = {f"plan{number}": {**MAILED, "to": [A]} for number in range(8)}
        planned(hospital, server.address, **plans)
        programs = [hospital.mailing_program() for _ in range(3)]
        later(hospital, DAY)
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda program: program.look(), programs))
        identities = [server.message(number)["Message-ID"] for number in range(len(server.taken))]
    assert len(identities) == len(set(identities)) == 8
    assert mail(hospital) == [("sent", 1)] * 8


# --- servers that do not -------------------------------------------------------------------------


def test_who_was_refused_is_tried_again_alone_after_growing_pauses(hospital: Hospital) -> None:
    with mail_server({B: UNKNOWN}) as server:
        program = planned(hospital, server.address)
        later(hospital, DAY)
        program.look()
        assert mail(hospital) == [("partly", 1)]
        assert "number 2 (550 5.1.1)" in problems(hospital)[0]
        assert B not in problems(hospital)[0]
        tried = []
        for minute in range(1, 32):
            later(hospital, MINUTE)
            program.look()
            tried += [minute] if len(tried) + 1 < tries(hospital)[0] else []
        assert tried == [1, 3, 7, 15, 31]
        server.refuse.clear()
        later(hospital, 32 * MINUTE)
        program.look()
        assert server.recipients == [A, B]
        first, second = (server.message(number)["Message-ID"] for number in range(2))
    assert first == second
    assert hospital.runs()[0].mail_state == "sent"
    assert len(hospital.reports.made) == 1


@pytest.mark.parametrize("answers", [{"greeting": stall}, {"DATA": stall}, {"RCPT": drop},
                                     {"end": "451 4.3.0 later"}])  # fmt: skip
def test_a_server_that_is_away_is_asked_once_for_all_reports_and_costs_none(
    embedded: Hospital, answers: dict[str, object]
) -> None:
    plans = {f"plan{number}": MAILED for number in range(3)}
    with scripted_server(**answers) as server:  # type: ignore[arg-type]
        program = planned(embedded, server.address, **plans)
        later(embedded, DAY)
        assert [run.state for run in program.look().runs] == ["done"] * 3
        assert tries(embedded) == [1, 0, 0]
        later(embedded, MINUTE)
        program.look()
        assert sum(tries(embedded)) == 2
    assert mail(embedded) == [("wanted", 0)] * 3
    with mail_server() as server:
        embedded.mail = replace(embedded.mail, server=server.address)
        embedded.plan(**plans)
        program.look()  # at once: it is another server
        assert sorted(server.recipients) == [A] * 3 + [B] * 3
    assert len(embedded.reports.made) == 3
    assert mail(embedded) == [("sent", 2)] * 3


def test_a_server_that_never_ends_is_left_after_its_time(
    embedded: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.mail.smtp_session.STEPS_IN_ALL", 1)
    with scripted_server(EHLO=trickle) as server:
        program = planned(embedded, server.address)
        later(embedded, DAY)
        assert [run.state for run in program.look().runs] == ["done"]
    assert "did not come to an end" in problems(embedded)[0]


@pytest.mark.parametrize(
    ("refuse", "max_bytes"), [({}, 50_000), ({"DATA": "552 5.3.4 too big <a@example.org>"}, 10**7)]
)
def test_a_letter_that_the_server_finds_too_large_comes_without_its_file(
    embedded: Hospital, refuse: dict[str, str], max_bytes: int
) -> None:
    embedded.reports.page = PAGE + "x" * 90_000

    class Once(dict[str, str]):
        """Refuses the first message only, as it would one with a file."""

        def get(self, key: str, usual: str = "") -> str:  # type: ignore[override]
            return self.pop(key, usual)

    with mail_server(refuse, max_bytes=max_bytes) as server:
        server.refuse = Once(refuse)
        program = planned(embedded, server.address)
        later(embedded, DAY)
        program.look()
        assert sorted(server.recipients) == [A, B]
        body = server.message().get_content()
    assert "Nothing is attached: the message" in body
    assert "0.1 MB" in body
    assert mail(embedded) == [("sent", 2)]


def test_a_server_that_takes_no_letter_at_all_for_its_size_is_told(embedded: Hospital) -> None:
    with mail_server(max_bytes=500) as server:
        program = planned(embedded, server.address)
        later(embedded, DAY)
        program.look()
        assert server.taken == []
    assert "takes 0.0 MB at most" in problems(embedded)[0]
    assert mail(embedded) == [("wanted", 0)]


# --- programs that end ---------------------------------------------------------------------------


class KilledError(BaseException):
    """The program is gone: nothing that it would still do is done."""


def kill(*_: object) -> None:
    raise KilledError


def test_a_program_killed_between_report_and_mail_is_made_good_once(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mail_server() as server:
        program = planned(hospital, server.address)
        later(hospital, DAY)
        with monkeypatch.context() as patched:
            patched.setattr(program, "_tell", kill)
            with pytest.raises(KilledError):
                program.look()
        assert server.taken == []
        for _ in range(3):
            hospital.mailing_program().look()
            later(hospital, MINUTE)
        assert sorted(server.recipients) == [A, B]
    assert len(hospital.reports.made) == 1
    assert mail(hospital) == [("sent", 2)]


def test_a_program_killed_while_it_sends_is_followed_when_its_time_is_over(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mail_server() as server:
        program = planned(hospital, server.address)
        later(hospital, DAY)
        with monkeypatch.context() as patched:
            patched.setattr(Post, "send", kill)
            with pytest.raises(KilledError):
                program.look()
        later(hospital, 2 * MINUTE)
        hospital.mailing_program().look()
        assert server.taken == [], "the other one may still be at it"
        later(hospital, timedelta(seconds=MAKING_S + 15))
        hospital.mailing_program().look()
        assert sorted(server.recipients) == [A, B]
    assert mail(hospital) == [("sent", 2)]


def test_what_was_sent_and_not_noted_comes_again_under_the_same_name(
    embedded: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> None:
        raise StoreError("the store is locked.")

    with mail_server() as server:
        program = planned(embedded, server.address)
        later(embedded, DAY)
        with monkeypatch.context() as patched:
            letters = program._survey.store.report_letters
            patched.setattr(letters, "note", locked)
            assert [run.state for run in program.look().runs] == ["done"]
        later(embedded, 60 * MINUTE)
        program.look()
        first, second = (server.message(number)["Message-ID"] for number in range(2))
    assert first == second


def test_a_fault_of_the_program_is_noted_and_costs_nothing_else(
    embedded: Hospital, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fault(*_: object) -> None:
        raise ZeroDivisionError("a header's value")

    with mail_server() as server, caplog.at_level(logging.INFO):
        program = planned(embedded, server.address, a=MAILED, b=MAILED)
        later(embedded, DAY)
        monkeypatch.setattr("workbench.stages.report_mail.letter_of", fault)
        assert [run.state for run in program.look().runs] == ["done", "done"]
    assert problems(embedded) == ["a fault of the program (ZeroDivisionError)."] * 2
    assert "header's" not in caplog.text
    assert A not in caplog.text


# --- when ----------------------------------------------------------------------------------------


def test_without_a_server_nothing_is_sent_and_old_news_are_not_sent_when_there_is_one(
    embedded: Hospital,
) -> None:
    program = planned(embedded, "")
    for _ in range(20):
        later(embedded, DAY)
        program.look()
    assert mail(embedded) == [("wanted", 0)] * 20
    assert set(problems(embedded)) == {"no mail server is set."}
    with mail_server() as server:
        embedded.mail = MailSettings(server.address, "none", "workbench@example.org")
        embedded.plan(daily=MAILED)
        program.look()
        assert len(server.taken) == 8  # of the last week
    assert mail(embedded)[:12] == [("wanted", 0)] * 12


def test_who_is_taken_out_of_a_plan_is_not_told_and_who_comes_in_is(embedded: Hospital) -> None:
    with mail_server({B: UNKNOWN}) as server:
        program = planned(embedded, server.address)
        later(embedded, DAY)
        program.look()
        embedded.plan(daily={**MAILED, "to": [A, "c@example.org"]})
        program.look()  # at once: those are other recipients
        assert server.recipients == [A, "c@example.org"]
        assert mail(embedded) == [("sent", 2)]
        embedded.plan(daily={**MAILED, "to": []})
        later(embedded, DAY)
        program.look()
    assert mail(embedded) == [("sent", 2), ("none", 0)]


def test_a_page_on_another_machine_is_left_to_that_one_for_an_hour(
    embedded: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mail_server() as server:
        program = planned(embedded, server.address)
        later(embedded, DAY)
        with monkeypatch.context() as patched:
            patched.setattr(program, "_tell", lambda plan, run: None)
            program.look()
        (embedded.folder / embedded.runs()[0].file).unlink()
        later(embedded, 59 * MINUTE)
        program.look()
        assert server.taken == []
        later(embedded, MINUTE)
        program.look()
        assert "not on this machine" in server.message().get_content()


HELD = LetterTries(run=1, tries=3, tried_at=1000.0, held_until=2000.0, asked="x")
FREE = replace(HELD, held_until=0.0)


@pytest.mark.parametrize(
    ("before", "now", "asked", "due"),
    [(None, 0.0, "x", True), (HELD, 1500.0, "x", False), (HELD, 1500.0, "y", False),
     (HELD, 2000.0, "x", True), (HELD, 100.0, "x", True), (HELD, 900.0, "x", False),
     (FREE, 1239.0, "x", False), (FREE, 1240.0, "x", True), (FREE, 1001.0, "y", True),
     (FREE, 100.0, "x", True), (replace(FREE, tries=40), 87399.0, "x", False),
     (replace(FREE, tries=40), 87400.0, "x", True)],
)  # fmt: skip
def test_a_letter_is_due_after_its_pause_whatever_a_wrong_clock_has_noted(
    before: LetterTries | None, now: float, asked: str, due: bool
) -> None:
    assert is_due(before, now, asked) is due


# --- what ``check`` says -------------------------------------------------------------------------


def checked(hospital: Hospital) -> str:
    hospital.survey.settings = hospital._opened[-1].settings
    return " ".join(mail_problems(hospital.survey))


def test_check_names_what_keeps_reports_from_being_mailed(
    embedded: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(embedded, "", daily=MAILED, silent=DAILY)
    said = checked(embedded)
    assert "[report.daily]" in said
    assert "no mail server is set" in said
    assert "silent" not in said
    planned(embedded, "127.0.0.1:9")
    assert checked(embedded) == ""
    planned(embedded, "127.0.0.1:9", daily={**MAILED, "to": [A, "physik@müller.lu"]})
    assert "recipient 2 is no e-mail address" in checked(embedded)
    monkeypatch.setattr("workbench.report.pdf._weasyprint", lambda: None)
    monkeypatch.setattr("workbench.report.pdf.browser", lambda: None)
    planned(embedded, "127.0.0.1:9", daily={**MAILED, "attach": "pdf"})
    assert "WeasyPrint" in checked(embedded)


def test_check_names_reports_whose_mail_did_not_arrive(
    embedded: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mail_server({B: UNKNOWN}) as server:
        program = planned(embedded, server.address)
        later(embedded, DAY)
        program.look()
        monkeypatch.setattr("workbench.stages.report_mail.utc_now", embedded.clock)
        said = checked(embedded)
        for words in ("report daily of 2026-03-27 02:30", "1 of 2 recipients", "number 2"):
            assert words in said
        later(embedded, 32 * DAY)
        assert checked(embedded) == ""
