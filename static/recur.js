// Keys, focus, announcements and lost connections. Without this file every page still works.

const KEYS_OFF = "recur-keys-off";
const NAMES = { " ": "Space" };

function shown(element) {
  return element.checkVisibility?.() ?? element.offsetParent !== null;
}

function named(event) {
  const key = NAMES[event.key] ?? (/^Numpad\d$/.test(event.code) ? event.code.slice(-1) : event.key);
  return (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + (key.length === 1 ? key.toLowerCase() : key);
}

// A key presses the one visible element whose data-key lists it.
document.addEventListener("keydown", (event) => {
  if (event.repeat || event.altKey || event.defaultPrevented || localStorage.getItem(KEYS_OFF)) return;
  if (document.querySelector("dialog[open]")) return;
  const here = event.target.closest("input, select, textarea, [contenteditable], [role=slider]");
  if (here) return;
  const key = named(event);
  if (/^(Space|Enter)$/.test(key) && event.target.closest("a, button, summary, [tabindex='0']")) return;
  const pressed = [...document.querySelectorAll("[data-key]")].find(
    (element) => element.dataset.key.split(" ").includes(key) && shown(element));
  if (!pressed) return;
  event.preventDefault();
  if (pressed.matches("input")) pressed.focus(), pressed.select();
  else pressed.click();
});

// The first demo link of a card answers to d.
function giveDemoItsKey(root) {
  const link = root.querySelector(".answer .demo-link");
  if (link) link.dataset.key = "d";
}

function settle(root) {
  giveDemoItsKey(root);
  const said = root.querySelector("[data-announce]");
  if (said) document.getElementById("announcer").textContent = said.dataset.announce;
}

// In a review a demo opens beneath the answer, at the card's own state; the rating form beside it stays as it is.
const slot = () => document.getElementById("demo-slot");

function closeDemo() {
  const open = slot();
  if (!open || open.hidden) return false;
  open.hidden = true;
  open.replaceChildren();
  document.querySelector(".answer .demo-link[aria-expanded=true]")?.focus();
  for (const link of document.querySelectorAll(".answer .demo-link")) link.setAttribute("aria-expanded", "false");
  return true;
}

async function openDemo(link) {
  const rating = document.querySelector("form.rating");
  const kept = new URLSearchParams();
  for (const name of ["deck", "topic", "card", "shown_at"]) {
    if (rating.elements[name]) kept.set(name, rating.elements[name].value);
  }
  const address = new URL(link.href);
  address.pathname += "/beneath";
  address.searchParams.set("from", `/review?${kept}`);
  slot().hidden = false;
  await htmx.ajax("GET", address.pathname + address.search, { target: "#demo-slot", swap: "innerHTML" });
  link.setAttribute("aria-expanded", "true");
  const title = document.getElementById("beneath");
  title?.focus({ preventScroll: true });
  title?.scrollIntoView({ block: "start" });
}

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
  const sitting = document.getElementById("sitting");
  if (!sitting || event.target.closest?.("#demo-slot") || event.detail?.ctx?.target?.closest?.("#demo-slot")) return;
  settle(sitting);
  const focus = sitting.querySelector("[data-focus]");
  if (focus) {
    focus.focus({ preventScroll: true });
    if (focus.matches("h1")) window.scrollTo({ top: 0 });
  }
});

function trouble(sentence) {
  const box = document.getElementById("trouble");
  box.textContent = sentence;
  box.hidden = !sentence;
}

document.addEventListener("htmx:error", (event) => {
  const status = event.detail?.ctx?.response?.status;
  if (status) return; // the server answered, and its answer is on the page
  const asked = event.detail?.ctx?.target;
  const reading = asked?.closest?.("#demo-slot, #results, #shelves");
  trouble(`The server could not be reached${reading ? ". Try again." : ", so this was not saved. Press again: it will count once."}`);
});

document.addEventListener("DOMContentLoaded", () => {
  settle(document);
  for (const button of document.querySelectorAll("[data-opens]")) {
    button.hidden = false;
    button.addEventListener("click", () => document.getElementById(button.dataset.opens).showModal());
  }
  const on = document.getElementById("keys-on");
  on.checked = !localStorage.getItem(KEYS_OFF);
  on.addEventListener("change", () => (on.checked ? localStorage.removeItem(KEYS_OFF) : localStorage.setItem(KEYS_OFF, "1")));
});
