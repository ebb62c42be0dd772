"""The dashboard in Chromium: it works with no internet, and what headers say does not run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.server.server_workspace import HOSTILE, harmless, hostile, make_workspace
from workbench.server.voila import ServerProcess
from workbench.survey import open_survey

pytestmark = pytest.mark.chromium
PATIENCE_MS = 45_000


@dataclass
class Watched:
    """A page with what it asked other hosts for and what it complained of."""

    page: Any
    address: str
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def open(self, path: str, wait_for: str) -> None:
        base, _, query = self.address.partition("?")
        # Two of sixty cold starts on a busy machine need a reload; the page says so itself.
        for attempt in range(2):
            joint = "&" if "?" in path else "?"
            self.page.goto(f"{base}{path}{joint}{query}")
            try:
                self.page.wait_for_selector(wait_for, state="attached", timeout=PATIENCE_MS // 2)
                return
            except self.page.workbench_timeout:
                if attempt:
                    raise

    def clean(self) -> None:
        assert self.foreign == []
        assert self.errors == []


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        browser.workbench_timeout = sync_api.TimeoutError
        yield browser
        browser.close()


def watched(chromium: Any, server: ServerProcess, **options: Any) -> Watched:
    context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    page = context.new_page()
    page.workbench_timeout = chromium.workbench_timeout
    seen = Watched(page, server.url)
    local = server.url.partition("?")[0]

    def allow(route: Any) -> None:
        if route.request.url.startswith(local):
            route.continue_()
        else:
            seen.foreign.append(route.request.url)
            route.abort()

    context.route("**/*", allow)
    page.on("console", lambda said: seen.errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    return seen


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = make_workspace(tmp_path_factory.mktemp("shown") / "w", harmless())
    with ServerProcess(folder) as running:
        yield running


def test_a_choice_changes_the_picture_and_no_other_host_is_asked(
    chromium: Any, server: ServerProcess
) -> None:
    seen = watched(chromium, server)
    seen.open("dashboards/my_scanner", ".wb figure svg")
    page = seen.page
    assert page.title() == "My scanner"
    assert "token" not in page.url
    assert page.locator(".wb figure svg[role=img]").count() == 2
    before = page.locator(".wb figure svg").first.inner_html()
    page.get_by_label("Region").select_option(label="head")
    page.wait_for_function("() => document.querySelector('.wb .tiles b').textContent === '1'")
    assert page.locator(".wb figure svg").first.inner_html() != before
    assert "not meaningful" in page.locator(".wb .empty").inner_text()
    page.get_by_label("Reference levels").select_option(label="FR 2011")
    page.wait_for_selector("text=Against the reference levels of FR 2011")
    page.get_by_role("link", name="Workbench").click()
    page.get_by_role("link", name="Doses & more").click()
    assert page.title() == "Doses & more"  # and not what its script wants
    assert all("Blocked script execution" in error or "sandbox" in error for error in seen.errors)
    assert seen.foreign == []


def test_a_phone_shows_it_all_and_dark_is_dark(chromium: Any, server: ServerProcess) -> None:
    seen = watched(chromium, server, viewport={"width": 390, "height": 844}, color_scheme="dark")
    seen.open("dashboards/my_scanner", ".wb figure svg")
    page = seen.page
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    paper = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(paper) == "rgb(20, 24, 29)"
    page.emulate_media(color_scheme="light")
    page.wait_for_function(f"() => {paper} === 'rgb(255, 255, 255)'")
    seen.clean()


def test_the_address_may_ask_for_a_theme_and_numbers_are_new(
    chromium: Any, server: ServerProcess
) -> None:
    survey = open_survey(server.workspace)
    survey.store.publish({"irradiation_event": harmless(40)})  # after kernels were started ahead
    survey.close()
    seen = watched(chromium, server, color_scheme="light")
    seen.open("dashboards/my_scanner?theme=dark", ".wb figure svg")
    assert seen.page.locator(".wb .tiles b").first.inner_text() == "42"
    style = "getComputedStyle(document.querySelector('.wb figure svg text')).fill"
    assert seen.page.evaluate(style) == "rgb(227, 231, 236)"
    seen.clean()


def test_leaving_the_page_ends_its_kernel(chromium: Any, server: ServerProcess) -> None:
    seen = watched(chromium, server)
    seen.open("dashboards/my_scanner", ".wb figure svg")
    config = seen.page.locator("#jupyter-config-data").text_content()
    address = seen.address.partition("?")[0] + f"api/kernels/{json.loads(config)['kernelId']}"
    assert seen.page.request.get(address).status == 200
    seen.page.get_by_role("link", name="Workbench").click()
    for _ in range(50):
        if seen.page.request.get(address).status == 404:
            return
        seen.page.wait_for_timeout(100)
    pytest.fail("the kernel is still there")


def test_hostile_names_neither_run_nor_fetch(chromium: Any, tmp_path: Path) -> None:
    with ServerProcess(make_workspace(tmp_path / "w", hostile())) as server:
        seen = watched(chromium, server)
        seen.open("dashboards/my_scanner", ".wb .tiles")
        page = seen.page
        for number in range(len(HOSTILE)):
            before = page.locator(".wb").inner_html()
            page.locator("select[name=scanner]").select_option(index=number)
            if number:
                page.wait_for_function(
                    "before => document.querySelector('.wb').innerHTML !== before", arg=before
                )
        page.wait_for_timeout(500)
        assert page.title() == "My scanner"
        for tag in ("img", "iframe", "object", "script", "a", "link", "meta"):
            assert page.locator(f".wb {tag}").count() == 0
        assert page.locator("select[name=scanner]").locator("option").count() == len(HOSTILE)
        seen.clean()


def test_an_empty_workspace_says_the_next_step(chromium: Any, tmp_path: Path) -> None:
    with ServerProcess(make_workspace(tmp_path / "w")) as server:
        seen = watched(chromium, server)
        seen.open("dashboards/my_scanner", ".wb .empty")
        assert "workbench map" in seen.page.locator(".wb .empty").inner_text()
        seen.clean()
