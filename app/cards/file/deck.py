"""A folder's optional deck.yaml: the deck's title."""

from pathlib import Path

from app.cards.file.files import Unreadable, read_text
from app.cards.file.front_matter import one_line
from app.cards.file.mistake import Mistake, nearest
from app.cards.file.yaml_map import YamlError, read_mapping

NAME = "deck.yaml"


def read_deck(content_dir: Path, name: str) -> tuple[str, list[Mistake]]:
    """The deck's title (its folder's name where none is stated) and what is wrong in deck.yaml."""
    path = f"{name}/{NAME}"
    if not (content_dir / path).exists():
        return name, []
    try:
        entries = read_mapping(read_text(content_dir / path))
    except (Unreadable, YamlError) as error:
        return name, [Mistake(path, error.line, str(error))]
    mistakes = [
        Mistake(path, entry.line, f"unknown key {key!r}.{nearest(key, ['title'])}".rstrip("."))
        for key, entry in entries.items()
        if key != "title"
    ]
    title = one_line(entries["title"].value) if "title" in entries else None
    if title is None:
        mistakes.append(Mistake(path, 1, "title must be there, as one line of text"))
    return title or name, mistakes
