"""Two pages of one workspace: what is decided on one is on the other, or a conflict is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.stages.quality.phantom_workspace import PROFILE, SMALL, arrive, quality_desk
from workbench import create_survey
from workbench.collect.hours.week_grid import WeekGrid
from workbench.collect.queue.collector_state import CollectorState
from workbench.settings import EntitySettings, Settings, SurveySettings
from workbench.settings_file import read_settings
from workbench.stages.quality.arrivals import Arrivals
from workbench_widgets.pages.collector import CollectorPage
from workbench_widgets.pages.collector.now import state_box
from workbench_widgets.pages.quality.page import QualityPage
from workbench_widgets.parts.live.live import Ask
from workbench_widgets.parts.tabs.tabs import TabbedPage


def ask(page: TabbedPage, name: str, **values: str) -> str:
    return page.answer(Ask(name, values)).html + str(page._below())


def section(page: TabbedPage, name: str) -> str:
    return ask(page, "section", value=name)


def seen(html: str, form: str) -> str:
    """Return what a form notes of what it showed."""
    found = re.search(rf'<form name="{form}"[^>]*><input type="hidden" name="seen" value="(.*?)"',
                      html)  # fmt: skip
    assert found
    return found.group(1)


# --- image quality -------------------------------------------------------------------------------


@pytest.fixture
def quality(tmp_path: Path) -> Iterator[tuple[QualityPage, QualityPage]]:
    with quality_desk(tmp_path / "w") as desk:
        arrive(desk, replace(SMALL, seed=1))
        Arrivals(desk).look(now=1e12)
    pages = QualityPage(str(tmp_path / "w")), QualityPage(str(tmp_path / "w"))
    for page in pages:
        page.on.by = "A. Physicist"
        ask(page, "open", value="1")
    yield pages
    for page in pages:
        page.on.desk.survey.close()


def test_a_decision_appears_on_the_other_page_at_its_next_look(
    quality: tuple[QualityPage, QualityPage],
) -> None:
    here, there = quality
    assert "1 result to decide on" in ask(there, "look")
    assert "Result 1 is accepted." in ask(here, "accepted", seen="0")
    html = ask(there, "look")
    assert "Accepted by A. Physicist" in html
    assert "to decide on." not in html
    assert seen(html, "decide") == "1"


def test_who_decides_without_having_seen_the_others_decision_is_told(
    quality: tuple[QualityPage, QualityPage],
) -> None:
    here, there = quality
    before = seen(ask(there, "look"), "decide")
    ask(here, "rejected", seen=before, comment="askew")
    refused = ask(there, "accepted", seen=before)
    assert "Result 1 was rejected meanwhile; nothing was noted." in refused
    assert "Rejected by A. Physicist" in refused
    assert there.on.desk.quality.result(1).decision == "rejected"
    # Having seen it, somebody may decide otherwise.
    assert "Result 1 is accepted." in ask(there, "accepted", seen=seen(refused, "decide"))


def test_two_editors_of_a_test_profile_do_not_undo_each_other(
    quality: tuple[QualityPage, QualityPage],
) -> None:
    here, there = quality
    for page in quality:
        section(page, "profiles")
        ask(page, "edit", value="CT1 water")
    kept = {"by": "A. Physicist", "reason": "new tube"}
    changed = PROFILE.replace("reference = 5", "reference = 6")
    assert "is kept as version 2" in ask(here, "keep-profile", text=changed, **kept)
    other = PROFILE.replace("reference = 5", "reference = 7")
    refused = ask(there, "keep-profile", text=other, **kept)
    assert "has version 2 meanwhile; nothing was kept" in refused
    assert "<td>2</td>" in refused.replace(' class="number"', "")
    assert len(there.on.desk.quality.versions("CT1 water")) == 2
    ask(there, "edit", value="CT1 water")
    assert "is kept as version 3" in ask(there, "keep-profile", text=other, **kept)


def test_a_new_profile_does_not_take_the_place_of_one_that_is_there(
    quality: tuple[QualityPage, QualityPage],
) -> None:
    here, _ = quality
    section(here, "profiles")
    ask(here, "new", test="ct-water", phantom="ct_water_200")
    changed = PROFILE.replace("reference = 5", "reference = 6")
    refused = ask(here, "keep-profile", text=changed, by="A. Physicist", reason="")
    assert "give the profile another name" in refused
    other = changed.replace('"CT1 water"', '"CT1 monthly"')
    assert "version 1" in ask(here, "keep-profile", text=other, by="A. Physicist", reason="")


# --- the collector -------------------------------------------------------------------------------


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[tuple[CollectorPage, CollectorPage]]:
    create_survey(
        tmp_path / "w",
        Settings(SurveySettings("test", "LU01"), pacs=EntitySettings("PACS", port=1)),
    ).close()
    pages = CollectorPage(str(tmp_path / "w")), CollectorPage(str(tmp_path / "w"))
    yield pages
    for page in pages:
        page.desk.survey.close()


def test_the_state_is_the_same_on_both_pages_and_in_the_command(
    collector: tuple[CollectorPage, CollectorPage],
) -> None:
    here, there = collector
    for name in ("show", "pause", "look", "stop", "resume"):
        ask(here, name)
        state = here.desk.collector_state()
        assert isinstance(state, CollectorState)
        assert str(state_box(state)) in ask(here, "look")
        assert str(state_box(state)) in ask(there, "look")
        assert state.lines() == list(there.desk.status().lines())[: len(state.lines())]


PACS = {"pacs.title": "ARCHIVE", "pacs.host": "192.0.2.7", "pacs.port": "104"}


def test_settings_changed_on_the_other_page_are_not_overwritten_unseen(
    collector: tuple[CollectorPage, CollectorPage],
) -> None:
    here, there = collector
    before = seen(section(there, "settings"), "save-pacs")
    section(here, "settings")
    ask(here, "save-pacs", **PACS, seen=before)
    refused = ask(there, "save-pacs", **{**PACS, "pacs.port": "11112"}, seen=before)
    assert "changed on another page meanwhile; nothing was saved" in refused
    folder = here.desk.survey.folder
    assert read_settings(folder).pacs == EntitySettings("ARCHIVE", "192.0.2.7", 104)
    again = seen(refused, "save-pacs")
    ask(there, "save-pacs", **{**PACS, "pacs.port": "11112"}, seen=again)
    assert read_settings(folder).pacs == EntitySettings("ARCHIVE", "192.0.2.7", 11112)
    # Another group of settings is nobody's conflict.
    pace = seen(section(there, "settings"), "save-collect")
    ask(here, "save-pacs", **PACS)
    assert "Saved" in ask(there, "save-collect", **{"collect.tries": "5"}, seen=pace)


def test_a_week_that_is_being_painted_is_neither_lost_nor_saved_unseen(
    collector: tuple[CollectorPage, CollectorPage],
) -> None:
    here, there = collector
    closed = WeekGrid(tuple((False,) * 24 for _ in WeekGrid.always().hours))
    half = WeekGrid(tuple((True,) * 12 + (False,) * 12 for _ in WeekGrid.always().hours))
    before = seen(section(there, "schedule"), "schedule")
    section(here, "schedule")
    here._schedule._painted["query"].value = closed
    there._schedule._painted["query"].value = half
    assert "The schedule is saved." in ask(here, "schedule", zone="UTC", seen=before)
    refused = ask(there, "schedule", zone="UTC", seen=before)
    assert "changed on another page meanwhile; nothing was saved" in refused
    assert "Saving now replaces it" in refused
    assert there._schedule._painted["query"].value == half
    assert there.desk.timetable().query.grid == closed
    again = seen(refused, "schedule")
    assert "The schedule is saved." in ask(there, "schedule", zone="UTC", seen=again)
    assert there.desk.timetable().query.grid == half
    assert "Saving now replaces it" not in ask(there, "look")
    # The page that paints nothing follows.
    ask(here, "look")
    assert here._schedule._painted["query"].value == half


def test_undo_shows_what_the_other_page_has_saved(
    collector: tuple[CollectorPage, CollectorPage],
) -> None:
    here, there = collector
    closed = WeekGrid(tuple((False,) * 24 for _ in WeekGrid.always().hours))
    half = WeekGrid(tuple((True,) * 12 + (False,) * 12 for _ in WeekGrid.always().hours))
    for page, week in ((here, closed), (there, half)):
        section(page, "schedule")
        page._schedule._painted["query"].value = week
    ask(here, "schedule", zone="UTC")
    assert "Saving now replaces it" in ask(there, "look")
    assert "Saving now replaces it" not in ask(there, "schedule-undo")
    assert there._schedule._painted["query"].value == closed
