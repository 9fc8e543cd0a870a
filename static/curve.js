// Reads a curve: the pointer, or the arrow keys, choose a place, and the numbers that its table has there are shown.

let plot = null; // the one that is read
let row = 0; // of its table
const GAP = 12; // pixels between the place and its numbers

const numbersIn = (text) => (text.match(/-?\d+/g) ?? []).map(Number);

// Where each row of the table stands, from 0 to 1000: the page has the steps from one to the next.
function placesOf(one) {
  let place = 0;
  return numbersIn(one.querySelector(".chart").dataset.steps).map((step) => (place += step));
}

// How far down a line is at each place, from 0 to 1000; in a gap it is nowhere. Its path is a list of steps too.
function heights(line, places) {
  const found = [];
  for (const run of line.getAttribute("d").split("M")) {
    let [x, y] = [0, 0];
    numbersIn(run).forEach((step, i) => (i % 2 ? found.push([x, (y += step)]) : (x += step)));
  }
  return places.map((place) => (found[0]?.[0] === place ? found.shift()[1] : undefined));
}

function show() {
  const figure = plot.closest("figure");
  const [head, ...rows] = figure.querySelector(".points").rows;
  const places = placesOf(plot);
  row = Math.min(row, places.length - 1);
  const across = places[row];
  const [x, ...numbers] = [...rows[row].cells].map((cell) => cell.textContent);

  const dots = [...plot.querySelectorAll(".line")].map((line, i) => {
    const height = heights(line, places)[row];
    return height === undefined ? "" : `<circle class="s${i}" cx="${across / 10}%" cy="${height / 10}%" r="4"/>`;
  });
  plot.querySelector(".mark").innerHTML = `<line x1="${across / 10}%" x2="${across / 10}%" y2="100%"/>${dots.join("")}`;

  const reading = plot.querySelector(".reading");
  const keys = [...figure.querySelectorAll(".lines .key")].map((key) => key.cloneNode(true));
  const list = numbers.map((number, i) => {
    const line = document.createElement("span");
    line.append(keys[i], number);
    return line;
  });
  reading.replaceChildren(`${head.cells[0].textContent} ${x}`, ...list);
  const [outer, inner] = [plot, plot.querySelector(".chart")].map((part) => part.getBoundingClientRect());
  const [at, room] = [inner.left - outer.left + (across / 1000) * inner.width, outer.width - reading.offsetWidth];
  const beside = across > 500 ? at - reading.offsetWidth - GAP : at + GAP;
  reading.style.left = `${Math.max(0, Math.min(beside, room))}px`;

  const input = plot.querySelector("input");
  input.value = row;
  input.ariaValueText = [x, ...numbers].map((number, i) => `${head.cells[i].dataset.says} ${number}`).join(", ");
}

function hide() {
  plot?.querySelector(".mark").replaceChildren();
  plot?.querySelector(".reading").replaceChildren();
  plot = null;
}

function read(one, at) {
  if (plot !== one) hide();
  [plot, row] = [one, at];
  show();
}

document.addEventListener("pointermove", (event) => {
  const one = event.target.closest?.(".plot");
  if (!one) return plot?.contains(document.activeElement) || hide();
  const box = one.querySelector(".chart").getBoundingClientRect();
  const place = (1000 * (event.clientX - box.left)) / box.width;
  const away = placesOf(one).map((other) => Math.abs(other - place));
  read(one, away.indexOf(Math.min(...away)));
});
for (const kind of ["input", "focusin"]) {
  document.addEventListener(kind, (event) => {
    const one = event.target.matches("input") && event.target.closest(".plot");
    if (one) read(one, Number(event.target.value));
  });
}
document.addEventListener("focusout", hide);
document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
document.addEventListener("htmx:after:swap", () => plot?.isConnected && show());
