"""How ready a learner is for the day of the interview."""

import math
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlmodel import Session

from app.study.forecast.chances import chances
from app.study.learner.preferences import Preferences
from app.study.selection.standing import EVERY_CARD, IS_BURIED, IS_NEW, IS_SUSPENDED
from app.study.sitting.queue import Queue, parameters
from app.tables import CARD, THE_DECK


@dataclass(frozen=True, slots=True)
class Readiness:
    """The deck's cards on the day `on`, `days` from today, if nothing more were studied.

    `known` is how many are expected to be recalled then: the sum of the chances of recall. With a chance of 90 % they
    are from `low` to `high`. `unmet` were never seen, and are not buried. Suspended cards count nowhere.
    """

    on: date
    days: int
    cards: int
    known: float
    low: float
    high: float
    unmet: int

    @property
    def unmet_a_day(self) -> int:
        """So many new cards a day, from today on, meet all of them before the day."""
        return math.ceil(self.unmet / max(1, self.days))


_COUNTS = (
    select(func.count(), func.count().filter(IS_NEW, ~IS_BURIED))
    .select_from(EVERY_CARD)
    .where(CARD.c.deck_id == THE_DECK, CARD.c.retired_at.is_(None), ~IS_SUSPENDED)
)


def readiness(session: Session, prefs: Preferences, now: datetime, deck_id: int) -> Readiness | None:
    """What the deck would be worth on the day of the learner's interview; None without one to come."""
    today, on = prefs.day(now), prefs.interview_on
    if on is None or on < today:
        return None
    cards, unmet = session.connection().execute(_COUNTS, parameters(prefs, now, Queue(deck_id))).one()
    seen = chances(session, prefs.learner_id, deck_id, ~IS_SUSPENDED)
    known = seen.total(on)
    return Readiness(on, (on - today).days, cards, known.expected, *known.interval(len(seen.states)), unmet)
