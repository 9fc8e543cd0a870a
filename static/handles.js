// Parts of a figure that stand for a parameter are dragged, by mouse, finger or arrow keys: its field follows, and asks
// as its slider would.

const HELD = ":is([data-up], [data-down], [data-across])";
const HANDLES = `#results ${HELD}`; // a cell of a table is dragged too, but its arrow keys go to the next one
const DRAWN = `#results svg ${HELD}`;
const SLACK = 4; // pixels: a press that moves less is a click, which chooses a number
const HAND = 200; // pixels that change a parameter by all of its slider's range
const WIDEST = 5; // of a list's numbers so much at most, for they may be far larger than they are
const BIG = 10; // steps of Page Up and Page Down

const knobs = () => document.getElementById("knobs");

// What is changed: a field, or one of its numbers. "x,3" is the third of a list, "keys,2,1" the first of the second row.
function entry(name) {
  const [parameter, ...place] = name.split(",");
  const field = knobs()?.elements.namedItem(parameter);
  if (!field?.dataset?.step) return null;
  const [row, column] = place.length > 1 ? place.map((n) => n - 1) : [0, (place[0] ?? 1) - 1];
  const names = field.dataset.each?.split(",") ?? [];
  const rows = () => field.value.split(";").map((one) => one.split(","));
  const low = Number(field.dataset.low);
  const high = Number(field.dataset.high);
  const step = Number(field.dataset.step);
  const decimals = Math.max(...[low, step].map((number) => (String(number).split(".")[1] ?? "").length));
  return {
    field,
    low,
    high,
    step,
    says: `${field.dataset.says}${place.length ? `, ${names[column] ?? `number ${column + 1}`}` : ""}${place.length > 1 ? ` of row ${row + 1}` : ""}`,
    short: [parameter.replaceAll("_", " "), place.join(", ")].join(" ").trim(),
    range: Math.min(high - low, place.length ? WIDEST : Infinity),
    get value() {
      const all = rows();
      return Number((all[row]?.[column] ?? all[0][0]).trim() || NaN); // one number serves for all of a list
    },
    set value(wanted) {
      const inside = Math.min(high, Math.max(low, low + Math.round((wanted - low) / step) * step));
      const all = rows();
      const here = all[row]?.[column] === undefined ? [0, 0] : [row, column];
      all[here[0]][here[1]] = String(Number(inside.toFixed(decimals)));
      write(field, all.map((one) => one.join(",")).join(";"));
    },
  };
}

function write(field, text) {
  if (field.value === text) return;
  field.value = text;
  field.dispatchEvent(new CustomEvent("slide", { bubbles: true }));
}

// What a handle changes, in the order of its ways.
function entriesOf({ dataset: { up, down, across } }) {
  return [up, down, across].filter(Boolean).map(entry).filter((one) => one && !Number.isNaN(one.value));
}

// The ways a handle goes: what each changes, and how many of its steps a pixel to the right (x) or up (y) is worth.
function waysOf(handle) {
  const box = handle.closest(".chart")?.getBoundingClientRect();
  const { a = 1, d = 1 } = handle.getScreenCTM?.() ?? {};
  const scale = box ? { x: box.width / 1000, y: box.height / 1000 } : { x: a, y: d };
  const way = (name, x, y) => {
    const changes = name && entry(name);
    if (!changes || Number.isNaN(changes.value)) return [];
    const pitch = Number(handle.dataset.pitch ?? NaN) * (x ? scale.x : scale.y) || HAND / changes.range;
    return [{ changes, from: changes.value, x: x / pitch, y: y / pitch }];
  };
  const { up, down, across } = handle.dataset;
  return [...way(up, 0, 1), ...way(down, 0, -1), ...way(across, 1, 0)];
}

// What was dragged can be taken back, step by step, while nothing else has changed it.
const done = [];
let held = null; // the handle that is dragged: where it was taken, and what it changes
let moved = false; // the click after a drag chooses nothing
let pressedAt = null; // nor does a pull at a picture that no hand moves, wherever it ends

const textsOf = (ways) => new Map(ways.map(({ changes: { field } }) => [field, field.value]));

function keep(before) {
  for (const [field, text] of before) if (field.value !== text) done.push({ field, before: text, after: field.value });
}

const bubble = document.body.appendChild(document.createElement("output"));
bubble.className = "bubble";
bubble.ariaHidden = "true";
bubble.hidden = true;

function tell(ways, x, y) {
  bubble.textContent = ways.map(({ changes }) => `${changes.short} = ${changes.value}`.replace("-", "−")).join(", ");
  bubble.hidden = false;
  const room = innerWidth - bubble.offsetWidth - 8;
  bubble.style.left = `${Math.max(8, Math.min(x - bubble.offsetWidth / 2, room))}px`;
  bubble.style.top = `${Math.max(8, y - bubble.offsetHeight - 36)}px`;
}

// Where the grips of several lie over each other, the hand means the one whose middle is nearest.
function nearestTo({ clientX, clientY, target }) {
  const away = (one) => {
    const { left, top, width, height } = (one.querySelector(".grip") ?? one).getBoundingClientRect();
    return Math.hypot(left + width / 2 - clientX, top + height / 2 - clientY);
  };
  const here = document.elementsFromPoint(clientX, clientY).map((one) => one.closest(HANDLES)).filter(Boolean);
  return target.closest?.(HANDLES) && here.sort((one, other) => away(one) - away(other))[0];
}

document.addEventListener("pointerdown", (event) => {
  moved = false;
  pressedAt = event.target.closest?.("#results svg") && event;
  const handle = nearestTo(event);
  if (!handle || handle.closest(BESIDE) || event.button || held) return;
  const ways = waysOf(handle);
  if (ways.length) held = { pointer: event.pointerId, x: event.clientX, y: event.clientY, ways, before: textsOf(ways) };
});

document.addEventListener("pointermove", (event) => {
  if (held?.pointer !== event.pointerId) return;
  const [x, y] = [event.clientX - held.x, held.y - event.clientY];
  if (!moved && Math.hypot(x, y) < SLACK) return;
  if (!moved) {
    moved = true;
    document.getElementById("results").setPointerCapture(event.pointerId);
    document.documentElement.classList.add("dragging");
  }
  for (const way of held.ways) way.changes.value = way.from + way.x * x + way.y * y;
  tell(held.ways, event.clientX, event.clientY);
});

function release(isTakenBack) {
  if (!held) return;
  if (isTakenBack) for (const [field, text] of held.before) write(field, text);
  keep(held.before);
  held = null;
  bubble.hidden = true;
  document.documentElement.classList.remove("dragging");
}
document.addEventListener("pointerup", (event) => held?.pointer === event.pointerId && release(false));
document.addEventListener("pointercancel", (event) => held?.pointer === event.pointerId && release(true));
document.addEventListener("click", (event) => {
  const pulled = pressedAt && event.detail && Math.hypot(event.clientX - pressedAt.clientX, event.clientY - pressedAt.clientY) >= SLACK;
  if (!moved && !pulled) return;
  moved = false;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

// The numbers of one list are one stop for Tab: left and right go from one to the next, up and down change it.
const BESIDE = ".pair > section + section"; // the state that is pinned, which no knob moves
const listOf = (handle) => handle.dataset.up?.includes(",") && handle.dataset.up.split(",")[0];

function alike(handle) {
  const list = listOf(handle);
  if (!list || handle.dataset.across) return [];
  return [...handle.closest("figure").querySelectorAll(`${DRAWN}[role=slider]`)].filter((one) => listOf(one) === list);
}

function pressed(handle, event) {
  const keys = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowRight: [1, 0], ArrowLeft: [-1, 0], PageUp: [0, BIG], PageDown: [0, -BIG] };
  const [x, y] = keys[event.key] ?? [0, 0];
  if (!x && !y) return false;
  const others = alike(handle);
  if (x && others.length > 1) {
    const next = others[others.indexOf(handle) + x];
    if (next) next.tabIndex = 0;
    next?.focus();
    return true;
  }
  const ways = waysOf(handle);
  const alone = ways.length === 1;
  const before = textsOf(ways);
  for (const { changes, x: right, y: up } of ways) {
    const share = alone ? x || y * Math.sign(up || 1) : x * Math.sign(right) + y * Math.sign(up);
    if (share) changes.value += share * changes.step;
  }
  keep(before);
  dress();
  const box = handle.getBoundingClientRect();
  tell(ways, box.left + box.width / 2, box.top);
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && held && moved) {
    release(true);
  } else if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z") {
    const last = done.at(-1);
    if (!last || !event.target.closest?.(`#knobs, ${HANDLES}`) || last.field.value !== last.after) return;
    done.pop();
    write(last.field, last.before);
    dress();
  } else {
    const handle = event.target.closest?.(DRAWN);
    if (!handle || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || !pressed(handle, event)) return;
  }
  event.preventDefault();
  event.stopPropagation();
}, true);

// Each handle is a slider for the keyboard and for screen readers, after each answer anew.
let focused = null; // the names of the handle that has the focus, which an answer may replace
const namesOf = ({ dataset: { up, down, across } }) => [up, down, across].join(" ");

// A finger finds each circle that chooses a number, as far as the next one leaves it room.
const TOUCHED = matchMedia("(pointer: coarse)");
const FINGER = 22; // pixels around its middle
const CROWD = 90; // so many circles are too close anyhow

function widen(svg) {
  const shapes = [...svg.querySelectorAll("g[data-at] > :is(circle, rect, text):first-child")];
  if (!TOUCHED.matches || shapes.length > CROWD) return;
  const places = shapes.map((one) => one.getBBox()).map(({ x, y, width, height }) => [x + width / 2, y + height / 2]);
  for (const [i, [x, y]] of places.entries()) {
    const next = Math.min(...places.filter((_, j) => j !== i).map(([a, b]) => Math.hypot(a - x, b - y)));
    const circle = document.createElementNS(svg.namespaceURI, "circle");
    const r = Math.min(FINGER / svg.getScreenCTM().a, next - 1);
    for (const [name, value] of Object.entries({ class: "grip", cx: x, cy: y, r })) circle.setAttribute(name, value);
    if (!shapes[i].matches(".grip")) shapes[i].before(circle);
  }
}

function dress() {
  document.querySelectorAll("#results .diagram svg").forEach(widen);
  const seen = new Set();
  for (const handle of document.querySelectorAll(DRAWN)) {
    const all = handle.closest(BESIDE) ? [] : entriesOf(handle);
    if (!all.length) continue;
    const [changes] = all;
    const list = listOf(handle);
    const key = list && `${handle.closest("figure").id} ${list}`;
    const isStop = !key || !seen.has(key);
    if (key) seen.add(key);
    const picture = handle.closest("[role=img]");
    picture?.setAttribute("role", "group"); // of its parts, the label says what is no handle
    for (const part of picture?.children ?? []) if (!part.matches(HELD)) part.ariaHidden = "true";
    const again = `${handle.closest("figure").id} ${namesOf(handle)}`;
    handle.ontouchmove = (event) => held && event.preventDefault(); // Chromium scrolls, whatever touch-action it has
    if (seen.has(again)) { // what another part of the drawing stands for too, a hand can move here as well
      handle.ariaHidden = "true";
      continue;
    }
    seen.add(again);
    handle.setAttribute("role", "slider");
    handle.tabIndex = isStop || handle === document.activeElement ? 0 : -1;
    Object.assign(handle, {
      ariaLabel: all.map((one) => one.says).join("; ") + (list ? "" : ", in the figure"), // the form has its name too
      ariaValueMin: changes.low,
      ariaValueMax: changes.high,
      ariaValueNow: changes.value,
      ariaValueText: all.map((one) => `${one.value}`.replace("-", "−")).join("; "),
    });
    if (focused === namesOf(handle) && document.activeElement === document.body) handle.focus({ preventScroll: true });
  }
}
document.addEventListener("focusin", (event) => {
  const handle = event.target.closest(DRAWN);
  focused = handle && namesOf(handle);
});
document.addEventListener("focusout", () => held || (bubble.hidden = true));
document.addEventListener("htmx:after:swap", dress);
dress();
