// Mouse, fingers and keys of the viewer.

/** @import { Viewer } from "./viewer.js" */

/** The key of each tool; its words come from Python.  @type {Record<string, string>} */
export const TOOLS = { window: "w", pan: "p", distance: "d", angle: "a", circle: "c", rectangle: "r" };

/** @param {Viewer} viewer @param {wb.Pane} pane */
export function handle(viewer, pane) {
  const { canvas } = pane;
  /** Where each finger was.  @type {Map<number, PointerEvent>} */
  const fingers = new Map();
  /** Where the drag has come to, and what it does.  @type {(wb.Spot & { does: string }) | null} */
  let last = null;
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const at = viewer.where(pane, event);
    if (event.ctrlKey || viewer.about.length < 2) viewer.zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, [at.x, at.y]);
    else viewer.go(viewer.index + Math.sign(event.deltaY));
  }, { passive: false });
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    viewer.root.focus({ preventScroll: true });
    fingers.set(event.pointerId, event);
    const pans = event.button === 2 || event.shiftKey || viewer.tool === "pan";
    const does = fingers.size > 1 ? "pinch" : pans ? "pan" : viewer.tool;
    last = { ...viewer.where(pane, event), does };
    if (fingers.size > 1) viewer.drawing = null;
    else if (!["window", "pan"].includes(does)) viewer.begin(pane, last);
  });
  canvas.addEventListener("pointermove", (event) => {
    viewer.read(pane, event);
    if (!last || !fingers.has(event.pointerId)) return;
    const now = viewer.where(pane, event);
    if (last.does === "pinch") pinch(viewer, pane, fingers, event);
    else if (last.does === "pan") viewer.pan(now.x - last.x, now.y - last.y);
    else if (last.does === "window") viewer.drag(now.x - last.x, now.y - last.y);
    else viewer.extend(now.place);
    fingers.set(event.pointerId, event);
    last = { ...last, x: now.x, y: now.y };
  });
  const up = (/** @type {PointerEvent} */ event) => {
    fingers.delete(event.pointerId);
    if (last && viewer.drawing && last.does === viewer.drawing.kind) viewer.end(viewer.where(pane, event).place);
    if (!fingers.size) last = null;
  };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("pointerleave", () => { viewer.said.textContent = ""; });
}

/**
 * Zoom and pan with the first two fingers; nothing where one of them was lifted.
 * @param {Viewer} viewer @param {wb.Pane} pane @param {Map<number, PointerEvent>} fingers
 * @param {PointerEvent} event
 */
function pinch(viewer, pane, fingers, event) {
  const [one, other] = fingers.values();
  if (!other) return;
  const moved = (/** @type {PointerEvent} */ was) => (was.pointerId === event.pointerId ? event : was);
  const [before, after] = [between(one, other), between(moved(one), moved(other))];
  viewer.pan((after.clientX - before.clientX) * viewer.ratio(), (after.clientY - before.clientY) * viewer.ratio());
  const at = viewer.where(pane, after);
  viewer.zoom(after.gap / Math.max(before.gap, 1), [at.x, at.y]);
}

/** The middle of two fingers, and how far they are apart.  @param {PointerEvent} one @param {PointerEvent} other */
function between(one, other) {
  return {
    clientX: (one.clientX + other.clientX) / 2, clientY: (one.clientY + other.clientY) / 2,
    gap: Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY),
  };
}

/** @param {Viewer} viewer @param {KeyboardEvent} event */
export function press(viewer, event) {
  const [centre, width] = viewer.window();
  const tool = Object.entries(TOOLS).find(([, key]) => key === event.key.toLowerCase());
  /** @type {Record<string, wb.Point | undefined>} */
  const pans = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] };
  /** @type {Record<string, (() => void) | undefined>} */
  const acts = {
    ArrowUp: () => viewer.go(viewer.index - 1), ArrowDown: () => viewer.go(viewer.index + 1),
    PageUp: () => viewer.go(viewer.index - 1), PageDown: () => viewer.go(viewer.index + 1),
    Home: () => viewer.go(0), End: () => viewer.go(viewer.about.length - 1),
    "+": () => viewer.zoom(1.25), "=": () => viewer.zoom(1.25), "-": () => viewer.zoom(0.8),
    "[": () => viewer.setWindow(centre, width / 1.1), "]": () => viewer.setWindow(centre, width * 1.1),
    ",": () => viewer.setWindow(centre + width / 20, width), ".": () => viewer.setWindow(centre - width / 20, width),
    f: () => viewer.fit(), o: () => viewer.zoom(1 / (viewer.view?.scale ?? 1)), i: () => viewer.invert(),
    g: () => viewer.toggle(), 1: () => viewer.split(1), 2: () => viewer.split(2), 4: () => viewer.split(4),
    "?": () => viewer.help(), Backspace: () => viewer.forget(false), Escape: () => viewer.forget(true),
  };
  if (event.ctrlKey || event.altKey || event.metaKey || event.target === viewer.slider) return;
  const pan = event.shiftKey && pans[event.key];
  const act = acts[event.key] ?? acts[event.key.toLowerCase()];
  if (pan) viewer.pan(...pan);
  else if (tool) viewer.choose(tool[0]);
  else if (act) act();
  else return;
  event.preventDefault();
}
