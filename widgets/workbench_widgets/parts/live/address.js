// What a page shows, in its address: a bookmark and a reload lead back to it.

/** Names that are not a page's choice; the first is a secret. */
const OTHERS = new Set(["token", "lang", "theme"]);

/** Whether the address is that of the page: in JupyterLab it is that of everything else. */
const ours = () => "voila" in document.body.dataset;

/** What the address says of the choice.  @returns {wb.Values} */
export function address() {
  const said = ours() ? [...new URLSearchParams(location.search)] : [];
  return Object.fromEntries(said.filter(([name]) => !OTHERS.has(name)));
}

/** Write a choice into the address; the page stays, and so does its kernel.  @param {wb.Values} values */
export function remember(values) {
  if (!ours()) return;
  const said = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (OTHERS.has(name)) continue;
    if (value) said.set(name, value);
    else said.delete(name);
  }
  const query = said.toString();
  history.replaceState(null, "", `${location.pathname}${query && `?${query}`}${location.hash}`);
}
