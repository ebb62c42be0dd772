// A table whose rows live in the kernel.  Every text is set with textContent.

const PATIENCE = 4000; // ms until a table that got no answer says so
const ROWS = 50; // a page, as the kernel counts them
const TYPING = 250; // ms without a key until a filter is sent

/**
 * A text with a value in its place: ("Filter {column}", "dose") -> "Filter dose".
 * @param {string} text @param {string} value
 */
export function filled(text, value) {
  return text.replace(/\{\w+\}/, () => value);
}

/**
 * The order after a click on a head: ascending, descending, as it came.
 * @param {wb.Order} order @param {string} name @returns {wb.Order}
 */
export function nextOrder({ sort, descending }, name) {
  if (sort !== name) return { sort: name, descending: false };
  return descending ? { sort: null, descending: false } : { sort: name, descending: true };
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

/** @param {string} text @param {Element} parent @param {() => void} action */
function button(text, parent, action) {
  const made = element("button", "workbench-table-button", parent, text);
  made.type = "button";
  made.addEventListener("click", action);
  return made;
}

/** @param {string} name @param {DataView<ArrayBuffer>} bytes */
function download(name, bytes) {
  const address = URL.createObjectURL(new Blob([bytes], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `${name}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/** @param {(string | null)[]} values @param {boolean[]} numbers @param {string} unknown */
function rowElement(values, numbers, unknown) {
  const row = document.createElement("tr");
  values.forEach((value, place) => {
    const cell = element("td", numbers[place] ? "number" : "", row);
    cell.textContent = value ?? "–";
    if (value === null) {
      cell.classList.add("unknown");
      cell.setAttribute("aria-label", unknown);
    } else if (value.length > 40) {
      cell.title = value;
    }
  });
  return row;
}

/** @param {wb.Place<wb.TableModel>} place */
function render({ model, el }) {
  const me = Math.random().toString(36).slice(2); // answers go to every view; this is ours
  /** @type {wb.TableView & { pages: number }} */
  const state = { page: 0, pages: 1, sort: null, descending: false, filters: {} };
  let asked = 0;
  const words = model.get("words");
  let counted = words.reading; // what the count says while answers come
  /** @type {wb.Column[]} */
  let columns = [];
  let opens = false; // whether a row leads somewhere
  let revision = 0; // of the rows' frame
  /** @type {number | undefined} */
  let timer;
  /** @type {number | undefined} */
  let late;

  const root = element("section", "workbench-table", el);
  root.dataset.lmSuppressShortcuts = "true"; // keys belong to the table, not to JupyterLab
  const bar = element("div", "workbench-table-bar", root);
  const title = element("strong", "workbench-table-title", bar);
  const count = element("span", "workbench-table-count", bar, counted);
  count.setAttribute("role", "status");
  const clear = button(words.clear, bar, () => {
    state.filters = {};
    for (const input of head.querySelectorAll("input")) input.value = "";
    ask();
  });
  const save = button(words.download, bar, () => send("csv"));
  const scroll = element("div", "workbench-table-scroll", root);
  const tellScroll = () => {
    if (scroll.scrollWidth > scroll.clientWidth + 1) scroll.dataset.scrolls = words.scrolls;
    else delete scroll.dataset.scrolls;
  };
  const watcher = new ResizeObserver(tellScroll);
  watcher.observe(scroll);
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  const table = element("table", "", scroll);
  const head = element("thead", "", table);
  const body = element("tbody", "", table);
  const note = element("p", "workbench-table-note", root);
  const pager = element("nav", "workbench-table-bar", root);
  pager.setAttribute("aria-label", words.pages);
  const turn = (/** @type {number} */ page) => ask(page);
  const first = button(words.first, pager, () => turn(0));
  const back = button(words.previous, pager, () => turn(state.page - 1));
  const where = element("span", "workbench-table-count", pager);
  const next = button(words.next, pager, () => turn(state.page + 1));
  const last = button(words.last, pager, () => turn(state.pages - 1));

  /** @param {"rows" | "csv"} what */
  function send(what) {
    asked += 1;
    expect();
    const { page, sort, descending, filters } = state;
    model.send({ ask: what, number: `${me} ${asked}`, page, sort, descending, filters });
  }
  /** Grey rows and say why where no answer comes: order and filters above them are new. */
  function expect() {
    clearTimeout(late);
    late = setTimeout(() => {
      root.classList.add("workbench-table-old");
      count.textContent = words.noAnswer;
    }, PATIENCE);
  }

  function answered() {
    clearTimeout(late);
    if (!root.classList.contains("workbench-table-old")) return;
    root.classList.remove("workbench-table-old");
    count.textContent = counted;
  }

  function ask(page = 0) {
    state.page = page;
    send("rows");
  }

  function describe() {
    title.textContent = model.get("caption");
    title.hidden = !title.textContent;
    scroll.setAttribute("aria-label", title.textContent || words.table);
  }

  function drawHead() {
    const names = document.createElement("tr");
    const filters = document.createElement("tr");
    if (opens) {
      element("td", "", names);
      element("td", "", filters);
    }
    for (const column of columns) {
      names.append(headCell(column));
      filters.append(filterCell(column));
    }
    head.replaceChildren(names, filters);
  }

  /** @param {wb.Column} column */
  function headCell(column) {
    const cell = document.createElement("th");
    cell.scope = "col";
    if (column.number) cell.className = "number";
    cell.dataset.column = column.name;
    const order = button(column.name, cell, () => {
      Object.assign(state, nextOrder(state, column.name));
      for (const other of head.querySelectorAll("th")) markOrder(other);
      ask();
    });
    order.translate = false;
    order.className = "workbench-table-order";
    element("span", "workbench-table-arrow", order).setAttribute("aria-hidden", "true");
    if (column.unit) element("span", "workbench-table-unit", cell, column.unit).translate = false;
    if (column.meaning) cell.title = column.meaning;
    markOrder(cell);
    return cell;
  }

  /** @param {HTMLElement} cell */
  function markOrder(cell) {
    const here = state.sort === cell.dataset.column;
    const word = state.descending ? "descending" : "ascending";
    cell.setAttribute("aria-sort", here ? word : "none");
    const arrow = cell.querySelector(".workbench-table-arrow");
    if (arrow) arrow.textContent = here ? (state.descending ? " ▼" : " ▲") : "";
  }

  /** @param {wb.Column} column */
  function filterCell(column) {
    const cell = document.createElement("td");
    const input = element("input", "", cell);
    input.type = "search";
    input.setAttribute("aria-label", filled(words.filter, column.label));
    input.placeholder = column.number ? words.numberHint : words.textHint;
    input.value = state.filters[column.name] ?? "";
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        state.filters = { ...state.filters, [column.name]: input.value };
        ask();
      }, TYPING);
    });
    return cell;
  }

  /** @param {wb.TableRows} message */
  function drawRows(message) {
    state.page = message.page;
    state.pages = message.pages;
    body.replaceChildren(
      ...message.rows.map((row, place) => {
        const made = rowElement(row, columns.map((column) => column.number), words.unknown);
        for (const cell of made.cells) cell.translate = false; // values and codes are nobody's words
        if (opens) made.prepend(openCell(place));
        return made;
      }),
    );
    count.textContent = counted = message.counted;
    where.textContent = message.where;
    first.disabled = back.disabled = message.page === 0;
    next.disabled = last.disabled = message.page + 1 >= message.pages;
    pager.hidden = message.pages < 2;
    save.disabled = message.shown === 0;
    clear.hidden = !Object.values(state.filters).some((text) => text.trim());
    const none = message.total > 0 && message.shown === 0;
    note.textContent = none ? words.noneFit : "";
    tellScroll();
    note.hidden = !none;
  }

  /** @param {number} place */
  function openCell(place) {
    const cell = document.createElement("td");
    const { page } = state;
    const made = button(words.open, cell, () =>
      model.send({ ask: "open", page, row: place, revision }));
    made.setAttribute("aria-label", filled(words.openRow, String(page * ROWS + place + 1)));
    return cell;
  }

  /** @param {string} text */
  function drawEmpty(text) {
    count.textContent = words.noRows;
    note.textContent = text;
    note.hidden = false;
    scroll.hidden = pager.hidden = clear.hidden = save.hidden = true;
  }

  /** @type {wb.Listener<wb.TableTold>} */
  const arrived = (message, buffers) => {
    if (message.head) {
      answered();
      const same = JSON.stringify(columns) === JSON.stringify(message.head);
      ({ head: columns, opens, revision } = message);
      if (message.total === 0) return drawEmpty(message.empty);
      scroll.hidden = false;
      save.hidden = !message.saves;
      if (!same || !head.firstChild) drawHead(); // there was none while there were no rows
      ask();
    } else if (message.number === `${me} ${asked}`) {
      answered();
      if (message.rows) drawRows(message);
      if (message.csv) download(message.csv, buffers[0]);
      if (message.refused) {
        note.textContent = message.refused;
        note.hidden = false;
      }
    }
  };
  model.on("msg:custom", arrived);
  model.on("change:caption", describe);
  describe();
  note.hidden = pager.hidden = clear.hidden = true;
  expect();
  model.send({ ask: "head" });

  return () => {
    clearTimeout(late);
    clearTimeout(timer);
    model.off("msg:custom", arrived);
    model.off("change:caption", describe);
    watcher.disconnect();
    root.remove();
  };
}

export default { render };
