"""Files that look like topics and lie where no topic is read, so that none is passed over in silence."""

import os
from collections.abc import Iterator
from pathlib import Path

from app.cards.file.files import is_folder
from app.cards.file.mistake import Mistake

_ENDINGS = (".md", ".markdown", ".mdown", ".mkd")


def strays(content_dir: Path) -> list[Mistake]:
    """Markdown files with front matter beside the decks, in a folder within a deck, or with another ending than .md.

    Others, such as a README, are no content and nobody's mistake, and neither is a folder that cannot be read.
    """
    return sorted(_strays(content_dir))


def _strays(content_dir: Path) -> Iterator[Mistake]:
    for top in _entries(content_dir):
        if not is_folder(top):
            if _is_topic(top):
                yield Mistake(top.name, 1, "a topic is read from a deck's folder alone: move the file into one")
            continue
        for entry in _entries(top.path):
            path = f"{top.name}/{entry.name}"
            if not is_folder(entry):
                if not entry.name.endswith(".md") and _is_topic(entry):
                    stem = os.path.splitext(entry.name)[0]
                    yield Mistake(path, 1, f"a topic's file is read when its name ends in .md: rename it {stem}.md")
                continue
            for inner in _entries(entry.path):
                if not is_folder(inner) and _is_topic(inner):
                    rest = f"move the file to {top.name}/{os.path.splitext(inner.name)[0]}.md"
                    yield Mistake(f"{path}/{inner.name}", 1, f"a folder within a deck is not read: {rest}")


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith((".", "#"))]
    except OSError:
        return []


def _is_topic(entry: os.DirEntry[str]) -> bool:
    if not entry.name.lower().endswith(_ENDINGS):
        return False
    try:
        with open(entry.path, "rb") as file:
            return file.read(6).removeprefix(b"\xef\xbb\xbf").startswith(b"---")
    except OSError:
        return False  # gone between the two looks, or a link to nowhere
