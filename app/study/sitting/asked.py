"""A card as a sitting asks it: beside its topic and the learner's marks."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, func, select

from app.study.selection.standing import IS_FLAGGED, IS_SUSPENDED, ITS_MARK
from app.tables import CARD, CARD_MARK, EMPTY, TOPIC


class AskedCard(NamedTuple):
    """The columns of a card that a page shows, its topic's title and file, and the learner's marks and note."""

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


_OF_CARD: list[ColumnElement[Any]] = [CARD.c[name] for name in AskedCard._fields if name in CARD.c]
ASKED: Select[Any] = select(
    *_OF_CARD,
    TOPIC.c.title,
    TOPIC.c.path,
    IS_SUSPENDED,
    IS_FLAGGED,
    func.coalesce(CARD_MARK.c.note, EMPTY),
).select_from(CARD.join(TOPIC, TOPIC.c.id == CARD.c.topic_id).outerjoin(CARD_MARK, ITS_MARK))
"""The fields of AskedCard, for every card. Its parameter is THE_LEARNER."""
ASKED_BY_ID = ASKED.where(CARD.c.id == bindparam("card"))
"""The card with an id, retired or not."""
