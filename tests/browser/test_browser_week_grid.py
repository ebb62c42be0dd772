"""The week grid in JupyterLab: mouse, finger and keys paint, and Python sees the week."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from tests.browser.lab import chromium, jupyterlab, run_all
from workbench.collect.hours.week_grid import DAYS, WeekGrid

pytestmark = pytest.mark.chromium

CELL = """
from ipywidgets import Label, VBox
from workbench_widgets.parts.week_grid import WeekGrid
grid, shown, seen = WeekGrid(caption="Query"), WeekGrid(caption="Upload", read_only=True), Label()
seen.add_class("seen")
grid.now = [2, 14]
def follow(change):
    seen.value = "/".join(change["new"].text().values())
grid.observe(follow, "value")
VBox([grid, shown, seen])
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory):
    folder, home = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("home")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL.strip())])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, folder / "week.ipynb")
    with jupyterlab(folder, home, home) as address:
        yield address


def hour(page, day: int, at: int, board: int = 0):
    return page.locator(".wb-week-board").nth(board).locator(f'[data-cell="{day},{at}"]')


def centre(page, day: int, at: int) -> tuple[float, float]:
    box = hour(page, day, at).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def python_sees(page, grid: WeekGrid) -> None:
    """Wait until the kernel has said this week, and its words stand below the grid."""
    page.locator(".seen").get_by_text("/".join(grid.text().values()), exact=True).wait_for()
    page.locator(".wb-week-words").first.get_by_text(grid.describe()).wait_for()


def week(**rows: str) -> WeekGrid:
    return WeekGrid.parse(rows)


def drag(page, start: tuple[int, int], end: tuple[int, int]) -> None:
    page.mouse.move(*centre(page, *start))
    page.mouse.down()
    page.mouse.move(*centre(page, *end), steps=3)
    page.mouse.up()


def test_mouse_and_keys_paint_and_python_sees_it(lab: str, tmp_path: Path) -> None:
    evening = "." * 19 + "#" * 5
    with chromium() as tab:
        page = tab.page
        run_all(tab, lab, "week.ipynb", 1)
        page.locator(".wb-week-board").first.wait_for()
        page.locator(".wb-week-board").first.scroll_into_view_if_needed()

        # The mouse: a stroke opens what it covers, and one that begins on an open hour closes.
        drag(page, (0, 19), (4, 23))
        nights = dict.fromkeys(DAYS[:5], evening)
        python_sees(page, week(**nights))
        drag(page, (4, 23), (4, 19))
        nights.pop("friday")
        python_sees(page, week(**nights))
        page.get_by_role("rowheader", name="Sunday").first.click()
        python_sees(page, week(**nights, sunday="#" * 24))
        page.get_by_role("columnheader", name="03:00–04:00 on every day").first.click()
        early = {day: f"...#{nights.get(day, '.' * 24)[4:]}" for day in DAYS[:6]}
        python_sees(page, week(**early, sunday="#" * 24))

        # A stroke that is given up with Escape changes nothing; Undo takes the last one back.
        page.mouse.move(*centre(page, 2, 8))
        page.mouse.down()
        page.mouse.move(*centre(page, 3, 12))
        assert hour(page, 3, 12).get_attribute("aria-selected") == "true"
        page.keyboard.press("Escape")
        page.mouse.up()
        assert hour(page, 3, 12).get_attribute("aria-selected") == "false"
        page.get_by_role("button", name="Undo").first.click()
        python_sees(page, week(**nights, sunday="#" * 24))

        # The keys: one tab stop, arrows move, space toggles, shift and arrow paints.
        page.get_by_role("button", name="Never").first.click()
        python_sees(page, WeekGrid.never())
        page.mouse.click(*centre(page, 1, 9))
        python_sees(page, week(tuesday="." * 9 + "#" + "." * 14))
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Space")
        page.keyboard.press("Shift+ArrowRight")
        page.keyboard.press("Shift+ArrowDown")
        one = "." * 9 + "#" + "." * 14
        python_sees(page, week(tuesday=one, wednesday="." * 10 + "##" + "." * 12,
                               thursday="." * 11 + "#" + "." * 12))  # fmt: skip
        page.keyboard.press("Home")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Space")  # on the head of Thursday
        python_sees(page, week(tuesday=one, wednesday="." * 10 + "##" + "." * 12,
                               thursday="#" * 24))  # fmt: skip
        assert page.locator(".wb-week-board").first.locator('[tabindex="0"]').count() == 1

        # Now is outlined; what only shows has no buttons and cannot be painted.
        assert hour(page, 2, 14).get_attribute("aria-current") == "time"
        hour(page, 0, 0, board=1).click()
        page.keyboard.press("Space")
        assert hour(page, 0, 0, board=1).get_attribute("aria-selected") == "false"
        assert page.get_by_role("button", name="Never").count() == 1
        assert page.get_by_role("grid", name="Upload").get_attribute("aria-readonly") == "true"
        assert tab.outside == []
        assert tab.errors == []


def test_a_finger_paints_too(lab: str) -> None:
    with chromium(has_touch=True) as tab:
        page = tab.page
        run_all(tab, lab, "week.ipynb", 1)
        page.locator(".wb-week-board").first.wait_for()
        page.locator(".wb-week-board").first.scroll_into_view_if_needed()
        touch = page.context.new_cdp_session(page)
        (x, y), (to_x, to_y) = centre(page, 5, 2), centre(page, 6, 4)
        for kind, points in (
            ("touchStart", [{"x": x, "y": y}]),
            ("touchMove", [{"x": (x + to_x) / 2, "y": (y + to_y) / 2}]),
            ("touchMove", [{"x": to_x, "y": to_y}]),
            ("touchEnd", []),
        ):
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        python_sees(page, week(saturday="..###" + "." * 19, sunday="..###" + "." * 19))
        assert tab.errors == []
