// A week of hours to paint.  A grid is seven texts of 24 characters, Monday first: "#" is open.

const DAYS = 7;
const HOURS = 24;
const OPEN = "#";
const CLOSED = ".";
const NIGHT = "######.............#####"; // 19:00-06:00
const KEPT = 50; // strokes that can be undone

/**
 * The grid with all hours between two corners [day, hour] open or closed.
 * @param {wb.Grid} grid @param {wb.Cell} from @param {wb.Cell} to @param {boolean} open
 */
export function painted(grid, [day, hour], [toDay, toHour], open) {
  const [top, bottom] = [Math.min(day, toDay), Math.max(day, toDay)];
  const [left, right] = [Math.min(hour, toHour), Math.max(hour, toHour)];
  const stroke = (open ? OPEN : CLOSED).repeat(right - left + 1);
  return grid.map((row, at) =>
    at < top || at > bottom ? row : row.slice(0, left) + stroke + row.slice(right + 1),
  );
}

/**
 * The grid with a day's or an hour's cells all open, or all closed if they were all open.
 * Cells are [day, hour]; -1 stands for the head, and so for all.
 * @param {wb.Grid} grid @param {wb.Cell} cell
 */
export function toggled(grid, [day, hour]) {
  /** @type {wb.Cell} */
  const from = [Math.max(day, 0), Math.max(hour, 0)];
  /** @type {wb.Cell} */
  const to = [day < 0 ? DAYS - 1 : day, hour < 0 ? HOURS - 1 : hour];
  const whole = painted(grid, from, to, true);
  return whole.join() === grid.join() ? painted(grid, from, to, false) : whole;
}

/** Both grids' open hours.  @param {wb.Grid} grid @param {wb.Grid} other */
export function joined(grid, other) {
  return grid.map((row, day) =>
    Array.from(row, (one, hour) => (one === OPEN ? OPEN : other[day][hour])).join(""),
  );
}

/** @type {Record<string, wb.Cell | undefined>} */
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/**
 * Where a key leads from a cell, heads (-1) included; the same cell where it leads nowhere.
 * @param {wb.Cell} cell @param {string} key @returns {wb.Cell}
 */
export function moved([day, hour], key) {
  const step = STEPS[key] ?? [0, 0];
  let [down, right] = [day + step[0], hour + step[1]];
  if (key === "Home") right = 0;
  if (key === "End") right = HOURS - 1;
  const inside = down >= -1 && down < DAYS && right >= -1 && right < HOURS;
  return inside && !(down === -1 && right === -1) ? [down, right] : [day, hour];
}

const every = (/** @type {string} */ row) => /** @type {wb.Grid} */ (Array(DAYS).fill(row));
const empty = CLOSED.repeat(HOURS);
const weekend = [...Array(5).fill(empty), OPEN.repeat(HOURS), OPEN.repeat(HOURS)];

/** Its text's name, and what it makes of a grid.  @type {[wb.Preset, (grid: wb.Grid) => wb.Grid][]} */
export const PRESETS = [
  ["nights", (grid) => joined(grid, every(NIGHT))],
  ["weekends", (grid) => joined(grid, weekend)],
  ["always", () => every(OPEN.repeat(HOURS))],
  ["never", () => every(empty)],
];

const clock = (/** @type {number} */ hour) => `${String(hour).padStart(2, "0")}:00`;

/** The cell that a name such as "3,21" stands for.  @param {string} name @returns {wb.Cell} */
function cellOf(name) {
  const [day, hour] = name.split(",").map(Number);
  return [day, hour];
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {string} name @param {Element} parent
 */
function element(tag, name, parent, text = "") {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text) made.textContent = text;
  parent.append(made);
  return made;
}

/** A text with values in its places.  @param {string} text @param {Record<string, string>} values */
function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

/** @param {Element} row */
function cellElement(row) {
  const made = element("div", "wb-week-hour", row);
  made.setAttribute("role", "gridcell");
  return made;
}

/** @param {Element} row @param {wb.Cell} cell */
function headElement(row, [day, hour]) {
  const made = element("div", day < 0 ? "wb-week-clock" : "wb-week-day", row);
  made.setAttribute("role", day < 0 ? "columnheader" : "rowheader");
  if (day < 0) made.textContent = String(hour);
  return made;
}

/** Name a head or a cell in the page's language.  @param {Element} made @param {wb.Cell} cell @param {wb.WeekTexts} texts */
function nameCell(made, [day, hour], texts) {
  const hours = `${clock(hour)}–${clock(hour + 1)}`;
  if (day < 0) return made.setAttribute("aria-label", filled(texts.everyDay, { hours }));
  if (hour < 0) {
    made.textContent = texts.shortDays[day];
    return made.setAttribute("aria-label", texts.days[day]);
  }
  const name = `${texts.days[day]} ${hours}`;
  made.setAttribute("title", name);
  made.setAttribute("aria-label", name);
}

/** Heads and cells in `board`, by "day,hour".  @param {Element} board @returns {Map<string, HTMLElement>} */
function cellsIn(board) {
  const cells = new Map();
  for (let day = -1; day < DAYS; day += 1) {
    const row = element("div", "wb-week-row", board);
    row.setAttribute("role", "row");
    for (let hour = -1; hour < HOURS; hour += 1) {
      if (day < 0 && hour < 0) {
        element("div", "wb-week-corner", row).setAttribute("role", "presentation");
        continue;
      }
      const make = day < 0 || hour < 0 ? headElement : cellElement;
      const made = make(row, [day, hour]);
      made.tabIndex = -1;
      const name = `${day},${hour}`;
      made.dataset.cell = name;
      cells.set(name, made);
    }
  }
  return cells;
}

/** What the colours mean; returns each key, the last of now, and its words.  @param {Element} parent */
function legend(parent) {
  const made = element("div", "wb-week-legend", parent);
  return ["open", "closed", "now"].map((name) => {
    const key = element("span", "wb-week-key", made);
    element("span", `wb-week-hour wb-week-sample ${name}`, key).setAttribute("aria-hidden", "true");
    return { key, words: element("span", "", key) };
  });
}

/** @param {Event} event @param {string} selector */
function cellUnder(event, selector) {
  const found = /** @type {Element} */ (event.target).closest(selector);
  const name = /** @type {HTMLElement | null} */ (found)?.dataset.cell;
  return name === undefined ? null : cellOf(name);
}

/** @param {wb.Place<wb.WeekModel>} place */
function render({ model, el }) {
  let grid = [...model.get("grid")];
  /** Where the keyboard is.  @type {wb.Cell} */
  let place = [0, 0];
  /** While a pointer is down.  @type {{ base: wb.Grid, from: wb.Cell, open: boolean, pointer: number } | null} */
  let stroke = null;
  /** @type {wb.Grid[]} */
  const past = [];

  const root = element("section", "wb-week", el);
  root.dataset.lmSuppressShortcuts = "true"; // keys belong to the grid, not to JupyterLab
  const title = element("strong", "wb-week-title", root);
  const board = element("div", "wb-week-board", root);
  const bar = element("div", "wb-week-bar", root); // below, so that two boards stand level
  board.setAttribute("role", "grid");
  board.setAttribute("aria-multiselectable", "true");
  const cells = cellsIn(board);
  const [open, closed, now] = legend(root);
  const words = element("p", "wb-week-words", root);
  words.setAttribute("role", "status");
  const cellAt = (/** @type {wb.Cell} */ at) => /** @type {HTMLElement} */ (cells.get(at.join()));
  const first = cellAt([0, 0]);
  const last = cellAt([DAYS - 1, HOURS - 1]);

  /** @type {Map<wb.Preset, HTMLButtonElement>} */
  const named = new Map();
  for (const [name, make] of PRESETS) button(name, () => commit(make(grid)));
  const back = button("undo", undo);

  /** @param {wb.Preset} name @param {() => void} action */
  function button(name, action) {
    const made = element("button", "wb-week-button", bar);
    made.type = "button";
    made.addEventListener("click", action);
    named.set(name, made);
    return made;
  }

  function speak() {
    const texts = model.get("texts");
    for (const [name, made] of named) {
      made.textContent = texts[name];
      made.title = texts[`${name}Title`];
    }
    for (const [name, cell] of cells) nameCell(cell, cellOf(name), texts);
    open.words.textContent = texts.open;
    closed.words.textContent = texts.closed;
    describe();
  }

  const locked = () => model.get("read_only");
  const isOpen = (/** @type {wb.Cell} */ [day, hour]) => grid[day][hour] === OPEN;
  const isHead = (/** @type {wb.Cell} */ [day, hour]) => day < 0 || hour < 0;

  function draw() {
    const hour = model.get("now").join();
    for (const [name, cell] of cells) {
      const at = cellOf(name);
      if (isHead(at)) continue;
      cell.classList.toggle("open", isOpen(at));
      cell.setAttribute("aria-selected", String(isOpen(at)));
      cell.classList.toggle("now", name === hour);
      if (name === hour) cell.setAttribute("aria-current", "time");
      else cell.removeAttribute("aria-current");
    }
    cellAt(place).tabIndex = 0;
    back.disabled = past.length === 0;
  }

  function describe() {
    const [caption, texts] = [model.get("caption"), model.get("texts")];
    title.textContent = caption;
    title.hidden = !caption;
    board.setAttribute("aria-label", filled(texts.label, { caption: caption || texts.week }));
    board.setAttribute("aria-readonly", String(locked()));
    root.classList.toggle("locked", locked());
    bar.hidden = locked();
    now.words.textContent = model.get("now_words");
    now.key.hidden = model.get("now").length === 0;
    words.textContent = filled(texts.openHours, { words: model.get("words") });
    draw();
  }

  /** Hand a grid to Python; `before` is what an undo brings back.  @param {wb.Grid} next */
  function commit(next, before = grid) {
    if (locked() || next.join() === before.join()) return draw();
    past.push(before);
    if (past.length > KEPT) past.shift();
    hand(next);
  }

  /** @param {wb.Grid} next */
  function hand(next) {
    grid = next;
    model.set("grid", next);
    model.save_changes();
    draw();
  }

  function undo() {
    const before = locked() ? undefined : past.pop();
    if (before) hand(before);
  }

  /** @param {wb.Cell} to */
  function go(to) {
    cellAt(place).tabIndex = -1;
    place = to;
    const cell = cellAt(place);
    cell.tabIndex = 0;
    cell.focus({ preventScroll: false });
  }

  /**
   * The cell under a pointer, or the nearest when it has left the board.
   * @param {PointerEvent} event @returns {wb.Cell}
   */
  function under(event) {
    const [start, end] = [first.getBoundingClientRect(), last.getBoundingClientRect()];
    /** @type {(at: number, from: number, to: number, count: number) => number} */
    const part = (at, from, to, count) =>
      Math.min(count - 1, Math.max(0, Math.floor(((at - from) / (to - from)) * count)));
    return [
      part(event.clientY, start.top, end.bottom, DAYS),
      part(event.clientX, start.left, end.right, HOURS),
    ];
  }

  board.addEventListener("pointerdown", (event) => {
    const at = cellUnder(event, "[data-cell]");
    if (!at || stroke || event.button !== 0) return;
    event.preventDefault(); // no text selection; the focus is set by hand
    go(at);
    if (locked() || isHead(at)) return;
    stroke = { base: grid, from: at, open: !isOpen(at), pointer: event.pointerId };
    board.setPointerCapture(event.pointerId);
    extend(at);
  });
  board.addEventListener("pointermove", (event) => {
    if (stroke?.pointer === event.pointerId) extend(under(event));
  });
  board.addEventListener("pointerup", (event) => {
    if (stroke?.pointer === event.pointerId) finish(under(event));
  });
  board.addEventListener("pointercancel", abandon);
  board.addEventListener("click", (event) => {
    const head = cellUnder(event, ".wb-week-day, .wb-week-clock");
    if (head) commit(toggled(grid, head));
  });

  /** @param {wb.Cell} to */
  function extend(to) {
    if (!stroke) return;
    grid = painted(stroke.base, stroke.from, to, stroke.open);
    draw();
  }

  /** @param {wb.Cell} to */
  function finish(to) {
    const base = stroke?.base;
    extend(to);
    stroke = null;
    commit(grid, base);
  }

  function abandon() {
    if (stroke) grid = stroke.base;
    stroke = null;
    draw();
  }

  /** @param {KeyboardEvent} event */
  function pressed(event) {
    if (event.key === "Escape" && stroke) abandon();
    else if ((event.ctrlKey || event.metaKey) && event.key === "z") undo();
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (event.key === " " || event.key === "Enter") commit(toggled(grid, place));
    else if (/^(Arrow|Home$|End$)/.test(event.key)) step(event);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Move; with shift, paint on the way as the cell is that the way begins at.  @param {KeyboardEvent} event */
  function step(event) {
    const from = place;
    go(moved(from, event.key));
    if (event.shiftKey && !isHead(from) && !isHead(place)) {
      commit(painted(grid, from, place, isOpen(from)));
    }
  }
  board.addEventListener("keydown", pressed);

  const arrived = () => {
    const told = [...model.get("grid")];
    if (stroke) stroke.base = told; // the stroke goes on, upon what is there now
    else grid = told;
    draw();
  };
  /** @type {wb.Change<wb.Week>[]} */
  const told = ["change:caption", "change:read_only", "change:now", "change:now_words", "change:words"];
  model.on("change:grid", arrived);
  for (const name of told) model.on(name, describe);
  model.on("change:texts", speak);
  speak();

  return () => {
    model.off("change:grid", arrived);
    for (const name of told) model.off(name, describe);
    model.off("change:texts", speak);
    root.remove();
  };
}

export default { render };
