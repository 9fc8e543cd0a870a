// <recur-curve> draws its numbers with Observable Plot, which is fetched only where there is a curve.

const loaded = new Map();

function script(address) {
  if (!loaded.has(address)) {
    loaded.set(address, new Promise((resolve, reject) => {
      const element = document.createElement("script");
      element.src = address;
      element.onload = resolve;
      element.onerror = () => reject(new Error(`${address} could not be loaded`));
      document.head.append(element);
    }));
  }
  return loaded.get(address);
}

// As app/demos/machine/numbers.py shows a number, to four digits.
function shown(value) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e5)) {
    const [digits, power] = value.toExponential(2).split("e");
    return `${digits}×10${raised(Number(power))}`.replace("-", "−");
  }
  return String(Number(value.toPrecision(4))).replace("-", "−");
}

const raised = (n) => String(n).replace(/[-\d]/g, (c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c] ?? "⁻");

// What a log axis names: powers of ten, even steps apart; 1, 2 and 5 of each within two of them; a few even steps within a half.
function logTicks(least, most) {
  const decades = Math.log10(most / least);
  if (decades < 0.5) return window.d3.ticks(least, most, 4);
  const apart = [1, 2, 3, 5, 10, 20, 30, 50, 100].find((step) => decades / step <= 6) ?? 100;
  const first = Math.ceil(Math.floor(Math.log10(least)) / apart) * apart;
  const powers = window.d3.range(first, Math.log10(most) + 1e-9, apart);
  const digits = decades < 2 ? [1, 2, 5] : [1];
  return powers.flatMap((n) => digits.map((digit) => Number(`${digit}e${n}`))).filter((y) => y >= least * (1 - 1e-9) && y <= most * (1 + 1e-9));
}

// A number of an axis, as short as it can be: 0.02, 10⁻⁷, 5×10⁶.
function tick(value) {
  if (value >= 0.001 && value < 10000) return `${Number(value.toPrecision(3))}`;
  const [digits, n] = value.toExponential(2).split("e");
  const times = Number(digits) === 1 ? "" : `${Number(digits)}×`;
  return `${times}10${raised(Number(n))}`;
}

const DASHES = { solid: null, dashed: "7 5", dotted: "1.5 4.5" };

class RecurCurve extends HTMLElement {
  connectedCallback() {
    if (this.shadowRoot) return;
    // The chart stands in the shadow, where a swap of the table does not reach it.
    this.attachShadow({ mode: "open" }).innerHTML = '<div id="chart"></div><slot name="plain"></slot><slot></slot>';
    this.redraw = () => this.draw();
    this.watch = new MutationObserver(this.redraw);
    this.watch.observe(this, { attributes: true, attributeFilter: ["data-lines", "data-alt"] });
    this.resize = new ResizeObserver(this.redraw);
    this.resize.observe(this);
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.dark.addEventListener("change", this.redraw);
    script(this.dataset.d3).then(() => script(this.dataset.plot)).then(this.redraw, () => {});
  }

  disconnectedCallback() {
    this.watch.disconnect();
    this.resize.disconnect();
    this.dark.removeEventListener("change", this.redraw);
  }

  // Once a frame at most, however many cells have changed.
  draw() {
    if (!window.Plot || this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = null;
      const width = Math.round(this.getBoundingClientRect().width);
      if (!width) return;
      this.shadowRoot.getElementById("chart").replaceChildren(this.chart(width));
      this.shadowRoot.querySelector('slot[name="plain"]')?.remove();
      document.documentElement.classList.add("drawn");
    });
  }

  lines() {
    const log = this.hasAttribute("data-log");
    const [xs, ...series] = this.dataset.lines.split(";").map((line) => line.split(",").map((text) => (text ? Number(text) : NaN)));
    const dashes = this.dataset.dashes.split(";");
    return series.map((ys, index) => ({
      dash: DASHES[dashes[index]],
      points: ys.map((y, i) => ({ x: xs[i], y: Number.isFinite(y) && (!log || y > 0) ? y : NaN, text: Number.isNaN(y) ? "not drawn" : shown(y) })),
    }));
  }

  chart(width) {
    const style = getComputedStyle(this);
    const colour = (index) => {
      // light-dark() is resolved by a property that holds a colour, not by a custom one.
      const probe = this.shadowRoot.getElementById("chart");
      probe.style.color = `var(--s${index})`;
      const found = getComputedStyle(probe).color;
      probe.style.color = "";
      return found;
    };
    const { Plot } = window;
    const log = this.hasAttribute("data-log");
    const lines = this.lines();
    const all = lines.flatMap((line) => line.points.map((point) => point.y)).filter(Number.isFinite);
    const flat = Math.max(...all) / Math.min(...all) < 1 + 1e-6;
    const [low, high] = flat ? [all[0] / 10, all[0] * 10] : [Math.min(...all), Math.max(...all)];
    const named = log && all.length ? logTicks(low, high) : [];
    const tall = Math.round(Math.min(300, Math.max(210, width * 0.42)));
    const svg = Plot.plot({
      width,
      height: tall,
      marginLeft: 52,
      marginTop: 26,
      marginRight: 24,
      marginBottom: 44,
      style: { background: "none", color: style.color, fontSize: "12px" },
      x: { label: `${this.dataset.x} →`, labelArrow: "none", labelOffset: 40, tickFormat: (x) => `${x}` },
      y: { label: `↑ ${this.dataset.y}`, labelArrow: "none", ...(log ? { type: "log", axis: null, ...(flat ? { domain: [low, high] } : {}) } : { grid: true }) },
      marks: [
        // Named by their own text: a log scale would leave most of them without a number.
        ...(log && all.length ? [Plot.gridY(named), Plot.axisY(named, { text: tick })] : []),
        ...lines.map((line, index) => Plot.line(line.points, { x: "x", y: "y", stroke: colour(index), strokeWidth: index ? 1.8 : 2.6, strokeDasharray: line.dash, strokeLinecap: "round" })),
        Plot.ruleX(lines[0]?.points ?? [], Plot.pointerX({ x: "x", stroke: "currentColor", strokeOpacity: 0.35 })),
        Plot.text(lines[0]?.points ?? [], Plot.pointerX({ px: "x", text: (d) => `${this.dataset.x} ${d.x}: ${d.text}`, frameAnchor: "top-right", dy: -16, fontSize: 12 })),
      ],
    });
    // The text alternative is the server's, and tells the same numbers. The pointer's marks are drawn anew as it moves.
    const strip = () => svg.querySelectorAll("g[aria-label]").forEach((part) => part.removeAttribute("aria-label"));
    strip();
    new MutationObserver(strip).observe(svg, { childList: true, subtree: true });
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", this.dataset.alt);
    return svg;
  }
}

customElements.define("recur-curve", RecurCurve);
