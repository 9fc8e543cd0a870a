// Without a net: today's cards are kept on the device and asked from there, and their ratings wait until they are sent.
// Where there is no worker or no database (plain http beyond localhost, some private windows), all is as without this file.

const LEARNER = Number(document.body.dataset.of);
const KEPT = `recur-kept-${LEARNER}`;
const KEPT_MS = 10 * 60 * 1000;
const AT_ONCE = 100;
const ANSWERS_WITHIN_MS = 8000;
const TRIES_EVERY_MS = 5000;
const IN_REACH = 5;
const A_LOOK_MS = 60 * 1000;

// Three stores: what waits, in order; what the server refused, until it was read; and what was rated since the cards were kept.
const database = () => new Promise((resolve, reject) => {
  const asked = indexedDB.open("recur", 1);
  asked.onupgradeneeded = () => {
    asked.result.createObjectStore("waiting", { keyPath: "number", autoIncrement: true });
    asked.result.createObjectStore("refused", { keyPath: "token" });
    asked.result.createObjectStore("rated", { keyPath: ["learner", "card"] });
  };
  asked.onsuccess = () => resolve(asked.result);
  asked.onerror = asked.onblocked = () => reject(asked.error);
});
let opened;

// Runs act(...stores) in one transaction, and gives the result of the request that it returns.
async function stored(names, mode, act) {
  const open = await (opened ??= database());
  return new Promise((resolve, reject) => {
    const work = open.transaction(names, mode, { durability: "strict" });
    const asked = act(...names.map((name) => work.objectStore(name)));
    work.oncomplete = () => resolve(asked?.result);
    work.onabort = () => reject(work.error);
  });
}

const mine = (rows) => rows.filter((row) => row.learner === LEARNER);
const all = async (name) => mine(await stored([name], "readonly", (store) => store.getAll()));

// --- sending ---

// Sends what waits, in order, and says whether nothing is left. The server tells by token what became of each.
const send = () => navigator.locks.request("recur-sends", async () => {
  for (;;) {
    const waiting = await all("waiting");
    if (!waiting.length) return true;
    const some = waiting.slice(0, AT_ONCE);
    const told = await sent(some.map((row) => row.event));
    if (!told || !(await settled(waiting, some, told))) return false;
  }
});

async function sent(events) {
  try {
    const body = JSON.stringify({ learner: LEARNER, events });
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch("/sync", { method: "POST", headers, body, signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) });
    return answer.ok ? (await answer.json()).events : null;
  } catch {
    return null; // no net, or the answer was cut: the tokens keep a second try from counting twice
  }
}

// One that waits for another which will never come (it was refused) is let go of it: a rating stands alone, an undo has nothing to undo.
function settled(waiting, some, told) {
  let changes = 0;
  const left = new Set(waiting.map((row) => row.event.token));
  return stored(["waiting", "refused"], "readwrite", (queue, refused) => {
    for (const [index, { fate, why }] of told.entries()) {
      const row = some[index];
      if (fate !== "waits") {
        left.delete(row.event.token);
        queue.delete(row.number);
        if (fate === "refused") refused.put({ token: row.event.token, learner: LEARNER, why, event: row.event });
      } else if (left.has(row.event.undoes ?? row.event.after)) continue;
      else if (row.event.undoes) queue.delete(row.number);
      else queue.put({ ...row, event: { ...row.event, after: null } });
      changes += 1;
    }
  }).then(() => changes > 0);
}

let goes;
let isBack = false; // whether all that waited was sent the last time it was tried

async function sendSoon() {
  clearTimeout(goes);
  const isDone = (isBack = await send());
  if (!isDone) goes = setTimeout(sendSoon, TRIES_EVERY_MS);
  await say();
  return isDone;
}

// On pages other than a sitting's: how many ratings wait, and which were refused and why.
async function say() {
  if (document.getElementById("sitting")) return;
  document.getElementById("offline")?.remove();
  const [waiting, refused] = [await all("waiting"), await all("refused")];
  if (!waiting.length && !refused.length) return;
  const box = document.createElement("div");
  box.id = "offline";
  box.className = "notice";
  box.role = "status";
  if (waiting.length) box.append(paragraph(`${ratings(waiting.length)} on this device until there is a connection.`));
  if (refused.length) {
    box.append(paragraph("The server could not count these:"));
    const list = box.appendChild(document.createElement("ul"));
    for (const { event, why } of refused) {
      const item = list.appendChild(document.createElement("li"));
      item.textContent = `${event.undoes ? "an undo" : `a ${event.rating}`} of ${new Date(event.rated_at).toLocaleString()}: ${why}`;
    }
    const button = box.appendChild(document.createElement("button"));
    button.className = "plain small";
    button.textContent = "I have read this";
    button.onclick = async () => {
      await stored(["refused"], "readwrite", (store) => { for (const { token } of refused) store.delete(token); });
      say();
    };
  }
  document.getElementById("main").prepend(box);
}

function paragraph(text) {
  const made = document.createElement("p");
  made.textContent = text;
  return made;
}

const ratings = (count) => (count === 1 ? "1 rating waits" : `${count} ratings wait`);

// --- keeping ---

// The cards of another learner go as soon as this one's page is open; what that learner rated waits for them.
async function forgetOthers() {
  for (const name of await caches.keys()) {
    if (name.startsWith("recur-kept-") && name !== KEPT) await caches.delete(name);
  }
}

// The lock is that of sign-out: what was asked for before it is not kept after it.
const keep = () => navigator.locks.request("recur-keeps", keepCards);

async function keepCards() {
  const version = document.querySelector("script[src$='/offline.js']").src;
  const before = JSON.parse(localStorage.getItem(KEPT) ?? "null");
  if (before?.version === version && Date.now() - before.at < KEPT_MS && (await caches.has(KEPT))) return;
  const page = await fetch("/kept").catch(() => null);
  if (!page?.ok || page.redirected) return;
  const cache = await caches.open(KEPT);
  const html = await page.clone().text();
  if (!html.includes(`data-of="${LEARNER}"`)) return; // another one was chosen meanwhile
  await cache.put("/kept", page);
  const pictures = new Set([...html.matchAll(/src="(\/pictures\/[^"]+)"/g)].map((found) => found[1].replaceAll("&amp;", "&")));
  await Promise.all([...pictures].map((address) => cache.add(address).catch(() => null)));
  await stored(["rated"], "readwrite", (store) => store.clear());
  localStorage.setItem(KEPT, JSON.stringify({ version, at: Date.now() }));
}

// --- asking ---

let isOffline = false;
let cards = null; // those left, each with its card, its HTML, and the token of the rating that the next one builds on
let given = []; // what was rated without a net on this page, to be taken back
let topic = null; // of the card rated last
let since = Date.now();
let pressed = null; // the rating that is on its way; until the next card is shown, other presses are dropped
let isReturning = false; // whether the server was asked for its own page again
let last = 0;

const sitting = () => document.getElementById("sitting");

async function keptCards() {
  const page = document.getElementById("kept") ? document
    : new DOMParser().parseFromString((await (await caches.match("/kept"))?.text()) ?? "", "text/html");
  const rated = new Map((await all("rated")).map((row) => [row.card, row]));
  return [...page.querySelectorAll("#kept > template")]
    .map(({ dataset, innerHTML }) => ({
      card: Number(dataset.card), html: innerHTML, topic: dataset.topic, after: dataset.after || null, owes: Number(dataset.owes),
      isDue: dataset.after && dataset.owes === "0" && !("planned" in dataset),
    }))
    .filter(({ card }) => !rated.get(card)?.isDone)
    .map((one) => (rated.has(one.card) ? { ...one, ...owing(rated.get(one.card)), isAgain: true } : one))
    .sort((a, b) => Boolean(a.owes) - Boolean(b.owes));
}

const owing = ({ token, owes, at }) => ({ after: token, owes, at, isDue: token && !owes });

// How often a card is still to be recalled today: twice after a miss.
const owed = (rating, before) => (rating > 2 ? Math.max(0, before - 1) : 2);

// As a sitting on the server asks: of the next due cards one of another topic than the last; then new ones, then those missed.
function next() {
  const due = cards.filter((one) => one.isDue).slice(0, IN_REACH);
  const isTime = (one) => one.owes !== 1 || Date.now() - (one.at ?? 0) >= A_LOOK_MS;
  return due.find((one) => one.topic !== topic) ?? due[0] ?? cards.find(isTime);
}

async function ask(one = next()) {
  const waiting = (await all("waiting")).filter((row) => row.event.rating).length;
  const root = sitting();
  if (one) root.innerHTML = one.html;
  else root.replaceChildren(over.cloneNode(true));
  const asking = document.getElementById("asking");
  if (asking) asking.dataset.holds = Infinity;
  const hidden = document.getElementById("hidden-answer")?.content;
  if (one) hidden.querySelector("[name=token]").value = crypto.randomUUID(); // the page is kept for more than one time
  if (one?.isAgain) for (const date of hidden.querySelectorAll(".rate small")) date.textContent = "";
  const told = `No connection: ${waiting ? `${ratings(waiting)} here. The` : "the"} dates on the buttons are provisional.`;
  for (const bar of [root.querySelector(".bar"), hidden?.querySelector("[data-into=bar]")]) {
    const line = paragraph(told);
    line.className = "told";
    bar?.prepend(line);
  }
  const row = root.querySelector("header.sitting");
  if (row) {
    const count = row.querySelector(".count");
    const bar = row.querySelector("progress");
    [bar.value, bar.max] = [given.length, given.length + cards.length];
    count.textContent = `${bar.value} / ${bar.max}`;
  }
  if (given.length) (row ?? root).append(undoForm());
  document.dispatchEvent(new CustomEvent("htmx:after:swap", { detail: { ctx: { target: root } } }));
}

function undoForm() {
  const form = document.createElement("form");
  form.className = "undo";
  form.innerHTML = '<button data-key="u Ctrl+z">Undo <kbd>u</kbd></button>';
  return form;
}

function moment() {
  last = Math.max(Date.now(), last + 1); // in order, even if the clock is set back
  return last;
}

const iso = (at) => new Date(at).toISOString();

// Keeps the rating with the token of its form: if the server has counted it after all, it counts it no second time.
async function keepRating(form, rating) {
  const fields = form.elements;
  const card = Number(fields.card.value);
  const at = moment();
  const one = cards.find((other) => other.card === card) ?? { card, html: null, after: null, owes: Number(form.dataset.owes ?? 0) };
  const revealed = Math.min(since + Number(fields.revealed_after.value), at);
  const times = { shown_at: iso(Math.min(since, revealed)), revealed_at: iso(revealed), rated_at: iso(at) };
  const ticks = new FormData(form);
  const points = { points: ticks.getAll("points"), made: ticks.getAll("made").map(Number) };
  const event = { token: fields.token.value, card, rating, after: one.after, ...times, ...(fields.points && points) };
  const row = { learner: LEARNER, card, token: event.token, owes: owed(rating, one.owes), at };
  await stored(["waiting", "rated"], "readwrite", (queue, rated) => {
    queue.add({ learner: LEARNER, event });
    rated.put({ ...row, isDone: !row.owes, isLate: true });
  });
  cards = cards.filter((other) => other.card !== card);
  if (row.owes && one.html) cards.push({ ...one, ...owing(row), isAgain: true });
  given.push({ token: event.token, one, topic });
  topic = form.dataset.topic;
}

async function takeBack() {
  const { token, one, topic: before } = given.pop();
  topic = before;
  const event = { token: crypto.randomUUID(), undoes: token, rated_at: iso(moment()) };
  await stored(["waiting", "rated"], "readwrite", (queue, rated) => {
    queue.add({ learner: LEARNER, event });
    rated.put({ learner: LEARNER, card: one.card, token: one.after, owes: one.owes, isDone: false, isLate: true });
  });
  cards = [...(one.html ? [one] : []), ...cards.filter((other) => other.card !== one.card)];
  return one.html ? one : next();
}

// Goes on with the server's own page if all was sent, and else with the next card that is kept.
async function goOn(form) {
  if (isBack && (await sendSoon())) {
    isReturning = true;
    await Promise.resolve(htmx.ajax("GET", `/review${address(form)}`, { target: "#sitting", swap: "innerHTML" })).catch(() => null);
    if (!isReturning) return null;
    isReturning = false; // the net has gone again
  }
  sendSoon();
  return ask();
}

function address(form) {
  return without(OF_A_CARD, form ? new FormData(form) : location.search);
}

function begin() {
  document.addEventListener("submit", onSubmit, { capture: true });
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail?.ctx?.target?.id !== "sitting") return;
    if (pressed && !isOffline) wasRated(pressed);
    if (isReturning) {
      [isReturning, isOffline, given, cards] = [false, false, [], null];
    }
    since = Date.now();
    pressed = null;
  });
  document.addEventListener("recur:busy", () => (pressed = null));
  document.addEventListener("htmx:error", async (event) => {
    if (event.detail?.ctx?.response?.status || !pressed || isOffline) return;
    const { form, rating } = pressed;
    isOffline = true;
    cards ??= await keptCards();
    await keepRating(form, rating);
    trouble("");
    sendSoon();
    await ask();
  });
}

// What the server counted is known here too, so that its card is not asked again without a net.
function wasRated({ form, rating }) {
  topic = form.dataset.topic;
  const card = Number(form.elements.card.value);
  stored(["rated"], "readwrite", (store) => {
    store.get([LEARNER, card]).onsuccess = ({ target }) => {
      const owes = owed(rating, target.result?.owes ?? Number(form.dataset.owes ?? 0));
      store.put({ learner: LEARNER, card, token: form.elements.token.value, owes, at: Date.now(), isDone: !owes });
    };
  });
}

async function onSubmit(event) {
  const form = event.target;
  if (isOffline && form.matches("#sitting form.undo")) {
    event.preventDefault();
    event.stopImmediatePropagation();
    if (pressed) return;
    return ask(await takeBack());
  }
  if (!form.matches("form.rating") || form.getAttribute("action") !== "/review" || form.elements.typed?.value) return;
  const rating = Number(event.submitter?.value);
  if (!isOffline) {
    if (pressed?.form !== form) pressed = { form, rating }; // a second press is dropped
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  if (pressed) return; // pressed twice
  pressed = { form, rating };
  await keepRating(form, rating);
  await goOn(form);
}

let over;

function noMore() {
  const said = paragraph("No more cards are kept here. ");
  const link = said.appendChild(document.createElement("a"));
  link.href = "/review";
  link.className = "button";
  link.textContent = "Try the connection again";
  return said;
}

// The server's page knows nothing of the ratings that wait here, and one that was drawn just before they arrived neither.
async function asksARatedCard() {
  const asked = Number(document.getElementById("asking")?.elements.card.value);
  return (await all("rated")).some(({ card, isLate }) => isLate && card === asked);
}

async function start() {
  if (!isSecureContext || !navigator.serviceWorker || !window.indexedDB || !window.caches || !navigator.locks) return;
  const worker = await navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" });
  if (!worker) return;
  over = document.getElementById("kept-over") ?? noMore();
  await stored(["waiting"], "readonly", (store) => store.count()); // throws where nothing may be stored
  begin();
  await forgetOthers();
  addEventListener("online", sendSoon);
  const isKept = document.getElementById("kept") && location.pathname !== "/kept";
  const isBehind = !isKept && location.pathname === "/review" && ((await all("waiting")).length > 0 || (await asksARatedCard()));
  if (isKept || isBehind) {
    [isOffline, isBack, pressed] = [true, !isKept, {}];
    cards = await keptCards();
    await goOn();
  }
  if (LEARNER && !isOffline && (await sendSoon())) await keep();
}

start().catch(() => null);
