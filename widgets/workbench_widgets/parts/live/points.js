// Points of pictures that Python drew: each says what it is, to a pointer and to the keyboard.

const GAP = 12; // px between a point and what is said of it

/** Where a key leads: along the points of a lane, or to another lane. */
const ALONG = /** @type {Record<string, number | undefined>} */ ({ ArrowRight: 1, ArrowLeft: -1 });
const ACROSS = /** @type {Record<string, number | undefined>} */ ({ ArrowDown: 1, ArrowUp: -1 });

/** @param {Element} point */
const lane = (point) => Number(/** @type {SVGElement} */ (point).dataset.lane);

/** @param {Element} point */
const across = (point) => point.getBoundingClientRect().x;

/**
 * Where a key leads from a point; the point itself where it leads nowhere.
 * @param {Element[]} points @param {Element} here @param {string} key
 * @param {(point: Element) => number} x
 */
export function neighbour(points, here, key, x = across) {
  const own = points.filter((point) => lane(point) === lane(here));
  if (key === "Home") return own[0];
  if (key === "End") return own[own.length - 1];
  const step = ALONG[key];
  if (step) return own[own.indexOf(here) + step] ?? here;
  const way = ACROSS[key];
  if (!way) return here;
  const lanes = [...new Set(points.map(lane))].sort((one, other) => one - other);
  const next = lanes[lanes.indexOf(lane(here)) + way];
  const far = (/** @type {Element} */ point) => Math.abs(x(point) - x(here));
  const there = points.filter((point) => lane(point) === next);
  return there.sort((one, other) => far(one) - far(other))[0] ?? here;
}

/**
 * Say what the point is that is pointed at or reached by Tab and arrow keys; Enter chooses it.
 * @param {HTMLElement} root
 */
export function watchPoints(root) {
  const box = document.createElement("div");
  box.className = "wbc-tip";
  box.setAttribute("aria-hidden", "true"); // a point's name says the same
  box.hidden = true;
  root.append(box);

  /** @param {EventTarget | null} target @returns {SVGElement | null} */
  const pointOf = (target) =>
    target instanceof Element ? target.closest("[data-tip]") : null;

  /** @param {SVGElement | null} point */
  function say(point) {
    box.hidden = !point;
    if (!point) return;
    box.textContent = point.getAttribute("aria-label");
    const { right, top, bottom } = point.getBoundingClientRect();
    const room = document.documentElement.clientWidth - box.offsetWidth - 8;
    box.style.left = `${Math.max(8, Math.min(right + 4, room))}px`;
    const below = bottom + GAP + box.offsetHeight > innerHeight;
    box.style.top = `${below ? top - GAP - box.offsetHeight : bottom + GAP}px`;
  }

  root.addEventListener("pointerover", (event) => say(pointOf(event.target)));
  root.addEventListener("pointerout", () => say(pointOf(document.activeElement)));
  root.addEventListener("focusin", (event) => say(pointOf(event.target)));
  root.addEventListener("focusout", () => say(null));
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape") say(null);
    const here = pointOf(event.target);
    const picture = here?.closest("svg");
    if (!here || !picture) return;
    if (event.key === "Enter" || event.key === " ") {
      here.dispatchEvent(new MouseEvent("click", { bubbles: true }));
      event.preventDefault();
      return;
    }
    const points = [...picture.querySelectorAll("[data-tip]")];
    const next = /** @type {SVGElement} */ (neighbour(points, here, event.key));
    if (next === here) return;
    here.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
    event.preventDefault();
  });
  return () => say(null);
}
