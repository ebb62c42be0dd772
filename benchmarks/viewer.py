"""How fast the viewer answers in Chromium: 4000 x 3000 pixels, and a chart of 10,000 points."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import numpy as np
from playwright.sync_api import Page, sync_playwright

from workbench.language import data
from workbench.report.control_chart import Look, individuals
from workbench.spc.baseline import Point, baseline_of
from workbench.spc.chart import control_chart
from workbench_widgets.parts.chart.chart import Chart, _vega
from workbench_widgets.parts.viewer import Viewer

ROWS, COLUMNS, FRAMES, POINTS = 4000, 3000, 60, 10_000
VIEWER = """
async ([module, rows, columns, frames]) => {
  const url = URL.createObjectURL(new Blob([module], { type: "text/javascript" }));
  const { default: widget } = await import(url);
  const pixels = new Uint16Array(rows * columns).map((_, n) => (n * 2654435761) >>> 20);
  const state = { frames: [{ rows, columns, dtype: "uint16", slope: 1, intercept: 0, unit: "",
    spacing: [0.05, 0.05], label: "", inverted: false }], regions: [], version: 1, index: 0,
    window: [2000, 4000], panes: 1, measured: [] };
  const listeners = {};
  const model = {
    get: (name) => state[name], set: (name, value) => { state[name] = value; },
    save_changes: () => {}, on: (name, act) => { listeners[name] = act; }, off: () => {},
    send: () => setTimeout(() => listeners["msg:custom"](
      { type: "frame", index: 0, version: 1 }, [new DataView(pixels.buffer)])),
  };
  const begun = performance.now();
  widget.render({ model, el: document.body });
  const context = document.querySelector("canvas").getContext("2d");
  const black = () => context.getImageData(600, 200, 1, 1).data[0] === 0;
  while (black()) await new Promise((done) => requestAnimationFrame(done));
  const first = performance.now() - begun;
  const spent = { window: [], zoom: [] };
  const canvas = document.querySelector("canvas");
  const box = canvas.getBoundingClientRect();
  const move = (type, x, y) => canvas.dispatchEvent(new PointerEvent(type, {
    pointerId: 1, clientX: box.left + x, clientY: box.top + y, button: 0, bubbles: true }));
  canvas.setPointerCapture = () => {};
  move("pointerdown", 100, 100);
  for (let n = 0; n < frames; n++) {
    const start = performance.now();
    move("pointermove", 100 + n, 100 + n);
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    spent.window.push(performance.now() - start);
  }
  move("pointerup", 100 + frames, 100);
  for (let n = 0; n < frames; n++) {
    const start = performance.now();
    canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: -1, clientX: box.left + 200,
      clientY: box.top + 200, bubbles: true, cancelable: true }));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    spent.zoom.push(performance.now() - start);
  }
  const started = performance.now();
  const whole = new ImageData(columns, rows);
  const words = new Uint32Array(whole.data.buffer);
  for (let n = 0; n < pixels.length; n++) {
    const grey = Math.min(Math.max((pixels[n] - 2000) * 255 / 4000 + 127.5, 0), 255);
    words[n] = 0xff000000 | grey << 16 | grey << 8 | grey;
  }
  const plain = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
  plain.getContext("2d").putImageData(whole, 0, 0);
  document.body.append(plain);
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const peer = performance.now() - started;
  const middle = (all) => all.sort((a, b) => a - b)[all.length >> 1];
  return { first, peer, window: middle(spent.window), zoom: middle(spent.zoom) };
}
"""
CHART = """
async ([module, spec]) => {
  const url = URL.createObjectURL(new Blob([module], { type: "text/javascript" }));
  const { embed } = await import(url);
  document.body.innerHTML = "<div style='width: 900px'></div>";
  const begun = performance.now();
  const { view } = await embed(document.body.firstChild, JSON.parse(spec),
    { renderer: "canvas", actions: false, ast: true });
  await view.runAsync();
  const first = performance.now() - begun;
  const start = performance.now();
  for (let n = 0; n < 10; n++) await view.resize().runAsync();
  return { first, again: (performance.now() - start) / 10 };
}
"""


def chart_module() -> tuple[str, str]:
    """Return Vega as a module, and a control chart of many points."""
    rng, start = np.random.default_rng(1), datetime(2000, 1, 1)
    points = [Point(start + timedelta(days=n), float(rng.normal()), n) for n in range(POINTS)]
    chart = control_chart(points, [baseline_of(points[:20], start, "benchmark")])
    widget = Chart(
        individuals(chart, Look(data("Value"), clickable=True)), "x", most_rows=2 * POINTS + 99
    )
    plain = json.dumps(widget._spec).replace("var(--mark)", "#1f6fb2")
    return _vega().decode(), plain.replace("currentColor", "#111").replace("container", "900")


def opened(page: Page) -> None:
    """Show an empty page of our own."""
    page.set_content("<!doctype html><body style='width: 1200px'></body>")
    page.add_style_tag(content=str(Viewer._css))


def measured() -> float:
    """Print the figures; return the first picture's time to that of the browser's own drawing."""
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        opened(page)
        found = page.evaluate(VIEWER, [Viewer._esm, ROWS, COLUMNS, FRAMES])
        print(f"Viewer, {ROWS} x {COLUMNS}, 16 bit, in a pane of 1200 pixels, without a GPU")
        print(f"  first picture {found['first']:.0f} ms; window {found['window']:.0f} ms a frame, "
              f"zoom {found['zoom']:.0f} ms a frame (60 frames a second are 17 ms)")  # fmt: skip
        ratio = float(found["first"] / found["peer"])
        print(f"  first picture {ratio:.2f} x the time of a plain loop with putImageData")
        opened(page)
        drawn = page.evaluate(CHART, list(chart_module()))
        print(f"Control chart of {POINTS:,} points on a canvas")
        print(f"  first picture {drawn['first']:.0f} ms, drawn again {drawn['again']:.0f} ms")
        browser.close()
    return ratio


def main() -> None:
    """Print the figures."""
    measured()


if __name__ == "__main__":
    main()
