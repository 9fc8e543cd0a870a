"""The rule of five: what instructors may be shown of a class's answers, and how it is renewed.

docs/evidence.md has the rules, and why no sum or difference of figures, of whatever cells and days, is of fewer than
five learners. Here they are: a cell is shown if at least five learners have given it an answer that counts and it did
not hold before; who has undone an answer that was shown does not count among them, for a new answer could stand in for
the old one. When somebody leaves, every cell of their part of the class is hidden, and each comes back without them in
the same way. Slips, wrong values and prerequisites that were missing too are cells of their own, which only those are
in who made the mistake.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from time import sleep
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.database import TURN, Database
from app.study.classes.enough import Participant, Whole, is_enough, participants
from app.study.classes.quizzes import drop_results
from app.study.evidence.answers import ClassAnswer, UndoneAnswer, answers_of, undos_of
from app.study.evidence.figures import NAMES, CellKind, FigureCell, Figures
from app.tables import CARD, CARD_LINK, CARD_VERSION, CLASS_DECK, DECK, EVIDENCE, LEARNER, REVIEW, chunks

AT_ONCE = 100
"""So many cells are written in one transaction: others who write wait for some milliseconds at most."""


def _store(dialect: Any) -> Any:
    """Write a cell, if what was shown of it is still what was `held` when it was counted."""
    new = dialect.insert(EVIDENCE)
    values = {column.name: new.excluded[column.name] for column in EVIDENCE.c if not column.primary_key}
    same = EVIDENCE.c.upto == bindparam("held", type_=EVIDENCE.c.upto.type)
    return new.on_conflict_do_update(index_elements=EVIDENCE.primary_key, set_=values, where=same)


_STORE = {"sqlite": _store(sqlite), "postgresql": _store(postgresql)}


@dataclass
class Own:
    """One learner's sums in a cell, and the id of the newest review that they are of."""

    sums: Figures = field(default_factory=Figures)
    newest: int = 0


@dataclass
class Growing:
    """A cell's sums over learners, and how many of them have given it an answer that it did not hold before."""

    sums: Figures = field(default_factory=Figures)
    new: int = 0


@dataclass(frozen=True)
class Syllabus:
    """What a class studies: the times of the versions of each card, their ids, and the cards that lead to each."""

    times: Mapping[int, Sequence[datetime]]
    versions: Mapping[int, Sequence[int]]
    leads: Mapping[int, Collection[int]]


def syllabus_of(connection: Connection, class_id: int) -> Syllabus:
    """What the class studies now."""
    decks = select(CLASS_DECK.c.deck_id).where(CLASS_DECK.c.class_id == class_id)
    cards = select(CARD.c.id, DECK.c.name, CARD.c.name).join(DECK, DECK.c.id == CARD.c.deck_id)
    names = {(deck, name): card for card, deck, name in connection.execute(cards.where(CARD.c.deck_id.in_(decks)))}
    times, versions = ({card: list[Any]() for card in names.values()} for _ in range(2))
    leads = defaultdict[int, set[int]](set)
    for ids in chunks(times):
        kept = select(CARD_VERSION.c.card_id, CARD_VERSION.c.loaded_at, CARD_VERSION.c.id)
        kept = kept.where(CARD_VERSION.c.card_id.in_(ids)).order_by(CARD_VERSION.c.id)
        for card, loaded_at, version in connection.execute(kept):
            times[card].append(loaded_at)
            versions[card].append(version)
        links = select(CARD_LINK.c.card_id, CARD_LINK.c.deck, CARD_LINK.c.name)
        for card, *to in connection.execute(links.where(CARD_LINK.c.card_id.in_(ids), CARD_LINK.c.is_follow_up)):
            leads[names.get((to[0], to[1]), 0)].add(card)
    return Syllabus(times, versions, leads)


def own_sums(syllabus: Syllabus, since: datetime, answers: Iterable[ClassAnswer]) -> dict[FigureCell, Own]:
    """One learner's sums in every cell, over the answers from `since` on."""
    found = defaultdict[FigureCell, Own](Own)
    firsts: dict[int, ClassAnswer] = {}
    for one in answers:
        if one.card_id not in syllabus.times or one.at < since:
            continue
        at = bisect_right(syllabus.times[one.card_id], one.at)
        version = syllabus.versions[one.card_id][at - 1] if at else 0
        kinds = [(CellKind.SLIP, one.slip), (CellKind.VALUE, one.value)]
        if one.is_first or one.chance is not None:
            kinds.append((CellKind.FIRST if one.is_first else CellKind.LATER, ""))
        for kind, what in kinds:
            if what is not None:
                _add(found[FigureCell(one.card_id, version, kind, what)], one)
        if one.is_first:
            firsts[one.card_id] = one
    for card, one in firsts.items():
        for before in syllabus.leads.get(card, ()):
            if before in firsts:
                own = found[FigureCell(card, 0, CellKind.BOTH, str(before))]
                own.sums = Figures(
                    looks=1,
                    missed=int(one.missed and firsts[before].missed),
                    rating=int(firsts[before].missed),
                    timed=int(one.missed),
                )
                own.newest = max(one.review_id, firsts[before].review_id)
    return found


def _add(own: Own, one: ClassAnswer) -> None:
    own.newest = max(own.newest, one.review_id)
    own.sums.add(
        Figures(
            looks=1,
            missed=int(one.missed),
            rating=one.rating,
            seconds=one.seconds or 0,
            timed=int(one.seconds is not None),
            expected=one.chance or 0.0,
        )
    )


def grow(
    cells: dict[FigureCell, Growing],
    own: Mapping[FigureCell, Own],
    undos: Iterable[UndoneAnswer],
    held: Mapping[FigureCell, int],
) -> None:
    """Add a learner's sums. `held` says up to which review's id each cell has been shown before."""
    for cell, mine in own.items():
        upto, growing = held.get(cell, 0), cells.setdefault(cell, Growing())
        if cell.kind is CellKind.BOTH and not mine.sums.missed:
            growing.sums.looks += 1
            growing.sums.rating += mine.sums.rating
            growing.sums.timed += mine.sums.timed
            continue
        growing.sums.add(mine.sums.as_one_learner())
        took_back = any(one.card_id == cell.card_id and one.undone_id <= upto < one.review_id for one in undos)
        growing.new += mine.newest > upto and not took_back


def may_show(cell: FigureCell, growing: Growing) -> bool:
    """True if the cell may be shown as it is now, whatever was shown of it before."""
    if not is_enough(growing.new):
        return False
    sums = growing.sums
    # Of those who missed the card more had missed the one before it than of the others.
    return cell.kind is not CellKind.BOTH or sums.missed * sums.looks > sums.rating * sums.timed


def renew(database: Database, class_id: int, now: datetime) -> bool:
    """Renew what may be shown of a class. A learner's answers are read at a time, and few cells are written at a time.

    Returns False if it is to be tried again, because somebody left or imports a history meanwhile. What was written
    until then may stay: each cell may be shown by itself.
    """
    with database.read() as session:
        connection = session.connection()
        those, syllabus = participants(connection, class_id), syllabus_of(connection, class_id)
        upto = connection.execute(select(func.coalesce(func.max(REVIEW.c.id), 0))).scalar_one()
        rows = connection.execute(select(EVIDENCE).where(EVIDENCE.c.class_id == class_id)).all()
        if connection.execute(select(LEARNER.c.id).where(LEARNER.c.importing.is_not(None))).first():
            return False
    whole = Whole(those)
    gone = {(row.part, row.made_at) for row in rows if row.learners and not whole.holds(row)}
    shown: list[dict[str, Any]] = []
    for part in {one.part for one in those}:
        held = {FigureCell.of(row): row.upto for row in rows if row.part == part}
        cells = _grown(database, [one for one in those if one.part == part], syllabus, upto, held)
        same = {"class_id": class_id, "part": part, "upto": upto, "made_at": now, "members": whole.members(part, now)}
        shown += [
            same | cell._asdict() | asdict(one.sums) | {"held": held.get(cell, -1)}
            for cell, one in cells.items()
            if may_show(cell, one)
        ]
    for start in range(0, len(shown) or 1, AT_ONCE):
        with database.write() as session:
            connection = session.connection()
            if not set(those) <= set(participants(connection, class_id)):
                return False
            for part, made_at in gone if start == 0 else ():
                hide(connection, class_id, part, made_at)
            if shown:
                connection.execute(_STORE[connection.dialect.name], shown[start : start + AT_ONCE])
        sleep(TURN)
    return True


def _grown(
    database: Database, those: Sequence[Participant], syllabus: Syllabus, upto: int, held: Mapping[FigureCell, int]
) -> dict[FigureCell, Growing]:
    """The cells of these learners' answers up to a review; none if they are too few."""
    cells: dict[FigureCell, Growing] = {}
    for one in those if is_enough(len(those)) else ():
        with database.read() as session:
            answers = list(answers_of(session.connection(), one.learner_id, upto))
            undos = undos_of(session.connection(), one.learner_id)
        grow(cells, own_sums(syllabus, one.since, answers), undos, held)
    return cells


def hide(connection: Connection, class_id: int, part: int, since: datetime) -> None:
    """Take every answer out of the figures that a part of the class has had since then, and out of quizzes' results.

    Up to which review each cell was shown is still known. Call it in a write session.
    """
    these = (EVIDENCE.c.class_id == class_id) & (EVIDENCE.c.part == part) & (EVIDENCE.c.made_at >= since)
    connection.execute(update(EVIDENCE).where(these).values(dict.fromkeys(NAMES, 0)))
    drop_results(connection, class_id, part, since)
