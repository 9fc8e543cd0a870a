// Hovering or focusing a number lights what it comes from, in the table, the figure, the formula and the form alike.
// When the steps go on, values travel along the edges that lead to the new step.

const NUMBERS = "#results :is(.trace button, [data-at], [data-ends], mn[data-from])";
const CALM = matchMedia("(prefers-reduced-motion: reduce)");
const TRAVEL = { duration: 450, easing: "ease-in-out" };

const results = () => document.getElementById("results");
const every = (selector) => results().querySelectorAll(selector);
const cellOf = (at) => results().querySelector(`.trace button[value="${CSS.escape(at)}"]`);

let shown = null; // the cell whose operands are lit

function dim() {
  shown = null;
  for (const one of document.querySelectorAll(".operand, .origin")) one.classList.remove("operand", "origin");
}

// A number: its cell, its node, and its places in the formula. A parameter: its field, and what is dragged for it.
function mark(name, kind) {
  const quoted = CSS.escape(name);
  for (const one of every(`.trace button[value="${quoted}"], [data-at="${quoted}"], mn[data-from="${quoted}"]`)) one.classList.add(kind);
  if (name.includes(",")) return;
  for (const one of every(`svg [data-up="${quoted}"]`)) one.classList.add(kind);
  document.getElementById(`p-${name}`)?.closest(".knob").classList.add(kind);
}

// What a number comes from. A sum that a figure leaves out stands for what it is made of, so that the arrows are lit.
function operandsOf(at) {
  const drawn = (name) => results().querySelector(`svg [data-at="${CSS.escape(name)}"]`);
  const found = new Set(cellOf(at)?.dataset.from?.split(" "));
  for (const name of found) {
    if (drawn(at) && !drawn(name)) for (const more of cellOf(name)?.dataset.from?.split(" ") ?? []) found.add(more);
  }
  return found;
}

function light(at) {
  if (at === shown) return;
  dim();
  shown = at;
  mark(at, "origin");
  const step = at.split(",")[1];
  for (const name of operandsOf(at)) {
    mark(name, "operand");
    for (const edge of every(`[data-ends^="${CSS.escape(name)} "]`)) {
      if (edge.dataset.ends.endsWith(`,${step}`)) edge.classList.add("operand");
    }
  }
}

for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    const number = results() && event.target.closest?.(NUMBERS);
    if (!number) return kind === "pointerover" && shown && !document.activeElement.closest?.(NUMBERS) && dim();
    light(number.value ?? number.dataset.at ?? number.dataset.from ?? number.dataset.ends.split(" ")[1]);
  });
}
document.addEventListener("focusout", dim);

// A dot runs along each edge that ends at the step that is shown now; along all of them in a figure of one step.
function travel(step) {
  for (const svg of every(".diagram svg")) {
    const edges = [...svg.querySelectorAll(".edge")];
    const here = edges.filter((edge) => edge.dataset.ends?.endsWith(`,${step}`));
    const steps = new Set([...svg.querySelectorAll("[data-at]")].map((node) => node.dataset.at.split(",")[1]));
    for (const edge of steps.size > 2 ? here : edges) {
      const dot = document.createElementNS(svg.namespaceURI, "circle");
      dot.setAttribute("class", "value");
      dot.setAttribute("r", "4.5");
      dot.style.offsetPath = `path("${edge.getAttribute("d")}")`;
      svg.append(dot);
      dot.animate({ offsetDistance: ["0%", "100%"] }, TRAVEL).finished.finally(() => dot.remove());
    }
  }
}

const stepNow = () => results()?.querySelector(".trace thead th.now")?.textContent ?? "";
let step = stepNow();
document.addEventListener("htmx:after:swap", () => {
  if (!results()) return;
  const [before, again] = [step, shown];
  step = stepNow();
  if (again) (shown = null), light(again);
  const now = results().querySelector(".trace [aria-current]");
  if (before && step !== before && now && !CALM.matches) travel(now.value.split(",")[1]);
});
