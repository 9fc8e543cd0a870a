"""The chance that a learner recalls each card on a day, for whatever is said of it. The schedule's dates are FSRS's."""

from datetime import date
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, select
from sqlmodel import Session

from app.study.forecast.fold import Taught, taught
from app.study.forecast.predictor import Array, Predictor, Total
from app.study.schedule.review_log import STATE_COLUMNS
from app.study.schedule.scheduler import State
from app.tables import CARD, CARD_MARK, CARD_STATE, THE_DECK, THE_LEARNER


class Chances(NamedTuple):
    """The cards of a deck that a learner has seen, by id, their topics, and what is known of the learner's recall."""

    taught: Taught
    states: dict[int, State]
    topics: dict[int, int]

    @property
    def predictor(self) -> Predictor:
        """FSRS alone while ratings wait to be folded; `taught.is_current` tells."""
        return self.taught.predictor

    def on(self, day: date) -> dict[int, float]:
        """The chance, 0 to 1, that each card is recalled on `day`."""
        values: Array = self.predictor.chances(list(self.states.values()), day)
        return dict(zip(self.states, values.tolist(), strict=True))

    def total(self, day: date) -> Total:
        """How many of the cards are recalled on `day`."""
        return self.predictor.total(list(self.states.values()), day)


_STATES = (
    select(CARD_STATE.c.card_id, CARD.c.topic_id, *STATE_COLUMNS)
    .select_from(
        CARD_STATE.join(CARD, CARD.c.id == CARD_STATE.c.card_id).outerjoin(
            CARD_MARK, and_(CARD_MARK.c.learner_id == CARD_STATE.c.learner_id, CARD_MARK.c.card_id == CARD.c.id)
        )
    )
    .where(CARD_STATE.c.learner_id == THE_LEARNER, CARD.c.deck_id == THE_DECK, CARD.c.retired_at.is_(None))
)


def chances(session: Session, learner_id: int, deck_id: int, *within: ColumnElement[bool]) -> Chances:
    """What can be said of the learner's cards in the deck that are in the files.

    `within` are conditions without parameters on card, card_state and card_mark.
    """
    connection = session.connection()
    rows = connection.execute(_STATES.where(*within), {"learner": learner_id, "deck": deck_id}).all()
    states = {card: State(*state) for card, _topic, *state in rows}
    return Chances(taught(connection, learner_id), states, {row.card_id: row.topic_id for row in rows})


class Said(NamedTuple):
    """A chance of recall in words: per cent by the forecast and by FSRS, and what makes the difference, which adds up.

    A reason of less than half a per cent is left out.
    """

    percent: int
    fsrs: int
    reasons: tuple[tuple[str, int], ...]


def said(predictor: Predictor, state: State, day: date) -> Said | None:
    """Why the chance of the card is what it is on `day`; None on the day of its last rating."""
    days = (day - state.reviewed_on).days
    if days < 1:
        return None
    told = predictor.explained(state, days)
    words = {
        "general": "your recall of cards like this",
        "record": "your record on this card",
        "lapses": f"forgotten {_times(state.lapses)}",
        "misses": f"missed {_times(state.day_misses)} on its last day",
    }
    reasons, at, shown = [], told.fsrs, round(100 * told.fsrs)
    for kind, points in told.parts:
        at += points
        # Rounded sums, not sums of rounded parts: so that they add up to what is shown.
        difference = round(100 * at) - shown
        shown += difference
        if difference:
            reasons.append((words[kind], difference))
    return Said(shown, round(100 * told.fsrs), tuple(reasons))


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
