"""Where keys lead among the points of a picture, in the scripts of the page."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from workbench_widgets.parts.chart import chart
from workbench_widgets.parts.live import live

TEST = """
import assert from "node:assert/strict";
import test from "node:test";
import { neighbour } from "./points.mjs";
import { stepped } from "./chart.mjs";
const point = (lane, x) => ({ dataset: { lane: String(lane) }, x });
const points = [point(0, 1), point(0, 5), point(0, 9), point(3, 2), point(3, 8), point(4, 5)];
const to = (from, key) => points.indexOf(neighbour(points, points[from], key, (one) => one.x));
test("left and right go along a lane and stop at its ends", () => {
  assert.equal(to(0, "ArrowRight"), 1);
  assert.equal(to(2, "ArrowRight"), 2);
  assert.equal(to(3, "ArrowLeft"), 3);
});
test("up and down go to the nearest point of the next lane, whatever its number", () => {
  assert.equal(to(2, "ArrowDown"), 4);
  assert.equal(to(0, "ArrowDown"), 3);
  assert.equal(to(5, "ArrowUp"), 3);
  assert.equal(to(0, "ArrowUp"), 0);
  assert.equal(to(5, "ArrowDown"), 5);
});
test("Home and End go to the ends of a lane, other keys nowhere", () => {
  assert.equal(to(1, "Home"), 0);
  assert.equal(to(3, "End"), 4);
  assert.equal(to(1, "x"), 1);
});
test("in a chart arrow keys begin at the first point and stop at the last", () => {
  assert.equal(stepped("ArrowRight", -1, 2), 0);
  assert.equal(stepped("ArrowLeft", -1, 2), 0);
  assert.equal(stepped("ArrowRight", 0, 2), 1);
  assert.equal(stepped("ArrowDown", 1, 2), 1);
  assert.equal(stepped("Home", 1, 2), 0);
  assert.equal(stepped("End", -1, 2), 1);
  assert.equal(stepped("Tab", 0, 2), undefined);
  assert.equal(stepped("ArrowDown", -1, 0), undefined);
});
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_keys_lead_from_point_to_point(tmp_path: Path) -> None:
    for folder, name in ((live.HERE, "points"), (chart.HERE, "chart")):
        source = (folder / f"{name}.js").read_text("utf-8")
        (tmp_path / f"{name}.mjs").write_text(source, "utf-8")
    (tmp_path / "points.test.mjs").write_text(TEST, "utf-8")
    done = subprocess.run(
        ["node", "--test", str(tmp_path / "points.test.mjs")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
