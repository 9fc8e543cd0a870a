"""Take back every rating of some cards, as if they had never been seen. The ratings stay on record, as undone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, select
from sqlmodel import Session

from app.database import lock_learner
from app.study.learner.preferences import Preferences
from app.study.schedule.checksum import checksum
from app.study.schedule.rate import check_token, counts_from
from app.study.schedule.review_log import COUNTED, IN_ORDER, REACHED, STANDS, change_from
from app.study.schedule.totals import take_away
from app.tables import CARD, CARD_STATE, NEW_CARD_CURSOR, REVIEW, chunks

LONGEST_TOKEN = 40
"""Leaves room for a review's id."""


@dataclass(frozen=True, slots=True)
class Ratings:
    """A number of ratings that were not undone, and of the cards they were given to."""

    ratings: int
    cards: int


def to_take_back(session: Session, learner_id: int, card_ids: Iterable[int]) -> Ratings:
    """What a reset of these cards would take back."""
    ratings = cards = 0
    counts = select(func.count(), func.count(REVIEW.c.card_id.distinct())).select_from(COUNTED)
    for ids in chunks(card_ids):
        these = (REVIEW.c.learner_id == learner_id, REVIEW.c.card_id.in_(ids), STANDS)
        some, of_cards = session.connection().execute(counts.where(*these)).one()
        ratings, cards = ratings + some, cards + of_cards
    return Ratings(ratings, cards)


def reset(session: Session, learner: Preferences, card_ids: Iterable[int], token: str, now: datetime) -> Ratings:
    """Take back all ratings of these cards. Call it in a write session.

    `token` is the form's one-use id; sent again, it finds nothing left to take back. Raises ValueError if it is
    malformed.
    """
    check_token(token)
    if len(token) > LONGEST_TOKEN:
        raise ValueError(f"The form's token may have {LONGEST_TOKEN} characters. Load the page again.")
    connection = session.connection()
    lock_learner(connection, learner.learner_id)
    ids = list(card_ids)
    taken = to_take_back(session, learner.learner_id, ids)
    for some in chunks(ids):
        take_away(connection, learner.learner_id, some)
        _undo_all(connection, learner, some, token, now)
        mine = and_(CARD_STATE.c.learner_id == learner.learner_id, CARD_STATE.c.card_id.in_(some))
        connection.execute(delete(CARD_STATE).where(mine))
        decks = select(CARD.c.deck_id).where(CARD.c.id.in_(some))
        cursors = and_(NEW_CARD_CURSOR.c.learner_id == learner.learner_id, NEW_CARD_CURSOR.c.deck_id.in_(decks))
        connection.execute(delete(NEW_CARD_CURSOR).where(cursors))
    return taken


def _undo_all(connection: Connection, learner: Preferences, ids: Iterable[int], token: str, now: datetime) -> None:
    """Append an undo for each rating of these cards that was not undone, in the order of the ratings."""
    these = (REVIEW.c.learner_id == learner.learner_id, REVIEW.c.card_id.in_(ids), STANDS)
    columns = (REVIEW.c.id, REVIEW.c.card_id, REVIEW.c.token, REVIEW.c.counts_at)
    found = connection.execute(select(*columns).select_from(COUNTED).where(*these).order_by(*IN_ORDER)).all()
    if not found:
        return
    same: dict[str, Any] = {
        "learner_id": learner.learner_id,
        "rated_at": now.astimezone(UTC),
        "day": learner.day(now),
        "desired_retention": learner.desired_retention,
    }
    undos = []
    reached = connection.execute(REACHED, {"learner": learner.learner_id}).scalar()
    for undone in found:
        reached = counts_from(same["rated_at"], reached)
        undo = same | {"card_id": undone.card_id, "token": f"{token}-{undone.id}", "undoes_id": undone.id}
        undo["counts_at"] = reached
        undos.append(undo | {"checksum": checksum(undo, undone.token)})
    connection.execute(insert(REVIEW), undos)
    change_from(connection, learner.learner_id, found[0].counts_at)
