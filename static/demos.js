// Sliders, the chosen number, and the keys that go from step to step. Without this file the form's button does it all.

let form, results, at, compare, player, play;

// Edits made and edits asked about: an answer to an older state must not take back what was done since.
let edits = 0;
let asked = 0;
for (const kind of ["input", "change", "slide"]) {
  document.addEventListener(kind, (event) => event.target.closest?.("#knobs") && (edits += 1), true);
}
// One slide is under way at a time, and then the last of those that came meanwhile. Were each to replace the one before
// it, a slow net would answer none while the hand moves.
let sliding = false;
let slidOn = false;

document.addEventListener("htmx:config:request", (event) => {
  const { body, submitter } = event.detail.ctx.request;
  if (event.detail.ctx.sourceEvent?.type === "slide") {
    slidOn = sliding;
    if (sliding) return event.preventDefault();
    sliding = true;
    event.detail.ctx.fetch = answerTo;
  }
  clearTimeout(quiet);
  asked = edits;
  // Of what was trained a number is looked at, whatever the form has come to hold since: it trains with its button alone.
  const state = form?.dataset.trains && submitter?.name === "at" && results.querySelector(".state");
  if (!state) return;
  asked = -1;
  for (const [name, value] of new URLSearchParams(state.dataset.query)) if (name !== "at") body.set(name, value);
});

document.addEventListener("htmx:finally:request", (event) => {
  if (event.detail.ctx.sourceEvent?.type !== "slide") return;
  sliding = false;
  if (slidOn && form.isConnected) form.dispatchEvent(new CustomEvent("slide"));
  else quiet = setTimeout(lookAhead, QUIET_MS);
  slidOn = false;
});

// A slider's answer sooner, on a slow net: the answers one step to each side are there before a hand moves it, and an
// answer's first caption is shown before its figures.
const FRAME_MS = 100; // and no longer: a page that is hidden draws no frames
const QUIET_MS = 150; // after an answer, until the next ones are asked for

let ahead = new Map(); // the address of an answer: a promise of it
let touched = null; // the slider that a hand is at, or was at last
let quiet = null;

// The addresses, as htmx writes them, of the states one step of the slider away; and of the one where it stands.
function addressOf(field, value = field.value) {
  const query = new URLSearchParams(new FormData(form));
  query.set(field.name, value);
  return `${form.getAttribute("action")}?${query}`;
}

function besides({ range, field }) {
  const { value, min, max, step } = range;
  const decimals = Math.max(...[min, step].map((number) => (number.split(".")[1] ?? "").length));
  const moved = [Number(step), -step].map((by) => Number((Number(value) + by).toFixed(decimals)));
  return moved.filter((one) => one >= min && one <= max).map((one) => addressOf(field, one));
}

async function whole(address, request) {
  const answer = await fetch(address, request);
  return new Response(await answer.text(), answer);
}

function ask(address, priority) {
  const headers = { "HX-Request": "true", "HX-Request-Type": "partial", "HX-Current-URL": location.href, Accept: "text/html" };
  const answer = whole(address, { headers, priority });
  answer.catch(() => ahead.delete(address));
  return answer;
}

function lookAhead() {
  if (!touched?.isConnected || touched.hasAttribute("idle") || form.dataset.trains || navigator.connection?.saveData) return;
  const before = ahead;
  ahead = new Map(besides(touched).map((address) => [address, before.get(address) ?? ask(address, "low")]));
}

for (const kind of ["pointerover", "pointerdown", "focusin"]) {
  document.addEventListener(kind, (event) => {
    const here = event.target.closest?.("#knobs .knob")?.querySelector("recur-slider");
    if (!here || (kind === "pointerover" && here === touched)) return;
    touched = here;
    lookAhead();
  });
}

// One frame with the new caption; the figures follow.
async function showCaption(text) {
  const [, said] = /<figcaption[^>]*>(.*?)<\/figcaption>/s.exec(text) ?? [];
  const caption = results.querySelector("figcaption");
  if (!said || !caption || caption.innerHTML === said) return;
  caption.innerHTML = said;
  await new Promise((done) => {
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)));
    setTimeout(done, FRAME_MS);
  });
}

async function answerTo(address, request) {
  const answer = await (ahead.get(address) ?? whole(address, request));
  ahead.delete(address);
  if (answer.ok && !request.signal.aborted) await showCaption(await answer.clone().text());
  request.signal.throwIfAborted();
  return answer.clone();
}

// A range input bound to the text field that it stands under. It idles while the field holds more than one number.
class RecurSlider extends HTMLElement {
  connectedCallback() {
    if (this.firstChild) return;
    this.field = document.getElementById(this.getAttribute("for"));
    this.range = document.createElement("input");
    this.range.type = "range";
    const { low, high, step, says } = this.field.dataset;
    Object.assign(this.range, { min: low, max: high, step, ariaLabel: says });
    this.append(this.range);
    this.range.addEventListener("input", () => {
      this.field.value = this.range.value;
      // On a slow phone htmx takes a while to make its request, which then finds this one under way.
      const address = addressOf(this.field);
      if (!sliding && !form.dataset.trains && !ahead.has(address)) ahead.set(address, ask(address));
      this.field.dispatchEvent(new CustomEvent("slide", { bubbles: true }));
      keepInSight(this);
    });
    // The slide has asked already: a change on release would only ask again.
    this.range.addEventListener("change", (event) => event.stopPropagation());
    for (const kind of ["input", "slide"]) this.field.addEventListener(kind, () => this.follow());
    this.follow();
  }

  follow() {
    const number = Number(this.field.value.trim() || NaN);
    this.toggleAttribute("idle", Number.isNaN(number));
    this.closest(".knob").classList.toggle("short", !Number.isNaN(number));
    if (!Number.isNaN(number)) this.range.value = number;
  }
}
customElements.define("recur-slider", RecurSlider);

const PICTURE = ".diagram svg, .plot, .trace table";

// While a knob moves, the first figure is in sight: above the knobs where they stand at the lower edge or beneath it.
function keepInSight(knob) {
  const picture = results.querySelector(PICTURE)?.getBoundingClientRect();
  if (!picture) return;
  const bar = document.querySelector("form.rating")?.getBoundingClientRect();
  const top = Math.max(0, document.querySelector(".sitting")?.getBoundingClientRect().bottom ?? 0) + 8;
  const panel = form.getBoundingClientRect();
  const isOver = getComputedStyle(form).position === "sticky" && panel.width > innerWidth / 2;
  const bottom = isOver ? panel.top : Math.min(innerHeight, bar?.top || innerHeight);
  const below = isOver ? 0 : Math.max(0, bottom - knob.getBoundingClientRect().bottom - 8);
  if (picture.top < top - 8) scrollBy(0, isOver ? picture.top - top : Math.max(picture.top - top, -below));
  else if (picture.bottom > bottom) scrollBy(0, Math.min(picture.bottom - bottom + 8, picture.top - top));
}

// A step of the tour shows its words and its figure at once, as far as the window is high enough.
function showStep() {
  const words = document.querySelector(".tour")?.getBoundingClientRect();
  const picture = words && results.querySelector(PICTURE)?.getBoundingClientRect();
  if (!picture) return;
  const tabs = document.querySelector(".tabs");
  const bottom = tabs && getComputedStyle(tabs).position === "fixed" ? tabs.getBoundingClientRect().top : innerHeight;
  scrollBy(0, Math.max(0, Math.min(picture.bottom - bottom + 8, words.top - 8)));
}

function hold(query) {
  for (const [name, value] of query) {
    const field = form.elements.namedItem(name);
    if (field && field !== document.activeElement && name !== "at" && name !== "compare") field.value = value;
  }
  for (const slider of form.querySelectorAll("recur-slider")) slider.follow();
}

// After an answer the form holds what the address says, except where someone is typing.
function follow() {
  const state = results.querySelector(".state");
  if (!state || edits !== asked) return;
  hold(new URLSearchParams(state.dataset.query));
  const idle = state.dataset.idle.split(" ");
  for (const knob of form.querySelectorAll(".knob")) knob.hidden = idle.includes(knob.querySelector("[name]").name);
  at.value = state.dataset.at;
  compare.value = state.dataset.compare;
}

const cells = () => [...results.querySelectorAll(".trace td button")];
const current = () => results.querySelector(".trace td button[aria-current]");

// One cell of a table is in the tab order; the arrows go to the others.
function rove(to = current()) {
  for (const cell of cells()) cell.tabIndex = -1;
  for (const table of results.querySelectorAll("table.trace")) {
    const first = table.contains(to) ? to : table.querySelector("td button");
    if (first) first.tabIndex = 0;
    // The labels of the rows stay at the left: a cell that is scrolled to comes to stand beside them.
    table.parentElement.style.scrollPaddingLeft = `${(table.querySelector("tbody th[scope=row]")?.offsetWidth ?? 0) + 4}px`;
  }
}

// Where a figure is wider than its box, the box shows the part that is chosen; once, so that it can be scrolled away.
let revealed = "";
function reveal() {
  const here = [...results.querySelectorAll(".trace [aria-current], .trace th.now")].map((one) => one.value ?? one.textContent).join();
  if (here === revealed) return;
  revealed = here;
  for (const box of results.querySelectorAll(".scroll")) {
    const { left, right } = box.getBoundingClientRect();
    const chosen = [...box.querySelectorAll("[aria-current]"), ...box.querySelectorAll("th.now")].slice(0, 1);
    const parts = (chosen.length ? chosen : [...box.querySelectorAll(".lit")]).map((part) => part.getBoundingClientRect());
    const label = box.querySelector("tbody th")?.offsetWidth ?? 0; // it stays while the others move
    if (!parts.length || parts.some((part) => part.left >= left + label && part.right <= right)) continue;
    const [first] = parts;
    box.scrollLeft += first.right > right ? first.right - right + 20 : first.left - left - label - 20;
  }
}

function neighbour(cell, key) {
  const here = cell.closest("td");
  const row = here.parentElement;
  if (key === "ArrowLeft" || key === "ArrowRight") {
    return here[key === "ArrowLeft" ? "previousElementSibling" : "nextElementSibling"]?.querySelector("button");
  }
  if (key === "Home" || key === "End") {
    const all = row.querySelectorAll("button");
    return all[key === "Home" ? 0 : all.length - 1];
  }
  const rows = [...row.closest("table").querySelectorAll("tbody tr:not(.group)")];
  const next = rows[rows.indexOf(row) + (key === "ArrowUp" ? -1 : 1)];
  return next?.children[here.cellIndex]?.querySelector("button");
}

function choose(cell) {
  for (const chosen of results.querySelectorAll(".trace [aria-current]")) chosen.removeAttribute("aria-current");
  cell.setAttribute("aria-current", "true"); // at once, so that a held key goes on from here
  rove(cell);
  cell.click();
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || !/^(Arrow|Home$|End$)/.test(event.key)) return;
  const cell = event.target.closest?.(".trace td button");
  const step = /^Arrow(Left|Right)$/.test(event.key);
  if (!form?.isConnected) return;
  // Outside the table the arrows step through time, unless something that uses them has the focus.
  if (!cell && (!step || event.target.closest?.("input, select, textarea, .scroll, pre, dialog"))) return;
  const from = cell ?? current();
  const to = from && neighbour(from, event.key);
  if (!to) return;
  event.preventDefault();
  if (cell) to.focus();
  choose(to);
  to.scrollIntoView({ block: "nearest", inline: "nearest" });
});

// The choice is in the form at once, so that a slider moved before the answer keeps it.
document.addEventListener("click", (event) => {
  const cell = event.target.closest("#results .trace td button");
  if (!cell) return;
  at.value = cell.value;
  edits += 1;
});

// A circle of the diagram chooses the number that it shows; of several beneath or beside a finger, the nearest one.
const DRAWN = "#results svg [data-at]";
const REACH = 22; // pixels from the middle of a circle that is too small for a finger
document.addEventListener("click", ({ target, clientX, clientY }) => {
  const away = (one) => {
    const { left, top, width, height } = one.firstElementChild.getBoundingClientRect();
    return Math.hypot(left + width / 2 - clientX, top + height / 2 - clientY);
  };
  const here = document.elementsFromPoint(clientX, clientY).map((one) => one.closest(DRAWN)).filter(Boolean);
  const beside = [...(target.closest("#results .diagram svg")?.querySelectorAll("[data-at]") ?? [])].filter((one) => away(one) < REACH);
  const node = (here.length ? here : beside).sort((one, other) => away(one) - away(other))[0] ?? target.closest(DRAWN);
  const cell = node && cells().find((one) => one.value === node.dataset.at);
  if (cell) choose(cell);
});

// Play: the chosen column goes on by itself, one step a second at most, each after the answer to the one before.
const announcer = document.getElementById("announcer");
let timer = null;
let waiting = false;
document.addEventListener("htmx:config:request", () => (waiting = true));

function playable() {
  const cell = current();
  player.hidden = !cell || cell.closest("table").dataset.columns === "unit" || cell.closest("tr").querySelectorAll("button").length < 2;
}

function pause(said) {
  if (!timer) return;
  clearInterval(timer);
  timer = null;
  results.removeAttribute("aria-busy");
  play.setAttribute("aria-pressed", "false");
  play.firstChild.data = "Play the steps ";
  announcer.textContent = said;
}

const here = () => results?.querySelector(".trace thead th.now")?.textContent ?? "";

function advance() {
  if (!play.isConnected) pause("");
  if (!timer || waiting || document.hidden) return;
  const next = current() && neighbour(current(), "ArrowRight");
  if (next) choose(next);
  else pause(`At the last step, ${here()}.`);
}

document.addEventListener("click", (event) => {
  if (!play || !play.contains(event.target)) return;
  if (timer) {
    pause(`Paused at ${here()}.`);
    return;
  }
  const from = current();
  if (!from) return;
  if (!neighbour(from, "ArrowRight")) choose(neighbour(from, "Home"));
  results.setAttribute("aria-busy", "true"); // so that not every number on the way is read aloud
  play.setAttribute("aria-pressed", "true");
  play.firstChild.data = "Pause ";
  announcer.textContent = "Playing one step per second.";
  timer = setInterval(advance, 1000);
});
for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, (event) => {
    const plays = event.target.closest?.(".player") || (event.key && play && meanings(event).some((key) => keysOf(play).includes(key)));
    if (!plays) pause(`Paused at ${here()}.`);
  });
}

document.addEventListener("htmx:after:swap", () => {
  waiting = isLost = false;
  if (!begin()) return;
  if (!stream) follow();
  if (form.contains(document.activeElement) && document.activeElement.type === "range") keepInSight(document.activeElement);
  rove();
  playable();
  reveal();
});
let isLost = false; // the last answer did not come
for (const kind of ["htmx:error", "recur:busy"]) {
  document.addEventListener(kind, () => {
    waiting = false;
    isLost = true;
    pause("Paused.");
  });
}
// The figure catches up with the knobs and the chosen number once the net is back.
window.addEventListener("online", () => {
  if (!isLost || !form?.isConnected) return;
  if (form.dataset.trains) current()?.click();
  else form.dispatchEvent(new CustomEvent("slide"));
});

// Training: the button opens a stream of results; stopping it, or leaving, ends the run on the server too.
let stream = null;
let reported = false;

// A run lasts two seconds at least, however fast the server is: each report is shown for its share of them.
const RUN = 2000;
let reports = [];
let nextReport = null;

function showReport() {
  clearTimeout(nextReport);
  nextReport = null;
  const report = reports.shift();
  if (report) nextReport = setTimeout(showReport, report() ?? 0);
}

function queueReport(report) {
  reports.push(report);
  if (!nextReport) showReport();
}

// The buttons beside the curve; the bar of what is done.
function showTraining(isOn) {
  const bar = document.querySelector(".training");
  const [train, stop] = ["[data-train]", "[data-stop]"].map((one) => document.querySelector(one));
  const isFocused = [train, stop].includes(document.activeElement);
  stop.hidden = bar.hidden = !isOn;
  train.hidden = isOn;
  if (isFocused) (isOn ? stop : train).focus(); // each takes the other's place
  return bar;
}

function endTraining(said) {
  stream?.close();
  stream = null;
  clearTimeout(nextReport);
  nextReport = null;
  reports = [];
  if (!form?.isConnected || !form.dataset.trains) return;
  if (reported) follow(); // it may have ended before it was asked to
  reported = false;
  showTraining(false);
  results.removeAttribute("aria-busy");
  if (said) announcer.textContent = said;
}

function startTraining() {
  endTraining();
  trouble("");
  asked = edits;
  const query = new URLSearchParams(new FormData(form));
  if (!compare.value) query.delete("compare");
  const bar = showTraining(true);
  bar.firstElementChild.value = 0;
  bar.lastElementChild.textContent = "";
  results.setAttribute("aria-busy", "true"); // the caption is read aloud when it is over, not twenty times on the way
  announcer.textContent = "Training.";
  stream = new EventSource(`${form.dataset.trains}?${query}`);
  const show = (text) => htmx.swap({ text, target: results, sourceElement: results, swap: "innerMorph", request: {}, response: {} });
  let shown = 0;
  stream.addEventListener("progress", (event) => queueReport(() => {
    const { html, share, says, address } = JSON.parse(event.data);
    bar.firstElementChild.value = share;
    bar.lastElementChild.textContent = says;
    show(html);
    reported = true;
    if (!form.closest("#demo-slot")) history.replaceState(history.state, "", address);
    const rest = RUN * (share - shown);
    shown = share;
    return rest;
  }));
  stream.addEventListener("done", () => {
    stream.close();
    queueReport(() => endTraining(results.querySelector("figcaption")?.textContent));
  });
  stream.addEventListener("refused", (event) => {
    show(JSON.parse(event.data).html);
    endTraining(JSON.parse(event.data).says);
  });
  for (const kind of ["busy", "stopped"]) {
    stream.addEventListener(kind, (event) => {
      const said = JSON.parse(event.data).says ?? "Stopped.";
      endTraining(kind === "busy" ? "" : said);
      if (kind === "busy") trouble(said);
    });
  }
  stream.onerror = () => {
    endTraining();
    trouble("The server could not be reached, so the training was interrupted. Press Train to start it again.");
  };
}

document.addEventListener("submit", (event) => {
  if (!event.target.dataset?.trains || event.submitter?.name === "at" || compare.value) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  startTraining();
}, true);
document.addEventListener("click", (event) => event.target.closest?.("[data-stop]") && endTraining("Stopped."));
document.addEventListener("keydown", (event) => event.repeat && event.target.closest?.(".train") && event.preventDefault()); // a held Enter
// What is to be tried is trained at once, before one's eyes.
document.addEventListener("click", (event) => {
  const preset = event.target.closest?.(".presets a");
  if (!preset || compare.value || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  hold(new URL(preset.href).searchParams);
  startTraining();
});

// The demo that is on the page: in a review one comes and goes beneath each answer. False where there is none.
function begin() {
  const found = document.getElementById("knobs");
  if (!found || found === form) return Boolean(found);
  form = found;
  results = document.getElementById("results");
  at = form.querySelector('input[name="at"]'); // form.elements.at would be all the cells too
  compare = form.elements.compare;
  player = document.querySelector(".player");
  play = player.querySelector("button");
  if (stream) endTraining();
  sliding = slidOn = false;
  form.querySelector("details").open ||= !form.closest("#demo-slot") && !matchMedia("(max-width: 56rem)").matches;
  rove();
  playable();
  revealed = "";
  reveal();
  showStep();
  return true;
}
document.documentElement.classList.add("live");
begin();
// The first picture is there: now what stands below it is laid out.
requestAnimationFrame(() => setTimeout(() => document.documentElement.classList.add("drawn")));
