// Mouse, fingers and keys of the viewer, and what its list of keys says.

export const TOOLS = {
  window: ["Window", "w"], pan: ["Pan", "p"], distance: ["Distance", "d"], angle: ["Angle", "a"],
  circle: ["Circle", "c"], rectangle: ["Rectangle", "r"],
};
export const HELP = [
  ["Drag", "use the chosen tool"], ["Right drag, or Shift and drag", "pan"],
  ["Wheel", "next image; with one image, or with Ctrl: zoom"],
  ["Two fingers", "zoom and pan"], ["W P D A C R", "tools: window, pan, distance, angle, circle, rectangle"],
  ["↑ ↓, Page up, Page down", "image before and after"], ["Home, End", "first and last image"],
  ["+ −", "zoom"], ["Shift and arrows", "pan"], ["[ ]", "narrower, wider window"],
  [", .", "darker, lighter"], ["F", "fit into the pane"], ["O", "one pixel of the image a pixel of the screen"],
  ["I", "invert"], ["1 2 4", "panes"], ["G", "show or hide regions"], ["Backspace", "take the last measure away"],
  ["Escape", "take all measures away"], ["?", "this list"],
];

export function handle(viewer, pane) {
  const { canvas } = pane;
  const fingers = new Map();
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
    last = { ...viewer.where(pane, event), event };
    const pans = event.button === 2 || event.shiftKey || viewer.tool === "pan";
    last.does = fingers.size > 1 ? "pinch" : pans ? "pan" : viewer.tool;
    if (fingers.size > 1) viewer.drawing = null;
    else if (!["window", "pan"].includes(last.does)) viewer.begin(pane, last);
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
  const up = (event) => {
    fingers.delete(event.pointerId);
    if (last && viewer.drawing && last.does === viewer.drawing.kind) viewer.end(viewer.where(pane, event).place);
    if (!fingers.size) last = null;
  };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("pointerleave", () => { viewer.said.textContent = ""; });
}

function pinch(viewer, pane, fingers, event) {
  const before = [...fingers.values()];
  const after = before.map((one) => (one.pointerId === event.pointerId ? event : one));
  const gap = ([one, other]) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
  const middle = (two) => two.reduce(([x, y], one) => [x + one.clientX / 2, y + one.clientY / 2], [0, 0]);
  const [was, is] = [middle(before), middle(after)];
  viewer.pan((is[0] - was[0]) * viewer.ratio(), (is[1] - was[1]) * viewer.ratio());
  const at = viewer.where(pane, { clientX: is[0], clientY: is[1] });
  viewer.zoom(gap(after) / Math.max(gap(before), 1), [at.x, at.y]);
}

export function press(viewer, event) {
  const [centre, width] = viewer.window();
  const tool = Object.entries(TOOLS).find(([, [, key]]) => key === event.key.toLowerCase());
  const pans = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] };
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
  if (event.shiftKey && pans[event.key]) viewer.pan(...pans[event.key]);
  else if (tool) viewer.choose(tool[0]);
  else if (acts[event.key] ?? acts[event.key.toLowerCase()]) (acts[event.key] ?? acts[event.key.toLowerCase()])();
  else return;
  event.preventDefault();
}
