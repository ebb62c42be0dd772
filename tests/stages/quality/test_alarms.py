"""Alarms by e-mail: everyone who is named gets each one once, whatever happens on the way."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.mail.mail_server import MailServer, mail_server, scripted_server, stall
from tests.stages.quality.phantom_workspace import PROFILE, SMALL, arrive, quality_desk, week
from workbench.settings import MailSettings, QualitySettings
from workbench.stages.quality.alarms import ALARM, MAX_TRIES, Alarms
from workbench.stages.quality.arrivals import Arrivals, Arrived
from workbench.stages.quality.desk import QualityDesk

PHYSICS, GONE = "physics@example.org", "gone@example.org"  # the profile's, and that of [quality]
UNKNOWN = f"550 5.1.1 no such user <{GONE}>"
BOTH = QualitySettings(mail_to=(GONE,))
BAD = replace(SMALL, offset=7)
LATER_S = 3600.0


@contextmanager
def alarmed(
    folder: Path, address: str, settings: QualitySettings | None = None, **more: object
) -> Iterator[QualityDesk]:
    """Yield a desk that a bad image has come to."""
    mail = replace(MailSettings(address, "none", timeout_s=1), **more)  # type: ignore[arg-type]
    with quality_desk(folder, settings, mail=mail) as desk:
        arrive(desk, BAD)
        yield desk


def look(desk: QualityDesk, after_s: float = LATER_S) -> tuple[int, int]:
    """Look so long from now; return how many alarms were tried, and how many are not told."""
    arrived = Arrivals(desk).look(now=time.time() + after_s)
    return arrived.alarms, arrived.untold


def contents(desk: QualityDesk) -> list[dict[str, object]]:
    return [dict(event.content) for event in desk.quality.events() if event.kind == ALARM]


def with_mail(desk: QualityDesk, **changes: object) -> QualityDesk:
    """Return a desk whose settings of mail were changed, as after another start."""
    settings = desk.survey.settings
    object.__setattr__(settings, "mail", replace(settings.mail, **changes))  # type: ignore[arg-type]
    return desk


def test_an_alarm_is_sent_once_with_its_value_and_limits(tmp_path: Path) -> None:
    with mail_server() as server, alarmed(tmp_path / "w", server.address) as desk:
        assert (look(desk), look(desk)) == ((1, 0), (0, 0))
    (letter,) = server.taken
    assert server.recipients == [PHYSICS]
    text = server.message().get_content()
    assert "Mean CT number: 7" in text
    assert "alarm (limits -4 to 4)" in text
    for word in ("Phantom", "QA\n", "1.2."):  # patient's name and ID of the drawn image, UIDs
        assert word not in text
        assert word not in letter


def test_an_alarm_speaks_the_language_of_the_house_whoever_looks(tmp_path: Path) -> None:
    with mail_server() as server, alarmed(tmp_path / "w", server.address) as desk:
        object.__setattr__(desk.survey.settings.server, "language", "xx")
        assert look(desk) == (1, 0)
    assert "Mean CT number" not in server.message().get_content()


def test_who_did_not_get_an_alarm_is_told_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with (
        mail_server({GONE: UNKNOWN}) as server,
        alarmed(tmp_path / "w", server.address, BOTH) as desk,
    ):
        assert look(desk) == (1, 1)
        last = contents(desk)[-1]
        assert (last["state"], last["sent"], last["refused"]) == ("partly", 1, [2])
        assert "refused number 2 (550 5.1.1)" in str(last["problem"])
        assert look(desk) == (1, 1), "still refused"
        assert server.recipients == [PHYSICS]
        server.refuse.clear()
        assert look(desk, 2 * LATER_S) == (1, 0)
        assert look(desk, 9 * LATER_S) == (0, 0)
        kept = str(contents(desk))
    assert server.recipients == [PHYSICS, GONE]
    assert server.message(0)["Message-ID"] == server.message(1)["Message-ID"]
    ours = [each.getMessage() for each in caplog.records if each.name.startswith("workbench")]
    assert "an alarm was sent to 1 of 2 recipients" in ours
    assert "example.org" not in kept + "".join(ours)


def test_an_alarm_that_could_not_be_sent_is_sent_next_time(tmp_path: Path) -> None:
    with mail_server() as server, alarmed(tmp_path / "w", "127.0.0.1:9") as desk:
        assert look(desk) == (1, 1)
        assert "nobody answers" in str(contents(desk)[-1]["problem"])
        with_mail(desk, server=server.address)
        assert look(desk, 0) == (1, 0), "with other settings it is tried at once"
        assert look(desk) == (0, 0)
    assert len(server.taken) == 1


def test_a_server_that_stays_away_is_tried_less_and_less(tmp_path: Path) -> None:
    with alarmed(tmp_path / "w", "127.0.0.1:9") as desk:
        assert look(desk) == (1, 1)
        assert look(desk, 30) == (0, 1), "a look every two seconds is no reason to call"
        assert look(desk, 61) == (1, 1)
        assert look(desk, 61) == (0, 1), "the pause has doubled"
        assert look(desk, 125) == (1, 1)
        tried = 3
        while look(desk, 1e6)[0]:
            tried += 1
        assert tried == MAX_TRIES
        assert look(desk, 1e9) == (0, 1), "it is given up, and that is not forgotten"
        with_mail(desk, timeout_s=2)
        assert look(desk) == (1, 1), "with other settings it begins anew"


def test_a_new_recipient_of_old_alarms_is_told_of_those_that_are_open_only(tmp_path: Path) -> None:
    with (
        mail_server({GONE: UNKNOWN}) as server,
        alarmed(tmp_path / "w", server.address) as desk,
    ):
        assert look(desk) == (1, 0)
        arrive(desk, BAD, week(1))
        object.__setattr__(desk.survey.settings.quality, "mail_to", (GONE,))
        assert look(desk) == (1, 1)
        object.__setattr__(desk.survey.settings.quality, "mail_to", ("new@example.org",))
        assert look(desk, 0) == (1, 0)
    assert server.recipients == [PHYSICS, PHYSICS, "new@example.org"]


def test_a_program_that_ends_before_it_tells_does_so_when_it_starts_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with mail_server() as server, alarmed(tmp_path / "w", server.address) as desk:
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(Alarms, "tell", killed)
            look(desk)
        assert [event["problem"] for event in contents(desk)] == ["it was not sent yet."]
        assert look(desk) == (1, 0)
    assert len(server.taken) == 1


def test_a_letter_that_was_taken_before_the_program_ended_bears_the_same_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with mail_server() as server, alarmed(tmp_path / "w", server.address) as desk:
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr("workbench.mail.post._outcome", killed)
            look(desk)
        assert look(desk) == (1, 0)
    assert len(server.taken) == 2
    assert len({server.message(place)["Message-ID"] for place in (0, 1)}) == 1


def test_two_alarms_are_two_letters(tmp_path: Path) -> None:
    with mail_server() as server, alarmed(tmp_path / "w", server.address) as desk:
        arrive(desk, BAD, replace(week(1), series_uid="1.2.3.9"))
        assert look(desk) == (2, 0)
    assert len({server.message(place)["Message-ID"] for place in (0, 1)}) == 2


def test_while_another_program_looks_nobody_is_told_twice(tmp_path: Path) -> None:
    with (
        mail_server({GONE: UNKNOWN}) as server,
        alarmed(tmp_path / "w", server.address, BOTH) as desk,
    ):
        look(desk)
        with Arrivals(desk)._journal.alone() as alone:
            assert alone
            server.refuse.clear()
            assert look(desk) == (0, 0)
    assert server.recipients == [PHYSICS]


def test_nobody_to_tell_is_said(tmp_path: Path) -> None:
    silent = PROFILE.replace('recipients = ["physics@example.org"]', "")
    with mail_server() as server:
        mail = MailSettings(server.address, "none")
        with quality_desk(tmp_path / "w", profile=silent, mail=mail) as desk:
            arrive(desk, BAD)
            assert look(desk) == (1, 1)
            assert "nobody is named" in str(contents(desk)[-1]["problem"])


def test_without_a_server_an_alarm_stands_on_the_page_only(tmp_path: Path) -> None:
    with alarmed(tmp_path / "w", "") as desk:
        assert look(desk) == (1, 0)
        assert look(desk) == (0, 0)


def test_alarms_of_an_earlier_version_are_not_told_again(tmp_path: Path) -> None:
    with mail_server() as server, alarmed(tmp_path / "w", "") as desk:
        look(desk)
        with_mail(desk, server=server.address)
        number = desk.quality.results()[0].number
        for problem, expected in (("", (0, 0)), ("the mail server is away.", (1, 0))):
            content = {"result": number, "sent": 0, "problem": problem}
            desk.quality.note_event("CT1 water", ALARM, week(0).moment, "Workbench", content)
            assert look(desk) == expected


def test_a_server_that_stalls_holds_nothing_up_for_ever(tmp_path: Path) -> None:
    with scripted_server(MAIL=stall) as server, alarmed(tmp_path / "w", server.address) as desk:
        assert look(desk) == (1, 1)
        assert "did not answer" in str(contents(desk)[-1]["problem"])
        assert [result.content["state"] for result in desk.quality.results()] == ["alarm"]


def test_what_was_found_is_counted(tmp_path: Path) -> None:
    with mail_server() as server, alarmed(tmp_path / "w", server.address) as desk:
        arrived: Arrived = Arrivals(desk).look(now=time.time() + LATER_S)
    assert (arrived.measured, arrived.alarms, arrived.untold) == (1, 1, 0)
    assert isinstance(server, MailServer)
