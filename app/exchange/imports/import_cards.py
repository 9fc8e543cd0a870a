"""Imports a file of cards: finds out its kind, reads it, writes content files."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from pathlib import Path

from app.cards.file.yaml_files import read_sources
from app.exchange.imports.draft import RefusedError
from app.exchange.imports.kinds import HowToRead, ImportFile, ImportKind, find_kind, kind_of
from app.exchange.imports.pictures import beside
from app.exchange.imports.target_file import target_file
from app.exchange.imports.write import Imported, write


def import_cards(
    path: Path,
    content_dir: Path,
    into: str = "",
    how: HowToRead | None = None,
    progress: Callable[[int], None] = lambda _done: None,
) -> tuple[ImportKind, Imported]:
    """Write the cards of a file into a new file of a deck, or into several if there are many.

    `into` is a deck, deck/name, or the path of a content file. What `how` does not say is found out from the file.
    `progress` is called with the number of items read, every hundred. If it raises RefusedError, nothing was written.
    """
    if not path.exists():  # before asking which deck it should go to
        raise RefusedError("there is no such file")
    with tempfile.TemporaryDirectory(prefix="recur-import-") as scratch:
        source = ImportFile(path, Path(scratch), how or HowToRead())
        kind = find_kind(source.how.kind) if source.how.kind else kind_of(source)
        target = target_file(content_dir, into, path)
        reading = kind.read(source)
        media = reading.media or (beside(path, source.table) if kind.is_text else {})
        reading = replace(reading, items=chain(source.guesses, reading.items), file=path.name, media=media)
        return kind, write(reading, target, read_sources(content_dir)[0], progress)
