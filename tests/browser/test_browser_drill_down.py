# ruff: noqa: F811
"""From a dot to the event and back in Chromium, by keyboard; the choice survives its kernel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.browser.test_browser_dashboard import chromium, watched  # noqa: F401  a fixture
from tests.report.report_frames import scans
from tests.server.server_workspace import make_workspace
from workbench.server.voila import ServerProcess

pytestmark = pytest.mark.chromium
START = datetime(2020, 1, 1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    events = scans(*(
        {"patient": f"P{number // 2}", "station": f"CT{number % 4 // 2 + 1}",
         "ctdi_vol_mgy": 5.0 + number / 4, "body_region": "head" if number % 10 == 0 else "chest",
         "started_at": START + timedelta(days=500 * (number // 2) + 70 * (number % 2))}
        for number in range(48)
    ))  # fmt: skip
    with ServerProcess(make_workspace(tmp_path_factory.mktemp("drill") / "w", events)) as running:
        yield running


def active(page: Any, what: str) -> str:
    return str(page.evaluate(f"document.activeElement.{what}"))


def test_by_keyboard_from_a_dot_to_its_event_and_back_to_the_dot(
    chromium: Any,
    server: ServerProcess,
) -> None:
    seen = watched(chromium, server, viewport={"width": 768, "height": 1024})
    seen.open("dashboards/my_scanner", ".wb figure svg [data-tip]")
    page = seen.page
    page.locator("svg [data-tip][tabindex='0']").first.focus()
    first = active(page, "ariaLabel")
    page.keyboard.press("ArrowRight")
    second = active(page, "ariaLabel")
    assert second != first
    tip = page.locator(".wbc-tip:visible")
    assert tip.inner_text().splitlines() == second.splitlines()
    page.keyboard.press("Escape")
    assert tip.count() == 0
    page.keyboard.press("ArrowDown")
    assert active(page, "dataset.lane") == "1"
    page.keyboard.press("ArrowUp")
    here = active(page, "ariaLabel")
    page.keyboard.press("Enter")
    page.wait_for_selector(".wb-trail h2")
    page.wait_for_function("() => document.activeElement.tagName === 'H2'")
    assert page.locator("table.sources").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 768
    page.get_by_role("button", name="My scanner").press("Enter")
    page.wait_for_selector(".wb figure svg [data-tip]")
    page.wait_for_function("() => document.activeElement.matches('[data-tip]')")
    assert active(page, "ariaLabel") == here
    seen.clean()


def test_the_choice_is_in_the_address_and_comes_back_after_its_kernel_ended(
    chromium: Any,
    server: ServerProcess,
) -> None:
    seen = watched(chromium, server)
    seen.open("dashboards/my_scanner?theme=dark", ".wb figure svg")
    page = seen.page
    page.get_by_label("Region").select_option(label="head")
    page.locator("select[name=beside]").select_option(index=2)
    page.locator("input[name=from]").fill("0")
    page.locator("input[name=to]").fill("4")
    page.locator("input[name=to]").press("Enter")
    page.wait_for_selector("text=weeks 0 to 4")
    page.get_by_role("tab", name="Exams").click()
    page.wait_for_selector(".workbench-table tbody tr")
    assert "body_regions" in page.get_by_role("region", name="Exams").locator("thead").inner_text()
    address = page.url
    for part in ("theme=dark", "region=head", "weeks=0-4", "beside=", "view=exams"):
        assert part in address
    assert "token" not in address
    config = page.locator("#jupyter-config-data").text_content()
    (kernel,) = re.findall(r'"kernelId": ?"([^"]+)"', config)
    page.evaluate("id => fetch(`/voila/api/shutdown/${id}`, {method: 'POST'})", kernel)
    page.get_by_role("button", name="Reload").click(timeout=15_000)
    page.wait_for_selector(".workbench-table tbody tr")
    assert page.url == address
    assert page.locator(".wb-shown span").inner_text() == "head · all protocols · weeks 0 to 4"
    assert page.locator("select[name=beside]").input_value() != ""


def test_whatever_stands_in_an_address_the_page_is_there(
    chromium: Any,
    server: ServerProcess,
) -> None:
    seen = watched(chromium, server)
    strange = "scanner=%3Cscript%3E&region=nowhere&weeks=9-x&view=//example.org&patient=P1"
    seen.open(f"dashboards/my_scanner?{strange}", ".wb figure svg")
    assert seen.page.locator(".wb-shown span").inner_text().endswith("all weeks")
    seen.clean()
