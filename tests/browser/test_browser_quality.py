"""The page of image quality in Voila: the weekly test in a few clicks, and a click on the chart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.browser.lab import chromium
from tests.stages.quality.phantom_workspace import SMALL, arrive, quality_desk, week
from workbench.server.voila import ServerProcess
from workbench.stages.quality.arrivals import Arrivals

pytestmark = pytest.mark.chromium
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quality") / "w"
    with quality_desk(folder) as desk:
        for number in range(12):
            arrive(desk, replace(SMALL, seed=number), week(number))
        arrive(desk, replace(SMALL, seed=99, offset=7), week(12))
        Arrivals(desk).look(now=1e12)
        for one in desk.quality.results()[:-1]:
            desk.quality.decide(one.number, "accepted", HOSTILE, HOSTILE)
        desk.quality.note_event("CT1 water", "event", week(5).moment, "N. N.", {"words": HOSTILE})
    return folder


@pytest.fixture(scope="module")
def server(workspace: Path) -> Iterator[ServerProcess]:
    with ServerProcess(workspace) as running:
        yield running


def test_the_weekly_test_is_a_few_clicks_and_a_point_opens_its_day(
    server: ServerProcess, workspace: Path
) -> None:
    with chromium() as tab:
        page = tab.page
        ran: list[str] = []
        page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
        page.goto(server.url)
        page.goto(f"{server.url.partition('?')[0].rstrip('/')}/dashboards/quality")
        page.get_by_text("1 alarm, 1 result to decide on").wait_for()

        page.get_by_label("Your name").first.fill("A. Physicist")
        page.get_by_role("button", name="Show result 13").click()
        page.get_by_text("A value is outside its alarm limits.").wait_for()
        page.locator(".wbv canvas").first.wait_for()
        page.get_by_role("button", name="Reject").click()
        page.get_by_text("A rejection needs a comment").wait_for()
        page.get_by_label("Comment").fill("scanner not warmed up")
        page.get_by_role("button", name="Reject").click()
        page.get_by_text("Result 13 is rejected.").wait_for()

        page.get_by_role("tab", name="Charts").click()
        page.locator(".wb-chart-picture svg").wait_for()
        page.get_by_text("No baseline is set").wait_for()
        page.get_by_label("Your name").last.fill("A. Physicist")
        page.get_by_role("button", name="Set a baseline").click()
        page.get_by_text("A baseline of 12 points holds").wait_for()
        page.locator(".wb-chart-picture svg .mark-symbol path").nth(3).click(force=True)
        page.locator("h3").get_by_text("Result 4:").wait_for()
        # The same by keys alone: the third point from the left, with its values told.
        chart = page.locator(".wb-chart [role=application]")
        chart.focus()
        for key in ("ArrowRight", "ArrowRight", "End", "Home", "ArrowRight", "ArrowRight"):
            page.keyboard.press(key)
        said = chart.get_by_role("status").inner_text()
        assert said.startswith("3 / 13. ")
        assert page.locator(".wb-chart-tooltip").is_visible()
        page.keyboard.press("Enter")
        page.locator("h3").get_by_text("Result 3:").wait_for()

        page.get_by_role("tab", name="Results").click()
        page.get_by_text("2 s", exact=True).first.wait_for()
        with page.expect_download() as download:
            page.get_by_role("button", name="Write the file").click()
        name = download.value.suggested_filename
        assert re.fullmatch(r"results_\d{4}-\d\d-\d\d\.xlsx", name)
        page.get_by_text(f"{name} is in the downloads of your browser.").wait_for()
        assert Path(download.value.path()).read_bytes().startswith(b"PK")

        page.get_by_role("tab", name="Profiles").click()
        page.get_by_role("button", name="Edit CT1 water").click()
        page.get_by_label("Test profile (TOML)").wait_for()
        assert not ran
        assert page.locator("img[src=x]").count() == 0
    assert list((workspace / "exports").iterdir()) == []
