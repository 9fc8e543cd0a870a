"""Cards that the content lacks: a history brought them, and only those whose history it is may see them."""

from sqlalchemy import ColumnElement, Table, and_, bindparam, delete, exists, or_, select
from sqlmodel import Session, SQLModel

from app.tables import CARD, CARD_MARK, CARD_STATE, DECK, LEARNER, OWN_TAG, QUIZ, QUIZ_ITEM, REVIEW, THE_LEARNER, TOPIC

IS_PLACEHOLDER = and_(CARD.c.answer_hash == "", CARD.c.retired_at.is_not(None))
"""No text has that hash."""
HAS_CONTENT = or_(
    exists().where(TOPIC.c.deck_id == DECK.c.id, TOPIC.c.retired_at.is_(None)),
    exists().where(CARD.c.deck_id == DECK.c.id, ~IS_PLACEHOLDER),
)
"""True for a deck that the content has or had."""


def in_sight(learner_id: int) -> ColumnElement[bool]:
    """True for a row of `card` that the content has or had, or that this learner has a rating of."""
    rated = exists().where(CARD_STATE.c.learner_id == learner_id, CARD_STATE.c.card_id == CARD.c.id)
    return or_(~IS_PLACEHOLDER, rated)


# Built once: building a statement costs more than running it.
_QUIZZED = QUIZ_ITEM.join(QUIZ, QUIZ.c.id == QUIZ_ITEM.c.quiz_id)
_THEIRS = (
    exists().where(REVIEW.c.learner_id == THE_LEARNER, REVIEW.c.card_id == CARD.c.id),
    exists().where(CARD_MARK.c.learner_id == THE_LEARNER, CARD_MARK.c.card_id == CARD.c.id),
    exists().where(OWN_TAG.c.learner_id == THE_LEARNER, OWN_TAG.c.card_id == CARD.c.id),
    exists().select_from(_QUIZZED).where(QUIZ.c.learner_id == THE_LEARNER, QUIZ_ITEM.c.card_id == CARD.c.id),
)
_SEEN = select(CARD.c.id).where(CARD.c.id == bindparam("card"), or_(~IS_PLACEHOLDER, *_THEIRS))


def may_see(session: Session, learner_id: int, card_id: int) -> bool:
    """True if the content has or had the card, or the learner has anything of it."""
    return session.connection().execute(_SEEN, {"learner": learner_id, "card": card_id}).first() is not None


def drop_unused(session: Session) -> None:
    """Delete the placeholders that nobody has anything of any more, and the topics and decks that only they had."""
    connection = session.connection()
    for table, is_one in ((CARD, IS_PLACEHOLDER), (TOPIC, TOPIC.c.retired_at.is_not(None)), (DECK, ~HAS_CONTENT)):
        connection.execute(delete(table).where(is_one, ~_is_used(table)))


def _is_used(table: Table) -> ColumnElement[bool]:
    """True for a row that a row of any table points to."""
    uses = []
    for other in SQLModel.metadata.sorted_tables:
        # Through the learners, because the indices of what is theirs begin with their ids.
        theirs = [other.c.learner_id == LEARNER.c.id] if "learner_id" in other.c else []
        keys = (key for key in other.foreign_keys if key.column.table is table)
        uses += [exists().where(key.parent == table.c.id, *theirs) for key in keys]
    return or_(*uses)
