"""What instructors are shown of a class: its cards with their figures, by topic and by deck."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, or_, select

from app.study.classes.enough import Whole, is_enough, participants
from app.study.evidence.figures import NAMES, CellKind, FigureCell, Figures
from app.tables import CARD, CLASS_DECK, DECK, EVIDENCE, TOPIC

MOST_HARD = 10
"""So many of the hardest cards are named."""


class ShownCard(NamedTuple):
    """A card as the pages name it."""

    id: int
    deck: str
    deck_title: str
    topic: str
    topic_title: str
    name: str
    question_html: str
    path: str
    line: int


@dataclass
class OfCells:
    """Sums over first looks and over later ones, of a card, a topic or a deck."""

    first: Figures = field(default_factory=Figures)
    later: Figures = field(default_factory=Figures)

    @property
    def is_known(self) -> bool:
        """True if there is a figure."""
        return bool(self.first.looks or self.later.looks)

    def add(self, kind: CellKind, figures: Figures) -> None:
        """Add a cell's sums."""
        if kind in (CellKind.FIRST, CellKind.LATER):
            (self.first if kind is CellKind.FIRST else self.later).add(figures)


def total(those: Iterable[OfCells]) -> OfCells:
    """The sums of a topic's or a deck's cards: of what is shown of them, so that nothing is left over."""
    found = OfCells()
    for one in those:
        found.add(CellKind.FIRST, one.first)
        found.add(CellKind.LATER, one.later)
    return found


@dataclass
class ClassEvidence:
    """All that may be shown of a class. `cells` has what each card's cells say, parts of the class added up."""

    is_large_enough: bool
    made_at: datetime | None
    cards: Mapping[int, ShownCard]
    cells: Mapping[FigureCell, Figures]

    def of_cards(self) -> dict[int, OfCells]:
        """Each card's figures, over all versions of its text, in learning order."""
        found = {card: OfCells() for card in self.cards}
        for cell, figures in self.cells.items():
            found[cell.card_id].add(cell.kind, figures)
        return found

    def hardest(self, of_cards: Mapping[int, OfCells]) -> Sequence[int]:
        """The cards that were missed most, by the least share that is likely; none that nobody missed."""
        sums = {card: Figures() for card in of_cards}
        for card, one in of_cards.items():
            for part in (one.first, one.later):
                sums[card].add(part)
        missed = [card for card, one in sums.items() if one.missed]
        return sorted(missed, key=lambda card: -sums[card].interval[0])[:MOST_HARD]


_CARDS = (
    select(
        *(CARD.c.id, DECK.c.name.label("deck"), DECK.c.title.label("deck_title")),
        *(TOPIC.c.name.label("topic"), TOPIC.c.title.label("topic_title")),
        *(CARD.c.name, CARD.c.question_html, TOPIC.c.path, CARD.c.line),
    )
    .join_from(CARD, DECK, DECK.c.id == CARD.c.deck_id)
    .join(TOPIC, TOPIC.c.id == CARD.c.topic_id)
    .join(CLASS_DECK, CLASS_DECK.c.deck_id == CARD.c.deck_id)
    .where(CARD.c.retired_at.is_(None))
    .order_by(DECK.c.name, TOPIC.c.place, CARD.c.place)
)

_TIMES = select(EVIDENCE.c.part, EVIDENCE.c.made_at, EVIDENCE.c.members).distinct().where(EVIDENCE.c.learners > 0)
_CELLS = (
    select(
        *(EVIDENCE.c[name] for name in FigureCell._fields), *(func.sum(EVIDENCE.c[name]).label(name) for name in NAMES)
    )
    .where(EVIDENCE.c.learners > 0)
    .group_by(*(EVIDENCE.c[name] for name in FigureCell._fields))
)


def class_evidence(connection: Connection, class_id: int, *kinds: CellKind) -> ClassEvidence:
    """What may be shown of a class, in cells of these kinds."""
    those = participants(connection, class_id)
    whole, mine = Whole(those), EVIDENCE.c.class_id == class_id
    cards = {row.id: ShownCard(*row) for row in connection.execute(_CARDS.where(CLASS_DECK.c.class_id == class_id))}
    times = connection.execute(_TIMES.where(mine)).all()
    hidden = [(row.part, row.made_at) for row in times if not whole.holds(row)]
    # Summed up by the database: a large class has thousands of rows.
    query = _CELLS.where(mine, EVIDENCE.c.kind.in_(kinds))
    for part, made_at in hidden:
        query = query.where(or_(EVIDENCE.c.part != part, EVIDENCE.c.made_at != made_at))
    cells = {
        FigureCell(card, version, CellKind(kind), what): Figures(*sums)
        for card, version, kind, what, *sums in connection.execute(query)
        if card in cards
    }
    parts = Counter(one.part for one in those)
    made_at = max((row.made_at for row in times if whole.holds(row)), default=None)
    return ClassEvidence(is_enough(max(parts.values(), default=0)), made_at, cards, cells)
