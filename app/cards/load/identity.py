"""Which card of the files is which row of the database, so that its history stays with it. Pure."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from app.cards.file.slug import slug


@dataclass(frozen=True)
class Known:
    """A card in the database. `is_leaving`: it is live, and its file as loaded now may no longer hold it."""

    id: int
    name: str
    is_named: bool
    path: str
    question: str
    answer_hash: str
    is_leaving: bool


@dataclass(frozen=True)
class Incoming:
    """A card in the files that are loaded now. Names are unique within a deck."""

    name: str
    is_named: bool
    path: str
    question: str
    answer_hash: str


def match(cards: Sequence[Incoming], rows: Iterable[Known]) -> dict[str, int]:
    """The row's id for each card's name; cards that are new are not in it. All of one deck.

    A card is the row of its name, wherever its file is now. A card whose name no row has may be one that has just lost
    its own: because an id was written on it, because its id was changed and nothing else, or because it had no id and
    its question was reworded. It takes that row over only where nothing else can be meant.
    """
    by_name = {row.name: row for row in rows}
    names = {card.name for card in cards}
    matched = {card.name: by_name[card.name].id for card in cards if card.name in by_name}
    newcomers = [card for card in cards if card.name not in by_name]
    vanished = [row for row in by_name.values() if row.is_leaving and row.name not in names]
    for of_card, of_row in _SIGNS if newcomers and vanished else ():
        for with_path in (False, True):
            pairs = _only_pairs(newcomers, vanished, of_card, of_row, with_path)
            matched.update((card.name, row.id) for card, row in pairs)
            newcomers = [card for card in newcomers if card.name not in matched]
            vanished = [row for row in vanished if row.id not in {gone.id for _card, gone in pairs}]
    return matched


# Each sign: what a card shows and what a row shows, equal when they may be the same card; None shows nothing.
_SIGNS: tuple[tuple[Callable[[Incoming], Hashable | None], Callable[[Known], Hashable | None]], ...] = (
    # An id was written: the row still has the name that its question gave it.
    (lambda card: slug(card.question) if card.is_named else None, lambda row: None if row.is_named else row.name),
    # An id was changed or removed, and nothing else.
    (lambda card: (card.question, card.answer_hash), lambda row: (row.question, row.answer_hash)),
    # The question of a card without an id was reworded, and perhaps an id was written too.
    (lambda card: card.answer_hash, lambda row: None if row.is_named else row.answer_hash),
)


def _only_pairs(
    cards: Sequence[Incoming],
    rows: Sequence[Known],
    of_card: Callable[[Incoming], Hashable | None],
    of_row: Callable[[Known], Hashable | None],
    with_path: bool,
) -> list[tuple[Incoming, Known]]:
    """The pairs that show the same sign (and share a file, where `with_path`) when no other card or row does."""
    showing: dict[Hashable, tuple[list[Incoming], list[Known]]] = defaultdict(lambda: ([], []))
    for card in cards:
        if (sign := of_card(card)) is not None:
            showing[(sign, card.path if with_path else "")][0].append(card)
    for row in rows:
        if (sign := of_row(row)) is not None:
            showing[(sign, row.path if with_path else "")][1].append(row)
    return [(few[0], gone[0]) for few, gone in showing.values() if len(few) == 1 and len(gone) == 1]
