"""Whatever a page sends, its kernel does only what the visitor may; and it shows no more."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from workbench.collect.patient_list import ListedPatient
from workbench.collect.queue import lists
from workbench.collect.queue.control import Command
from workbench.errors import RightsError
from workbench.rights import COMING, GIVEN, Right, Rights
from workbench.settings import EntitySettings, Settings, SurveySettings
from workbench.settings_file import read_settings
from workbench.stages.quality.desk import QualityDesk
from workbench.stages.quality.phantom_retrieval import phantom_archive
from workbench.stages.quality.sample import make_sample
from workbench.survey import create_survey, open_survey
from workbench_widgets.pages.collector import CollectorPage, collector_page
from workbench_widgets.pages.explore.stage_buttons import COLLECT, IMPORT, Export, Stages
from workbench_widgets.pages.my_scanner.page import my_scanner
from workbench_widgets.pages.quality import QualityPage, quality_page
from workbench_widgets.parts.live.live import Ask, Reply
from workbench_widgets.parts.tabs.tabs import TabbedPage

REFUSED = re.compile(r"wbc-said wbc-problem\">This needs the right to (\w+)")
TITLES = {"collector": CollectorPage, "quality": QualityPage}
Be = Callable[..., None]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rights") / "w"
    survey = create_survey(
        folder, Settings(SurveySettings("test", "LU01"), pacs=EntitySettings("PACS", port=1))
    )
    make_sample(QualityDesk(survey))
    survey.close()
    return folder


@pytest.fixture
def be(monkeypatch: pytest.MonkeyPatch) -> Be:
    """Make this process one that a server started for a visitor."""
    monkeypatch.delenv(COMING, raising=False)
    return lambda *rights: monkeypatch.setenv(GIVEN, str(Rights.of(rights)))


@pytest.fixture
def pages(folder: Path) -> Iterator[dict[str, TabbedPage]]:
    """Both pages, made by somebody who may do everything, with all sections to be asked."""
    made = {"collector": collector_page(str(folder)), "quality": quality_page(str(folder))}
    yield made
    for page in made.values():
        page.close()


def ask(page: TabbedPage, section: str, name: str, **values: str) -> Reply:
    page.section = section
    return page.answer(Ask(name, values))


def everything(pages: dict[str, TabbedPage]) -> Iterator[tuple[TabbedPage, str, str, Right]]:
    """Yield every thing that can be asked of every section, and what it needs."""
    for page in pages.values():
        for section, panel in page._panels.items():
            for name, needed in panel.needs.items():
                yield page, section, name, needed


@pytest.mark.parametrize("right", Right)
def test_every_ask_without_its_right_is_refused(
    pages: dict[str, TabbedPage], be: Be, right: Right
) -> None:
    be(right)
    mine = Rights.of([right])
    refused = 0
    for page, section, name, needed in everything(pages):
        if mine.allow(needed) and mine.allow(page._panels[section].right):
            continue
        refused += 1
        shown = str(ask(page, section, name, value="0", first="test", second="test").html)
        assert REFUSED.search(shown), (section, name)
    assert (refused > 0) == (right is not Right.ADMINISTER)


def test_what_no_section_knows_is_the_administrators(pages: dict[str, TabbedPage], be: Be) -> None:
    be(Right.LOOK, Right.DECIDE, Right.COLLECT)
    for page in pages.values():
        for section in page._panels:
            page.section = section
            assert REFUSED.search(page.answer(Ask("anything", {})).html) or (
                "needs the right to administer" in page.answer(Ask("anything", {})).html
            )


def test_a_kernel_that_was_told_nothing_does_and_shows_nothing(
    pages: dict[str, TabbedPage], be: Be, folder: Path
) -> None:
    be()
    for page, section, name, _ in everything(pages):
        reply = ask(page, section, name)
        assert "needs the right" in reply.html
        assert "<table>" not in reply.html
    for make in (quality_page, collector_page):
        assert "needs the right" in make(str(folder)).value


@pytest.mark.parametrize("right", Right)
def test_no_button_is_shown_that_would_be_refused(
    pages: dict[str, TabbedPage], be: Be, right: Right
) -> None:
    be(right)
    offered = set()
    for page in pages.values():
        for section, panel in page._panels.items():
            page.section = section
            shown = page.answer(Ask("show", {})).html + str(page._below())
            asks = set(re.findall(r'data-ask="([^"]+)"', shown))
            asks |= set(re.findall(r'<button type="submit"[^>]* value="([^"]+)"', shown))
            asks |= set(re.findall(r'<form name="([^"]+)" [^>]*data-live', shown))
            for name in asks - {"section"}:
                offered.add((section, name))
                assert Rights.of([right]).allow(panel.needs.get(name, Right.ADMINISTER)), name
    assert offered
    assert (("lists", lists_ask()) in offered) == (right is Right.ADMINISTER)
    assert (("today", "look-now") in offered) == (right in (Right.DECIDE, Right.ADMINISTER))
    assert (("now", "pause") in offered) == (right in (Right.COLLECT, Right.ADMINISTER))


def lists_ask() -> str:
    return "delete-everything"


def test_tabs_are_those_that_may_be_seen(pages: dict[str, TabbedPage], be: Be) -> None:
    be(Right.LOOK)
    shown = pages["quality"].answer(Ask("show", {})).html
    assert "Measure</button>" not in shown
    ask(pages["quality"], "today", "section", value="measure")
    assert pages["quality"].section == "today"
    be(Right.COLLECT)
    assert "Lists</button>" not in pages["collector"].answer(Ask("show", {})).html
    be(Right.ADMINISTER)
    assert "Lists</button>" in pages["collector"].answer(Ask("show", {})).html


def test_a_page_that_somebody_may_not_open_says_so_in_words(folder: Path, be: Be) -> None:
    be(Right.LOOK)
    refused = collector_page(str(folder))
    assert "This needs the right to collect." in refused.value
    assert not isinstance(refused, CollectorPage)
    be()
    assert "needs the right to look" in my_scanner().children[1].value


def test_the_functions_behind_refuse_by_themselves(folder: Path, be: Be, tmp_path: Path) -> None:
    page = collector_page(str(folder))
    desk = page.desk
    quality = QualityDesk(open_survey(folder)).quality
    settings = read_settings(folder)
    deeds: dict[Right, list[Callable[[], Any]]] = {
        Right.ADMINISTER: [
            lambda: lists.delete_everything(desk.hospital, folder),
            lambda: lists.delete_list(desk.hospital, folder),
            lambda: lists.export_lists(desk.ledger, None, tmp_path / "x"),  # type: ignore[arg-type]
        ],
        Right.COLLECT: [
            lambda: setattr(desk.control, "command", Command.STOP),
            lambda: setattr(desk.control, "override", None),
            lambda: desk.queue.add([ListedPatient("P1")]),
            lambda: desk.queue.remove([1]), lambda: desk.queue.retry([1]),
            lambda: desk.queue.ask_again([1]), lambda: desk.queue.prioritise(1, 1),
            lambda: replace(settings).write(folder),
            lambda: phantom_archive(settings, folder, None),  # type: ignore[arg-type]
        ],
        Right.DECIDE: [
            lambda: quality.decide(1, "accepted", "somebody"),
            lambda: quality.add_result(None),  # type: ignore[arg-type]
            lambda: quality.note_event("p", "event", None, "x", {}),  # type: ignore[arg-type]
            lambda: quality.save_profile("p", {}, "x"),
            lambda: quality.forget_images(["refused"]),
        ],
    }  # fmt: skip
    before = (folder / "workbench.toml").read_text()
    for needed, all_of_them in deeds.items():
        be(*(set(Right) - {needed, Right.ADMINISTER}))
        for deed in all_of_them:
            with pytest.raises(RightsError, match=needed):
                deed()
    assert desk.control.command is Command.RUN
    assert sum(desk.queue.states().values()) == 0
    assert (folder / "workbench.toml").read_text() == before
    page.close()


def test_stages_and_exports_are_not_the_onlookers(folder: Path, be: Be) -> None:
    survey = open_survey(folder)
    stages, export = Stages(survey), Export(survey)
    be(Right.LOOK, Right.DECIDE)
    assert stages.run(IMPORT) is None
    assert "right to administer" in stages.message
    assert stages.run(COLLECT) is None
    assert "right to collect" in stages.message
    assert not export.write()
    assert "right to administer" in export.message
    survey.close()
