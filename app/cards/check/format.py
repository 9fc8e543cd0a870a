"""Writes the missing {#id}s into content files, and changes nothing else."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from pathlib import Path

from app.cards.file.files import OpenedFile, TopicFile, Unreadable, find_files, no_folder, open_file
from app.cards.file.mistake import Mistake
from app.cards.file.parse import Parsed, parse
from app.whole_file import replace_file

_END = re.compile(r"\r\n|\r|\n")
# "## Question ##": the closing # and the space around them stay after the id.
_HEADING = re.compile(r"(.*?)((?:[ \t]+#+)?[ \t]*)")


@dataclass
class Formatted:
    """The ids written, as (path, line, id), and the mistakes of files that were therefore left as they are."""

    written: list[tuple[str, int, str]] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)


def format_content(content_dir: Path) -> Formatted:
    """Write an id for every card that has none, in every file without mistakes."""
    done = Formatted()
    try:
        files = find_files(content_dir)
    except OSError as error:
        return Formatted(mistakes=[no_folder(content_dir, error)])
    for _deck, group in groupby(files, key=lambda file: file.deck):
        read = [one for file in group if (one := _read(file, done)) is not None]
        taken = {card.name for _opened, parsed in read for card in parsed.cards if card.is_named}
        for opened, parsed in read:
            if not parsed.mistakes:
                _format_file(opened, parsed, taken, done)
    done.mistakes.sort()
    return done


def _read(file: TopicFile, done: Formatted) -> tuple[OpenedFile, Parsed] | None:
    opened = open_file(file)
    try:
        parsed = parse(file.path, opened.text())
    except Unreadable as error:
        done.mistakes.append(Mistake(file.path, error.line, str(error)))
        return None
    done.mistakes += parsed.mistakes
    return opened, parsed


def _format_file(opened: OpenedFile, parsed: Parsed, taken: set[str], done: Formatted) -> None:
    ids = {}
    for card in parsed.cards:
        if not card.is_named:
            ids[card.line] = free_name(card.name, taken)
            taken.add(ids[card.line])
    if not ids:
        return
    path = opened.file.path
    try:
        replace_file(Path(opened.file.full), with_ids(opened.data, ids))
    except OSError as error:
        done.mistakes.append(Mistake(path, 1, f"the file cannot be written: {error.strerror}"))
    else:
        done.written.extend((path, line, name) for line, name in ids.items())


def free_name(name: str, taken: Iterable[str]) -> str:
    """The name, or the name with the first free number after it."""
    number, free = 1, name
    while free in set(taken):
        number += 1
        free = f"{name}-{number}"
    return free


def with_ids(data: bytes, ids: dict[int, str]) -> bytes:
    """Add each id to the heading on its line (from 1). The bytes are UTF-8 with any line ends."""
    text = data.decode("utf-8")
    ends = [0, *(found.end() for found in _END.finditer(text)), len(text)]
    pieces = []
    for number, (start, end) in enumerate(pairwise(ends), 1):
        line = text[start:end]
        if number in ids:
            body = line.rstrip("\r\n")
            heading = _HEADING.fullmatch(body)
            assert heading is not None  # noqa: S101 - the pattern matches every line
            line = f"{heading[1]} {{#{ids[number]}}}{heading[2]}{line[len(body) :]}"
        pieces.append(line)
    return "".join(pieces).encode("utf-8")
