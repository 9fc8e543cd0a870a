"""How ready a learner is for the day of the interview, as the forgetting curve has it."""

import math
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Date, bindparam, func, select
from sqlmodel import Session

from app.study.learner.preferences import Preferences
from app.study.selection.recall import chance_of_recall, prepare_recall
from app.study.selection.standing import EVERY_CARD, IS_NEW
from app.study.sitting.queue import Queue, parameters
from app.tables import CARD, CARD_STATE, THE_DECK


@dataclass(frozen=True, slots=True)
class Readiness:
    """The deck's cards on the day `on`, `days` from today, if nothing more were studied.

    `known` is how many are expected to be recalled then: the sum of the chances of recall. `unmet` were never seen.
    """

    on: date
    days: int
    cards: int
    known: float
    unmet: int

    @property
    def unmet_a_day(self) -> int:
        """So many new cards a day, from today on, meet all of them before the day."""
        return math.ceil(self.unmet / max(1, self.days))


_SUMS = (
    select(
        func.count(),
        func.coalesce(
            func.sum(chance_of_recall(CARD_STATE.c.stability, CARD_STATE.c.reviewed_on, bindparam("on", type_=Date()))),
            0.0,
        ),
        func.count().filter(IS_NEW),
    )
    .select_from(EVERY_CARD)
    .where(CARD.c.deck_id == THE_DECK, CARD.c.retired_at.is_(None))
)


def readiness(session: Session, prefs: Preferences, now: datetime, deck_id: int) -> Readiness | None:
    """What the deck would be worth on the day of the learner's interview; None without one to come."""
    today = prefs.day(now)
    if prefs.interview_on is None or prefs.interview_on < today:
        return None
    connection = session.connection()
    prepare_recall(connection)
    values = parameters(prefs, now, Queue(deck_id)) | {"on": prefs.interview_on}
    cards, known, unmet = connection.execute(_SUMS, values).one()
    return Readiness(prefs.interview_on, (prefs.interview_on - today).days, cards, known, unmet)
