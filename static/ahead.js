// A slider's answer sooner, on a slow net: the answers one step to each side are there before a hand comes to it, and
// an answer's first caption is shown before its figures.

const FRAME_MS = 50; // and no longer: a page that is hidden draws no frames
const QUIET_MS = 150; // after an answer, until the next ones are asked for

let ahead = new Map(); // the address of an answer: a promise of it
let slider = null; // the one that a hand is at, or was at last
let quiet = null;

const knobs = () => document.getElementById("knobs");

// The addresses, as htmx writes them, of the states one step of the slider away.
function besides() {
  const { value, min, max, step } = slider.range;
  const decimals = Math.max(...[min, step].map((number) => (number.split(".")[1] ?? "").length));
  const moved = [Number(step), -step].map((by) => Number((Number(value) + by).toFixed(decimals)));
  return moved.filter((one) => one >= min && one <= max).map((one) => {
    const query = new URLSearchParams(new FormData(knobs()));
    query.set(slider.field.name, one);
    return `${knobs().getAttribute("action")}?${query}`;
  });
}

async function whole(address, request) {
  const answer = await fetch(address, request);
  return new Response(await answer.text(), answer);
}

function lookAhead() {
  if (!slider?.isConnected || slider.hasAttribute("idle") || knobs().dataset.trains || navigator.connection?.saveData) return;
  const headers = { "HX-Request": "true", "HX-Request-Type": "partial", "HX-Current-URL": location.href, Accept: "text/html" };
  const before = ahead;
  ahead = new Map(besides().map((address) => [address, before.get(address) ?? whole(address, { headers, priority: "low" })]));
  for (const [address, answer] of ahead) answer.catch(() => ahead.delete(address));
}

for (const kind of ["pointerover", "pointerdown", "focusin"]) {
  document.addEventListener(kind, (event) => {
    const here = event.target.closest?.("#knobs .knob")?.querySelector("recur-slider");
    if (!here || (kind === "pointerover" && here === slider)) return;
    slider = here;
    lookAhead();
  });
}

// One frame with the new caption; the figures follow.
async function showCaption(text) {
  const [, said] = /<figcaption[^>]*>(.*?)<\/figcaption>/s.exec(text) ?? [];
  const caption = document.querySelector("#results figcaption");
  if (!said || !caption || caption.innerHTML === said) return;
  caption.innerHTML = said;
  await new Promise((done) => {
    requestAnimationFrame(() => setTimeout(done));
    setTimeout(done, FRAME_MS);
  });
}

document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  clearTimeout(quiet);
  if (ctx.sourceEvent?.type !== "slide") return;
  ctx.fetch = async (address, request) => {
    const answer = await (ahead.get(address) ?? whole(address, request));
    if (answer.ok && !request.signal.aborted) await showCaption(await answer.clone().text());
    request.signal.throwIfAborted();
    return answer.clone();
  };
});
document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx?.sourceEvent?.type === "slide") quiet = setTimeout(lookAhead, QUIET_MS);
});

// On a page of its own the first slider is the one that is most likely touched. Where the server answers soon, the touch
// itself is early enough.
const FAR_MS = 100;

window.addEventListener("load", () => {
  const [{ requestStart, responseStart }] = performance.getEntriesByType("navigation");
  if (responseStart - requestStart < FAR_MS) return;
  slider ??= document.querySelector("main > .demo > #knobs recur-slider");
  window.requestIdleCallback?.(lookAhead);
});
