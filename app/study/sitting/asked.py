"""A card as a sitting asks it: beside its topic, and where it stands with the learner."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, literal_column, select

from app.study.schedule.scheduler import State
from app.study.selection.standing import IS_FLAGGED, IS_SUSPENDED, ITS_MARK
from app.tables import CARD, CARD_MARK, CARD_SOURCE, CARD_STATE, EMPTY, THE_LEARNER, TOPIC


class AskedCard(NamedTuple):
    """The columns of a card that a page shows, and its topic's title and file.

    The learner's marks, note and state (None before the first rating) are beside it, and the items of its sources.
    """

    id: int
    deck_id: int
    name: str
    line: int
    question: str
    question_html: str
    short_html: str
    answer_html: str
    points: Sequence[Sequence[str]]
    level: str | None
    retired_at: datetime | None
    asks: str | None
    seed: int | None
    corrected_on: date | None
    correction: str | None
    topic: str
    topic_path: str
    is_suspended: bool
    is_flagged: bool
    note: str
    sources: Sequence[str]
    state: State | None


_OF_CARD: list[ColumnElement[Any]] = [CARD.c[name] for name in AskedCard._fields if name in CARD.c]
_SPACE: Any = literal_column("' '")
# An alias, because a statement that adds to this one looks at card_state for reasons of its own.
_STATE = CARD_STATE.alias("its_state")
ASKED: Select[Any] = select(
    *_OF_CARD,
    TOPIC.c.title,
    TOPIC.c.path,
    IS_SUSPENDED,
    IS_FLAGGED,
    func.coalesce(CARD_MARK.c.note, EMPTY),
    select(func.aggregate_strings(CARD_SOURCE.c.item, _SPACE))
    .where(CARD_SOURCE.c.card_id == CARD.c.id)
    .scalar_subquery(),
    *(_STATE.c[name] for name in State._fields),
).select_from(
    CARD.join(TOPIC, TOPIC.c.id == CARD.c.topic_id)
    .outerjoin(CARD_MARK, ITS_MARK)
    .outerjoin(_STATE, and_(_STATE.c.learner_id == THE_LEARNER, _STATE.c.card_id == CARD.c.id))
)
"""What `asked` takes, for every card. Its parameter is THE_LEARNER."""
ASKED_BY_ID = ASKED.where(CARD.c.id == bindparam("card"))
"""The card with an id, retired or not."""
COLUMNS = len(ASKED.selected_columns)
_BEFORE_STATE = COLUMNS - len(State._fields)


def asked(row: Sequence[Any]) -> AskedCard:
    """The card of a row of ASKED. What a statement has added after its COLUMNS is left out."""
    items, stability = row[_BEFORE_STATE - 1 : _BEFORE_STATE + 1]
    state = None if stability is None else State(*row[_BEFORE_STATE:COLUMNS])
    return AskedCard._make((*row[: _BEFORE_STATE - 1], sorted(items.split()) if items else (), state))
