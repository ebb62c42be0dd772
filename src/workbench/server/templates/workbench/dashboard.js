// The script of a dashboard's page: a file, because no script may stand in the page itself.

const PATIENCE = 20_000; // ms: three of sixty cold starts on a busy machine hung without a word
const LOOK_AFTER = 10_000; // ms between two questions whether the page's program is still there

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

/** Say so when the page's program is gone: nothing that is clicked would do anything. */
async function lookAfter(kernel) {
  if (document.hidden) return;
  const answer = await fetch(`/dashboards/state/${kernel}`).catch(() => undefined);
  let text = "The server does not answer for this page any more. Reload it.";
  if (answer?.status === 403) text = "Your log-in has ended. Reload this page, and log in again.";
  if (answer?.ok) text = (await answer.json()).text;
  const notice = document.getElementById("ended");
  if (!notice) return;
  if (notice.textContent !== text) notice.textContent = text;
  notice.hidden = !text;
}

window.display_cells = window.voila_finish = show;
window.voila_heartbeat = window.voila_process = window.update_loading_text = () => {};
paint();
system.addEventListener("change", paint);
document.addEventListener("DOMContentLoaded", () => {
  paint();
  show();
  const told = document.getElementById("jupyter-config-data")?.textContent;
  const kernel = told ? JSON.parse(told).kernelId : "";
  if (!kernel) return;
  const timer = setInterval(() => lookAfter(kernel), LOOK_AFTER);
  addEventListener("pagehide", () => clearInterval(timer));
});
setTimeout(() => {
  const late = document.getElementById("late");
  if (document.getElementById("loading") && late) late.hidden = false;
}, PATIENCE);
