"""The painted week: Python's half holds a whole week or none; the page's pure functions."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import traitlets

from workbench.collect.hours import week_grid as hours
from workbench_widgets.parts import week_grid
from workbench_widgets.parts.week_grid import WeekGrid

NIGHT, ALL, NONE = "######.............#####", "#" * 24, "." * 24
WEEK = [NIGHT] * 5 + [ALL] * 2


def test_a_week_goes_in_and_comes_out_and_is_said_in_words():
    value = hours.WeekGrid.parse(dict.fromkeys(hours.DAYS, NIGHT))
    widget = WeekGrid(value, caption="Query the PACS")
    assert widget.grid == [NIGHT] * 7
    assert widget.value == value
    assert widget.words == value.describe() == "every day 19:00-06:00"
    assert WeekGrid().value == hours.WeekGrid.never()


def test_what_a_page_paints_is_observed_as_a_week():
    widget = WeekGrid()
    seen = []
    widget.observe(lambda change: seen.append(change["new"]), "value")
    widget.set_state({"grid": WEEK})
    assert seen == [hours.WeekGrid.parse(dict(zip(hours.DAYS, WEEK, strict=True)))]
    assert widget.words == seen[0].describe()
    widget.set_state({"grid": list(WEEK)})
    assert len(seen) == 1  # the same again is no change


def test_a_week_that_is_set_reaches_the_page():
    widget = WeekGrid()
    widget.value = hours.WeekGrid.always()
    assert widget.get_state(["grid", "words"]) == {"grid": [ALL] * 7, "words": "always"}


@pytest.mark.parametrize(
    "grid",
    [
        [], WEEK[:6], [*WEEK, ALL], [NIGHT[:-1], *WEEK[1:]], ["x" * 24, *WEEK[1:]],
        [None, *WEEK[1:]], [["#"] * 24, *WEEK[1:]], "#" * 7, None,
    ],
)  # fmt: skip
def test_a_page_that_sends_no_week_changes_nothing(grid):
    widget = WeekGrid(hours.WeekGrid.always())
    with pytest.raises(traitlets.TraitError):
        widget.set_state({"grid": grid})
    assert widget.value == hours.WeekGrid.always()
    assert widget.grid == [ALL] * 7


def test_a_wrong_day_is_named():
    with pytest.raises(traitlets.TraitError, match="tuesday"):
        WeekGrid().grid = [ALL, "#", *[ALL] * 5]


def test_a_page_cannot_change_what_only_shows_nor_say_what_is_ours():
    widget = WeekGrid(read_only=True)
    widget.set_state({"read_only": False, "grid": WEEK, "words": "always", "now": [0, 0]})
    assert widget.read_only
    assert widget.value == hours.WeekGrid.never()
    assert widget.words == "never"
    assert widget.now == []
    widget.value = hours.WeekGrid.always()  # Python may
    assert widget.grid == [ALL] * 7


def test_now_is_the_hour_on_the_wall_and_a_holiday_is_a_sunday():
    zone = ZoneInfo("Europe/Luxembourg")
    slots = hours.Slots(hours.WeekGrid.always(), zone)
    widget = WeekGrid()
    widget.mark(slots, datetime(2026, 6, 22, 22, 30, tzinfo=UTC))  # Tuesday, half past midnight
    assert widget.now == [1, 0]
    assert widget.now_words == "now"
    free = hours.Holidays(days=frozenset({date(2026, 6, 23)}))
    widget.mark(hours.Slots(slots.grid, zone, free), datetime(2026, 6, 22, 22, 30, tzinfo=UTC))
    assert widget.now == [6, 0]
    assert "holiday" in widget.now_words
    for wrong in ([7, 0], [0, 24], [-1, 0], [0], [0, 0, 0]):
        with pytest.raises(traitlets.TraitError):
            widget.now = wrong
    widget.now = []


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_page_s_own_functions(tmp_path: Path):
    folder = Path(week_grid.__file__).parent
    shutil.copy(folder / "week_grid.js", tmp_path / "week_grid.mjs")
    (tmp_path / "week.test.mjs").write_text(
        """
import assert from "node:assert/strict";
import test from "node:test";
import { PRESETS, joined, moved, painted, toggled } from "./week_grid.mjs";

const none = Array(7).fill(".".repeat(24));
const all = Array(7).fill("#".repeat(24));
const open = (grid) => grid.join("").replaceAll(".", "").length;
const preset = (name, grid) => PRESETS.find(([label]) => label === name)[1](grid);

test("a stroke paints the rectangle between two corners, whichever way", () => {
  const grid = painted(none, [4, 22], [1, 20], true);
  assert.deepEqual(grid, painted(none, [1, 20], [4, 22], true));
  assert.equal(open(grid), 4 * 3);
  assert.equal(grid[1], ".".repeat(20) + "###.");
  assert.equal(grid[0], none[0]);
  assert.deepEqual(painted(grid, [0, 0], [6, 23], false), none);
  assert.equal(open(none), 0); // the grid itself stays
});
test("a head opens its day or hour, and closes it when all of it is open", () => {
  const day = toggled(none, [2, -1]);
  assert.equal(open(day), 24);
  assert.equal(day[2], all[2]);
  assert.deepEqual(toggled(day, [2, -1]), none);
  const hour = toggled(day, [-1, 5]);
  assert.equal(open(hour), 24 + 6);
  assert.ok(hour.every((row) => row[5] === "#"));
  assert.equal(open(toggled(hour, [-1, 5])), 23);
  assert.equal(open(toggled(none, [3, 4])), 1);
});
test("presets add nights and weekends, or set all", () => {
  const nights = preset("nights", none);
  assert.deepEqual(nights, Array(7).fill("######.............#####"));
  const both = preset("weekends", nights);
  assert.equal(open(both), 5 * 11 + 2 * 24);
  assert.deepEqual(both, preset("nights", preset("weekends", none)));
  assert.deepEqual(preset("always", both), all);
  assert.deepEqual(preset("never", both), none);
  assert.deepEqual(joined(nights, none), nights);
});
test("keys move within the board and to its heads, not beyond", () => {
  assert.deepEqual(moved([0, 0], "ArrowRight"), [0, 1]);
  assert.deepEqual(moved([0, 0], "ArrowUp"), [-1, 0]);
  assert.deepEqual(moved([0, 0], "ArrowLeft"), [0, -1]);
  assert.deepEqual(moved([-1, 0], "ArrowLeft"), [-1, 0]); // the corner is empty
  assert.deepEqual(moved([0, -1], "ArrowUp"), [0, -1]);
  assert.deepEqual(moved([6, 23], "ArrowDown"), [6, 23]);
  assert.deepEqual(moved([6, 23], "ArrowRight"), [6, 23]);
  assert.deepEqual(moved([3, 9], "Home"), [3, 0]);
  assert.deepEqual(moved([3, 9], "End"), [3, 23]);
});
""",
        encoding="utf-8",
    )
    ran = subprocess.run(
        ["node", "--test", str(tmp_path / "week.test.mjs")], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
