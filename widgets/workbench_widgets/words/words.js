// Lines of text; whatever they hold stays text.

const TAGS = { title: "h1", heading: "h2" };

/** Lines in their order, facts that follow one another together. */
export function grouped(lines) {
  const groups = [];
  for (const line of lines) {
    const last = groups.at(-1);
    if (line[0] === "fact" && last?.[0][0] === "fact") last.push(line);
    else groups.push([line]);
  }
  return groups;
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function facts(group) {
  const list = element("dl", "wb-facts");
  for (const [, figure, label] of group) {
    const pair = list.appendChild(element("div", "wb-fact"));
    pair.append(element("dt", "", label), element("dd", "", figure));
  }
  return list;
}

function paragraph([kind, text]) {
  const made = element(TAGS[kind] ?? "p", `wb-${kind}`, text);
  if (kind === "error") made.setAttribute("role", "alert");
  return made;
}

function render({ model, el }) {
  el.classList.add("wb-words");
  el.setAttribute("aria-live", "polite");
  const draw = () => {
    const groups = grouped(model.get("lines"));
    el.replaceChildren(
      ...groups.map((group) => (group[0][0] === "fact" ? facts(group) : paragraph(group[0]))),
    );
  };
  draw();
  model.on("change:lines", draw);
  return () => model.off("change:lines", draw);
}

export default { render };
