// What can be done to the list without asking the server: select a page, count, announce. The page works without it.

const results = () => document.getElementById("results");
const boxes = () => [...results().querySelectorAll("tbody input[name=card]")];

function counted() {
  const whole = results().querySelector(".pick-all");
  if (!whole) return;
  const chosen = boxes().filter((box) => box.checked).length;
  whole.checked = chosen === boxes().length;
  whole.indeterminate = chosen > 0 && !whole.checked;
  const said = results().querySelector(".selected");
  said.textContent = ` (${chosen} on this page)`;
  // It opens by itself where it takes little room.
  if (chosen && matchMedia("(min-width: 44.01rem)").matches) said.closest("details").open = true;
}

document.addEventListener("change", (event) => {
  if (!event.target.closest("#list")) return;
  if (event.target.matches(".pick-all")) for (const box of boxes()) box.checked = event.target.checked;
  counted();
});

function arrived() {
  counted();
  const focus = results().querySelector("[data-focus]");
  if (focus) return focus.focus();
  const said = results().querySelector("[data-announce]");
  if (said) document.getElementById("announcer").textContent = said.dataset.announce;
}

document.addEventListener("htmx:after:swap", arrived);
document.addEventListener("DOMContentLoaded", () => {
  counted();
  results().querySelector("[data-focus]")?.focus();
  // htmx listens from the next task on: what was typed before that would wait for another key.
  const box = document.getElementById("q");
  setTimeout(() => box && box.value !== box.defaultValue && box.form.requestSubmit());
});
