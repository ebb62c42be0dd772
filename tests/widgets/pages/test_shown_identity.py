"""The hospital's ID: for a minute, for who may administer and is named, and logged before."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import ipywidgets
import pytest

from workbench import create_survey
from workbench.collect.patient_list import ListedPatient
from workbench.rights import GIVEN
from workbench.settings import EntitySettings, Settings, SurveySettings
from workbench_widgets.pages.collector import CollectorPage, collector_page, shown_identity
from workbench_widgets.parts.live.live import Ask

SECRET, LOGGED = "SECRET-0815", "had the hospital's own ID of patient 1 shown"


@pytest.fixture
def page(tmp_path: Path) -> Iterator[CollectorPage]:
    create_survey(
        tmp_path / "w",
        Settings(SurveySettings("test", "LU01"), pacs=EntitySettings("PACS", port=1)),
    ).close()
    made = collector_page(str(tmp_path / "w"))
    assert isinstance(made, CollectorPage)
    made.desk.queue.add([ListedPatient(SECRET), ListedPatient("SECRET-4711")])
    made.show("queue")
    made.answer(Ask("open", {"value": "1"}))
    yield made
    made.close()


def show(page: CollectorPage, by: str = "A. Admin", seen: str = "1") -> str:
    return page.answer(Ask("show-id", {"by": by, "seen": seen})).html


def logged(page: CollectorPage) -> list[str]:
    return [event["text"] for event in page.desk.control.events() if LOGGED in event["text"]]


def test_it_is_logged_shown_for_a_minute_and_kept_nowhere(
    page: CollectorPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert SECRET not in page.answer(Ask("look", {})).html
    shown = show(page)
    assert SECRET in shown
    assert 'data-fades="60"' in shown, "the page takes it away by itself, too"
    assert "SECRET-4711" not in shown
    assert logged(page) == [f"A. Admin {LOGGED} for a minute."]
    assert SECRET not in json.dumps(ipywidgets.Widget.get_manager_state(), default=str)
    assert SECRET not in page.answer(Ask("section", {"value": "log"})).html
    clock = shown_identity.time.monotonic()
    monkeypatch.setattr(shown_identity.time, "monotonic", lambda: clock + 60)
    page.show("queue")
    assert SECRET not in page.answer(Ask("look", {})).html
    for file in page.desk.survey.folder.rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes()


@pytest.mark.parametrize("by", ["", "x" * 65, "a\x1bb"])
def test_without_a_name_nothing_is_shown(page: CollectorPage, by: str) -> None:
    assert SECRET not in show(page, by)
    assert logged(page) == []


def test_what_cannot_be_logged_is_not_shown(
    page: CollectorPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(page.desk.control, "tell", full)
        assert SECRET not in show(page)
    with monkeypatch.context() as broken:
        broken.setattr(page.desk.control, "tell", lambda *_: None)
        assert SECRET not in show(page)
    assert SECRET not in page.answer(Ask("look", {})).html


def test_another_patient_opened_meanwhile_is_not_shown(page: CollectorPage) -> None:
    assert "another patient was opened" in show(page, seen="2").lower()
    assert logged(page) == []


def test_who_may_not_administer_sees_neither_form_nor_id(
    page: CollectorPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(GIVEN, "collect")
    assert "show-id" not in page.answer(Ask("look", {})).html
    assert SECRET not in show(page)
    assert logged(page) == []
