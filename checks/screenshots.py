"""Pictures of every page for the docs, from the simulated hospital's workspace.

``python -m checks.screenshots`` makes that workspace (a minute), serves it, and writes a picture of
the index and of each section of each dashboard into ``docs/pictures``; ``-w W`` takes a workspace
that is there, and names after it take these pages alone.  ``docs/pages.md`` shows them.

Light, 1280 px wide, in a palette of at most 256 colours: a picture is small enough to be read in a
repository (``MOST_BYTES``).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from workbench.demo import Demo, run_demo
from workbench.server.index import dashboards
from workbench.server.voila import ServerProcess

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
WIDTH, HEIGHT, MOST_HEIGHT = 1280, 900, 1500  # px
MOST_BYTES = 150_000
COLOURS = (256, 128, 64, 32, 16)
CHROMIUM = "/usr/bin/chromium"
COLD_MS, SETTLED_MS = 60_000, 2_500
CONTENT = ".wbc-panel, .wb h2, .wbc-state, .wbc-card, .wbc-empty"
INDEX = "index"
CHART = ".wb-chart"
DRAWN = ".wb-chart svg"
# Every text that names the workspace's folder says W, as the docs do.
NAMED_W = """(folder) => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const { currentNode } = walk;
    if (currentNode.nodeValue.includes(folder)) {
      currentNode.nodeValue = currentNode.nodeValue.replaceAll(folder, 'W');
    }
  }
}"""


def small(content: bytes) -> bytes:
    """Return a picture as PNG with a palette, of as many colours as its size allows.

    Raises ``ValueError`` where even the fewest are too many bytes.
    """
    picture = Image.open(BytesIO(content)).convert("RGB")
    counts = picture.getcolors(picture.width * picture.height) or []
    often: list[tuple[int, Any]] = sorted(counts, reverse=True)
    usual = [colour for _, colour in often]
    for colours in COLOURS:
        # The usual colours as they are: averaged ones lose the hair lines around cards and fields.
        palette = Image.new("P", (1, 1))
        palette.putpalette([part for colour in usual[:colours] for part in colour])
        out = BytesIO()
        picture.quantize(palette=palette, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if len(out.getvalue()) <= MOST_BYTES:
            return out.getvalue()
    raise ValueError(f"a picture of {picture.size} does not fit into {MOST_BYTES} bytes")


def sections(page: Any) -> Iterator[str]:
    """Show each section of a page in turn; yield its name, empty where there is only one."""
    tabs = page.locator("[role=tab]")
    names = [tabs.nth(number).get_attribute("value") or "" for number in range(tabs.count())]
    for name in names or [""]:
        if name:
            page.locator(f'[role=tab][value="{name}"]').click()
            page.locator(f'[role=tab][value="{name}"][aria-selected=true]').wait_for()
        page.wait_for_timeout(SETTLED_MS)
        if page.locator(CHART).first.is_visible():
            page.locator(DRAWN).first.wait_for(timeout=COLD_MS)
        yield name


def taken(page: Any, here: Path) -> bytes:
    """Return a picture of the whole page, cut where it is very long; a path is not this machine's.

    ``here`` is the workspace, which pages name where they give a command.
    """
    page.evaluate(NAMED_W, str(here))
    height = page.evaluate("document.documentElement.scrollHeight")
    clip = {"x": 0, "y": 0, "width": WIDTH, "height": min(height, MOST_HEIGHT)}
    picture: bytes = page.screenshot(full_page=True, clip=clip)
    return small(picture)


def write(address: str, here: Path, wanted: Sequence[str], folder: Path) -> list[Path]:
    """Write pictures of the pages that serve a workspace; return the files."""
    from playwright.sync_api import sync_playwright

    base, written = address.partition("?")[0], []
    folder.mkdir(exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", locale="en-GB"
        )
        page.goto(address)
        for name in wanted:
            page.goto(base if name == INDEX else f"{base}dashboards/{name}")
            if name != INDEX:
                page.locator(CONTENT).first.wait_for(timeout=COLD_MS)
            for section in sections(page):
                out = folder / f"{name}{f'-{section}' if section else ''}.png"
                out.write_bytes(taken(page, here))
                written.append(out)
        browser.close()
    return written


@contextmanager
def workspace(given: str | None) -> Iterator[Path]:
    """Give the workspace to take pictures of: the one that is named, or a new one."""
    if given is not None:
        yield Path(given)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "demo"
        run_demo(Demo(folder, None, lambda _: None, lambda *_: None))
        yield folder


def pages() -> list[str]:
    """Return the names of all pages: the index, then every dashboard."""
    return [INDEX, *(dashboard.name for dashboard in dashboards())]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pictures; say how large each is."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-w", dest="workspace", help="a workspace that is there")
    parser.add_argument("pages", nargs="*", choices=[*pages(), []], help="all, if none is named")
    options = parser.parse_args(arguments)
    with workspace(options.workspace) as folder, ServerProcess(folder) as server:
        for file in write(server.url, folder, options.pages or pages(), PICTURES):
            sys.stdout.write(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1000} kB\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
