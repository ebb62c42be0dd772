// A page that Python writes and this shows: what changed is put in place, the rest is not touched.
// Everything travels as messages.  Nothing that is typed becomes widget state, which is saved.

import { address, remember } from "./address.js";
import { watchPoints } from "./points.js";

const TICK = 2000; // ms between two looks
const PATIENCE = 3000; // ms without an answer; seen at the next tick, it is said within 5 s
const AGAIN = 5000; // ms until an unanswered look is asked again: a lost message has no answer

/** What is said before Python has said how: it knows the language.  @type {wb.LiveWords} */
const ENGLISH = {
  noAnswer:
    "No answer: what is shown may be old. It is asked again every five seconds; if nothing " +
    "comes, reload the page, or run its cell again.",
  atWork: "Still at work on what you asked. What is shown is from before.",
  scrolls: "Scroll to the side to see all columns.",
};

/** The attributes of an element that are the reader's own and survive an update. */
const KEPT = new Set(["open", "data-edited"]);

/** What the visitor reads: our server's page says it, elsewhere the browser does. */
function language() {
  return "voila" in document.body.dataset ? document.documentElement.lang : navigator.language;
}

/** Where an arrow key leads in a row of tabs.  @type {Record<string, number | undefined>} */
const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

/**
 * Make `here` look like `there`, touching only what differs.  What has a key, as a form by its
 * name, stays where it is and keeps what was typed, whatever comes or goes before it.
 * @param {Element} here @param {Element | DocumentFragment} there
 */
export function morph(here, there) {
  const fresh = [...there.childNodes];
  const keys = fresh.map(key);
  fresh.forEach((node, place) => {
    const rest = [...here.childNodes].slice(place);
    const own = keys[place] && rest.find((old) => key(old) === keys[place]);
    while (own && here.childNodes[place] !== own) here.childNodes[place].remove();
    const was = here.childNodes[place];
    if (!was) here.append(node);
    else if (key(was) && keys.indexOf(key(was), place) > place) here.insertBefore(node, was);
    else if (!alike(was, node)) was.replaceWith(node);
    else if (node.nodeType === Node.TEXT_NODE) {
      if (was.nodeValue !== node.nodeValue) was.nodeValue = node.nodeValue;
    } else if (isElement(was) && isElement(node)) {
      attributes(was, node);
      if (was.tagName !== "TEXTAREA") morph(was, node);
    }
  });
  while (here.childNodes.length > fresh.length) here.lastChild?.remove();
}

/** @param {Node} node @returns {node is HTMLElement} */
function isElement(node) {
  return node.nodeType === Node.ELEMENT_NODE;
}

/** What an element is known by among its siblings; empty for most.  @param {Node} node */
function key(node) {
  if (!isElement(node)) return "";
  const named = node.tagName === "FORM" ? `form ${node.getAttribute("name")} ` : "";
  return named + (node.dataset?.key ?? "");
}

/** @param {Node} one @param {Node} other */
function alike(one, other) {
  if (one.nodeType !== other.nodeType || one.nodeName !== other.nodeName) return false;
  return key(one) === key(other);
}

/** @param {Element} here @param {Element} there */
function attributes(here, there) {
  if (isNoted(here)) return;
  for (const { name } of [...here.attributes]) {
    if (!there.hasAttribute(name) && !KEPT.has(name)) here.removeAttribute(name);
  }
  for (const { name, value } of there.attributes) {
    if (here.getAttribute(name) !== value && !KEPT.has(name)) here.setAttribute(name, value);
  }
}

/**
 * Whether a field notes what its form showed when somebody began to write in it: the answer to
 * that form tells by it what has changed meanwhile.
 * @param {Element} field
 */
function isNoted(field) {
  if (!(field instanceof HTMLInputElement) || field.type !== "hidden") return false;
  return field.form?.dataset.edited !== undefined;
}

/**
 * Let every choice show what the rest of the page is of: both come in one answer, and a choice
 * that was not answered is taken back.
 * @param {Element} place
 */
export function settle(place) {
  const options = place.querySelectorAll("form[data-live] option");
  for (const option of /** @type {NodeListOf<HTMLOptionElement>} */ (options)) {
    if (option.defaultSelected && !option.selected) option.selected = true;
  }
}

/**
 * Let every table that is wider than its place say so, and be scrolled by keys; its first column
 * stays where it is (live.css).
 * @param {Element} place @param {string} words
 */
export function tellWide(place, words) {
  for (const box of place.querySelectorAll(".wbc-wide, .wide")) {
    if (!isElement(box)) continue;
    if (box.scrollWidth <= box.clientWidth + 1) {
      delete box.dataset.scrolls;
      continue;
    }
    box.dataset.scrolls = words;
    box.tabIndex = 0;
    if (box.hasAttribute("aria-label")) continue;
    const caption = box.querySelector("caption")?.textContent;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", caption || words);
  }
}

/**
 * What a form holds: texts by name, and the bytes of chosen files.
 * @param {HTMLFormElement} form @returns {Promise<[wb.Values, DataView[]]>}
 */
export async function contents(form) {
  /** @type {wb.Values} */
  const values = {};
  /** @type {DataView[]} */
  const files = [];
  const fields = /** @type {HTMLInputElement[]} */ ([...form.elements]);
  for (const field of fields) {
    if (!field.name) continue;
    if (field.type === "file") {
      for (const file of field.files ?? []) files.push(new DataView(await file.arrayBuffer()));
    } else if (field.type === "checkbox") values[field.name] = field.checked ? "yes" : "";
    else if (field.type !== "radio" || field.checked) values[field.name] = field.value;
  }
  return [values, files];
}

/** What goes by itself, each with its time already running.  @type {WeakSet<Element>} */
const FADING = new WeakSet();

/**
 * Take away what may be seen for a while only, also where nobody looks and the page asks nothing.
 * @param {Element} place
 */
export function fade(place) {
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (
    place.querySelectorAll("[data-fades]")
  )) {
    if (FADING.has(element)) continue;
    FADING.add(element);
    setTimeout(() => element.replaceChildren(), Number(element.dataset.fades) * 1000);
  }
}

/** @param {wb.Place<wb.LiveModel>} place */
function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "wbc";
  root.dataset.lmSuppressShortcuts = "true"; // keys belong to the fields, not to JupyterLab
  const late = document.createElement("p");
  late.className = "wbc-problem wbc-late";
  late.setAttribute("role", "alert");
  late.hidden = true;
  const place = document.createElement("div");
  place.textContent = "…";
  root.append(late, place);
  const hush = watchPoints(root);
  el.append(root);
  let words = ENGLISH;
  let asked = Date.now(); // when the question was asked that waits longest for its answer
  let sent = 0; // when the newest question was asked
  let number = 0; // of the newest question
  let answered = 0; // of the newest question that was answered
  let chosen = 0; // of the newest question that somebody asked by hand
  let focused = ""; // where Python wanted the keyboard to be at last
  let point = ""; // of a picture, chosen last: who comes back is where she left

  /** @param {string} name @param {wb.Values} values @param {DataView[]} files */
  function ask(name, values = {}, files = []) {
    sent = Date.now();
    if (answered >= number) asked = sent;
    number = Math.max(number, answered) + 1; // another view of this model may be ahead
    if (name !== "look") chosen = number;
    const said = { ask: name, values, number, language: language() };
    try {
      // What the address says is asked for once: from then on it follows what is shown.
      const first = name === "show" ? { address: address() } : {};
      model.send({ ...said, ...first }, undefined, files);
    } catch {
      asked = 0; // there is nobody any more who could be asked
    }
    shade();
  }

  /** Grey what does not fit a choice that waits, and after a while all of it, and say why. */
  function shade() {
    const waits = answered < number;
    const long = waits && Date.now() - asked > PATIENCE;
    const byHand = chosen > answered;
    root.classList.toggle("wbc-waiting", byHand);
    place.classList.toggle("wbc-old", long);
    late.hidden = !long;
    const text = byHand && asked ? words.atWork : words.noAnswer;
    if (late.textContent !== text) late.textContent = text;
    if (long) settle(place);
  }

  /** @type {wb.Listener<wb.LiveTold>} */
  const arrived = (message) => {
    if (message.number !== undefined) answered = Math.max(answered, message.number);
    words = message.words ?? words;
    for (const form of message.reset ?? []) {
      const found = place.querySelector(`form[name="${CSS.escape(form)}"]`);
      /** @type {HTMLFormElement | null} */ (found)?.reset();
    }
    if (message.html !== undefined) {
      const template = document.createElement("template");
      template.innerHTML = message.html; // written by functions that escape every value
      morph(place, template.content);
      fade(place);
      hush();
    }
    if (answered >= number) settle(place);
    if (message.address) remember(message.address);
    lead();
    tellWide(place, words.scrolls);
    shade();
  };

  const watcher = new ResizeObserver(() => tellWide(place, words.scrolls));
  watcher.observe(root);

  /** Put the keyboard where Python wants it, once for each time that it wants it. */
  function lead() {
    /** @type {HTMLElement | null} */
    const goal = place.querySelector("[data-focus]");
    if (!goal || goal.dataset.focus === focused) return;
    focused = goal.dataset.focus ?? "";
    const left = point && place.querySelector(`[data-tip][data-value="${CSS.escape(point)}"]`);
    const there = /** @type {HTMLElement} */ (left || goal);
    requestAnimationFrame(() => there.focus());
  }

  const timer = setInterval(() => {
    if (!root.isConnected || document.hidden) return;
    if (answered >= number || Date.now() - sent > AGAIN) ask("look");
    else shade();
  }, TICK);

  /** @param {HTMLFormElement} form @param {string} name */
  async function submit(form, name) {
    const [values, files] = await contents(form);
    delete form.dataset.edited;
    ask(name, values, files);
  }

  root.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
    submit(form, button?.value || form.name);
  });
  root.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    const button = /** @type {HTMLButtonElement | null} */ (target.closest("[data-ask]"));
    if (!button?.dataset.ask) return;
    const value = button.dataset.value ?? button.value;
    point = button.dataset.tip === undefined ? "" : value;
    ask(button.dataset.ask, { value });
  });
  root.addEventListener("input", (event) => {
    const { form } = /** @type {HTMLInputElement} */ (event.target);
    if (form) form.dataset.edited = "";
  });
  root.addEventListener("change", (event) => {
    const { form } = /** @type {HTMLInputElement} */ (event.target);
    if (form?.dataset.live !== undefined) submit(form, form.name);
  });
  root.addEventListener("keydown", (event) => {
    const target = /** @type {Element} */ (event.target);
    const tab = /** @type {HTMLElement | null} */ (target.closest('[role="tab"]'));
    const step = STEPS[event.key];
    if (!tab?.parentElement || !step) return;
    const found = tab.parentElement.querySelectorAll('[role="tab"]');
    const tabs = /** @type {HTMLElement[]} */ ([...found]);
    const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
    next.focus();
    next.click();
    event.preventDefault();
  });

  model.on("msg:custom", arrived);
  ask("show");
  return () => {
    clearInterval(timer);
    watcher.disconnect();
    model.off("msg:custom", arrived);
    root.remove();
  };
}

export default { render };
