"""Merges two histories of one learner in the order in which things happened."""

from datetime import datetime

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    ScalarSelect,
    Table,
    case,
    delete,
    exists,
    func,
    insert,
    select,
    text,
    update,
)

from app.tables import CARD_STATE, REVIEW

_MOVED = Table(
    "moved_review",
    MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("to", Integer),
    prefixes=["TEMPORARY"],
)
_MOVE_SEQUENCE = text("SELECT setval(pg_get_serial_sequence('review', 'id'), (SELECT max(id) FROM review))")


def merge_in_time(connection: Connection, learner_id: int, last_id: int) -> bool:
    """Merge the learner's reviews up to `last_id` with those after it by the time of rating.

    Returns False if they are in that order already. Each of the two keeps its own order, even if a clock was set back:
    the latest time so far counts. Reviews are ordered by their ids, so all of the learner's get new ones. Deletes the
    learner's card_state, which a replay must rebuild.
    """
    mine = REVIEW.c.learner_id == learner_id
    first_new = select(func.min(REVIEW.c.rated_at)).where(mine, REVIEW.c.id > last_id).scalar_subquery()
    is_late = exists().where(mine, REVIEW.c.id <= last_id, REVIEW.c.rated_at > first_new)
    if not connection.execute(select(is_late)).scalar():
        return False

    def reached(time: ColumnElement[datetime]) -> ColumnElement[datetime]:
        return func.max(time).over(order_by=REVIEW.c.id).label("reached")

    columns = (REVIEW.c.id, REVIEW.c.undoes_id)
    old = select(*columns, reached(REVIEW.c.rated_at)).where(mine, REVIEW.c.id <= last_id).cte("old")
    # The undo of an old rating comes after it, whatever the clocks said.
    time = case((old.c.reached > REVIEW.c.rated_at, old.c.reached), else_=REVIEW.c.rated_at)
    new = select(*columns, reached(time)).outerjoin_from(REVIEW, old, old.c.id == REVIEW.c.undoes_id)
    timed = select(old).union_all(new.where(mine, REVIEW.c.id > last_id)).cte("timed")
    highest = select(func.max(REVIEW.c.id)).scalar_subquery()
    place = func.row_number().over(order_by=(timed.c.reached, timed.c.id))

    _MOVED.create(connection)
    connection.execute(insert(_MOVED).from_select(["id", "to"], select(timed.c.id, highest + place)))
    connection.execute(delete(CARD_STATE).where(CARD_STATE.c.learner_id == learner_id))
    # One statement, because references between rows are checked at its end.
    connection.execute(update(REVIEW).where(mine).values(id=_to(REVIEW.c.id), undoes_id=_to(REVIEW.c.undoes_id)))
    _MOVED.drop(connection)
    if connection.dialect.name == "postgresql":
        connection.execute(_MOVE_SEQUENCE)
    return True


def _to(column: ColumnElement[int]) -> ScalarSelect[int]:
    return select(_MOVED.c.to).where(_MOVED.c.id == column).scalar_subquery()
