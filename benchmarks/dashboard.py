"""How long a visitor waits for the first picture of a dashboard, with a kernel ahead and without.

`workbench serve` keeps one kernel of *My scanner* waiting.  A first visitor is given it; a second
one, right behind, finds none and waits for a new one.  Both are timed in Chromium, in turn, from
asking for the page to its picture.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.server.server_workspace import harmless, make_workspace
from workbench.server.voila import ServerProcess

VISITS = 5
SETTLE_S = 25.0  # until a kernel waits again
PATIENCE_MS = 60_000
PICTURE = ".wb figure svg"


def seconds(browser: Any, address: str) -> float:
    """Return the time to the picture of one visitor with a browser of their own."""
    base, _, query = address.partition("?")
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    begin = time.perf_counter()
    page.goto(f"{base}dashboards/my_scanner?{query}")
    page.wait_for_selector(PICTURE, state="attached", timeout=PATIENCE_MS)
    spent = time.perf_counter() - begin
    context.close()
    return spent


def measured(visits: int = VISITS) -> tuple[float, float]:
    """Return the medians with a waiting kernel, and without."""
    pairs = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        workspace = make_workspace(Path(folder) / "w", harmless())
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        with ServerProcess(workspace) as server:
            for _ in range(visits):
                time.sleep(SETTLE_S)
                pairs.append((seconds(browser, server.url), seconds(browser, server.url)))
        browser.close()
    waiting, cold = (statistics.median(each) for each in zip(*pairs, strict=True))
    return waiting, cold


def main() -> None:
    """Print both and their ratio."""
    waiting, cold = measured()
    print(f"first picture with a kernel ahead {waiting:.1f} s, without {cold:.1f} s")
    print(f"ratio {cold / waiting:.1f}")


if __name__ == "__main__":
    main()
