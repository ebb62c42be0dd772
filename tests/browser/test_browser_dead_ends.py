"""Every link and button of every page is clicked: its kernel still lives, and there is a way on.

What a button does is other tests' affair.  One server for all; buttons that ask for the same thing
of another row are clicked once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

from tests.browser.ended_pages import COLD_MS, CONTENT, make_full_workspace
from tests.browser.lab import Tab, chromium
from workbench.server.voila import ServerProcess

pytestmark = pytest.mark.chromium
SETTLED_MS, CLICK_MS = 600, 3000
# What can be clicked in a page's content, each kind of it once: how to find it again.
CLICKABLE = """() => {
  const found = new Map();
  for (const one of document.querySelectorAll('main a[href], main button, main summary')) {
    if (!one.checkVisibility() || one.disabled || one.getAttribute('role') === 'tab') continue;
    const key = one.dataset.ask || `${one.tagName} ${one.textContent.trim().slice(0, 40)}`;
    if (!found.has(key)) found.set(key, one);
  }
  return [...found.keys()];
}"""
CLICK = """(wanted) => {
  for (const one of document.querySelectorAll('main a[href], main button, main summary')) {
    const key = one.dataset.ask || `${one.tagName} ${one.textContent.trim().slice(0, 40)}`;
    if (key !== wanted || !one.checkVisibility() || one.disabled) continue;
    one.click();
    return true;
  }
  return false;
}"""


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with chromium() as opened:
        opened.page.on("dialog", lambda dialog: dialog.dismiss())
        yield opened


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, tab: Tab) -> Iterator[ServerProcess]:
    folder: Path = make_full_workspace(tmp_path_factory.mktemp("clicked") / "w")
    (folder / "reports").mkdir(exist_ok=True)
    (folder / "reports" / "one.html").write_text("<title>One</title>", encoding="utf-8")
    with ServerProcess(folder) as running:
        tab.page.goto(running.url)
        yield running


def kernel_state(page: Any, base: str) -> str:
    """Return what the server says of a page's kernel: nothing while it lives."""
    kernel = json.loads(page.locator("#jupyter-config-data").text_content())["kernelId"]
    answer = page.request.get(f"{base}dashboards/state/{kernel}")
    return str(answer.json()["text"]) if answer.ok else f"status {answer.status}"


def show(page: Any, section: str) -> None:
    """Show a section of a page that has some."""
    chosen = page.locator(f'[role=tab][value="{section}"]')
    if section and chosen.get_attribute("aria-selected") != "true":
        chosen.click()
        page.locator(f'[role=tab][value="{section}"][aria-selected=true]').wait_for()
        page.wait_for_timeout(SETTLED_MS)


@pytest.mark.parametrize("name", sorted(CONTENT))
def test_no_click_ends_a_dashboard(tab: Tab, server: ServerProcess, name: str) -> None:
    page, base = tab.page, server.url.partition("?")[0]
    path = f"/dashboards/{name}"
    page.goto(urljoin(base, path))
    page.locator(CONTENT[name]).first.wait_for(timeout=COLD_MS)
    page.wait_for_timeout(SETTLED_MS)
    tabs = page.locator("[role=tab]")
    names = [tabs.nth(number).get_attribute("value") or "" for number in range(tabs.count())]
    clicked = []
    for section in names or [""]:
        show(page, section)
        for wanted in page.evaluate(CLICKABLE):
            show(page, section)
            if not page.evaluate(CLICK, wanted):
                continue  # what was clicked before took it away
            clicked.append((section, wanted))
            page.wait_for_timeout(CLICK_MS // 20)
            assert urlsplit(page.url).path == path, clicked[-1]
            assert kernel_state(page, base) == "", clicked[-1]
    page.locator("#ended").wait_for(state="hidden")
    show(page, names[0] if names else "")
    page.locator(CONTENT[name]).first.wait_for(state="attached", timeout=COLD_MS)
    assert tab.errors == []
    # The way back is there, and another page of the same kind opens.
    page.get_by_role("link", name="Workbench").click()
    page.get_by_role("heading", name="Dashboards").wait_for()


def test_a_kernel_that_ends_in_silence_is_told(tab: Tab, server: ServerProcess) -> None:
    page, base = tab.page, server.url.partition("?")[0]
    page.goto(f"{base}dashboards/scanners")
    page.locator(CONTENT["scanners"]).first.wait_for(timeout=COLD_MS)
    kernel = json.loads(page.locator("#jupyter-config-data").text_content())["kernelId"]
    # The server ends it while the page is open: the page's own socket hears nothing of that.
    assert page.request.post(f"{base}voila/api/shutdown/{kernel}").status == 204
    ended = page.locator("#ended:not([hidden])")
    ended.get_by_text("This page has ended").wait_for(timeout=COLD_MS)
    assert ended.get_attribute("role") == "alert"
    assert page.locator("main").evaluate("main => main.inert")
    page.get_by_role("button", name="Reload").click()
    page.locator(CONTENT["scanners"]).first.wait_for(timeout=COLD_MS)


def test_every_link_of_the_servers_own_pages_leads_somewhere(
    tab: Tab, server: ServerProcess
) -> None:
    base, seen = server.url.partition("?")[0], set[str]()
    for path in ("", "login", "nowhere"):
        tab.page.goto(urljoin(base, path))
        for link in tab.page.locator("a[href]").all():
            address = urljoin(tab.page.url, link.get_attribute("href") or "")
            assert address.startswith(base), address
            if address in seen or "/dashboards/" in address:
                continue  # those are opened above
            seen.add(address)
            assert tab.page.request.get(address).ok, address
    assert len(seen) >= 4
