// A sitting's page: the reveal without a request, parts that fold on a phone, and space that reads before it rates.
// Without this file the reveal is a request, every part is open, and the rating form is the same.

const PHONE = matchMedia("(max-width: 34rem)");
const DOUBLE_PRESS_MS = 350;
// The faces of the answer come while one thinks, so that nothing moves when it is shown. Of the maths font only the
// file of common signs: load() by its name would fetch the large one for the rest, whose range has every character.
const FACES = new Promise((loaded) => window.addEventListener("load", loaded)).then(() => {
  const text = ['1em "Recur Text"', 'italic 1em "Recur Text"'].map((face) => document.fonts.load(face));
  const signs = [...document.fonts].filter((face) => face.family.includes("Recur Math") && face.unicodeRange.startsWith("U+20-"));
  return Promise.allSettled([...text, ...signs.map((face) => face.load())]);
});

// How long the question has been on the page. One clock stands still while a laptop sleeps, the other may be set back:
// the one that went further is right. (If it was set ahead, the server takes now for the reveal.)
let since = now();

function now() {
  return { clock: Date.now(), steady: performance.now() };
}

function elapsed() {
  const { clock, steady } = now();
  return Math.round(Math.max(0, clock - since.clock, steady - since.steady));
}

// The form's answer is hidden beside it. Its dates hold for data-holds milliseconds; after that the server is asked.
document.addEventListener("submit", (event) => {
  const hidden = document.getElementById("hidden-answer");
  const after = elapsed();
  if (event.target.id !== "asking" || !hidden || after >= Number(event.target.dataset.holds)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  showAnswer(event.target, hidden, after, event.submitter);
}, { capture: true });

// Without the server an answer with older dates is better than none; recur.js says that they are older.
document.addEventListener("htmx:error", (event) => {
  const { sourceElement: sent, response } = event.detail?.ctx ?? {};
  const hidden = document.getElementById("hidden-answer");
  if (sent?.id === "asking" && hidden && !response?.status) showAnswer(sent, hidden, elapsed());
});

// The answer takes its place while one thinks, unseen and out of reach (content-visibility: hidden), with its layout
// made, and the ratings in the bar: to show it then is only to paint it. `laid` is the template that it came from and what it is.
let laid = {};

function layOut() {
  const hidden = document.getElementById("hidden-answer");
  if (!hidden || laid.hidden === hidden) return;
  const bar = document.querySelector(".asked > .bar");
  const answer = document.importNode(hidden.content, true);
  const slot = answer.getElementById("demo-slot");
  slot.remove();
  const rating = answer.getElementById("rating");
  rating.classList.remove("rating"); // by that name others know an answer that is shown
  const [lead, told, rest] = ["lead", "bar", "rest"].map((name) => [...answer.querySelectorAll(`[data-into=${name}] > :not(#rating)`)]);
  const pieces = [...lead, rating, ...rest];
  for (const one of pieces) one.classList.add("unshown");
  bar.before(...lead);
  bar.append(rating);
  bar.after(...rest);
  fold();
  laid = { hidden, pieces, told, rating, slot };
  bar.getBoundingClientRect(); // now they are locked; and what is asked for its size within a lock is laid out
  for (const one of laid.pieces) {
    one.firstElementChild?.getBoundingClientRect();
    window.htmx?.process(one);
  }
}

function layOutSoon() {
  if (!CSS.supports("content-visibility", "hidden")) return;
  FACES.then(() => (window.requestIdleCallback ?? setTimeout)(layOut));
}

// `by` is the button that was pressed: it may say how sure one is.
function showAnswer(form, hidden, after, by) {
  const bar = form.closest(".bar");
  const article = bar.closest(".asked");
  const said = form.dataset.said;
  layOut();
  const { pieces, told, rating, slot } = laid;
  hidden.remove();
  for (const old of article.querySelectorAll(":is(.timer, .leech, .bar > *):not(.unshown)")) old.remove();
  for (const one of pieces) one.classList.remove("unshown");
  rating.classList.add("rating");
  bar.prepend(...told);
  article.querySelector(".parts").after(slot);
  article.classList.add("revealed");
  for (const field of article.querySelectorAll("[name=revealed_after]")) field.value = after;
  // What else is sent of the card says when its question and its answer were shown, so that the answer stays open.
  const shown = article.querySelectorAll(".rating :is([name=shown_at], [name=revealed_after])");
  article.querySelector(".marks").append(...[...shown].map((field) => field.cloneNode()));
  if (by?.name === "sure") for (const one of article.querySelectorAll(".rating, .marks, form.note")) one.append(hiddenField(by));
  article.querySelector("h1").removeAttribute("data-focus");
  article.querySelector("[data-focus]").focus({ preventScroll: true });
  makeRoom();
  barChanged = performance.now();
  document.dispatchEvent(new CustomEvent("recur:revealed", { detail: { said } }));
}

// The address says what is open, so that Back and a reload show it again. A text that one typed is kept by typed.js.
const OF_A_FORM = ["token", "after", "learner", "points"];
const OF_A_CARD = ["card", "shown_at", "revealed_after", "sure", "typed", "instance", "of_four", "gives_up", "made"];

function without(names, pairs) {
  const left = new URLSearchParams(pairs);
  for (const name of [...OF_A_FORM, ...names]) left.delete(name);
  return left.size ? `?${left}` : "";
}

function keepPlace() {
  const form = document.querySelector("form.rating");
  const open = form && form.getAttribute("action") + without(form.dataset.typedOf ? ["typed"] : [], new FormData(form));
  history.replaceState(history.state, "", open ?? location.pathname + without(OF_A_CARD, location.search));
}

function tickAgain() {
  const made = new URLSearchParams(location.search).getAll("made");
  for (const box of document.querySelectorAll(".revealed [name=made]:not(:checked)")) if (made.includes(box.value)) box.click();
}

function hiddenField({ name, value }) {
  const field = document.createElement("input");
  return Object.assign(field, { type: "hidden", name, value });
}

// The rating that is proposed follows the points that are ticked. What else is sent of the card keeps the ticks.
document.addEventListener("change", (event) => {
  const points = event.target.closest(".points fieldset");
  if (!points) return;
  const made = points.querySelectorAll("input:checked").length;
  for (const button of document.querySelectorAll(".rate button")) {
    const isProposed = button.value === points.dataset.proposes[made];
    button.classList.toggle("proposed", isProposed);
    if (isProposed) button.setAttribute("aria-description", "proposed");
    else button.removeAttribute("aria-description");
  }
  keepPlace();
});

document.addEventListener("submit", ({ target: form }) => {
  if (!form.matches(".marks, form.note")) return;
  for (const old of form.querySelectorAll("[name=points], [name=made]")) old.remove();
  for (const one of document.querySelectorAll(".revealed .points :is([name=points], :checked)")) form.append(hiddenField(one));
}, { capture: true });

// The parts of an answer: on a phone those after the first are folded.
function fold() {
  for (const [index, part] of document.querySelectorAll(".asked details.part").entries()) part.open = !PHONE.matches || !index;
}

// While the end of the answer is below the fold, space and Enter scroll; they rate once it has been seen.
let endSeen = false;

// A question that leaves little room for its answer scrolls away: as far as that takes, and no further than to the answer.
const ENOUGH = 260;

function makeRoom() {
  const lead = document.querySelector(".asked.revealed > .lead-in")?.getBoundingClientRect().top;
  if (lead === undefined) return;
  const top = document.querySelector(".sitting").getBoundingClientRect().bottom;
  const bottom = Math.min(innerHeight, document.querySelector(".bar").getBoundingClientRect().top);
  window.scrollBy({ top: Math.ceil(Math.max(0, Math.min(ENOUGH, bottom - Math.max(0, top)) - (bottom - lead))), behavior: "instant" });
}

function lookForEnd() {
  const rest = document.querySelector(".asked.revealed .parts");
  if (!rest || endSeen) return;
  const bar = document.querySelector(".bar").getBoundingClientRect().top;
  endSeen = rest.getBoundingClientRect().bottom <= Math.min(bar, innerHeight) + 2;
}

document.addEventListener("recur:default-key", (event) => {
  if (!event.target.matches(".rate button")) return;
  lookForEnd();
  if (endSeen) return;
  event.preventDefault();
  const room = Math.min(innerHeight, document.querySelector(".bar").getBoundingClientRect().top) - document.querySelector(".sitting").offsetHeight;
  const smooth = matchMedia("(prefers-reduced-motion: no-preference)").matches;
  window.scrollBy({ top: 0.85 * room, behavior: smooth ? "smooth" : "auto" });
  lookForEnd(); // the event of the scroll comes a frame later
});

for (const moved of ["scroll", "resize", "toggle"]) document.addEventListener(moved, lookForEnd, { capture: true, passive: true });

// The second half of a double click would press what has come to stand at the same place.
let barChanged = -Infinity;
let lastPress = null;

document.addEventListener("pointerdown", (event) => {
  const { timeStamp, clientX, clientY } = event;
  const again = lastPress && timeStamp - lastPress.timeStamp < DOUBLE_PRESS_MS && barChanged > lastPress.timeStamp;
  const isSecond = again && Math.hypot(clientX - lastPress.clientX, clientY - lastPress.clientY) < 24;
  lastPress = { timeStamp, clientX, clientY, isSecond };
}, { capture: true });

document.addEventListener("keydown", () => (lastPress = null), { capture: true }); // a key between two presses: they are two

document.addEventListener("click", (event) => {
  if (!event.detail || !lastPress?.isSecond || !event.target.closest(".bar")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, { capture: true });

function begin() {
  since = now();
  endSeen = false;
  barChanged = performance.now();
  fold();
  layOutSoon();
  makeRoom();
  requestAnimationFrame(lookForEnd);
}

document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail?.ctx?.target?.id !== "sitting") return;
  keepPlace();
  begin();
});
document.addEventListener("recur:revealed", () => {
  keepPlace();
  endSeen = false;
  requestAnimationFrame(lookForEnd);
});
document.addEventListener("DOMContentLoaded", begin);
document.addEventListener("DOMContentLoaded", tickAgain);
PHONE.addEventListener("change", fold);
