// Keys, focus, announcements and lost connections. Without this file every page still works.

const KEYS_OFF = "recur-keys-off";
const NAMES = { " ": "Space" };
// Where the learner has changed keys: the usual key to their own, empty for none.
const OWN_KEYS = JSON.parse(document.body.dataset.keys ?? "{}");
const WRITTEN = { space: "Space", "Ctrl Z": "Ctrl+z" };

// What is folded away can be pressed by its key, if what folds it can be seen.
function shown(element) {
  if (element.closest(".unshown")) return false; // an answer before its time
  const fold = element.parentElement?.closest("details:not([open])");
  if (fold && !element.closest("summary")) return shown(fold);
  return element.checkVisibility?.() ?? element.offsetParent !== null;
}

// What a key may mean: what it writes; then what stands in its place on a US keyboard, if that is a digit (AZERTY
// writes them with Shift) or if it writes a letter that is not Latin.
function meanings(event) {
  const control = event.ctrlKey || event.metaKey ? "Ctrl+" : "";
  const written = NAMES[event.key] ?? event.key;
  const there = event.code.replace(/^(Key|Digit|Numpad)(?=[A-Z0-9]$)/, "");
  const isForeign = /^\p{L}$/u.test(written) && !/^\p{Script=Latin}$/u.test(written);
  const keys = /^\d$/.test(there) && !event.shiftKey ? [written, there] : isForeign ? [written, there] : [written];
  return keys.map((key) => control + ([...key].length === 1 ? key.toLowerCase() : key));
}

// The keys that press an element: those its data-key lists, each in the learner's own choice.
function keysOf(element) {
  return element.dataset.key.split(" ").map((usual) => OWN_KEYS[usual] ?? usual).filter(Boolean);
}

// Every shown key says the learner's own; one that is off is gone, or "off" in the list of keys.
function showKeys() {
  if (!Object.keys(OWN_KEYS).length) return;
  for (const kbd of document.querySelectorAll("[data-key] kbd, #keys kbd")) {
    kbd.dataset.usual ??= WRITTEN[kbd.textContent] ?? kbd.textContent;
    const own = OWN_KEYS[kbd.dataset.usual];
    if (own === undefined) continue;
    kbd.textContent = own || "off";
    kbd.hidden = !own && !kbd.closest("#keys");
  }
  for (const element of document.querySelectorAll("button[data-key]")) {
    const own = OWN_KEYS[element.dataset.key.split(" ")[0]];
    if (!own || element.querySelector("kbd")) continue;
    const kbd = element.appendChild(document.createElement("kbd"));
    kbd.textContent = own;
    kbd.dataset.usual = element.dataset.key.split(" ")[0];
  }
}

// A key presses the one visible element whose data-key means it.
document.addEventListener("keydown", (event) => {
  if (event.repeat || event.altKey || event.defaultPrevented || localStorage.getItem(KEYS_OFF)) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.shiftKey && event.key === " ") return; // scrolls up
  const here = event.target.closest("input:not([type=checkbox]), select, textarea, [contenteditable], [role=slider]");
  if (here) return;
  const keys = meanings(event);
  if (/^(Space|Enter)$/.test(keys[0]) && event.target.closest("a, button, summary, input, [tabindex='0']")) return;
  const elements = [...document.querySelectorAll("[data-key]")].filter(shown);
  const pressed = keys.map((key) => elements.find((one) => keysOf(one).includes(key))).find(Boolean);
  if (!pressed) return;
  event.preventDefault();
  // A page may have something better to do than what the keys that go on would press.
  const goesOn = !keys.includes(keysOf(pressed)[0]);
  if (goesOn && !pressed.dispatchEvent(new CustomEvent("recur:default-key", { bubbles: true, cancelable: true }))) return;
  if (pressed.matches("input")) pressed.focus(), pressed.select();
  else pressed.click();
});

// The first demo link of a card answers to d.
function giveDemoItsKey(root) {
  const link = root.querySelector(".answer .demo-link");
  if (!link || link.dataset.key) return;
  link.dataset.key = "d";
  if (link.closest(".demos")) link.appendChild(document.createElement("kbd")).textContent = "d";
}

// A soft timer: it shows how long it has been, and forces nothing.
let ticking;

function startTimer(root) {
  clearInterval(ticking);
  const timer = root.querySelector(".timer[data-seconds]");
  if (!timer) return;
  const seconds = Number(timer.dataset.seconds);
  const began = Date.now();
  const bar = timer.appendChild(document.createElement("progress"));
  bar.max = seconds;
  bar.setAttribute("aria-hidden", "true");
  bar.value = 0;
  ticking = setInterval(() => {
    bar.value = (Date.now() - began) / 1000;
    if (bar.value < seconds) return;
    clearInterval(ticking);
    timer.firstChild.data = `${seconds} seconds are up. Finish the sentence, then look. `;
  }, 250);
}

function settle(root) {
  giveDemoItsKey(root);
  startTimer(root);
  for (const button of root.querySelectorAll("[data-opens]")) button.hidden = false;
  const said = root.querySelector("[data-announce]");
  if (said) announce(said.dataset.announce);
}

function announce(sentence) {
  document.getElementById("announcer").textContent = sentence;
}

document.addEventListener("recur:revealed", (event) => {
  giveDemoItsKey(document);
  showKeys();
  announce(event.detail.said);
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens).showModal();
});

// In a review a demo opens beneath the answer, at the card's own state; the rating form beside it stays as it is.
const slot = () => document.getElementById("demo-slot");

function closeDemo() {
  const open = slot();
  if (!open || (open.hidden && !open.firstChild)) return false;
  open.hidden = true;
  open.replaceChildren();
  document.querySelector(".answer .demo-link[aria-expanded=true]")?.focus();
  for (const link of document.querySelectorAll(".answer .demo-link")) link.setAttribute("aria-expanded", "false");
  return true;
}

async function openDemo(link) {
  const address = new URL(link.href);
  address.pathname += "/beneath";
  address.searchParams.set("from", location.pathname + location.search);
  slot().hidden = false;
  link.setAttribute("aria-expanded", "true");
  await htmx.ajax("GET", address.pathname + address.search, { target: "#demo-slot", swap: "innerHTML" });
  const title = document.getElementById("beneath");
  if (!title || slot().hidden) return closeDemo(); // it did not come, or was closed before it came
  title.focus({ preventScroll: true });
  title.scrollIntoView({ block: "start" });
}

// Ctrl+Enter in a text that is typed sends its form: Enter alone is a new line.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !event.target.matches("[data-submits]")) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close=demo]")) closeDemo();
  const link = event.target.closest(".answer .demo-link");
  if (!link || !slot() || !window.htmx || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  const again = link.getAttribute("aria-expanded") === "true";
  closeDemo();
  if (!again) openDemo(link);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]") && closeDemo()) event.preventDefault();
});

document.addEventListener("htmx:after:swap", (event) => {
  trouble("");
  showKeys();
  const sitting = document.getElementById("sitting");
  if (!sitting || event.target.closest?.("#demo-slot, #practice") || event.detail?.ctx?.target?.closest?.("#demo-slot, #practice")) return;
  settle(sitting);
  const focus = sitting.querySelector("[data-focus]");
  if (focus) {
    focus.focus({ preventScroll: true });
    if (focus.matches("h1, textarea, .typing input")) window.scrollTo({ top: 0 }); // a new question
  }
});

// The server is busy, or refuses in a line: the page stays as it is, with what was typed, and says so.
document.addEventListener("htmx:after:request", (event) => {
  const { response, text } = event.detail.ctx;
  const ours = response?.headers.get("Content-Type")?.startsWith("text/plain");
  if (!(ours && response.status >= 400) && !AWAY.includes(response?.status)) return;
  event.preventDefault();
  document.dispatchEvent(new CustomEvent("recur:busy"));
  trouble(ours ? text : "The server is busy or unreachable, so this was not shown. Press again: it won’t be counted twice.");
});

// A message of trouble stands above a sitting's bar, takes no press from what is beneath it, and goes by itself.
const TROUBLE_MS = 10_000;
let troubleGoes;

function trouble(sentence) {
  const box = document.getElementById("trouble");
  clearTimeout(troubleGoes);
  box.textContent = sentence;
  box.hidden = !sentence;
  if (!sentence) return;
  const bar = document.querySelector("#sitting .bar")?.getBoundingClientRect().top ?? innerHeight;
  box.style.setProperty("--above", `${Math.max(0, innerHeight - bar)}px`);
  troubleGoes = setTimeout(() => trouble(""), TROUBLE_MS);
}

window.addEventListener("online", () => trouble(""));

// A form that is not htmx's would leave, with what was typed, for a page that nobody answers. So it goes once the server
// answers; and if what stands here for the server does: today's cards, or the worker at a sign-out.
const ANSWERS_IN_MS = 8000;
const AWAY = [502, 503, 504];
let asking = null; // the form that waits to go
let going = null;

async function isAnswered(form) {
  const { pathname } = new URL(form.getAttribute("action"), location);
  const isKept = pathname === "/sign-out" || (pathname === "/review" && form.method === "get" && (await window.caches?.match("/kept")));
  if (isKept && navigator.serviceWorker?.controller) return true;
  const asked = { cache: "no-store", redirect: "manual", signal: AbortSignal.timeout(ANSWERS_IN_MS) };
  return fetch("/healthz", asked).then(({ status }) => !AWAY.includes(status), () => false);
}

document.addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  if (event.defaultPrevented || form === going || form.method === "dialog") return;
  event.preventDefault();
  if (asking) return; // pressed twice
  asking = form;
  form.classList.add("htmx-request");
  await new Promise((then) => setTimeout(then)); // a form can be sent again only once this event is over
  const isSent = await isAnswered(form);
  form.classList.remove("htmx-request");
  asking = null;
  if (!isSent) return trouble("The server could not be reached, so nothing was sent. What you typed is still here: press again later.");
  going = form;
  form.requestSubmit(submitter);
  going = null;
});

document.addEventListener("htmx:error", (event) => {
  const status = event.detail?.ctx?.response?.status;
  if (status) return; // the server answered, and its answer is on the page
  const { request, sourceElement: sent } = event.detail?.ctx ?? {};
  if (sent?.matches?.("#asking[data-holds]")) trouble("The server could not be reached. The dates on the buttons may be out of date.");
  else if (!request || request.method === "GET") trouble("The server could not be reached. Try again.");
  else if (sent?.matches?.("#asking")) trouble("The server could not be reached. What you typed is still here: press again.");
  else trouble("The server could not be reached, so this was not saved. Press again: it won’t be counted twice.");
});

document.addEventListener("DOMContentLoaded", () => {
  settle(document);
  showKeys();
  const on = document.getElementById("keys-on");
  on.checked = !localStorage.getItem(KEYS_OFF);
  on.addEventListener("change", () => (on.checked ? localStorage.removeItem(KEYS_OFF) : localStorage.setItem(KEYS_OFF, "1")));
});
