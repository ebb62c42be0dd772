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
 * Where a key leads among a chart's points: nowhere for keys that lead nowhere.
 * @template Point @param {Point[]} points @param {Point | undefined} here @param {string} key
 */
export function stepped(points, here, key) {
  if (key === "Home") return points[0];
  if (key === "End") return points[points.length - 1];
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[key];
  if (!step) return undefined;
  return here === undefined ? points[0] : points[points.indexOf(here) + step] ?? here;
}

/** Do with a mark what a pointer would.  @param {SVGElement} mark @param {string} kind */
function strike(mark, kind) {
  const { x, y, width, height } = mark.getBoundingClientRect();
  const middle = { clientX: x + width / 2, clientY: y + height / 2 };
  mark.dispatchEvent(new MouseEvent(kind, { bubbles: true, cancelable: true, ...middle }));
}

/** @param {wb.Place<wb.ChartModel>} place */
function render({ model, el }) {
  el.classList.add("wb-chart");
  const words = model.get("words");
  const frame = el.appendChild(document.createElement("div"));
  frame.className = "wb-chart-frame";
  frame.setAttribute("role", "img"); // Vega's own words inside are English: the caption says it
  const picture = frame.appendChild(document.createElement("div"));
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
  /** @type {SVGElement | undefined} */
  let reached; // by arrow keys
  let gone = false, queue = Promise.resolve();

  const name = () => {
    const text = model.get("description");
    frame.setAttribute("aria-label", text || words.chart);
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
    reached = undefined;
    frame.tabIndex = signals.length ? 0 : -1;
    frame.setAttribute("role", signals.length ? "group" : "img");
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

  function later() {
    queue = queue.then(draw).catch((error) => {
      if (gone) return;
      status.textContent = words.failed;
      console.warn("workbench chart:", error.message);
    });
  }

  /** Go along the points with arrow keys; Enter chooses one as a click does.  @param {KeyboardEvent} event */
  function press(event) {
    const points = /** @type {SVGElement[]} */ (
      [...picture.querySelectorAll(".mark-symbol path[role='graphics-symbol']")]);
    const next = stepped(points, reached, event.key);
    if (event.key === "Enter" && reached) strike(reached, "click");
    else if (next) {
      reached?.classList.remove("wb-chart-reached");
      reached = next;
      reached.classList.add("wb-chart-reached");
      status.textContent = reached.getAttribute("aria-label");
    } else return;
    event.preventDefault();
  }

  /** @param {wb.ChartTold} content */
  function take(content) {
    if (content.type !== "spec") return;
    message = content;
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
  frame.addEventListener("keydown", press);
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
