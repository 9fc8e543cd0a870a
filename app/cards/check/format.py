"""Writes the missing {#id}s into content files, and touches nothing else."""

import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from pathlib import Path

from app.cards.file.files import Found, Unreadable, find_files, no_folder, read_bytes, text_of
from app.cards.file.mistake import Mistake
from app.cards.file.parse import Parsed, parse

_END = re.compile(r"\r\n|\r|\n")
# "## Question ##": a closing run of # and the space around it stay behind the id.
_HEADING = re.compile(r"(.*?)((?:[ \t]+#+)?[ \t]*)")


@dataclass
class Formatted:
    """The ids written, as (path, line, id), and the mistakes of files that were left alone because of them."""

    written: list[tuple[str, int, str]] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)


def format_content(content_dir: Path) -> Formatted:
    """Write an id for every card that has none, in every file without mistakes."""
    done = Formatted()
    try:
        files = find_files(content_dir)
    except OSError as error:
        return Formatted(mistakes=[no_folder(content_dir, error)])
    for _deck, group in groupby(files, key=lambda found: found.deck):
        read = [one for found in group if (one := _read(found, done)) is not None]
        taken = {card.name for _found, _data, parsed in read for card in parsed.cards if card.is_named}
        for found, data, parsed in read:
            if not parsed.mistakes:
                _format_file(found, data, parsed, taken, done)
    done.mistakes.sort()
    return done


def _read(found: Found, done: Formatted) -> tuple[Found, bytes, Parsed] | None:
    try:
        data = read_bytes(found.full)
        parsed = parse(found.path, text_of(data))
    except Unreadable as error:
        done.mistakes.append(Mistake(found.path, error.line, str(error)))
        return None
    done.mistakes.extend(parsed.mistakes)
    return found, data, parsed


def _format_file(found: Found, data: bytes, parsed: Parsed, taken: set[str], done: Formatted) -> None:
    ids = {}
    for card in parsed.cards:
        if not card.is_named:
            ids[card.line] = free_name(card.name, taken)
            taken.add(ids[card.line])
    if not ids:
        return
    try:
        replace_file(Path(found.full), with_ids(data, ids))
    except OSError as error:
        done.mistakes.append(Mistake(found.path, 1, f"the file cannot be written: {error.strerror}"))
    else:
        done.written.extend((found.path, line, name) for line, name in ids.items())


def free_name(name: str, taken: Iterable[str]) -> str:
    """The name, or the name with the first free number behind it."""
    number, free = 1, name
    while free in set(taken):
        number += 1
        free = f"{name}-{number}"
    return free


def with_ids(data: bytes, ids: dict[int, str]) -> bytes:
    """A file's bytes with an id at the end of the heading on each line (from 1). UTF-8, whatever its line ends."""
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


def replace_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, under its own permissions; a link stays a link."""
    path = path.resolve()
    handle, name = tempfile.mkstemp(prefix=".", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, path.stat().st_mode)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
