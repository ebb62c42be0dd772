// The script of a dashboard's page: a file, because no script may stand in the page itself.

const PATIENCE = 20_000; // ms: three of sixty cold starts on a busy machine hung without a word

const asked = new URLSearchParams(location.search).get("theme");
const system = matchMedia("(prefers-color-scheme: dark)");

function paint() {
  const dark = asked === "dark" || (asked !== "light" && system.matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  const [day, night] = [document.getElementById("light"), document.getElementById("dark")];
  if (night) night.media = dark ? "all" : "not all";
  if (day) day.media = dark ? "not all" : "all";
  if (document.body) {
    document.body.dataset.jpThemeLight = String(!dark);
    document.body.dataset.jpThemeName = dark ? "JupyterLab Dark" : "JupyterLab Light";
  }
}

/** Voila's bundle calls this when its theme is there; the page when all of it has come. */
function show() {
  if (!window.themeLoaded) {
    window.cellLoaded = true;
    return;
  }
  document.getElementById("loading")?.remove();
  const cells = document.getElementById("rendered_cells");
  if (cells) cells.style.display = "";
}

window.display_cells = window.voila_finish = show;
window.voila_heartbeat = window.voila_process = window.update_loading_text = () => {};
paint();
system.addEventListener("change", paint);
document.addEventListener("DOMContentLoaded", () => {
  paint();
  show();
});
setTimeout(() => {
  const late = document.getElementById("late");
  if (document.getElementById("loading") && late) late.hidden = false;
}, PATIENCE);
