// Our own keys for a number or a shape where fingers type: number pads of phones have no sign, fraction, per cent or
// power. The field stays an ordinary one, whose caret the keys use; the phone's own keyboard is one press away.

const FINGERS = matchMedia("(pointer: coarse)");
// A cookie says who types with their own keyboard, so that the page comes without the keypad: see base.html.
const OWN_KEYBOARD = "keyboard=own; path=/; samesite=lax; max-age=";
const A_YEAR = 365 * 24 * 3600;
const { dataset: page } = document.documentElement;
const LONGEST = 80;

function settleKeypads() {
  const shown = FINGERS.matches && page.keyboard !== "own";
  for (const pad of document.querySelectorAll(".keypad")) {
    pad.hidden = !shown || "waits" in pad.dataset;
    document.getElementById(pad.dataset.into).inputMode = shown ? "none" : "text";
  }
  for (const swap of document.querySelectorAll("[data-swaps]")) {
    swap.hidden = !FINGERS.matches;
    swap.textContent = shown ? "Keyboard" : "Keypad";
  }
}

// What is before the caret, after a key.
const KEYS = {
  back: (before) => before.replace(/(None|, | %|×10\^|[^])$/u, ""),
  power: (before) => before + (/\d\.?$/.test(before) ? "×10^" : "10^"),
  // Behind a power the sign is the power's.
  sign: (before) => before.replace(/(^|10\^|e)([-−]?)([^^e]*)$/i, (_, at, sign, digits) => at + (sign ? "" : "−") + digits),
};

function type(field, key) {
  const focused = document.activeElement === field;
  const [from, to] = focused ? [field.selectionStart, field.selectionEnd] : [field.value.length, field.value.length];
  const [before, after] = [field.value.slice(0, from), field.value.slice(to)];
  const typed = key === "back" && from !== to ? before : (KEYS[key]?.(before) ?? before + key);
  if (typed.length + after.length > LONGEST) return;
  field.value = typed + after;
  field.setSelectionRange(typed.length, typed.length);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

// A finger on a key leaves the caret where it is.
document.addEventListener("pointerdown", (event) => {
  const pad = event.target.closest(".keypad");
  if (!pad) return;
  event.preventDefault();
  const field = document.getElementById(pad.dataset.into);
  if (document.activeElement !== field) field.focus({ preventScroll: true });
});

document.addEventListener("click", (event) => {
  // Whoever presses the field wants to type: the keypad comes into view, as a phone's own keyboard would.
  document.querySelector(`.keypad:not([hidden])[data-into="${event.target.id}"]`)?.scrollIntoView({ block: "nearest" });
  const key = event.target.closest("[data-types]");
  if (key) {
    const field = document.getElementById(key.closest(".keypad").dataset.into);
    type(field, key.dataset.types);
    document.getElementById("announcer").textContent = field.value || "empty";
  }
  const swap = event.target.closest("[data-swaps]");
  if (swap) {
    page.keyboard = page.keyboard === "own" ? "" : "own";
    document.cookie = OWN_KEYBOARD + (page.keyboard ? A_YEAR : 0);
    settleKeypads();
    const field = document.getElementById(swap.dataset.swaps);
    field.blur(); // a phone brings its keyboard only to a field that gets the focus
    field.focus();
  }
});

// After an answer was judged, the keypad waits until somebody goes back to the field.
document.addEventListener("focusin", (event) => {
  const pad = document.querySelector(`.keypad[data-waits][data-into="${event.target.id}"]`);
  if (!pad) return;
  delete pad.dataset.waits;
  settleKeypads();
});

document.addEventListener("DOMContentLoaded", () => {
  settleKeypads();
  // Not by the attribute autofocus, which would scroll a small screen past the question.
  document.querySelector(".typing [data-focus]")?.focus({ preventScroll: true });
});
document.addEventListener("htmx:after:swap", (event) => {
  settleKeypads();
  // A question for practice opens below a card, whose own focus stays out of it.
  const practice = event.detail?.ctx?.target?.closest?.("#practice");
  practice?.querySelector("[data-focus]")?.focus();
});
FINGERS.addEventListener("change", settleKeypads);
