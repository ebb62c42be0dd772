// Files that Python hands over end in the browser's downloads.
// Never by leaving the page: an address without `download` would end the page's kernel.

const KEPT = 10000; // ms until the browser has surely begun to write the file

/** Which files of a model were handed over: two views of it hand over one.  @type {WeakMap<wb.DownloadModel, Set<number>>} */
const handed = new WeakMap();

/** Whether our server gives the page: elsewhere there is no such address. */
const served = () => "voila" in document.body.dataset;

/**
 * A link that saves and does not lead anywhere.
 * @param {string} address @param {string} name
 */
export function saving(address, name) {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  return link;
}

/** @param {string} name @param {string} type @param {DataView<ArrayBuffer>} bytes */
export function save(name, type, bytes) {
  const address = URL.createObjectURL(new Blob([bytes], { type }));
  saving(address, name).click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT);
}

/** @param {wb.Place<wb.DownloadModel>} place */
function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "wb-download";
  const note = document.createElement("p");
  note.setAttribute("role", "status");
  root.append(note);
  el.append(root);
  const seen = handed.get(model) ?? new Set();
  handed.set(model, seen);

  /** @type {wb.Listener<wb.DownloadTold>} */
  const arrived = (told, buffers) => {
    note.replaceChildren();
    if (told.address && served()) {
      const link = saving(told.address, told.file);
      link.textContent = told.link ?? told.file;
      note.append(link);
    } else if (told.address) note.textContent = told.place ?? "";
    else if (!seen.has(told.number)) save(told.file, told.type, buffers[0]);
    seen.add(told.number);
  };
  model.on("msg:custom", arrived);
  return () => {
    model.off("msg:custom", arrived);
    root.remove();
  };
}

export default { render };
