"""The chance that a learner recalls each card on a day, for whatever is said of it. The schedule's dates are FSRS's."""

from datetime import date
from typing import NamedTuple

from sqlalchemy import ColumnElement, select
from sqlmodel import Session

from app.study.forecast.fold import Taught, taught
from app.study.forecast.predictor import Array, Predictor, Total
from app.study.schedule.review_log import STATE_COLUMNS
from app.study.schedule.scheduler import State
from app.tables import CARD, CARD_STATE, THE_DECK, THE_LEARNER


class Chances(NamedTuple):
    """The cards of a deck that a learner has seen, by id, and what is known of the learner's recall."""

    taught: Taught
    states: dict[int, State]

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
    select(CARD_STATE.c.card_id, *STATE_COLUMNS)
    .select_from(CARD_STATE.join(CARD, CARD.c.id == CARD_STATE.c.card_id))
    .where(CARD_STATE.c.learner_id == THE_LEARNER, CARD.c.deck_id == THE_DECK, CARD.c.retired_at.is_(None))
)


def chances(session: Session, learner_id: int, deck_id: int, *within: ColumnElement[bool]) -> Chances:
    """What can be said of the learner's cards in the deck; of those `within` conditions on card and card_state."""
    connection = session.connection()
    rows = connection.execute(_STATES.where(*within), {"learner": learner_id, "deck": deck_id})
    return Chances(taught(connection, learner_id), {card: State(*state) for card, *state in rows})
