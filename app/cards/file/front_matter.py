"""The front matter of a content file: its title and its place in the order."""

from dataclasses import dataclass

from app.cards.file.mistake import Mistake, nearest
from app.cards.file.yaml_map import YamlError, read_mapping

LAST = 999_999
KNOWN = ("title", "order")


@dataclass(frozen=True)
class Front:
    """A topic's title and order; files without an order come last, by name."""

    title: str
    order: int = LAST


def one_line(value: object) -> str | None:
    """The value as a line of printable text, or None when it is something else or nothing."""
    text = " ".join(value.split()) if isinstance(value, str) else ""
    return text if text and text.isprintable() else None


def read_front(path: str, lines: list[str]) -> tuple[Front | None, int, list[Mistake]]:
    """Read the front matter. Returns it (None when it is wrong), the number of lines it takes, and its mistakes."""
    if lines[0].rstrip() != "---":
        message = "the file must begin with front matter: a line ---, title: …, order: …, and a line ---"
        return None, 0, [Mistake(path, 1, message)]
    end = next((index for index, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if end is None:
        return None, len(lines), [Mistake(path, 1, "the front matter is never closed: end it with a line ---")]
    try:
        entries = read_mapping("\n".join(lines[1:end]), first_line=2)
    except YamlError as error:
        return None, end + 1, [Mistake(path, error.line, f"front matter: {error}")]
    mistakes = [
        Mistake(path, entry.line, f"front matter: unknown key {name!r}.{nearest(name, KNOWN)}".rstrip("."))
        for name, entry in entries.items()
        if name not in KNOWN
    ]
    title = one_line(entries["title"].value) if "title" in entries else None
    if title is None:
        line = entries["title"].line if "title" in entries else 1
        mistakes.append(Mistake(path, line, "front matter: title must be there, as one line of text"))
    order = entries["order"].value if "order" in entries else LAST
    if not isinstance(order, int) or isinstance(order, bool) or not 0 <= order <= LAST:
        mistakes.append(
            Mistake(path, entries["order"].line, f"front matter: order must be a whole number from 0 to {LAST}")
        )
        order = LAST
    return (Front(title, order) if title and not mistakes else None), end + 1, mistakes
