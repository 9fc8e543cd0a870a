"""Keeps the states and totals of cards true while reviews of them come and go anywhere in their order."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import takewhile

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from app.study.schedule.new_card_cursor import MOVE_CURSOR_BACK
from app.study.schedule.review_log import SEED, standing_ratings
from app.study.schedule.scheduler import CountedRating, State, steps
from app.study.schedule.totals import Place, Sums
from app.tables import CARD, CARD_STATE, THE_LEARNER

_CARD = select(SEED.label("seed"), CARD.c.deck_id, CARD.c.topic_id, CARD.c.place).where(CARD.c.id == bindparam("card"))
_STATE = (CARD_STATE.c.learner_id == THE_LEARNER) & (CARD_STATE.c.card_id == bindparam("card"))
_FORGET = delete(CARD_STATE).where(_STATE)
_CHANGE = update(CARD_STATE).where(_STATE)
_ADD = insert(CARD_STATE)


@contextmanager
def refolded(connection: Connection, learner_id: int, card_ids: Iterable[int]) -> Iterator[None]:
    """Fold these cards' ratings again, from the first that the block adds or undoes. Lock the learner before."""
    before = {card: list(standing_ratings(connection, learner_id, card)) for card in sorted(set(card_ids))}
    yield
    sums = Sums()
    for card, old in before.items():
        _refold(connection, sums, (learner_id, card), old, list(standing_ratings(connection, learner_id, card)))
    sums.write(connection)


def _refold(
    connection: Connection, sums: Sums, whose: tuple[int, int], old: list[CountedRating], new: list[CountedRating]
) -> None:
    learner_id, card_id = whose
    if old == new:
        return
    card = connection.execute(_CARD, {"card": card_id}).one()
    place = Place(learner_id, card.deck_id, card.topic_id)
    same = sum(1 for _pair in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    state: State | None = None
    for ratings, sign in ((old, -1), (new, 1)):
        state = None
        for number, (at, given, after) in enumerate(steps(card.seed, ratings)):
            state = after
            if number >= same:
                sums.add(place, at, given, sign)
    key = {"learner": learner_id, "card": card_id}
    if state is None:
        connection.execute(_FORGET, key)
        connection.execute(MOVE_CURSOR_BACK, {"learner": learner_id, "deck": card.deck_id, "back_to": card.place})
    elif old:
        connection.execute(_CHANGE, key | state._asdict())
    else:
        connection.execute(_ADD, state._asdict() | {"learner_id": learner_id, "card_id": card_id})
