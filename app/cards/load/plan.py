"""What a load would do, from the files on disk and the rows in the database. Writes nothing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import groupby
from pathlib import Path

from sqlalchemy import Connection

from app.cards.check.cross_file import duplicates, outside_mistakes
from app.cards.check.links import FindDemo, Neighbourhood
from app.cards.check.misplaced import strays
from app.cards.file import deck as deck_file
from app.cards.file import sources as source_list
from app.cards.file.files import Found, Unreadable, read_bytes
from app.cards.file.mistake import Mistake
from app.cards.file.sources import Sources
from app.cards.load.read_rows import (
    Seen,
    decks,
    known_hashes,
    linking_files,
    live_names,
    live_names_of,
    rows_of,
    seen_files,
)
from app.cards.render.prepare import ReadyFile, file_digest, unreadable
from app.cards.render.prepare_many import Job, prepare_all
from app.cards.render.render import RENDERER


@dataclass
class Plan:
    """What to write: the files that were read, those that are gone, decks' titles, and the files' own rows.

    `seen` and `decks` are what the database knew. `mistakes` are all there are in the content.
    """

    seen: dict[str, Seen] = field(default_factory=dict)
    decks: dict[str, tuple[int, str]] = field(default_factory=dict)
    ready: list[ReadyFile] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    files: dict[str, Seen] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether the database is up to the files already."""
        return not (self.files or self.removed)


def make_plan(
    connection: Connection, content_dir: Path, found: Sequence[Found], now: datetime, find_demo: FindDemo
) -> Plan:
    """Read what changed since the last load, and every file that had a mistake then."""
    plan = Plan(seen_files(connection), decks(connection))
    sources, special = _special_files(plan, content_dir, {one.deck for one in found}, now)
    here = special.keys() | {one.path for one in found}
    plan.removed = [path for path in plan.seen if path not in here]
    for path in plan.removed:
        name = path.split("/")[0]
        if name in plan.decks:
            plan.titles.setdefault(name, plan.decks[name][1])
    context = special[source_list.NAME].digest
    is_same_context = source_list.NAME in plan.seen and plan.seen[source_list.NAME].digest == context
    unsettled = [one for one in found if not (is_same_context and _is_settled(plan.seen.get(one.path), one))]
    plan.ready = _read(connection, plan, unsettled, context, now)
    _read_linking(connection, plan, found, context)
    _judge(connection, plan, sources, content_dir, find_demo)
    for file in plan.ready:
        special[file.found.path] = _seen(file.found, file.digest, now, file.mistakes)
    # looked_at alone is no news: a file that stays broken is not written again and again.
    news = {p: s for p, s in special.items() if p not in plan.seen or plan.seen[p]._replace(looked_at=now) != s}
    plan.files.update(news)
    of_files = {mistake for seen in special.values() for mistake in seen.mistakes}
    plan.mistakes = tuple(sorted({*of_files, *strays(content_dir)}))
    return plan


def _special_files(
    plan: Plan, content_dir: Path, names: Collection[str], now: datetime
) -> tuple[Sources | None, dict[str, Seen]]:
    """Read sources.yaml and each deck's deck.yaml. Notes the decks' titles."""
    sources, mistakes = source_list.read_sources(content_dir)
    # Whatever decides how every file is read is in this digest, so that a change of it has them all read again.
    special = {source_list.NAME: _special(content_dir / source_list.NAME, RENDERER, mistakes, now)}
    for name in sorted(names):
        plan.titles[name], mistakes = deck_file.read_deck(content_dir, name)
        path = f"{name}/{deck_file.NAME}"
        if (content_dir / path).exists():
            special[path] = _special(content_dir / path, "", mistakes, now)
    return sources, special


def _special(full: Path, context: str, mistakes: Sequence[Mistake], now: datetime) -> Seen:
    try:
        data = read_bytes(full)
    except Unreadable:
        data = b""  # named among the mistakes, unless it need not be there
    return Seen(file_digest(data, context), len(data), 0, now, tuple(mistakes))


def _seen(found: Found, digest: str, now: datetime, mistakes: Sequence[Mistake] = ()) -> Seen:
    return Seen(digest, found.size, found.mtime_ns, now, tuple(mistakes))


def _is_settled(seen: Seen | None, found: Found) -> bool:
    """Whether a file is good, and so old and unchanged that it need not be opened."""
    if seen is None or seen.mistakes or (seen.size, seen.mtime_ns) != (found.size, found.mtime_ns):
        return False
    # A second save within the clock's tick would leave the same time: some systems count whole seconds only.
    tick = 2_000_000_000 if found.mtime_ns % 1_000_000_000 == 0 else 100_000_000
    return seen.looked_at.timestamp() * 1e9 - found.mtime_ns > tick


def _read(
    connection: Connection, plan: Plan, unsettled: Sequence[Found], context: str, now: datetime
) -> list[ReadyFile]:
    """Prepare the files whose bytes changed or that had a mistake; of the others note the new times."""
    ready: list[ReadyFile] = []
    changed: list[tuple[Found, bytes]] = []
    for found in unsettled:
        try:
            data = read_bytes(found.full)
        except Unreadable as error:
            ready.append(unreadable(found, error, b"", context))
            continue
        seen = plan.seen.get(found.path)
        if seen is None or seen.mistakes or seen.digest != file_digest(data, context):
            changed.append((found, data))
        elif (
            _is_settled(again := _seen(found, seen.digest, now), found)
            or again._replace(looked_at=seen.looked_at) != seen
        ):
            plan.files[found.path] = again
    # The links of a card that is not rendered stay unseen, and one of them may be what is wrong.
    good = [found.path for found, _data in changed if not (found.path in plan.seen and plan.seen[found.path].mistakes)]
    known = known_hashes(connection, good)
    jobs = [Job(found, data, context, known.get(found.path, frozenset())) for found, data in changed]
    return ready + prepare_all(jobs)


def _read_linking(connection: Connection, plan: Plan, found: Sequence[Found], context: str) -> None:
    """Read the files whose text is as it was, and links to a card or a topic that this load takes away."""
    stay = {one.found.path: {card.name for card in one.cards} for one in plan.ready if one.is_text}
    stay |= {path: set() for path in plan.removed}
    everywhere = {(path.split("/")[0], name) for path, names in stay.items() for name in names}
    were = ((path.split("/")[0], name) for path, name in live_names_of(connection, stay))
    gone = [f"/cards/{deck}/{name}" for deck, name in were if (deck, name) not in everywhere]
    gone += [f"/topics/{path.removesuffix('.md')}" for path in plan.removed if path.endswith(".md")]
    linking = set(linking_files(connection, gone))
    jobs = []
    for one in found:
        if one.path in linking:
            try:
                jobs.append(Job(one, read_bytes(one.full), context, ()))
            except Unreadable:
                continue  # named already, where it was read first
    again = {job.found.path for job in jobs}
    plan.ready = [file for file in plan.ready if file.found.path not in again] + prepare_all(jobs)


def _judge(connection: Connection, plan: Plan, sources: Sources | None, content_dir: Path, find_demo: FindDemo) -> None:
    """Add the mistakes that only the rest of the content shows."""
    read = {file.found.path for file in plan.ready if file.is_text} | set(plan.removed)

    @cache
    def cards(deck: str) -> set[str]:
        stored = {name for name, path in live_names(connection, deck) if path not in read}
        return stored | {card.name for file in plan.ready if file.found.deck == deck for card in file.cards}

    plan.ready.sort(key=lambda file: file.found.path)
    for deck, group in groupby(plan.ready, key=lambda file: file.found.deck):
        files = {file.found.path: file for file in group}
        names = [card.name for file in files.values() for card in file.cards]
        rows = rows_of(connection, plan.decks[deck][0], names, ()).values() if deck in plan.decks else ()
        live = [row for row in rows if row.retired_at is None]
        held = {row.name: (row.path, row.line) for row in live if row.path not in read}
        owners = {row.name: (row.path, row.answer_hash) for row in live}
        for mistake in duplicates(files.values(), held, owners):
            files[mistake.path].mistakes.append(mistake)
        around = Neighbourhood(cards, content_dir / deck, deck, find_demo)
        for file in files.values():
            file.mistakes.extend(outside_mistakes(file, sources, around))
            file.mistakes = sorted(set(file.mistakes))
