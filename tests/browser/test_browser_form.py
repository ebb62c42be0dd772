"""Every section of every page keeps its form: contrast in both themes, names, keys, 768 px.

One server and one browser for all; the walk itself is tried on a page that is wrong on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.ended_pages import COLD_MS, CONTENT, make_full_workspace
from tests.browser.lab import Tab, chromium
from tests.browser.page_form import TABLET, asked, faults, nameless
from workbench.server.voila import ServerProcess

pytestmark = pytest.mark.chromium
SETTLED_MS, SOON_MS = 600, 10_000
OPEN_ALL = "document.querySelectorAll('details').forEach((each) => (each.open = true))"


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with chromium() as opened:
        opened.page.set_viewport_size(TABLET)
        yield opened


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, tab: Tab) -> Iterator[ServerProcess]:
    folder: Path = make_full_workspace(tmp_path_factory.mktemp("form") / "w")
    with ServerProcess(folder) as running:
        tab.page.goto(running.url)
        yield running


def sections(page: Any) -> Iterator[str]:
    """Show each section of a page with all that is folded opened; yield its name."""
    tabs = page.locator("[role=tab]")
    names = [tabs.nth(number).get_attribute("value") or "" for number in range(tabs.count())]
    for name in names or [""]:
        if name:
            page.locator(f'[role=tab][value="{name}"]').click()
            page.locator(f'[role=tab][value="{name}"][aria-selected=true]').wait_for()
        page.wait_for_timeout(SETTLED_MS)
        page.evaluate(OPEN_ALL)
        page.wait_for_timeout(SETTLED_MS)
        yield name or "all"


@pytest.mark.parametrize("name", sorted(CONTENT))
def test_every_section_of_a_dashboard(tab: Tab, server: ServerProcess, name: str) -> None:
    page = tab.page
    page.goto(f"{server.url.partition('?')[0]}dashboards/{name}")
    page.locator(CONTENT[name]).first.wait_for(timeout=COLD_MS)
    found = {
        f"{section}, {kind}": wrong
        for section in sections(page) for kind, wrong in faults(page).items()
    }  # fmt: skip
    assert found == {}


@pytest.mark.parametrize("path", ["", "login", "nowhere"])
def test_the_servers_own_pages(tab: Tab, server: ServerProcess, path: str) -> None:
    tab.page.goto(f"{server.url.partition('?')[0]}{path}")
    tab.page.locator("main").wait_for()
    assert faults(tab.page) == {}


def other_browser(tab: Tab, server: ServerProcess, **options: Any) -> Any:
    """Return a page of a browser of its own that is logged in."""
    page = tab.page.context.browser.new_context(**options).new_page()
    page.goto(server.url)
    return page


def test_a_browser_without_scripts_or_modules_is_told(tab: Tab, server: ServerProcess) -> None:
    base = server.url.partition("?")[0]
    bare = other_browser(tab, server, java_script_enabled=False)
    for path in ("", "dashboards/my_scanner"):
        bare.goto(f"{base}{path}")
        bare.locator("noscript p[role=alert]").wait_for(timeout=SOON_MS)
    bare.context.close()

    def without_modules(route: Any) -> None:
        answer = route.fetch()
        body = answer.text().replace('type="module"', 'type="unknown"')
        route.fulfill(response=answer, body=body.replace("nomodule ", ""))

    old = other_browser(tab, server)
    old.get_by_text("too old").wait_for(state="hidden")
    old.route("**/dashboards/scanners", without_modules)
    old.goto(f"{base}dashboards/scanners")
    old.get_by_text("knows no JavaScript modules").wait_for()
    old.context.close()


NARROW = "width:50px;white-space:nowrap"
# What the walk must find, each a page that is wrong on purpose.
WRONG = {
    "poorContrast": [
        "<p style='color:#999;background:#fff'>grey on white</p>",
        "<div style='opacity:.4'><p style='color:#000;background:#fff'>pale</p></div>",
        "<p style='color:#fff0;color:rgb(120 120 120 / 60%)'>half there</p>",
        "<svg width='80' height='20'><text y='12' fill='#bbb'>axis</text></svg>",
        "<input value='typed' style='color:#aaa;background:#fff'>",
    ],
    "unseenFocus": [
        "<button style='outline:none'>no ring</button>",
        "<button tabindex='3'>out of order</button>",
    ],
    "noKey": ["<div style='cursor:pointer'>only a mouse</div>"],
    "cutOff": [
        "<main><div style='width:2000px'>too wide</div></main>",
        f"<main><div style='{NARROW};overflow:hidden'>much too long</div></main>",
        f"<main><div style='{NARROW};overflow:auto'><table><td><hr width=300></table></div></main>",
    ],
}  # fmt: skip
RIGHT = """<main><p>black on white</p><button>a</button><a href="/">b</a>
<button disabled style="color:#ccc">off</button><label>Name <input></label>
<p style="font-size:24px;color:#888">large</p></main>"""


def test_the_walk_finds_what_is_wrong_and_nothing_else(tab: Tab) -> None:
    page = tab.page
    page.goto("about:blank")
    for name, pages in WRONG.items():
        for html in pages:
            page.set_content(html)
            assert asked(page, name), html
        page.set_content(RIGHT)
        assert asked(page, name) == []
    assert nameless(page) == []
    page.set_content("<button></button><input><svg role='img'><path d='M0 0h9v9z'/></svg>")
    assert len(nameless(page)) == 3
