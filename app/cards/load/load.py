"""Brings the database up to the content folder: reads what changed, judges it, and writes it in one transaction."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from app.cards.check.judge import Claim, Content, Holder, Others, Remarks, judge, open_content
from app.cards.file.files import TopicFile, no_folder, open_file, open_files
from app.cards.file.mistake import Mistake
from app.cards.file.yaml_files import DECK, SOURCES
from app.cards.load.card_rows import (
    DeckFiles,
    Stocked,
    answers_of,
    content_hashes,
    holders,
    live_names,
    live_names_of,
    rows_named,
    store_cards,
)
from app.cards.load.file_rows import (
    UNJUDGED,
    FileRow,
    compare,
    digests,
    files_with_dead_links,
    is_good,
    linking_files,
    lock_files,
    read_decks,
    read_file_rows,
    unsettled,
    write_deck,
    write_file_rows,
    write_topics,
)
from app.cards.load.follow import MoveCards
from app.cards.load.identity import Home
from app.cards.load.versions import commits_of
from app.cards.render.prepare import ReadyFile, prepare_all, without_collecting
from app.cards.render.render import RENDERER
from app.database import Database
from app.demos.registry import FindDemo, find

ATTEMPTS = 5
CARDS_AT_ONCE = 1000
"""About how many new cards are written in one transaction."""


class LoadError(RuntimeError):
    """The content could not be loaded."""


@dataclass(frozen=True)
class LoadReport:
    """What a load did: files found and read, cards by what became of them, and all mistakes in the content.

    `decided` says where history followed a card although more than one thing had changed, and `asked` where it did not,
    because more than one card can be meant. `pending` are the links whose numbers are still to be computed over draws.
    Once that is done, another load judges them.
    """

    files: int = 0
    read: int = 0
    added: int = 0
    changed: int = 0
    moved: int = 0
    renamed: int = 0
    retired: int = 0
    returned: int = 0
    mistakes: tuple[Mistake, ...] = ()
    pending: tuple[Claim, ...] = ()
    decided: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()


def nothing_moves_with_them(_connection: Connection, _homes: Mapping[int, tuple[Home, Home]]) -> None:
    """For a database without reviews."""


@without_collecting()
def load(
    database: Database,
    content_dir: Path,
    now: datetime,
    find_demo: FindDemo = find,
    move_cards: MoveCards = nothing_moves_with_them,
) -> LoadReport:
    """Bring the database up to the files.

    A file with a mistake keeps its last good version. Cards that no file contains any more are retired. `now` (aware)
    is the time of this load. `move_cards` moves what is summed by topic, in the same transaction. A content folder that
    cannot be read changes nothing. Raises LoadError when other loads keep interfering.
    """
    try:
        content = open_content(content_dir)
    except OSError as error:
        return LoadReport(mistakes=(no_folder(content_dir, error),))
    done = Stocked()
    for _attempt in range(ATTEMPTS):
        with database.read() as session:
            plan = _make_plan(session.connection(), content, now, find_demo)
        for number, part in enumerate(_parts(plan)):
            with database.write() as session:
                # Reading took its time outside the transaction: write only if no other load came between.
                lock_files(session.connection())
                if digests(session.connection()) != {path: row.digest for path, row in plan.before.items()}:
                    break
                if number:
                    part.decks = read_decks(session.connection())  # the parts before may have made one
                stored = _write(session.connection(), part, now, move_cards)
            done.add(stored)
            plan.before |= part.rows
        else:
            report = LoadReport(len(content.files), len(plan.ready), **done.count, mistakes=plan.mistakes)  # type: ignore[arg-type]
            return replace(report, pending=plan.pending, decided=tuple(done.decided), asked=tuple(done.asked))
    raise LoadError("Other processes keep loading the content; stop one of them.")


@dataclass
class _Plan:
    """What a load will write. `before` and `decks` are the database's rows of files and decks.

    `waiting` are files that are gone, and stay until a file with mistakes is fixed. `commits` are the commits of files
    that were read as they are in git, by path. `related` are the files of new decks
    whose cards may have been in another. A part of the plan `is_new` if no card in it can have been here before.
    """

    content: Content
    before: dict[str, FileRow]
    decks: dict[str, tuple[int, str]]
    context: str = ""
    commits: dict[str, str] = field(default_factory=dict)
    ready: list[ReadyFile] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    rows: dict[str, FileRow] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()
    pending: tuple[Claim, ...] = ()
    related: Collection[str] = ()
    is_new: bool = False


def _make_plan(connection: Connection, content: Content, now: datetime, find_demo: FindDemo) -> _Plan:
    """Read what changed since the last load, and every file that had a mistake then."""
    plan = _Plan(content, read_file_rows(connection), read_decks(connection))
    rows = _yaml_rows(content, now)
    here = rows.keys() | {file.path for file in content.files}
    plan.removed = [path for path in plan.before if path not in here]
    plan.context = rows[SOURCES].digest
    yaml = [path for path, row in rows.items() if path not in plan.before or row.digest != plan.before[path].digest]
    _read_changed(connection, plan, now, {_deck(path) for path in (*yaml, *plan.removed) if not path.endswith(".md")})
    _read_linking(connection, plan)
    remarks = Remarks(waits=False)
    mistakes = judge(plan.ready, content, find_demo, _Stored(connection, plan), remarks)
    plan.pending = tuple(remarks.pending)
    unjudged = {claim.path for claim in remarks.pending}
    for file in plan.ready:
        path = file.found.path
        digest = UNJUDGED if path in unjudged else file.digest
        rows[path] = FileRow(digest, file.found.size, file.found.mtime_ns, now, tuple(mistakes[path]))
    _keep_what_waits(connection, plan, mistakes)
    plan.related = _related(connection, plan)
    plan.rows |= {path: row for path, row in rows.items() if row != plan.before.get(path)}
    if plan.ready:
        plan.commits = commits_of(content.folder, [file.found.path for file in plan.ready])
    plan.mistakes = tuple(sorted({*content.mistakes, *(one for row in rows.values() for one in row.mistakes)}))
    return plan


def _yaml_rows(content: Content, now: datetime) -> dict[str, FileRow]:
    """The rows of sources.yaml, and of each deck's deck.yaml, pictures and sounds, by path.

    The digest of sources.yaml is the context of all other files: when it or the renderer changes, they are read again.
    """
    decks = (f"{deck}/{DECK}" for deck in content.titles)
    rows = {}
    for path in (SOURCES, *(path for path in decks if (content.folder / path).exists())):
        opened = open_file(TopicFile(path, str(content.folder / path), 0, 0), RENDERER)
        mistakes = tuple(mistake for mistake in content.mistakes if mistake.path == path)
        rows[path] = FileRow(opened.digest, len(opened.data), 0, now, mistakes)
    for deck, pictures in content.pictures.items():
        rows |= {f"{deck}/{one.name}": FileRow(one.digest + one.problem, 0, 0, now) for one in pictures}
    return rows


def _read_changed(connection: Connection, plan: _Plan, now: datetime, decks: Collection[str]) -> None:
    """Prepare the files whose bytes changed or that had a mistake. Of these `decks`, deck.yaml or a picture changed."""
    before = plan.before
    same_context = SOURCES in before and before[SOURCES].digest == plan.context
    settled = {path: row for path, row in before.items() if _deck(path) not in decks}
    files = unsettled(plan.content.files, settled) if same_context else plan.content.files
    changed, plan.rows = compare(open_files(files, plan.context), before, now)
    # A card that is not rendered shows none of its mistakes and links. So all cards of a file that had a mistake, or is
    # not judged yet, are rendered; and all of them if sources.yaml has changed, whose papers they cite.
    paths = [one.file.path for one in changed] if same_context else []
    good = [path for path in paths if path not in before or is_good(before[path])]
    plan.ready = prepare_all(changed, content_hashes(connection, good))


def _read_linking(connection: Connection, plan: _Plan) -> None:
    """Prepare the files that have not changed, and link to a card or a topic that this load takes away."""
    read = [file.found.path for file in plan.ready if file.is_text]
    names = {(file.found.deck, card.name) for file in plan.ready for card in file.cards}
    were = ((_deck(path), name) for name, path in live_names_of(connection, [*read, *plan.removed]))
    gone = [f"/cards/{deck}/{name}" for deck, name in were if (deck, name) not in names]
    gone += [f"/topics/{path.removesuffix('.md')}" for path in plan.removed if path.endswith(".md")]
    linking = linking_files(connection, gone)
    broken = {path: row.digest for path, row in plan.before.items() if row.mistakes}
    changed = {file.found.path for file in plan.ready if broken.get(file.found.path, file.digest) != file.digest}
    if changed or broken.keys() & plan.removed:
        linking |= files_with_dead_links(connection)  # to a card that was only in a broken file, and in no table
    opened = open_files([file for file in plan.content.files if file.path in linking], plan.context)
    again = {one.file.path: one for one in opened if not one.problem}
    plan.ready = [file for file in plan.ready if file.found.path not in again] + prepare_all(list(again.values()))


def _keep_what_waits(connection: Connection, plan: _Plan, mistakes: Mapping[str, Collection[Mistake]]) -> None:
    """Keep a file that is gone while a file with mistakes has its cards: their last good version stays."""
    unread: dict[str, set[str]] = defaultdict(set)
    for file in plan.ready if plan.removed else ():
        if mistakes[file.found.path]:
            unread[file.found.deck].update(card.name for card in (*file.cards, *file.drafts))
    were: dict[str, set[str]] = defaultdict(set)
    for name, path in live_names_of(connection, plan.removed) if unread else ():
        were[path].add(name)
    for path, names in were.items():
        of_other = max((len(names & others) for deck, others in unread.items() if deck != _deck(path)), default=0)
        if names & unread[_deck(path)] or 2 * of_other >= len(names):
            plan.removed.remove(path)
            plan.waiting.append(path)
            plan.rows[path] = replace(plan.before[path], digest=UNJUDGED, mistakes=())  # it is read if it comes back


def _related(connection: Connection, plan: _Plan) -> set[str]:
    """The files of new decks with a card that may be one of another deck: by name, or as it goes with this load."""
    new = [file for file in plan.ready if file.found.deck not in plan.decks]
    if not new or not plan.decks:
        return set()
    names = {row.name for row in rows_named(connection, {card.name for file in new for card in file.cards}).values()}
    leaving = [*plan.removed, *(file.found.path for file in plan.ready)]
    answers = answers_of(connection, leaving)
    return {
        file.found.path
        for file in new
        if any(card.was or card.name in names or card.answer_hash in answers for card in file.cards)
    }


class _Stored(Others):
    """The stored cards of files that are not judged now. Drafts are in no table."""

    are_none = False

    def __init__(self, connection: Connection, plan: _Plan) -> None:
        self.connection = connection
        self.judged = {file.found.path for file in plan.ready if file.is_text} | set(plan.removed)

    def names(self, deck: str) -> Collection[str]:
        """The names of the live cards in other files."""
        return {name for name, path in live_names(self.connection, deck) if path not in self.judged}

    def holders(self, deck: str, names: Collection[str]) -> Mapping[str, Holder]:
        """The live card that has each of these names."""
        return holders(self.connection, deck, names, self.judged)


def _parts(plan: _Plan) -> Iterator[_Plan]:
    """The plan in parts, a transaction each, so that no rating waits long for a deck of thousands of cards.

    A new deck comes a few files at a time, unless its cards may have been in another: no history depends on it yet, and
    what is missing after a kill comes with the next load. All else is the last part, with sources.yaml: cards may move
    between files only in one transaction.
    """
    new = [file for file in plan.ready if file.found.deck not in plan.decks and file.found.path not in plan.related]
    written: set[str] = set()
    while sum(len(file.cards) for file in new) > CARDS_AT_ONCE:
        some = [new.pop(0)]
        while new and sum(len(file.cards) for file in (*some, new[0])) <= CARDS_AT_ONCE:
            some.append(new.pop(0))
        paths = {file.found.path for file in some}
        written |= paths
        of_part = {path: plan.rows[path] for path in paths & plan.rows.keys()}
        yield replace(plan, ready=some, removed=[], waiting=[], is_new=True, rows=of_part)
    later = [file for file in plan.ready if file.found.path not in written]
    rows = {path: row for path, row in plan.rows.items() if row != plan.before.get(path)}
    if rows or plan.removed:
        yield replace(plan, ready=later, rows=rows)


def _write(connection: Connection, plan: _Plan, now: datetime, move_cards: MoveCards) -> Stocked:
    """Write the files without mistakes. Returns how many cards were added, changed, moved, and so on."""
    decks = []
    for deck, title, good, removed in _by_deck(plan):
        if not good and deck not in plan.decks:
            continue
        deck_id = write_deck(connection, deck, title, plan.decks.get(deck))
        waiting = [path for path in plan.waiting if _deck(path) == deck]
        if good or removed or waiting:
            topics = write_topics(connection, deck_id, good, removed, now)
            decks.append(DeckFiles(deck_id, topics, removed, waiting, plan.is_new))
    done = store_cards(connection, decks, plan.commits, now, move_cards) if decks else Stocked()
    write_file_rows(connection, plan.rows, plan.before, plan.removed)
    return done


def _by_deck(plan: _Plan) -> Iterator[tuple[str, str, list[ReadyFile], list[str]]]:
    """Each deck's name, title, files to store, and files whose topics are retired."""
    wrong = {mistake.path for mistake in plan.mistakes}
    gone = {deck: plan.decks[deck][1] for path in (*plan.removed, *plan.waiting) if (deck := _deck(path)) in plan.decks}
    for deck, title in (gone | dict(plan.content.titles)).items():
        good = [file for file in plan.ready if file.found.deck == deck and file.found.path not in wrong]
        if f"{deck}/{DECK}" in wrong and deck in plan.decks:
            title = plan.decks[deck][1]
        removed = [path for path in plan.removed if _deck(path) == deck]
        removed += [file.found.path for file in good if file.is_draft]
        yield deck, title, [file for file in good if not file.is_draft], removed


def _deck(path: str) -> str:
    return path.split("/")[0]
