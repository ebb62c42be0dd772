"""The viewer in JupyterLab: what is seen and read is what the image holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest

from tests.browser.lab import chromium, jupyterlab, run_all

pytestmark = pytest.mark.chromium
HOSTILE = "<img src=x onerror=alert(1)>"

CELL = f"""
import json
import numpy as np
from ipywidgets import Label, VBox
from pydicom import Dataset
from workbench.dicom.image import Image
from workbench.model import Region
from workbench_widgets.parts.viewer import Viewer

rng = np.random.default_rng(1)
images = [
    Image((rng.normal(1000, 30, (100, 200)) + 100 * n).astype(np.int16), Dataset(), 0.5, -24.0,
          "[hnsf'U]", (0.5, 0.5))
    for n in range(5)
]
square = images[0].stored
square[40:60, 90:110] = 3000
regions = [Region("circle", ((50.0, 100.0),), (20.0,), label="{HOSTILE}")]
viewer, seen = Viewer(images, regions, ["{HOSTILE}"]), Label()
seen.add_class("seen")
def follow(change):
    seen.value = json.dumps([viewer.index, list(viewer.window), viewer.measured, viewer.panes])
viewer.observe(follow, ["index", "window", "measured", "panes"])
viewer.window = [1000.0, 1000.0]
VBox([viewer, seen])
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory):
    folder, home = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("home")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL.strip())])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, folder / "viewer.ipynb")
    with jupyterlab(folder, home, home) as address:
        yield address


def truth() -> np.ndarray:
    """Return the values of the first image, as the cell makes them."""
    rng = np.random.default_rng(1)
    stored = rng.normal(1000, 30, (100, 200)).astype(np.int16)
    stored[40:60, 90:110] = 3000
    return stored * 0.5 - 24.0


class Pane:
    """The first pane of the viewer on a page."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.canvas = page.locator(".wbv canvas").first
        self.canvas.wait_for()
        self.canvas.scroll_into_view_if_needed()

    def place(self, row: float, column: float) -> tuple[float, float]:
        """Return where the centre of a pixel is on the page, while the image is fitted."""
        box = self.canvas.bounding_box()  # a notebook scrolls by itself
        scale = min(box["width"] / 200, box["height"] / 100)
        return (
            box["x"] + box["width"] / 2 + (column - 99.5) * scale,
            box["y"] + box["height"] / 2 + (row - 49.5) * scale,
        )

    def colour(self, row: float, column: float) -> list[int]:
        x, y = self.place(row, column)
        return self.canvas.evaluate(
            "(c, [x, y]) => { const b = c.getBoundingClientRect(), k = c.width / b.width;"
            "return [...c.getContext('2d').getImageData((x - b.left) * k, (y - b.top) * k, 1, 1)"
            ".data].slice(0, 3); }",
            [x, y],
        )

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.page.mouse.move(*self.place(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.place(*end), steps=4)
        self.page.mouse.up()


def python_sees(page: Any, test: str) -> Any:
    """Wait until what Python has been told passes a test (JavaScript on ``seen``)."""
    page.wait_for_function(
        "test => { const t = document.querySelector('.seen')?.textContent;"
        "if (!t) return false; const seen = JSON.parse(t); return eval(test); }",
        arg=test,
    )
    import json

    return json.loads(page.locator(".seen").text_content())


def test_the_image_is_seen_read_and_measured(lab: str, tmp_path: Path) -> None:
    values = truth()
    with chromium() as tab:
        page = tab.page
        ran: list[str] = []
        page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
        run_all(tab, lab, "viewer.ipynb", 1)
        pane = Pane(page)
        page.locator(".wbv").get_by_role("button", name="Regions").click()
        page.wait_for_timeout(300)

        # The grey of a pixel is that of PS3.3 C.11.2.1.2.1.
        for row, column in ((20, 30), (70, 150), (50, 100)):
            grey = ((values[row, column] - (1000 - 0.5)) / 999 + 0.5) * 255
            assert pane.colour(row, column) == pytest.approx([min(max(grey, 0), 255)] * 3, abs=1)

        # The readout is the physical value, with its place and unit.
        page.mouse.move(*pane.place(50, 100))
        page.get_by_text("row 50, column 100: 1476 HU").wait_for()

        # A circle's statistics are those of the pixels whose centres lie in it.
        page.keyboard.press("c")
        pane.drag((50, 100), (50, 115))
        (measure,) = python_sees(page, "seen[2].length === 1")[2]
        (row, column), edge = measure["places"]
        rows, columns = np.indices(values.shape)
        inside = np.hypot(rows - row, columns - column) <= np.hypot(edge[0] - row, edge[1] - column)
        assert measure["n"] == int(inside.sum())
        assert measure["mean"] == pytest.approx(values[inside].mean())
        assert measure["sd"] == pytest.approx(values[inside].std(ddof=1))
        assert measure["area"] == pytest.approx(inside.sum() * 0.25)

        page.keyboard.press("d")
        pane.drag((20, 20), (20, 120))
        distance = python_sees(page, "seen[2].length === 2")[2][1]
        assert distance["value"] == pytest.approx(50, abs=0.5)
        page.keyboard.press("Escape")
        python_sees(page, "seen[2].length === 0")

        # Dragging changes the window; keys and wheel go through the series.
        page.keyboard.press("w")
        pane.drag((50, 60), (50, 100))
        python_sees(page, "seen[1][1] > 1001 && seen[0] === 0")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("End")
        python_sees(page, "seen[0] === 4")
        page.keyboard.press("Home")
        page.mouse.wheel(0, 100)
        python_sees(page, "seen[0] === 1")
        page.keyboard.press("4")
        python_sees(page, "seen[3] === 4")
        assert page.locator(".wbv canvas").count() == 4
        page.keyboard.press("1")
        page.keyboard.press("?")
        page.get_by_text("narrower, wider window").wait_for()
        assert not ran
        assert page.locator(".wbv img").count() == 0


def test_regions_are_where_they_were_measured_also_after_zooming(lab: str) -> None:
    with chromium() as tab:
        page = tab.page
        run_all(tab, lab, "viewer.ipynb", 1)
        pane = Pane(page)
        page.wait_for_timeout(500)
        yellow = [255, 213, 74]

        def is_yellow(row: float, column: float) -> bool:
            return any(
                np.abs(np.array(pane.colour(row + off, column)) - yellow).max() < 90
                for off in np.linspace(-0.6, 0.6, 9)
            )

        assert is_yellow(30, 100)
        assert is_yellow(70, 100)
        assert not is_yellow(50, 100)
        page.mouse.move(*pane.place(30, 100))
        page.keyboard.down("Control")
        page.mouse.wheel(0, -100)  # zooms about the place of the mouse
        page.keyboard.up("Control")
        page.wait_for_timeout(300)
        assert is_yellow(30, 100)
        assert not is_yellow(70, 100)
