// A viewer of 16-bit images: window, zoom, pan, scroll, measure; one, two or four panes that move
// together.  Frames come as bytes when they are wanted; nothing is loaded from anywhere.

import { TOOLS, handle, press } from "./input.js";
import { Frame, paint } from "./pixels.js";
import { angle, distance, drawMeasure, drawRegion, filled, outlined, printed, statistics } from "./shapes.js";

const ACTS = ["fit", "one", "keys"]; // buttons that do something; all others stay pressed or not
const KEPT = 24; // frames in memory; a long series is asked for again

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {string} name
 */
function make(tag, name, text = "") {
  return Object.assign(document.createElement(tag), { className: name, textContent: text });
}

/** What the visitor reads: our server's page says it, elsewhere the browser does. */
function visitorLanguage() {
  return "voila" in document.body.dataset ? document.documentElement.lang : navigator.language;
}

export class Viewer {
  /** @param {wb.ViewerModel} model @param {Element} el */
  constructor(model, el) {
    this.model = model;
    /** @type {Map<number, Frame>} */
    this.frames = new Map();
    /** @type {Set<number>} */
    this.asked = new Set();
    this.tool = "window";
    /** @type {wb.Measure[]} */
    this.measures = [];
    /** @type {wb.Measure | null} */
    this.drawing = null;
    /** @type {wb.View | null} */
    this.view = null;
    this.touched = false;
    this.inverted = false;
    this.shown = true;
    this.waiting = false;
    /** @type {wb.Pane[]} */
    this.panes = [];
    /** @type {Record<string, HTMLButtonElement>} */
    this.buttons = {};
    this.empty = make("p", "wbv-empty");
    this.root = make("div", "wbv");
    this.bar = make("div", "wbv-bar");
    this.place = make("div", "wbv-panes");
    this.slider = Object.assign(make("input", ""), { type: "range", min: "0", step: "1" });
    this.said = make("span", "wbv-said");
    this.keys = make("dl", "wbv-help");
    this.observer = new ResizeObserver(() => this.sized());
    /** @type {wb.Listener<wb.FrameTold>} */
    this.arrived = (message, buffers) => this.came(message, buffers);
    /** @type {[wb.Change<wb.Shown>, () => void][]} */
    this.handlers = [
      ["change:version", () => this.reset()], ["change:regions", () => this.draw()],
      ["change:index", () => this.draw()], ["change:window", () => this.draw()],
      ["change:panes", () => this.split(this.model.get("panes"), false)],
      ["change:words", () => this.name()],
    ];
    this.build(el);
    this.name();
    this.listen();
    this.reset();
    this.model.send({ ask: "words", language: visitorLanguage() });
  }

  get index() {
    return this.model.get("index");
  }

  get words() {
    return this.model.get("words");
  }

  get about() {
    return this.model.get("frames");
  }

  // --- the page ------------------------------------------------------------------------------

  /** @param {Element} el */
  build(el) {
    this.root.tabIndex = 0;
    this.root.setAttribute("role", "application");
    this.root.dataset.lmSuppressShortcuts = "true";
    /** @type {(name: string, act: () => void) => void} */
    const button = (name, act) => {
      const made = make("button", "");
      made.type = "button";
      made.addEventListener("click", () => { act(); this.root.focus(); });
      this.bar.append(made);
      this.buttons[name] = made;
    };
    for (const name of Object.keys(TOOLS)) button(name, () => this.choose(name));
    this.bar.append(make("span", "wbv-gap"));
    button("fit", () => this.fit());
    button("one", () => this.zoom(1 / (this.view?.scale ?? 1) / this.ratio()));
    button("invert", () => this.invert());
    for (const number of [1, 2, 4]) button(`panes${number}`, () => this.split(number));
    button("regions", () => this.toggle());
    button("keys", () => this.help());
    const foot = make("div", "wbv-foot");
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    this.said.setAttribute("role", "status");
    foot.append(this.slider, this.said);
    this.keys.hidden = true;
    this.root.append(this.bar, this.empty, this.place, foot, this.keys);
    el.append(this.root);
    this.split(this.model.get("panes"), false);
    this.observer.observe(this.place);
  }

  /** Put the words of the language onto what bears any. */
  name() {
    const { words } = this;
    this.root.setAttribute("aria-label", words.viewer);
    this.slider.setAttribute("aria-label", words.image);
    this.empty.textContent = words.empty;
    for (const [name, made] of Object.entries(this.buttons)) {
      [made.textContent, made.title] = words.buttons[name] ?? [name, name];
    }
    const keys = words.help.flatMap(([key, meaning]) => [make("dt", "", key), make("dd", "", meaning)]);
    this.keys.replaceChildren(...keys);
    this.draw();
  }

  /** @param {number} number */
  split(number, tell = true) {
    if (tell) {
      this.model.set("panes", number);
      this.model.save_changes();
    }
    this.place.dataset.panes = String(number);
    this.panes = Array.from({ length: number }, (_, place) => {
      const canvas = document.createElement("canvas");
      canvas.dataset.pane = String(place);
      const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
      return { canvas, context, place };
    });
    this.place.replaceChildren(...this.panes.map((pane) => pane.canvas));
    for (const pane of this.panes) handle(this, pane);
    this.sized();
  }

  sized() {
    for (const { canvas } of this.panes) {
      const { width, height } = canvas.getBoundingClientRect();
      canvas.width = Math.max(1, Math.round(width * this.ratio()));
      canvas.height = Math.max(1, Math.round(height * this.ratio()));
    }
    if (!this.touched) this.view = null;
    this.draw();
  }

  ratio() {
    return Math.min(window.devicePixelRatio || 1, 2);
  }

  // --- frames --------------------------------------------------------------------------------

  reset() {
    this.frames.clear();
    this.asked.clear();
    this.measures = [];
    this.view = null;
    this.touched = false;
    const number = this.about.length;
    this.slider.max = String(Math.max(number - 1, 0));
    this.root.classList.toggle("wbv-none", number === 0);
    this.inverted = this.about[0]?.inverted ?? false;
    this.draw();
  }

  /** @param {number} number */
  frame(number) {
    const here = this.frames.get(number);
    if (here) return here;
    if (number < this.about.length && !this.asked.has(number)) {
      this.asked.add(number);
      this.model.send({ ask: "frame", index: number, version: this.model.get("version") });
    }
    return null;
  }

  /** @param {wb.FrameTold} message @param {DataView<ArrayBuffer>[]} buffers */
  came(message, buffers) {
    if (message.type !== "frame" || message.version !== this.model.get("version")) return;
    this.asked.delete(message.index);
    this.frames.set(message.index, new Frame(this.about[message.index], buffers[0]));
    for (const number of this.frames.keys()) {
      if (this.frames.size > KEPT && Math.abs(number - this.index) > KEPT / 2) this.frames.delete(number);
    }
    this.draw();
  }

  window() {
    const set = this.model.get("window");
    if (set.length === 2) return set;
    const [low, high] = this.frame(this.index)?.range() ?? [0, 1];
    return [(low + high) / 2, Math.max(high - low, 1)];
  }

  // --- drawing -------------------------------------------------------------------------------

  draw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      for (const pane of this.panes) this.drawPane(pane);
      for (const [name, made] of Object.entries(this.buttons)) {
        if (!ACTS.includes(name)) made.setAttribute("aria-pressed", String(this.pressed(name)));
      }
      this.slider.value = String(this.index);
    });
  }

  /** @param {string} name */
  pressed(name) {
    if (name === "invert") return this.inverted;
    if (name === "regions") return this.shown;
    return name === this.tool || name === `panes${this.panes.length}`;
  }

  /** @param {wb.Pane} pane */
  drawPane(pane) {
    const { canvas, context } = pane;
    const number = this.index + pane.place;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#000";
    context.fillRect(0, 0, canvas.width, canvas.height);
    const frame = number < this.about.length ? this.frame(number) : null;
    if (!frame) return;
    const view = this.view ?? this.fitted(frame, canvas);
    this.view = view;
    if (!pane.picture || pane.picture.width !== canvas.width || pane.picture.height !== canvas.height) {
      pane.picture = context.createImageData(canvas.width, canvas.height);
    }
    paint(frame, view, this.window(), this.inverted, pane.picture);
    context.putImageData(pane.picture, 0, 0);
    const ratio = this.ratio();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const scale = view.scale / ratio;
    /** @type {wb.ToPoint} */
    const at = ([row, column]) => [(column - view.column) * scale, (row - view.row) * scale];
    if (this.shown) {
      for (const region of this.model.get("regions")) if (region.image === number) drawRegion(context, region, at, scale);
    }
    for (const one of [...this.measures, ...(this.drawing?.kind ? [this.drawing] : [])]) {
      if (one.image === number && one.places.length > 1) drawMeasure(context, one, at, frame, this.words);
    }
    context.fillStyle = "#fff";
    const [centre, width] = this.window();
    const below = filled(this.words.below, {
      number: number + 1, all: this.about.length, centre: printed(centre, this.words), width: printed(width, this.words),
    });
    outlined(context, below, 8, canvas.height / ratio - 10);
    if (frame.about.label) outlined(context, frame.about.label, 8, 18);
  }

  /** @param {Frame} frame @param {HTMLCanvasElement} canvas */
  fitted(frame, canvas) {
    const { rows, columns } = frame.about;
    const scale = Math.min(canvas.width / columns, canvas.height / rows);
    return {
      scale, row: (rows - canvas.height / scale) / 2 - 0.5, column: (columns - canvas.width / scale) / 2 - 0.5,
    };
  }

  // --- acting --------------------------------------------------------------------------------

  fit() {
    this.view = null;
    this.touched = false;
    this.draw();
  }

  /** @param {number} factor @param {wb.Point} [at] the point that stays where it is */
  zoom(factor, at) {
    if (!this.view) return;
    const { canvas } = this.panes[0];
    const [x, y] = at ?? [canvas.width / 2, canvas.height / 2];
    const scale = Math.min(Math.max(this.view.scale * factor, 0.02), 64);
    this.view = {
      scale,
      row: this.view.row + y / this.view.scale - y / scale,
      column: this.view.column + x / this.view.scale - x / scale,
    };
    this.touched = true;
    this.draw();
  }

  /** @param {number} x @param {number} y */
  pan(x, y) {
    if (!this.view) return;
    this.view = { ...this.view, row: this.view.row - y / this.view.scale, column: this.view.column - x / this.view.scale };
    this.touched = true;
    this.draw();
  }

  /** @param {number} number */
  go(number) {
    const last = Math.max(this.about.length - 1, 0);
    this.model.set("index", Math.min(Math.max(number, 0), last));
    this.model.save_changes();
    this.draw();
  }

  /** @param {number} centre @param {number} width */
  setWindow(centre, width) {
    this.model.set("window", [centre, Math.max(width, 1)]);
    this.model.save_changes();
    this.draw();
  }

  /** @param {string} name */
  choose(name) {
    this.tool = name;
    this.drawing = null;
    this.draw();
  }

  invert() {
    this.inverted = !this.inverted;
    this.draw();
  }

  toggle() {
    this.shown = !this.shown;
    this.draw();
  }

  help() {
    this.keys.hidden = !this.keys.hidden;
  }

  /** @param {boolean} all */
  forget(all) {
    this.drawing = null;
    this.measures = all ? [] : this.measures.slice(0, -1);
    this.tell();
    this.draw();
  }

  /** Tell Python what was measured, in image pixels. */
  tell() {
    this.model.set("measured", this.measures.map((one) => {
      const frame = this.frames.get(one.image);
      const spacing = frame?.about.spacing ?? null;
      const found = ["circle", "rectangle"].includes(one.kind) && frame ? statistics(frame, one.kind, one.places, spacing)
        : { value: one.kind === "angle" ? angle(one.places, spacing) : distance(one.places, spacing) };
      return { kind: one.kind, image: one.image, places: one.places, ...found };
    }));
    this.model.save_changes();
  }

  // --- mouse, fingers and keys ----------------------------------------------------------------

  /**
   * Where an event happened: on the canvas (its pixels) and in the image (row, column).
   * @param {wb.Pane} pane @param {{ clientX: number, clientY: number }} event @returns {wb.Spot}
   */
  where(pane, event) {
    const box = pane.canvas.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) * this.ratio(), (event.clientY - box.top) * this.ratio()];
    const view = this.view ?? { scale: 1, row: 0, column: 0 };
    return { x, y, place: [view.row + y / view.scale, view.column + x / view.scale] };
  }

  /** @param {number} x @param {number} y */
  drag(x, y) {
    const [centre, width] = this.window();
    const step = Math.max(width, 20) / 300 / this.ratio();
    this.setWindow(centre + y * step, width + x * step * 2);
  }

  /** @param {wb.Pane} pane @param {{ place: wb.ImagePlace, does: string }} drag */
  begin(pane, { place, does }) {
    const image = this.index + pane.place;
    if (this.drawing?.kind === "angle" && does === "angle") this.drawing.places.push(place);
    else this.drawing = { kind: does, image, places: [place, place] };
  }

  /** @param {wb.ImagePlace} place */
  extend(place) {
    if (!this.drawing) return;
    this.drawing.places[this.drawing.places.length - 1] = place;
    this.draw();
  }

  /** @param {wb.ImagePlace} place */
  end(place) {
    this.extend(place);
    if (!this.drawing) return;
    const { kind, places } = this.drawing;
    if (kind === "angle" && places.length < 3) return; // the second arm is still to come
    const still = Math.hypot(places[0][0] - places[1][0], places[0][1] - places[1][1]) < 0.5;
    if (!still) this.measures.push(this.drawing);
    this.drawing = null;
    this.tell();
    this.draw();
  }

  /** @param {wb.Pane} pane @param {PointerEvent} event */
  read(pane, event) {
    const frame = this.frames.get(this.index + pane.place);
    const [row, column] = this.where(pane, event).place.map(Math.round);
    const value = frame?.value(row, column) ?? null;
    this.said.textContent = value === null ? "" : filled(this.words.pointed, {
      row, column, value: printed(value, this.words), unit: frame?.about.unit ?? "",
    });
  }

  listen() {
    this.model.on("msg:custom", this.arrived);
    for (const [name, act] of this.handlers) this.model.on(name, act);
    this.root.addEventListener("keydown", (event) => press(this, event));
  }

  close() {
    this.model.off("msg:custom", this.arrived);
    for (const [name, act] of this.handlers) this.model.off(name, act);
    this.observer.disconnect();
    this.root.remove();
  }
}

/** @param {wb.Place<wb.ViewerModel>} place */
function render({ model, el }) {
  const viewer = new Viewer(model, el);
  return () => viewer.close();
}

export default { render };
