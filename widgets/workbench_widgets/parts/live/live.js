// A page that Python writes and this shows: what changed is put in place, the rest is not touched.
// Everything travels as messages.  Nothing that is typed becomes widget state, which is saved.

const TICK = 2000; // ms between two looks
const PATIENCE = 15_000; // ms without an answer until that is said

/** The attributes of an element that are the reader's own and survive an update. */
const KEPT = new Set(["open"]);

/** Make `here` look like `there`, touching only what differs. */
export function morph(here, there) {
  const [old, fresh] = [[...here.childNodes], [...there.childNodes]];
  fresh.forEach((node, place) => {
    const was = old[place];
    if (!was) here.append(node);
    else if (!alike(was, node)) was.replaceWith(node);
    else if (node.nodeType === Node.TEXT_NODE) {
      if (was.nodeValue !== node.nodeValue) was.nodeValue = node.nodeValue;
    } else if (node.nodeType === Node.ELEMENT_NODE) {
      attributes(was, node);
      if (was.tagName !== "TEXTAREA") morph(was, node);
    }
  });
  for (const left of old.slice(fresh.length)) left.remove();
}

function alike(one, other) {
  if (one.nodeType !== other.nodeType || one.nodeName !== other.nodeName) return false;
  if (one.nodeType !== Node.ELEMENT_NODE) return true;
  return (one.dataset?.key ?? "") === (other.dataset?.key ?? "");
}

function attributes(here, there) {
  for (const { name } of [...here.attributes]) {
    if (!there.hasAttribute(name) && !KEPT.has(name)) here.removeAttribute(name);
  }
  for (const { name, value } of there.attributes) {
    if (here.getAttribute(name) !== value && !KEPT.has(name)) here.setAttribute(name, value);
  }
}

/** What a form holds: texts by name, and the bytes of chosen files. */
export async function contents(form) {
  const values = {};
  const files = [];
  for (const field of form.elements) {
    if (!field.name) continue;
    if (field.type === "file") {
      for (const file of field.files) files.push(new DataView(await file.arrayBuffer()));
    } else if (field.type === "checkbox") values[field.name] = field.checked ? "yes" : "";
    else if (field.type !== "radio" || field.checked) values[field.name] = field.value;
  }
  return [values, files];
}

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "wbc";
  root.dataset.lmSuppressShortcuts = "true"; // keys belong to the fields, not to JupyterLab
  const late = document.createElement("p");
  late.className = "wbc-problem";
  late.setAttribute("role", "alert");
  late.textContent = "No answer: what is shown may be old. Reload the page, or run its cell again.";
  late.hidden = true;
  const place = document.createElement("div");
  place.textContent = "Reading …";
  root.append(late, place);
  el.append(root);
  let asked = Date.now();
  let answered = true;

  function ask(name, values = {}, files = []) {
    if (answered) asked = Date.now();
    answered = false;
    model.send({ ask: name, values }, undefined, files);
  }

  const arrived = (message) => {
    answered = true;
    late.hidden = true;
    for (const form of message.reset ?? []) {
      place.querySelector(`form[name="${CSS.escape(form)}"]`)?.reset();
    }
    if (message.html === undefined) return;
    const template = document.createElement("template");
    template.innerHTML = message.html; // written by functions that escape every value
    morph(place, template.content);
  };

  const timer = setInterval(() => {
    if (!root.isConnected || document.hidden) return;
    if (!answered) late.hidden = Date.now() - asked < PATIENCE;
    else ask("look");
  }, TICK);

  async function submit(form, name) {
    const [values, files] = await contents(form);
    ask(name, values, files);
  }

  root.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(event.target, event.submitter?.value || event.target.name);
  });
  root.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-ask]");
    if (button) ask(button.dataset.ask, { value: button.value });
  });
  root.addEventListener("change", (event) => {
    const { form } = event.target;
    if (form?.dataset.live !== undefined) submit(form, form.name);
  });
  root.addEventListener("keydown", (event) => {
    const tab = event.target.closest('[role="tab"]');
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!tab || !step) return;
    const tabs = [...tab.parentElement.querySelectorAll('[role="tab"]')];
    const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
    next.focus();
    next.click();
    event.preventDefault();
  });

  model.on("msg:custom", arrived);
  ask("show");
  return () => {
    clearInterval(timer);
    model.off("msg:custom", arrived);
    root.remove();
  };
}

export default { render };
