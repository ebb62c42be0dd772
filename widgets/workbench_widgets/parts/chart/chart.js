// A chart drawn by Vega.  Texts come from DICOM: expressions are interpreted (never evaluated),
// tooltips are written as text, and nothing is ever loaded.

const PAGE = Symbol.for("workbench.vega"); // one Vega a page, shared by all charts
const PATIENCE = 20000; // ms until another chart may ask for Vega again
const NARROW = 520; // px; below it long labels would push the picture off the screen
const LABEL = { narrow: 110, wide: 320 }; // px

export const compact = (/** @type {number} */ width) => width < NARROW;

/** A copy of the specification for this width.  @param {wb.Spec} spec @param {number} width */
export function fitted(spec, width) {
  const labelLimit = compact(width) ? LABEL.narrow : LABEL.wide;
  // The title stands beyond the longest label; labels that would touch are left out.
  const axis = { ...spec.config?.axis, labelLimit, maxExtent: labelLimit + 20, labelOverlap: true };
  return { ...spec, config: { ...spec.config, axis } };
}

/**
 * A copy of the specification with plain colours: a canvas knows no style sheet.
 * @param {wb.Spec} spec @param {Element} el @returns {wb.Spec}
 */
export function painted(spec, el) {
  const style = getComputedStyle(el);
  const plain = (/** @type {string} */ text) => (text === "currentColor" ? style.color
    : text.replace(/var\((--[a-z-]+)\)/g, (_whole, name) => style.getPropertyValue(name).trim()));
  return JSON.parse(JSON.stringify(spec), (_key, value) => (typeof value === "string" ? plain(value) : value));
}

/** What a tooltip says, as [label, text] pairs.  @param {unknown} value */
export function lines(value) {
  if (value === null || typeof value !== "object") return [["", String(value)]];
  return Object.entries(value).map(([label, text]) => [label, String(text)]);
}

/** A selection as plain JSON: field or channel -> values.  @param {unknown} value */
export function plain(value) {
  return JSON.parse(JSON.stringify(value ?? {}));
}

const refuse = () => Promise.reject(new Error("charts load nothing"));
const LOADER = { load: refuse, sanitize: refuse, http: refuse, file: refuse };

/** @param {wb.ChartModel} model @returns {Promise<wb.Vega>} */
function vega(model) {
  const page = /** @type {{ [PAGE]?: Promise<wb.Vega> }} */ (globalThis);
  page[PAGE] ??= fetchVega(model).catch((error) => {
    delete page[PAGE];
    throw error;
  });
  return page[PAGE];
}

/** @param {wb.ChartModel} model @returns {Promise<wb.Vega>} */
async function fetchVega(model) {
  /** @type {DataView<ArrayBuffer>} */
  const bytes = await new Promise((resolve, reject) => {
    /** @type {wb.Listener<wb.ChartTold>} */
    const take = (message, buffers) => {
      if (message.type === "vega") finish(() => resolve(buffers[0]));
    };
    const finish = (/** @type {() => void} */ settle) => {
      clearTimeout(timer);
      model.off("msg:custom", take);
      settle();
    };
    const timer = setTimeout(() => finish(() => reject(new Error("Vega did not come"))), PATIENCE);
    model.on("msg:custom", take);
    model.send({ type: "vega" });
  });
  const address = URL.createObjectURL(new Blob([bytes], { type: "text/javascript" }));
  try {
    return await import(address);
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** A writer of tooltips, as Vega calls it.  @param {Element} el */
function tooltipIn(el) {
  const box = el.appendChild(document.createElement("div"));
  box.className = "wb-chart-tooltip";
  box.hidden = true;
  /** @type {(handler: unknown, event: MouseEvent, item: unknown, value: unknown) => void} */
  return (_handler, event, _item, value) => {
    box.hidden = value === null || value === undefined || value === "";
    if (box.hidden) return;
    box.replaceChildren(
      ...lines(value).map(([label, text]) => {
        const line = document.createElement("div");
        line.textContent = label ? `${label}: ${text}` : text;
        return line;
      }),
    );
    const room = document.documentElement.clientWidth - box.offsetWidth - 8;
    box.style.left = `${Math.max(8, Math.min(event.clientX + 12, room))}px`;
    box.style.top = `${event.clientY + 14}px`;
  };
}

/**
 * The points of a drawn chart that can be clicked, from left to right; those of legends are none.
 * @param {wb.SceneGroup} group @param {number} x @param {number} y @returns {wb.ChartPoint[]}
 */
export function points(group, x = 0, y = 0) {
  /** @type {wb.ChartPoint[]} */
  const found = [];
  for (const mark of group.items ?? []) {
    for (const item of mark.items ?? []) {
      if (mark.marktype === "group") found.push(...points(item, x + (item.x ?? 0), y + (item.y ?? 0)));
      else if (mark.marktype === "symbol" && mark.role === "mark" && mark.interactive !== false) {
        found.push({ item, x: x + (item.x ?? 0), y: y + (item.y ?? 0) });
      }
    }
  }
  return found.sort((one, other) => one.x - other.x || one.y - other.y);
}

/** Where a key leads among so many points, from one that may be none (-1).
 * @param {string} key @param {number} from @param {number} many */
export function stepped(key, from, many) {
  /** @type {Record<string, number | undefined>} */
  const places = {
    ArrowRight: from + 1, ArrowDown: from + 1, ArrowLeft: from - 1, ArrowUp: from - 1,
    Home: 0, End: many - 1,
  };
  const place = places[key];
  return place === undefined || !many ? undefined : Math.max(0, Math.min(place, many - 1));
}

/** What a selection of points says of one; nothing for other selections.
 * @param {wb.VegaView} view @param {string} signal */
function fieldsOf(view, signal) {
  try {
    return view.signal(`${signal}_tuple_fields`) ?? [];
  } catch {
    return [];
  }
}

/**
 * Let keys go from point to point of a chart whose points can be clicked, and click one.
 * @param {HTMLElement} frame @param {() => wb.Drawn | undefined} now
 * @param {(event: MouseEvent, value: unknown) => void} tell
 * @param {(item: wb.SceneItem) => void} pick
 */
function keys(frame, now, tell, pick) {
  const ring = frame.appendChild(document.createElement("div"));
  ring.className = "wb-chart-ring";
  ring.hidden = true;
  const said = frame.appendChild(document.createElement("div"));
  said.className = "wb-chart-said";
  said.setAttribute("role", "status");
  let at = -1;
  const leave = () => {
    ring.hidden = true;
    at = -1;
    tell(new MouseEvent("mouseout"), null);
  };
  frame.addEventListener("blur", leave);
  frame.addEventListener("keydown", (event) => {
    const view = now()?.view;
    const picture = frame.querySelector("svg, canvas");
    if (!view || !picture) return;
    const all = points({ items: [view.scenegraph().root] });
    const chosen = event.key === "Enter" || event.key === " ";
    const next = chosen ? at : stepped(event.key, at, all.length);
    if (next === undefined || !all[next]) return;
    event.preventDefault();
    at = next;
    const { item, x, y } = all[at];
    const box = picture.getBoundingClientRect(), place = frame.getBoundingClientRect();
    const [left, top] = view.origin(), room = view.padding();
    const where = { clientX: box.left + room.left + left + x, clientY: box.top + room.top + top + y };
    ring.style.left = `${where.clientX - place.left}px`;
    ring.style.top = `${where.clientY - place.top}px`;
    ring.hidden = false;
    if (!chosen) {
      const words = lines(item.tooltip ?? "").map((line) => line.filter(Boolean).join(": "));
      said.textContent = `${at + 1} / ${all.length}. ${words.join(", ")}`;
      tell(new MouseEvent("mousemove", where), item.tooltip);
      return;
    }
    pick(item);
  });
}

/** @param {wb.Place<wb.ChartModel>} place */
function render({ model, el }) {
  el.classList.add("wb-chart");
  const words = model.get("words");
  const frame = el.appendChild(document.createElement("div"));
  frame.className = "wb-chart-frame";
  frame.setAttribute("role", "img"); // Vega's own words inside are English: the caption says it
  const drawing = frame.appendChild(document.createElement("div"));
  drawing.setAttribute("role", "img"); // Vega's own words inside it are English
  const picture = drawing.appendChild(document.createElement("div"));
  picture.className = "wb-chart-picture";
  const status = el.appendChild(document.createElement("p"));
  const caption = el.appendChild(document.createElement("p"));
  status.className = caption.className = "wb-chart-words";
  status.setAttribute("role", "status");
  status.textContent = words.drawing;
  const tooltip = tooltipIn(el);
  /** @type {wb.ChartSpec | undefined} */
  let message;
  /** @type {{ result: wb.Drawn, revision: number, compact: boolean, width: number } | undefined} */
  let drawn;
  let gone = false, queue = Promise.resolve();
  keys(frame, () => drawn?.result, (event, value) => tooltip(null, event, null, value), pick);

  const name = () => {
    const text = model.get("description");
    const clicked = Boolean(message?.signals.length);
    frame.setAttribute("aria-label", [text || words.chart, clicked && words.keys].filter(Boolean).join(" "));
    // A picture has no keys; what has them is announced as what answers to them.
    frame.setAttribute("role", clicked ? "application" : "img");
    drawing.setAttribute("aria-label", text || words.chart);
    frame.tabIndex = clicked ? 0 : -1;
    caption.textContent = text; // there for everybody, and when nothing can be drawn
  };
  const width = () => picture.clientWidth;

  async function draw() {
    if (gone || !message || width() === 0) return;
    if (drawn && drawn.revision === message.revision && drawn.compact === compact(width())) return;
    const { embed } = await vega(model).catch(() => vega(model));
    if (gone) return;
    drawn?.result.finalize();
    const { spec, signals, revision, renderer, locales } = message;
    const fit = fitted(spec, width());
    const result = await embed(picture, renderer === "canvas" ? painted(fit, el) : fit, {
      mode: "vega-lite", renderer, actions: false, ast: true, loader: LOADER, tooltip,
      ...locales,
    });
    drawn = { result, revision, compact: compact(width()), width: width() };
    status.textContent = "";
    for (const signal of signals) listen(result.view, signal);
  }

  /** @param {wb.VegaView} view @param {string} signal */
  function listen(view, signal) {
    /** @type {number | undefined} */
    let timer;
    view.addSignalListener(signal, (_name, value) => {
      clearTimeout(timer);
      timer = setTimeout(
        () => model.send({ type: "selected", name: signal, value: plain(value) }), 60);
    });
  }

  /** Tell of a point what a click on it would: Vega takes no click that a script has made.
   * @param {wb.SceneItem} item */
  function pick(item) {
    for (const signal of message?.signals ?? []) {
      const fields = drawn ? fieldsOf(drawn.result.view, signal) : [];
      const known = fields.filter(({ field }) => field && field in (item.datum ?? {}));
      if (!known.length) continue;
      const value = Object.fromEntries(known.map(({ field }) => [field, [item.datum?.[field]]]));
      model.send({ type: "selected", name: signal, value: plain(value) });
    }
  }

  function later() {
    queue = queue.then(draw).catch((error) => {
      if (gone) return;
      status.textContent = words.failed;
      console.warn("workbench chart:", error.message);
    });
  }

  /** @param {wb.ChartTold} content */
  function take(content) {
    if (content.type !== "spec") return;
    message = content;
    name();
    later();
  }

  const watcher = new ResizeObserver(() => {
    if (drawn && drawn.compact === compact(width()) && width() > 0) {
      if (width() === drawn.width) return;
      drawn.width = width();
      drawn.result.view.width(width()).runAsync();
    } else later();
  });

  name();
  model.on("change:description", name);
  model.on("msg:custom", take);
  watcher.observe(picture);
  model.send({ type: "ready" });
  return () => {
    gone = true;
    watcher.disconnect();
    model.off("change:description", name);
    model.off("msg:custom", take);
    drawn?.result.finalize();
  };
}

export default { render };
