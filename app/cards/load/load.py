"""The content folder into the database: what changed is read, and written in one transaction."""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from app.cards.check.links import FindDemo
from app.cards.file.files import find_files, no_folder
from app.cards.file.mistake import Mistake
from app.cards.load.plan import Plan, make_plan
from app.cards.load.read_rows import digests
from app.cards.load.write_rows import MoveCards, forget_files, write_cards, write_deck, write_file, write_topics
from app.database import Database
from app.demos.registry import find

ATTEMPTS = 5
log = logging.getLogger(__name__)


class LoadError(RuntimeError):
    """The content could not be loaded."""


@dataclass(frozen=True)
class LoadReport:
    """What a load did: files there are, files read, and cards by what became of them. `mistakes` are all there are."""

    files: int
    read: int
    added: int
    changed: int
    moved: int
    renamed: int
    retired: int
    returned: int
    mistakes: tuple[Mistake, ...]


def nothing_moves_with_them(_connection: Connection, _deck_id: int, _topics: Mapping[int, tuple[int, int]]) -> None:
    """Where nobody has rated a card yet."""


def load(
    database: Database,
    content_dir: Path,
    now: datetime,
    find_demo: FindDemo = find,
    move_cards: MoveCards = nothing_moves_with_them,
) -> LoadReport:
    """Bring the database up to the files.

    A file with a mistake keeps its last good version. Cards that left the files are retired. `now` (aware) is when this
    happens. `move_cards` lets what is summed by topic follow its cards, in the same transaction. A content folder that
    cannot be read changes nothing. Raises LoadError when other loads keep coming between.
    """
    try:
        files = find_files(content_dir)
    except OSError as error:
        return _report(0, Plan({}, {}, mistakes=(no_folder(content_dir, error),)), Counter())
    for _attempt in range(ATTEMPTS):
        with database.read() as session:
            plan = make_plan(session.connection(), content_dir, files, now, find_demo)
        if plan.is_empty:
            return _report(len(files), plan, Counter())
        with database.write() as session:
            # Reading took its time outside the transaction: write only if no other load came between.
            if digests(session.connection()) == {path: seen.digest for path, seen in plan.seen.items()}:
                return _report(len(files), plan, _write(session.connection(), plan, now, move_cards))
    raise LoadError("The content is being loaded by another process again and again; stop one of them.")


def _write(connection: Connection, plan: Plan, now: datetime, move_cards: MoveCards) -> Counter[str]:
    count: Counter[str] = Counter()
    for deck, title in plan.titles.items():
        ready = [file for file in plan.ready if file.found.deck == deck and not file.mistakes]
        good = [file for file in ready if not file.is_draft]
        removed = [path for path in plan.removed if path.startswith(f"{deck}/")]
        removed += [file.found.path for file in ready if file.is_draft]
        if not good and deck not in plan.decks:
            continue
        deck_id = write_deck(connection, deck, title, plan.decks.get(deck))
        if good or removed:
            topics = write_topics(connection, deck_id, good, removed, now)
            count += write_cards(connection, deck_id, good, removed, topics, now, move_cards)
    for path, seen in plan.files.items():
        write_file(connection, path, seen, is_new=path not in plan.seen)
    forget_files(connection, plan.removed)
    return count


def _report(files: int, plan: Plan, count: Counter[str]) -> LoadReport:
    names = ("added", "changed", "moved", "renamed", "retired", "returned")
    return LoadReport(files, len(plan.ready), **{name: count[name] for name in names}, mistakes=plan.mistakes)
