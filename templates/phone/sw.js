// Answers a browser without a net: with the files of this version, with today's cards, or with a page that says so.

const VERSION = "{{ static("") }}";
const SHELL = `recur-shell-${VERSION}`;
const OFFLINE = "/offline";
const LONGEST_KEPT_MS = {{ longest_kept_ms or "Infinity" }}; // where people sign in: as long as one may stay away
const FILES = {{ shell|tojson }}.map((name) => VERSION + name);

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll([OFFLINE, ...FILES])).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("recur-shell-") && name !== SHELL;
  const clear = caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))));
  event.waitUntil(clear.then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== self.location.origin) return;
  if (request.method === "POST" && pathname === "/sign-out") event.respondWith(signOut(request));
  if (request.method !== "GET") return;
  if (pathname.startsWith("/static/")) event.respondWith(file(request, pathname));
  else if (pathname.startsWith("/pictures/")) event.respondWith(fetch(request).catch(() => known(request)));
  else if (request.mode === "navigate") event.respondWith(served(request).catch(() => page(pathname)));
});

// An answer of the server. Each names its request; that of a proxy while the server is away does not, and is none.
async function served(request) {
  const answer = await fetch(request);
  if ([502, 503, 504].includes(answer.status) && !answer.headers.has("x-request-id")) throw new Error("the server is away");
  return answer;
}

// Whoever signs out leaves no card behind, even without a net. offline.js keeps cards under the same lock.
const signOut = (request) => navigator.locks.request("recur-keeps", async () => {
  const answer = await served(request).catch(() => known(OFFLINE));
  for (const name of await caches.keys()) if (name.startsWith("recur-kept-")) await caches.delete(name);
  return answer;
});

async function known(request) {
  return (await caches.match(request)) ?? Response.error();
}

// A page that was kept by an older version names its files: without a net, those of this version stand for them.
async function file(request, pathname) {
  const own = await caches.match(request);
  if (own) return own;
  const name = pathname.split("/").slice(3).join("/");
  return fetch(request).catch(() => known(VERSION + name));
}

async function page(pathname) {
  const kept = pathname === "/review" && (await caches.match("/kept"));
  const isLate = kept && Date.now() - Date.parse(kept.headers.get("date")) > LONGEST_KEPT_MS;
  return kept && !isLate ? kept : known(OFFLINE);
}
