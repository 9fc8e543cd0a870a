// A preview asks for news each second while its page is in view. Without this file a reload shows the file as it is.

const EVERY = 1000;

document.addEventListener("DOMContentLoaded", () => {
  const live = document.getElementById("live");
  // A server that is away for a moment is no news; the next look asks again.
  live.addEventListener("htmx:error", (event) => event.stopPropagation());
  setInterval(() => document.hidden || live.dispatchEvent(new CustomEvent("look")), EVERY);
});
