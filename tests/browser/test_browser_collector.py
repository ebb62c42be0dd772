"""The collector page in Chromium with a real collector and PACS: it shows, asks, names nobody."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.browser.lab import chromium, jupyterlab, run_all
from tests.stages.test_collecting import QUICK, hospital
from workbench.collect.hours.schedule import read_timetable
from workbench.collect.patient_list import ListedPatient
from workbench.server.voila import ServerProcess
from workbench.settings_file import read_settings
from workbench.survey import Survey

pytestmark = pytest.mark.chromium

COLD_MS = 60_000
PAUSE_S = 1.0


@pytest.fixture(scope="module")
def scene(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[ServerProcess, Survey, list[ListedPatient]]]:
    """A PACS with three patients, a collector in a process of its own, and the pages served."""
    collect = replace(QUICK, pause_s=PAUSE_S)
    with hospital(tmp_path_factory.mktemp("site"), patients=3, collect=collect) as made:
        survey, _, patients = made
        command = [sys.executable, "-m", "workbench.cli", "collect", "run", "-w",
                   str(survey.folder)]  # fmt: skip
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            with ServerProcess(survey.folder) as server:
                yield server, survey, patients
        finally:
            process.kill()
            process.wait()


def opened(page: Any, server: ServerProcess) -> None:
    base, _, query = server.url.partition("?")
    page.goto(f"{base}dashboards/collector?{query}")
    page.locator(".wbc-state").wait_for(timeout=COLD_MS)


def go(page: Any, name: str) -> Any:
    page.get_by_role("tab", name=name).click()
    page.get_by_role("tabpanel", name=name).wait_for()
    return page.get_by_role("tabpanel", name=name)


def test_patients_are_typed_paused_resumed_and_seen_complete_and_named_nowhere(
    scene: tuple[ServerProcess, Survey, list[ListedPatient]],
) -> None:
    server, survey, patients = scene
    told: list[str] = []
    with chromium() as tab:
        page = tab.page
        # What the kernel tells the page; what is typed goes the other way, once.
        page.on("websocket", lambda socket: socket.on(
            "framereceived", lambda frame: told.append(
                frame if isinstance(frame, str) else frame.decode("latin-1"))))  # fmt: skip
        opened(page, server)
        assert page.title() == "Collector"
        page.get_by_role("button", name="Pause", exact=True).click()
        page.locator(".wbc-state").get_by_text("Paused.").wait_for()

        # Typed IDs are taken, and the field is empty; a wrong line is told by its number.
        go(page, "Queue")
        field = page.get_by_label("Paste patient IDs")
        look = page.get_by_role("button", name="Look at the list")
        field.fill("wrong*")
        look.click()
        page.get_by_text("1 line left out").wait_for()
        assert field.input_value() == "wrong*"
        field.fill("\n".join(one.patient_id for one in patients))
        look.click()
        page.get_by_role("button", name="Add 3 patients").click()
        page.get_by_text("3 patients added.").wait_for()
        assert field.input_value() == ""
        assert page.locator("tbody tr").count() == 3

        # What somebody types stays while the page renews itself.
        page.get_by_label("Numbers").fill("1-2")
        page.wait_for_timeout(2500)
        assert page.get_by_label("Numbers").input_value() == "1-2"

        # Nothing is asked while paused; then all come, and the page tells without a reload.
        go(page, "Now").get_by_text("0 of 3 complete").first.wait_for()
        page.get_by_role("button", name="Resume").click()
        page.get_by_text("3 of 3 complete").first.wait_for(timeout=COLD_MS)
        assert page.locator("progress, .wbc-bar").count() >= 1
        panel = go(page, "Queue")
        assert re.search(r"LU01-[A-Z2-7]{10,}", panel.inner_text())
        go(page, "Asked of the PACS").get_by_text("success").first.wait_for()
        go(page, "Log").get_by_text("The collector has started.").wait_for()

        # No patient ID: not on the page, nor in any message to it, nor in what could be saved.
        shown = page.content() + "".join(told)
        assert len(told) > 20
        for patient in patients:
            assert patient.patient_id not in shown
        assert str(survey.folder / "hospital") not in shown
        assert tab.outside == []
        assert tab.errors == []


def test_a_week_is_painted_and_saved_and_settings_are_tested(
    scene: tuple[ServerProcess, Survey, list[ListedPatient]],
) -> None:
    server, survey, _ = scene
    with chromium() as tab:
        page = tab.page
        opened(page, server)
        panel = go(page, "Schedule")
        assert page.locator(".wb-week-board:visible").count() == 2
        page.locator(".wb-week-board").nth(1).get_by_role("rowheader", name="Sunday").click()
        panel.get_by_text("not saved yet").wait_for()
        page.get_by_role("button", name="Save the schedule").click()
        page.get_by_text("The schedule is saved.").wait_for()
        schedule = read_timetable(read_settings(survey.folder).schedule)
        assert schedule.upload.grid.hours[6] == (False,) * 24
        assert all(all(day) for day in schedule.upload.grid.hours[:6])

        # Keys lead from tab to tab, and only the schedule shows its grids.
        page.get_by_role("tab", name="Schedule").focus()
        page.keyboard.press("ArrowRight")
        page.get_by_role("tabpanel", name="Settings").wait_for()
        assert page.locator(".wb-week-board:visible").count() == 0
        page.get_by_role("button", name="Test: PACS answers C-ECHO").click()
        page.get_by_text("✓ passed").first.wait_for(timeout=COLD_MS)
        page.get_by_label("Port", exact=True).last.fill("700000")
        page.get_by_role("button", name="Save").nth(1).click()
        page.locator(".wbc-wrong", has_text="port between").wait_for()
        assert read_settings(survey.folder) == replace(
            survey.settings, schedule=read_settings(survey.folder).schedule
        )
        assert tab.errors == []


def test_a_phone_and_the_dark_show_it_all(
    scene: tuple[ServerProcess, Survey, list[ListedPatient]],
) -> None:
    server, _, _ = scene
    with chromium(color_scheme="dark") as tab:
        page = tab.page
        page.set_viewport_size({"width": 390, "height": 844})
        opened(page, server)
        for name in ("Now", "Queue", "Schedule", "Settings", "Asked of the PACS", "Log", "Lists"):
            go(page, name)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        colour = page.evaluate("getComputedStyle(document.querySelector('.wbc')).color")
        assert colour == "rgb(227, 231, 236)"
        assert tab.errors == []


def test_a_notebook_that_is_saved_holds_nothing_of_what_was_typed(
    scene: tuple[ServerProcess, Survey, list[ListedPatient]], tmp_path: Path
) -> None:
    _, survey, _ = scene
    cell = "from workbench_widgets.pages.collector import collector_page\ncollector_page()"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    folder, home = tmp_path / "notebooks", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    nbformat.write(notebook, folder / "page.ipynb")
    # The widget state goes into the saved notebook, as people may have it.
    saving = home / "settings" / "@jupyter-widgets" / "jupyterlab-manager"
    saving.mkdir(parents=True)
    (saving / "plugin.jupyterlab-settings").write_text('{"saveState": true}')
    with jupyterlab(folder, home, survey.folder) as address, chromium() as tab:
        page = tab.page
        run_all(tab, address, "page.ipynb", 1)
        page.locator(".wbc-state").wait_for()
        go(page, "Queue")
        page.get_by_label("Paste patient IDs").fill("TYPED-IN-LAB-77")
        page.get_by_role("button", name="Look at the list").click()
        page.get_by_role("button", name=re.compile(r"^Add \d+ patient")).click()
        page.get_by_text("1 patient added.").wait_for()
        page.get_by_role("menuitem", name="File", exact=True).click()
        page.locator(".lm-Menu-itemLabel").get_by_text("Save Notebook", exact=True).click()
        saved = folder / "page.ipynb"
        for _ in range(100):
            if "wbc-page" in saved.read_text("utf-8"):
                break
            page.wait_for_timeout(100)
        text = saved.read_text("utf-8")
        assert "wbc-page" in text  # the state is there
        assert "TYPED-IN-LAB-77" not in text
        assert "LU01-" not in text  # nor any pseudonym that was shown
        assert tab.outside == []
