// The editor of a content file: the preview follows the cursor, a mistake leads to its line, and nothing is left unsaved
// in silence. Without this file the form saves, and the preview is what was saved.

document.addEventListener("DOMContentLoaded", () => {
  const text = document.getElementById("text");
  const form = text.form;
  const begun = text.dataset.unsaved === undefined ? text.value : null;
  let sending = false;

  const isUnsaved = () => text.value !== begun;

  function follow() {
    const line = text.value.slice(0, text.selectionStart).split("\n").length;
    if (String(line) === form.elements.line.value) return;
    form.elements.line.value = line;
    text.dispatchEvent(new CustomEvent("look"));
  }

  function goTo(line) {
    const before = text.value.split("\n").slice(0, line - 1);
    const start = before.join("\n").length + (before.length ? 1 : 0);
    const end = text.value.indexOf("\n", start);
    text.focus();
    text.setSelectionRange(start, end < 0 ? text.value.length : end);
    // Lines wrap, so the place is an estimate: a third down the field.
    text.scrollTop = (start / Math.max(1, text.value.length)) * text.scrollHeight - text.clientHeight / 3;
    follow();
  }

  text.addEventListener("input", () => (document.getElementById("unsaved").hidden = !isUnsaved()));
  for (const kind of ["input", "keyup", "click", "focus"]) text.addEventListener(kind, follow);
  document.getElementById("live").addEventListener("click", (event) => {
    const link = event.target.closest("a[href='#text']");
    const line = link && /:(\d+)$/.exec(link.textContent.trim());
    if (!line) return;
    event.preventDefault();
    goTo(Number(line[1]));
  });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s") return;
    event.preventDefault();
    form.requestSubmit();
  });
  document.addEventListener("submit", (event) => (sending = !event.defaultPrevented)); // after recur.js, which may hold it
  window.addEventListener("pageshow", () => (sending = false));
  window.addEventListener("beforeunload", (event) => {
    if (isUnsaved() && !sending) event.preventDefault();
  });
  if (Number(form.elements.line.value)) goTo(Number(form.elements.line.value));
});
