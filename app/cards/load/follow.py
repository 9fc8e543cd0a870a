"""What follows a card to its new name, topic or deck: its aliases, its quizzes, and the cursors of both decks."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, exists, insert, or_, select, update

from app.cards.load import search
from app.cards.load.identity import CardRow, Home, Key
from app.database import lock_learner
from app.tables import (
    CARD,
    CARD_ALIAS,
    CARD_DEMO,
    CARD_LINK,
    CARD_MARK,
    CARD_SOURCE,
    CARD_TAG,
    CARD_VERSION,
    DECK,
    LEARNER,
    NEW_CARD_CURSOR,
    OWN_TAG,
    QUIZ,
    QUIZ_ITEM,
    REVIEW,
    chunks,
)

MoveCards = Callable[[Connection, Mapping[int, tuple[Home, Home]]], None]
"""Called with {card id: (old home, new home)} before cards change their topic."""
_STUDIED = (
    # By way of the learners, because the index begins with their ids.
    exists().where(REVIEW.c.learner_id == LEARNER.c.id, REVIEW.c.card_id == CARD.c.id),
    exists().where(CARD_MARK.c.learner_id == LEARNER.c.id, CARD_MARK.c.card_id == CARD.c.id),
    exists().where(OWN_TAG.c.learner_id == LEARNER.c.id, OWN_TAG.c.card_id == CARD.c.id),
    exists().where(QUIZ_ITEM.c.card_id == CARD.c.id),
)
_OWNED: tuple[Table, ...] = (CARD_SOURCE, CARD_TAG, CARD_DEMO, CARD_LINK)


def studied_cards(connection: Connection, card_ids: Iterable[int]) -> set[int]:
    """Those of the cards that a learner has a review, a mark, a tag or a quiz of."""
    found: set[int] = set()
    for ids in chunks(card_ids):
        found.update(connection.execute(select(CARD.c.id).where(CARD.c.id.in_(ids), or_(*_STUDIED))).scalars())
    return found


def aliases_named(connection: Connection, names: Iterable[str]) -> dict[Key, int]:
    """The cards that had one of these names in some deck, by deck and name."""
    c = CARD_ALIAS.c
    rows = [
        connection.execute(select(c.deck, c.name, c.card_id).where(c.name.in_(some))).all() for some in chunks(names)
    ]
    return {(deck, name): card_id for some in rows for deck, name, card_id in some}


def take_over(
    connection: Connection, pairs: Sequence[tuple[CardRow, CardRow]], move_cards: MoveCards
) -> dict[Key, int]:
    """Give each first row, with its history, all that the second has, and delete that. Returns the rows' former names.

    The second has no history. If a learner has rated it by now, the database refuses, and so the load starts again.
    """
    lock_learner(connection, None)
    move_cards(connection, {row.id: (row.home, to.home) for row, to in pairs})
    for row, to in pairs:
        has = connection.execute(select(CARD).where(CARD.c.id == to.id)).mappings().one()
        for table in (CARD_VERSION, *_OWNED):
            old, kept = (to.id, row.id) if table is CARD_VERSION else (row.id, to.id)
            connection.execute(delete(table).where(table.c.card_id == old))
            connection.execute(update(table).where(table.c.card_id == kept).values(card_id=row.id))
        connection.execute(update(CARD_ALIAS).where(CARD_ALIAS.c.card_id == to.id).values(card_id=row.id))
        search.forget(connection, [row.id, to.id])
        connection.execute(delete(CARD).where(CARD.c.id == to.id))
        values: dict[str, Any] = {name: value for name, value in has.items() if name not in ("id", "seed")}
        connection.execute(update(CARD).where(CARD.c.id == row.id).values(values))
    search.index(connection, [row.id for row, _to in pairs])
    return {row.key: row.id for row, _to in pairs}


def keep_names(
    connection: Connection, again: Iterable[Key], former: Mapping[Key, int], stated: Mapping[Key, Key]
) -> None:
    """Keep the `former` names of cards as aliases, and those that lines Was: state.

    Aliases that are names of cards `again` are forgotten. Call it once the cards are written.
    """
    same = (CARD_ALIAS.c.deck == bindparam("the_deck"), CARD_ALIAS.c.name == bindparam("the_name"))
    old = [{"the_deck": deck, "the_name": name} for deck, name in {*again, *former}]
    if old:
        connection.execute(delete(CARD_ALIAS).where(*same), old)
    rows = [{"deck": deck, "name": name, "card_id": card_id} for (deck, name), card_id in former.items()]
    for (was_deck, was_name), (deck, name) in stated.items():
        named = (
            select(CARD.c.id).join(DECK, DECK.c.id == CARD.c.deck_id).where(DECK.c.name == deck, CARD.c.name == name)
        )
        rows.append({"deck": was_deck, "name": was_name, "card_id": connection.execute(named).scalar_one()})
    if rows:
        connection.execute(insert(CARD_ALIAS), rows)


def follow(connection: Connection, moved: Mapping[int, tuple[Home, Home]], decks: Iterable[int]) -> None:
    """Move quizzes to the deck that all their cards are in by now, and drop the cursors of both decks, and of `decks`.

    Call it once the cards are written.
    """
    across = {card: to[0] for card, (was, to) in moved.items() if was[0] != to[0]}
    for ids in chunks(across):
        of_cards = select(QUIZ_ITEM.c.quiz_id).where(QUIZ_ITEM.c.card_id.in_(ids))
        inside = QUIZ_ITEM.join(CARD, CARD.c.id == QUIZ_ITEM.c.card_id)
        for deck_id in {across[card] for card in ids}:
            is_whole = ~exists().select_from(inside).where(QUIZ_ITEM.c.quiz_id == QUIZ.c.id, CARD.c.deck_id != deck_id)
            connection.execute(update(QUIZ).where(QUIZ.c.id.in_(of_cards), is_whole).values(deck_id=deck_id))
    emptied = {*decks, *(home[0] for card in across for home in moved[card])}
    connection.execute(delete(NEW_CARD_CURSOR).where(NEW_CARD_CURSOR.c.deck_id.in_(emptied)))
