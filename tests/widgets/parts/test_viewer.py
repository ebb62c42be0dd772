"""The viewer's scripts are one module in a notebook; its fingers are tried without a browser."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import workbench_widgets.parts.viewer.viewer as module

FINGERS = """
import assert from "node:assert/strict";
import test from "node:test";
import { handle } from "./viewer.mjs";

function hand() {
  const did = [];
  const acts = {};
  const canvas = {
    addEventListener: (name, act) => { acts[name] = act; },
    setPointerCapture() {},
  };
  const viewer = {
    about: [], tool: "window", drawing: null, root: { focus() {} }, said: {},
    read() {}, ratio: () => 1,
    where: (_pane, { clientX, clientY }) => ({ x: clientX, y: clientY, place: [clientY, clientX] }),
    pan: (x, y) => did.push(["pan", x, y]), zoom: (factor) => did.push(["zoom", factor]),
    drag: (x, y) => did.push(["drag", x, y]),
  };
  handle(viewer, { canvas });
  const finger = (name, pointerId, clientX) => acts[name]({ pointerId, clientX, clientY: 0 });
  return { did, finger };
}

test("two fingers that part zoom, and the image goes with their middle", () => {
  const { did, finger } = hand();
  finger("pointerdown", 1, 0);
  finger("pointerdown", 2, 100);
  finger("pointermove", 2, 200);
  assert.deepEqual(did, [["pan", 50, 0], ["zoom", 2]]);
});
test("the finger that stays when the other was lifted does nothing", () => {
  const { did, finger } = hand();
  finger("pointerdown", 1, 0);
  finger("pointerdown", 2, 100);
  finger("pointerup", 2, 100);
  finger("pointermove", 1, 30);
  assert.deepEqual(did, []);
});
test("a third finger does not move the image", () => {
  const { did, finger } = hand();
  for (const one of [1, 2, 3]) finger("pointerdown", one, 100 * one);
  finger("pointermove", 3, 350);
  assert.deepEqual(did, [["pan", 0, 0], ["zoom", 1]]);
});
"""


def test_the_files_import_each_other_and_the_module_nothing() -> None:
    here = [name for name in module.FILES if "\nimport " in (module.HERE / name).read_text("utf-8")]
    assert here
    assert "\nimport " not in "\n" + module.joined(module.FILES)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_fingers_on_the_image(tmp_path: Path) -> None:
    # That node reads it shows, too, that no name is in two of the files.
    (tmp_path / "viewer.mjs").write_text(module.joined(module.FILES), "utf-8")
    (tmp_path / "viewer.test.mjs").write_text(FINGERS, "utf-8")
    done = subprocess.run(
        ["node", "--test", str(tmp_path / "viewer.test.mjs")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
