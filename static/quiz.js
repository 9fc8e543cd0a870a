// The time that is left of a quiz, as it goes. Without this file the page says until when.

const GRACE_MS = 5000; // so long after the end the server still takes an answer

function minutes(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function say(sentence) {
  document.getElementById("announcer").textContent = sentence;
}

let told = false; // once on a page, and not before the page has said where it is

function tick() {
  const clock = document.querySelector(".clock[data-left]");
  if (!clock) return;
  clock.ends ??= Date.now() + 1000 * clock.dataset.left;
  const left = Math.ceil((clock.ends - Date.now()) / 1000);
  clock.textContent = left > 0 ? `${minutes(left)} left` : "Time is up";
  clock.classList.toggle("soon", left <= 60);
  // An answer that is being rated may still be sent; a question alone gives way at once.
  const waits = document.querySelector("form.rating") ? GRACE_MS : 0;
  if (clock.ends + waits <= Date.now() && !clock.over) {
    clock.over = true;
    say("Time is up");
    if (!("stays" in clock.dataset)) location.assign(location.pathname);
  }
}

function tellTheLastMinute() {
  const clock = document.querySelector(".clock.soon");
  if (!clock || told || clock.over) return;
  told = true;
  say(`${Math.ceil((clock.ends - Date.now()) / 1000)} seconds left`);
}

document.addEventListener("DOMContentLoaded", tick);
document.addEventListener("htmx:after:swap", tick);
setInterval(() => {
  tick();
  tellTheLastMinute();
}, 1000);
