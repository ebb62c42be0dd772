"""The page of image quality says which alarms did not reach everybody, and only those."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.language.unmarked import unmarked
from tests.mail.mail_server import mail_server
from tests.stages.quality.phantom_workspace import SMALL, arrive, quality_desk
from workbench.language import use_language
from workbench.settings import MailSettings
from workbench.stages.quality.alarms import Alarms
from workbench.stages.quality.arrivals import Arrivals
from workbench_widgets.pages.quality.page import QualityPage
from workbench_widgets.parts.live.live import Ask

REFUSED = "550 5.1.1 no such user <physics@example.org>"
LATER_S = 3600.0


def today(folder: Path, language: str = "en") -> str:
    with use_language(language):
        return QualityPage(str(folder)).answer(Ask("section", {"value": "today"})).html


def test_an_alarm_that_nobody_got_stands_under_today_until_it_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    with mail_server({"physics@example.org": REFUSED}) as server:
        mail = MailSettings(server.address, "none", "w@example.org")
        with quality_desk(folder, mail=mail) as desk:
            arrive(desk, replace(SMALL, offset=7))
            assert "reach everybody" not in today(folder)
            assert Arrivals(desk).look(now=time.time() + LATER_S).untold == 1
            shown = today(folder)
            assert "One alarm did not reach everybody by mail." in shown
            assert "number 1 (550 5.1.1)" in shown
            assert "example.org" not in shown
            assert unmarked(today(folder, "xx")) == []
            server.refuse.clear()
            assert Arrivals(desk).look(now=time.time() + LATER_S).untold == 0
            assert "reach everybody" not in today(folder)


def test_one_that_was_not_sent_yet_is_said_in_the_language_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "w"
    with quality_desk(folder, mail=MailSettings("127.0.0.1:9", "none")) as desk:
        arrive(desk, replace(SMALL, offset=7))
        monkeypatch.setattr(Alarms, "tell", lambda *_: (0, 1))
        Arrivals(desk).look(now=time.time() + LATER_S)
    assert "it was not sent yet" in today(folder)
    assert unmarked(today(folder, "xx")) == []
