"""Every output a person looks at, opened in one Chromium with hostile texts in it.

The pages' own policies are switched off in that browser: what they forbid is the net below, and
escaping has to hold without it.  A page that does not show the texts at all proves nothing, so
each output also tells how many payloads it showed.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import altair as alt
import nbformat
import pandas as pd
import pytest
from nbconvert import HTMLExporter

from tests.browser.hostile_texts import LONG, Canary, Watch, canary, payloads
from tests.browser.hostile_workspace import hostile_workspace
from tests.browser.lab import ROOT, Tab, jupyterlab, run_all
from workbench.server.voila import ServerProcess

NOTEBOOKS = ROOT / "notebooks"
REPORTS = ("dose_by_protocol", "completeness")
LOCAL = ("http://127.0.0.1:", "ws://127.0.0.1:", "file:", "data:", "blob:", "about:")
SETTLE_MS = 300  # a handler of a picture that failed to load has run by then
PATIENCE_MS = 60_000


@dataclass(frozen=True)
class Found:
    """What came of one output: which payloads it showed, and whatever ran."""

    output: str
    shown: frozenset[str]
    ran: tuple[str, ...]


@dataclass
class Scene:
    """A browser without policies, a canary, the payloads, and a workspace full of them."""

    browser: Any
    heard: Canary
    texts: Mapping[str, str]
    folder: Path
    outside: list[str] = field(default_factory=list)
    reports: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def workspace(self) -> Path:
        """The hostile workspace, made when first asked for."""
        made = self.folder / "workspace"
        return made if made.exists() else hostile_workspace(made, list(self.texts.values()))

    @contextlib.contextmanager
    def page(self) -> Iterator[tuple[Any, Watch]]:
        """Open an empty page; only this machine can be asked for anything."""
        context = self.browser.new_context(
            viewport={"width": 1280, "height": 1000}, bypass_csp=True, accept_downloads=False
        )
        context.route("**/*", self._judge)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        watch = Watch(page, self.heard)
        try:
            yield page, watch
        finally:
            context.close()

    def found(self, output: str, watch: Watch, texts: str = "") -> Found:
        """Wait for late handlers, then say what an open page showed and ran."""
        watch.page.wait_for_timeout(SETTLE_MS)
        seen = _plain(texts or watch.page.evaluate(SEEN))
        shown = {name for name, text in self.texts.items() if _plain(text)[:HEAD] in seen}
        return Found(output, frozenset(shown), tuple(watch.ran()))

    def file(self, output: str, file: Path) -> Found:
        """Open a file of ours and say what it showed and ran."""
        with self.page() as (page, watch):
            page.goto(file.as_uri())
            return self.found(output, watch)

    def _judge(self, route: Any) -> None:
        if route.request.url.startswith(LOCAL):
            route.continue_()
        else:
            self.outside.append(route.request.url)
            route.abort()


# All text of a page, what its choices offer included; and how much of a payload must be there:
# long texts are cut.
SEEN = """() => [document.documentElement.textContent,
  ...[...document.querySelectorAll("option, [title], [aria-label], input")].map(
    one => [one.label, one.title, one.getAttribute("aria-label"), one.value].join(" "))].join(" ")
"""
HEAD = 18
INDEX_NAMES = 4  # the survey's in title and text, a report's title, and its first paragraph
# Point at every mark, and return what the tooltips say.
POINT = """() => [...document.querySelectorAll(".wb-chart svg .mark-symbol path")].map(one => {
  for (const kind of ["pointerover", "mouseover", "pointermove", "mousemove"]) {
    one.dispatchEvent(new MouseEvent(kind, {bubbles: true, clientX: 9, clientY: 9}));
  }
  return [...document.querySelectorAll(".wb-chart-tooltip:not([hidden])")].map(
    tip => tip.textContent).join(" ");
})"""


def _plain(text: str) -> str:
    """Return the letters of a text: pages fold blanks and show controls in ways of their own."""
    return "".join(one for one in text if one.isascii() and one.isprintable() and one != " ")


@contextlib.contextmanager
def scene(folder: Path) -> Iterator[Scene]:
    """Start the browser and the canary."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with canary() as heard, sync_api.sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        made = Scene(browser, heard, payloads(heard.url), folder)
        try:
            begin_reports(made)
            yield made
        finally:
            browser.close()
            for run in made.reports.values():
                run.kill()
                run.wait()


def reports(scene: Scene) -> Iterator[Found]:
    """``workbench report run`` of every report notebook, as a page."""
    for name, run in scene.reports.items():
        assert run.wait(PATIENCE_MS / 1000) == 0
        yield scene.file(f"report {name}", _report(scene, name))


def begin_reports(scene: Scene) -> None:
    """Start the commands that make the reports, while something else is looked at."""
    for name in REPORTS:
        words = ["report", "run", name, "-w", scene.workspace, "--out", _report(scene, name)]
        scene.reports[name] = subprocess.Popen([sys.executable, "-m", "workbench.cli", *words])


def _report(scene: Scene, name: str) -> Path:
    return scene.folder / f"{name}.html"


def notebook(folder: Path) -> Path:
    """Write one notebook with the cells of the explore and of both report notebooks."""
    cells = []
    for name in ("explore/explore", *(f"reports/{report}" for report in REPORTS)):
        read = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
        cells += [cell for cell in read.cells if cell.cell_type == "code"]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    made = nbformat.v4.new_notebook(cells=cells)
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    folder.mkdir(exist_ok=True)
    nbformat.write(made, folder / "all.ipynb")
    return folder / "all.ipynb"


def _converted(scene: Scene, saved: Path) -> Iterator[Found]:
    """nbconvert's stock page of a saved notebook, and a chart as a file of its own."""
    made = nbformat.read(saved, as_version=4)
    page, _ = HTMLExporter(template_name="lab").from_notebook_node(made)
    out = scene.folder / "converted.html"
    out.write_text(page, encoding="utf-8")
    yield scene.file("nbconvert of the notebooks", out)
    out = scene.folder / "chart.svg"  # the first names protocols; the other only ages
    out.write_text(next(_pictures(made)), encoding="utf-8")
    yield scene.file("a chart as an SVG file", out)


def _pictures(made: nbformat.NotebookNode) -> Iterator[str]:
    for cell in made.cells:
        for output in cell.outputs:
            if "image/svg+xml" in output.get("data", {}):
                yield output["data"]["image/svg+xml"]


def lab(scene: Scene) -> Iterator[Found]:
    """The explore notebook and both report notebooks in JupyterLab, then saved and converted."""
    home = scene.folder / "home"
    saving = home / "settings" / "@jupyter-widgets" / "jupyterlab-manager"
    saving.mkdir(parents=True)
    (saving / "plugin.jupyterlab-settings").write_text('{"saveState": true}')
    made = notebook(scene.folder / "lab")
    cells = len(json.loads(made.read_text("utf-8"))["cells"])
    with jupyterlab(made.parent, home, scene.workspace) as address, scene.page() as (page, watch):
        run_all(Tab(page), address, made.name, cells)
        page.wait_for_function("document.querySelectorAll('.wb-chart svg').length === 2")
        page.locator(".workbench-table tbody tr").first.wait_for()
        texts = [page.evaluate(SEEN), *page.evaluate(POINT), _sorted_and_filtered(page)]
        assert any("Protocol" in one or "label" in one for one in texts[1:-1])
        yield scene.found("notebooks in JupyterLab", watch, " ".join(texts))
        _save(page, made)
    yield from _converted(scene, made)


def _save(page: Any, file: Path) -> None:
    """Save the notebook that is open, the state of its widgets with it."""
    page.get_by_role("menuitem", name="File", exact=True).click()
    page.locator(".lm-Menu-itemLabel").get_by_text("Save Notebook", exact=True).click()
    for _ in range(100):
        if "application/vnd.jupyter.widget-state+json" in file.read_text("utf-8"):
            return
        page.wait_for_timeout(100)
    pytest.fail("the notebook was not saved")


def _sorted_and_filtered(page: Any) -> str:
    """Use the table of the explore notebook: its rows come anew each time."""
    page.get_by_label("Filter protocol").fill("<script")
    page.wait_for_timeout(SETTLE_MS)
    page.get_by_role("button", name="protocol", exact=True).click()
    page.get_by_role("button", name="Clear filters").click()
    page.get_by_role("button", name="Clear filters").wait_for(state="hidden")
    return str(page.evaluate(SEEN))


def served(scene: Scene) -> Iterator[Found]:
    """What ``workbench serve`` serves: the index and both dashboards, every choice made."""
    with ServerProcess(scene.workspace) as server, scene.page() as here, scene.page() as there:
        base, _, query = server.url.partition("?")
        page, watch = here
        page.goto(server.url)
        assert page.content().count("7*7") == INDEX_NAMES  # it shows names of its own only
        yield scene.found("index of workbench serve", watch)
        # Both kernels start at the same time.
        there[0].goto(f"{base}dashboards/collector?{query}", wait_until="commit")
        _open(page, f"{base}dashboards/my_scanner?{query}", ".wb .tiles")
        yield scene.found("dashboard my scanner", watch, _every_choice(page, scene.texts.values()))
        page, watch = there
        _ready(page, ".wbc-state")
        yield scene.found("the collector's page", watch, _every_tab(page))


def _open(page: Any, address: str, wait_for: str) -> None:
    page.goto(address)
    _ready(page, wait_for)


def _ready(page: Any, wait_for: str) -> None:
    """Wait for a dashboard; two of sixty cold starts on a busy machine need a reload."""
    with contextlib.suppress(Exception):
        page.wait_for_selector(wait_for, state="attached", timeout=PATIENCE_MS // 2)
        return
    page.reload()
    page.wait_for_selector(wait_for, state="attached")


def _every_choice(page: Any, payloads: Iterable[str]) -> str:
    """Choose a scanner for each payload; some stand in several, cleaned and as they were."""
    texts = [str(page.evaluate(SEEN))]
    scanner = page.locator("select[name=scanner]")
    named = [_plain(name) for name in scanner.locator("option").all_text_contents()]
    for text in payloads:
        number = next(place for place, name in enumerate(named) if _plain(text)[:HEAD] in name)
        if scanner.evaluate("one => one.selectedIndex") == number:
            continue
        before = page.locator(".wb").inner_html()
        scanner.select_option(index=number)
        page.wait_for_function(
            "before => document.querySelector('.wb').innerHTML !== before", arg=before
        )
        texts.append(str(page.evaluate(SEEN)))
    return " ".join(texts)


def _every_tab(page: Any) -> str:
    texts = []
    for tab in page.get_by_role("tab").all():
        tab.click()
        page.wait_for_timeout(SETTLE_MS)
        texts.append(str(page.evaluate(SEEN)))
    return " ".join(texts)


OUTPUTS: Mapping[str, Callable[[Scene], Iterator[Found]]] = {
    "notebooks": lab, "workbench serve": served, "reports": reports,
}  # fmt: skip


def stock(scene: Scene) -> Iterator[Found]:
    """The same payloads through libraries as they come: they run, or this browser is no judge."""
    frame = pd.DataFrame({"x": [1.0] * len(scene.texts), "text": list(scene.texts.values())})
    small = frame[frame["text"].str.len() < LONG]
    drawn = alt.Chart(small).mark_point().encode(x="x:Q", tooltip="text:N")
    made = {"altair to_html": drawn.to_html(inline=True), "pandas Styler": frame.style.to_html()}
    for name, html in made.items():
        out = scene.folder / "stock.html"
        out.write_text(html, encoding="utf-8")
        yield scene.file(name, out)
