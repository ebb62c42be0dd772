// Who sits at this browser: kept here, so that she is asked once.

const KEPT = "workbench-person";
let counted = 0;

/** What the browser knows; nothing where it keeps nothing.  @returns {wb.PersonSaid} */
export function kept() {
  try {
    const { name, role } = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    return { name: String(name ?? ""), role: String(role ?? "") };
  } catch {
    return { name: "", role: "" };
  }
}

/** @param {wb.PersonSaid} who */
function keep(who) {
  try {
    localStorage.setItem(KEPT, JSON.stringify(who));
  } catch {
    // it is asked again the next time
  }
}

/** @param {HTMLElement} root @param {string} list */
function field(root, list) {
  const label = document.createElement("label");
  const words = document.createElement("span");
  const input = document.createElement("input");
  input.maxLength = 80;
  input.autocomplete = "off";
  if (list) input.setAttribute("list", list);
  label.append(words, input);
  root.append(label);
  return { words, input };
}

/** @param {wb.Place<wb.PersonModel>} place */
function render({ model, el }) {
  const root = document.createElement("fieldset");
  root.className = "wb-person";
  root.dataset.lmSuppressShortcuts = "true"; // keys belong to the fields, not to JupyterLab
  const legend = document.createElement("legend");
  const people = document.createElement("datalist");
  counted += 1;
  people.id = `wb-people-${counted}`;
  root.append(legend, people);
  const name = field(root, people.id);
  const role = field(root, "");
  const note = document.createElement("small");
  root.append(note);
  el.append(root);
  /** @type {Map<string, string>} */
  let roles = new Map();
  ({ name: name.input.value, role: role.input.value } = kept());

  const changed = () => {
    const known = roles.get(name.input.value);
    if (known && !role.input.value) role.input.value = known;
    const who = { name: name.input.value, role: role.input.value };
    keep(who);
    model.send(who);
  };
  root.addEventListener("change", changed);

  /** @type {wb.Listener<wb.PersonTold>} */
  const arrived = (told) => {
    legend.textContent = told.words.who;
    name.words.textContent = told.words.name;
    role.words.textContent = told.words.role;
    note.textContent = told.words.kept;
    roles = new Map(told.people);
    const options = told.people.map(([value]) => {
      const option = document.createElement("option");
      option.value = value;
      return option;
    });
    people.replaceChildren(...options);
  };
  model.on("msg:custom", arrived);
  const ours = "voila" in document.body.dataset;
  const language = ours ? document.documentElement.lang : navigator.language;
  model.send({ ...kept(), language });
  return () => {
    model.off("msg:custom", arrived);
    root.remove();
  };
}

export default { render };
