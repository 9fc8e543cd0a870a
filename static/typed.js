// A typed answer survives a visit to another page: it is kept in this tab, and nowhere else, until its card is rated.

const KEPT = "recur-typed";

function kept() {
  return JSON.parse(sessionStorage.getItem(KEPT) ?? "null") ?? {};
}

function keep(of, text) {
  if (text) sessionStorage.setItem(KEPT, JSON.stringify({ of, text }));
  else if (kept().of === of) sessionStorage.removeItem(KEPT);
}

// Before the reveal the text is put back into its field; after it, the answer is asked for again beside the text.
function bringBack() {
  const form = document.querySelector("#sitting [data-typed-of]");
  if (!form) return;
  const of = form.dataset.typedOf;
  const text = kept().of === of ? kept().text : "";
  const field = form.elements.typed;
  if (field) {
    if (field.value) keep(of, field.value);
    else if (field.matches("textarea")) field.value = text;
  } else if (text) {
    const values = Object.fromEntries(new FormData(form));
    for (const name of ["token", "after", "revealed_after"]) delete values[name];
    htmx.ajax("POST", form.dataset.reveals, { target: "#sitting", values: { ...values, typed: text } });
  }
}

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.matches("[data-typed-of]") && event.target.name === "typed") keep(form.dataset.typedOf, event.target.value);
});

document.addEventListener("htmx:before:swap", (event) => {
  const { sourceElement: sent, response } = event.detail.ctx;
  if (sent?.matches?.("form.rating[data-typed-of]") && response.status < 400) keep(sent.dataset.typedOf, "");
});
document.addEventListener("htmx:after:swap", bringBack);
document.addEventListener("DOMContentLoaded", bringBack);
