// Says in words, within five seconds, that what a page shows may be old: its program, the server
// or the session is gone.  A file, because no script may stand in the page itself.

const ASK_EVERY = 1500; // ms between two questions, while somebody can see the page
const ANSWER_WITHIN = 3300; // ms; both together are less than five seconds

/** What to say, as the page has it in its visitor's language.  @param {string} name */
const words = (name) => document.getElementById("ended")?.dataset[name] ?? "";

let kernel = "";
let trueAt = new Date(); // when all that is shown was true at last
let asking = 0; // the number of the timer

/** Ask how this page stands; `text` says what is wrong, and is empty while nothing is. */
async function state() {
  const path = kernel ? `/dashboards/state/${kernel}` : "/state";
  try {
    const signal = AbortSignal.timeout(ANSWER_WITHIN);
    const answer = await fetch(path, { cache: "no-store", signal });
    if (answer.status === 403) return { text: words("noSession") };
    if (answer.status === 404) return { text: words("ended") };
    return answer.ok ? await answer.json() : { text: words("noAnswer") };
  } catch {
    return { text: words("noAnswer") };
  }
}

/** The page's language, as it is written where the visitor lives: en-GB has 24 hours. */
function region() {
  const language = document.documentElement.lang;
  return navigator.languages.find((code) => code.split("-")[0] === language) ?? language;
}

/** Grey what is old, and say why and since when; or take both back. */
function say(text) {
  const notice = document.getElementById("ended");
  if (!notice) return;
  const content = document.querySelector("main");
  content?.classList.toggle("old", Boolean(text));
  if (content) content.inert = Boolean(text);
  notice.hidden = !text;
  const time = trueAt.toLocaleTimeString(region());
  const said = text ? `${text} ${words("since").replace("{time}", time)}` : "";
  const place = notice.querySelector("span");
  if (place && place.textContent !== said) place.textContent = said;
}

/** Put the collector's state, as every other page has it, in its place on this one. */
function tell(collector) {
  const place = document.getElementById("collector");
  if (!place || !collector) return;
  place.dataset.kind = collector.kind;
  for (const name of ["text", "todo", "start"]) {
    const part = place.querySelector(`[data-part="${name}"]`);
    if (!part || part.textContent === collector[name]) continue;
    part.textContent = collector[name];
    part.parentElement.hidden = !collector[name];
  }
}

/** A line of a card as the page's template writes it.  @param {Record<string, string>} line */
function drawn(line) {
  const make = (name, text) => Object.assign(document.createElement(name), { textContent: text });
  const place = document.createElement("p");
  place.dataset.kind = line.kind;
  const sign = make("b", line.sign);
  sign.setAttribute("aria-hidden", "true");
  const said = document.createElement("span");
  said.append(make("span", line.text), ...(line.todo ? [" ", make("em", line.todo)] : []));
  place.append(sign, said);
  return place;
}

/** Put what each card says now into its place; what is the same is not touched. */
function fill(lines) {
  for (const place of document.querySelectorAll("[data-lines]")) {
    const told = lines?.[place.dataset.lines];
    const said = JSON.stringify(told);
    if (!told || place.dataset.said === said) continue;
    place.dataset.said = said;
    place.replaceChildren(...told.map(drawn));
  }
}

/** Ask and say, while somebody can see the page; once in any case, so that the server knows it. */
async function look(first = false) {
  clearTimeout(asking);
  if (first === true || !document.hidden) {
    const answer = await state();
    if (!answer.text) trueAt = new Date();
    say(answer.text);
    tell(answer.collector);
    fill(answer.lines);
  }
  clearTimeout(asking); // another look may have begun meanwhile
  asking = setTimeout(() => look(), ASK_EVERY);
}

document.addEventListener("DOMContentLoaded", () => {
  const told = document.getElementById("jupyter-config-data")?.textContent;
  kernel = told ? JSON.parse(told).kernelId : "";
  document.getElementById("reload")?.addEventListener("click", () => location.reload());
  look(true);
});
document.addEventListener("visibilitychange", () => look());
addEventListener("pagehide", (event) => {
  clearTimeout(asking);
  // Voila's own good-bye is said only where all of its scripts had come.
  if (kernel && !event.persisted) navigator.sendBeacon(`/voila/api/shutdown/${kernel}`);
});
addEventListener("pageshow", (event) => event.persisted && look());
