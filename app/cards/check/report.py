"""Prints mistakes as text for people, as JSON, and as annotations for GitHub's workflows."""

import json
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import cache
from itertools import groupby
from pathlib import Path

from app.cards.file.files import Unreadable, read_text
from app.cards.file.mistake import Mistake

WIDEST = 160


class Format(StrEnum):
    """How `recur check` prints what it found."""

    text = "text"
    json = "json"
    github = "github"


def excerpts(content_dir: Path) -> Callable[[Mistake], str]:
    """Return a function from a mistake to its line of text; empty if the file has no such line."""

    @cache
    def of_file(path: str) -> Callable[[Mistake], str]:
        try:
            return excerpt_of(read_text(content_dir, path))
        except Unreadable:
            return lambda mistake: ""

    return lambda mistake: of_file(mistake.path)(mistake)


def excerpt_of(text: str) -> Callable[[Mistake], str]:
    """The same for the mistakes of one file, from its text."""
    every = text.split("\n")
    return lambda mistake: _short(printable(every[mistake.line - 1])) if mistake.line <= len(every) else ""


def printable(text: str) -> str:
    """The text without control characters, some of which control terminals."""
    return "".join(character if character.isprintable() else "�" for character in text.expandtabs(4).rstrip())


def _short(line: str) -> str:
    return line if len(line) <= WIDEST else f"{line[: WIDEST - 1]}…"


def as_text(mistakes: Sequence[Mistake], name: Callable[[str], str], excerpt: Callable[[Mistake], str]) -> list[str]:
    """Lines of file:line: message; below the mistakes of a line, the line itself. `name` makes a path printable."""
    printed = []
    for place, together in groupby(mistakes, key=lambda mistake: (mistake.path, mistake.line)):
        ones = list(together)
        printed += [
            f"{name(place[0])}:{place[1]}: {'warning: ' if one.is_warning else ''}{printable(one.message)}"
            for one in ones
        ]
        if line := excerpt(ones[0]):
            printed.append(f"{place[1]:>6} | {line}")
    return printed


def as_json(mistakes: Sequence[Mistake], name: Callable[[str], str], excerpt: Callable[[Mistake], str]) -> str:
    """A list of objects with path, line, message (with the remedy), level, and text, which is the line itself."""
    found = [
        {
            "path": name(one.path),
            "line": one.line,
            "level": "warning" if one.is_warning else "mistake",
            "message": one.message,
            "text": excerpt(one),
        }
        for one in mistakes
    ]
    return json.dumps(found, indent=2, ensure_ascii=False)


def as_github(mistakes: Sequence[Mistake], name: Callable[[str], str]) -> list[str]:
    """Workflow commands, which GitHub shows beside the changed lines."""
    printed = []
    for one in mistakes:
        kind, where = "warning" if one.is_warning else "error", f"file={_property(name(one.path))},line={one.line}"
        printed.append(f"::{kind} {where},title=recur check::{_data(one.message)}")
    return printed


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
