"""Many futures of one learner, drawn from what is known of them and followed side by side.

In each future the learner differs from FSRS as the predictor says, within what it does not know: a draw of its
weights, of the share of cards known at first sight, and of the time that answers take.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from app.study.forecast.predictor import FEATURES, Predictor, what_is_weighed
from app.study.plan.curve import Array
from app.study.plan.rule import Ranked
from app.study.plan.situation import Situation
from app.study.schedule.scale import Rating
from app.study.schedule.scheduler import CountedRating, State
from app.study.schedule.scheduler import after as rated

SPREAD = 0.3
"""Over a whole deck learners differ less than the predictor's prior says: its standard deviations are multiplied by
this, and what recalls have taught is kept. Found by simulation (docs/plan.md)."""
FIRST = 0.65
"""The standard deviation, before there are recalls, of how far a learner's logits are from FSRS's at a first recall."""
INFORMATION = 0.15
"""What one recall tells of it: p(1-p)."""
PACE = 0.2
"""The standard deviation of the logarithm of a learner's pace, before there are answers."""
MOST = 1 - 1e-9
"""No chance is surer, so that its odds are a number."""
_BEFORE = timedelta(days=2)
"""A card that is not met yet is as uncertain as one that was known at first sight so long before the date."""


@dataclass(frozen=True)
class Futures:
    """What is true in each future: arrays, (futures, 1), but `odds`, (futures, cards).

    FSRS's odds of recall are multiplied by `odds`, and by `first` too as long as a card was asked on one day only.
    """

    known: Array
    pace: Array
    odds: Array
    first: Array

    @classmethod
    def drawn(cls, situation: Situation, rng: Generator, number: int) -> "Futures":
        """So many futures."""
        one = (number, 1)
        looked = sum(situation.first_looks)
        weights = rng.multivariate_normal(np.zeros(len(FEATURES)), _covariance(situation.predictor), number)
        met = _as_if_met(situation.date - _BEFORE)
        states = [card.state or met for card in situation.cards]
        by_fsrs, x = what_is_weighed(states, situation.date)
        chances = np.minimum(situation.predictor.chances(states, situation.date), MOST)
        return cls(
            rng.beta(*situation.first_looks.beta, one),
            np.exp(PACE * (10 / (10 + looked)) ** 0.5 * rng.normal(size=one)),
            chances / (1 - chances) * np.exp(weights @ x.T - by_fsrs),
            np.exp(FIRST / (1 + FIRST**2 * INFORMATION * situation.predictor.recalls) ** 0.5 * rng.normal(size=one)),
        )

    def chance(self, is_new: NDArray[np.bool_], by_fsrs: Array, once: NDArray[np.bool_]) -> Array:
        """The chance that each card is recalled in each future, where FSRS says `by_fsrs`.

        `once` is true for the cards that were asked on one day only.
        """
        odds = np.where(once, self.odds * self.first, self.odds) * by_fsrs
        return np.where(is_new, self.known, odds / (odds + 1 - by_fsrs))


def _covariance(predictor: Predictor) -> Array:
    """The predictor's covariance, had its prior been narrower."""
    prior = np.linalg.inv(Predictor().covariance)
    return np.linalg.inv(np.linalg.inv(predictor.covariance) + prior * (SPREAD**-2 - 1))


def _as_if_met(on: date) -> State:
    at = datetime(on.year, on.month, on.day, tzinfo=UTC)
    return rated(None, 0, CountedRating(0, Rating.WELL, at, at, at, on, 0.9))


def begun(ranked: Ranked, expected: Array, took: Array, seconds: float | Array) -> NDArray[np.bool_]:
    """Which cards are asked within the seconds: in order, each only if what it is expected to take still fits.

    `expected` and `took` are (…, cards), in seconds. A shorter card is asked where a longer one does not fit.
    """
    order = ranked.order
    expected, took = np.take_along_axis(expected, order, -1), np.take_along_axis(took, order, -1)
    waiting = np.take_along_axis(ranked.worth, order, -1)
    asked, used = np.zeros_like(waiting), np.zeros((*order.shape[:-1], 1))
    for _ in range(2):  # once until the first that does not fit, and once among the shorter ones after it
        waiting = waiting & ~asked & (used + expected <= seconds)
        its = np.where(waiting, took, 0.0)
        fits = used + np.cumsum(its, axis=-1) - its + expected <= seconds
        now = waiting & np.logical_and.accumulate(fits | ~waiting, axis=-1)
        asked |= now
        used = used + np.where(now, its, 0.0).sum(axis=-1, keepdims=True)
    by_place = np.zeros_like(asked)
    np.put_along_axis(by_place, order, asked, -1)
    return by_place
