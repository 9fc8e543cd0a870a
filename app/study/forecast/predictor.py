"""The chance that a learner recalls a card: FSRS-6's, corrected by seven weights that learn from each recall.

The correction is a Bayesian logistic regression, updated online by one step of an extended Kalman filter (as for
generalised linear models in Fahrmeir 1992), whose offset is FSRS's logit. It is mixed with FSRS's own chance by the
likelihood of each (Vovk 1990, with a share as in Herbster and Warmuth 1998). Without the share the total log loss of
the mixture never exceeds FSRS's by more than -ln 0.9 = 0.105 nats.

It is a fold over a learner's ratings in their order, and its state is small: a replay gives the same numbers.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.study.schedule.scale import Rating
from app.study.schedule.scheduler import CountedRating, State, is_second_look, recall

Array = NDArray[np.float64]

FEATURES = ("general", "slope", "record", "lapses", "misses", "stability", "difficulty")
"""What the weights multiply: see `_features`."""
_PRIOR_SD = np.array([0.5, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3])
_DRIFT = np.diag((0.01 * _PRIOR_SD) ** 2)
FSRS_ALONE = 0.9
"""The share that FSRS's own chance has in the mixture before there are recalls."""
SHARE = 0.001
"""How much of the mixture returns to FSRS_ALONE with each recall, so that it can change its mind later."""
LEAST_SLOPE = -0.8
"""A smaller weight could make the chance rise with time."""
_LEAST, _MOST = 1e-4, 1 - 1e-4
_PI_8 = math.pi / 8


class CardRecord(NamedTuple):
    """A card's own record: recalls so far, the sum of (recalled - FSRS's chance), and misses on its last day."""

    recalls: int = 0
    residual: float = 0.0
    misses: int = 0


class Explained(NamedTuple):
    """The chance of recall, FSRS's alone, and how many points each feature adds to FSRS's chance, in FEATURES' order.

    The points and FSRS's chance do not add up to `chance` exactly: the mixture and the uncertainty draw it towards
    FSRS's.
    """

    chance: float
    fsrs: float
    points: tuple[float, ...]


class Total(NamedTuple):
    """How many of some cards are recalled: the expected number and its variance."""

    expected: float
    variance: float

    def interval(self, cards: int) -> tuple[float, float]:
        """The 90 % interval, within 0 and `cards`."""
        half = 1.645 * math.sqrt(self.variance)
        return max(0.0, self.expected - half), min(float(cards), self.expected + half)


@dataclass(frozen=True)
class Predictor:
    """What the recalls of one learner have taught. `weights` is (7,), `covariance` (7, 7), `alone` FSRS's share."""

    weights: Array = field(default_factory=lambda: np.zeros(len(FEATURES)))
    covariance: Array = field(default_factory=lambda: np.diag(_PRIOR_SD**2))
    alone: float = FSRS_ALONE
    recalls: int = 0

    def chance(self, state: State, record: CardRecord, days: int) -> float:
        """The chance, 0 to 1, that the card is recalled `days` after its last rating."""
        z0 = _logit(recall(state.stability, days))
        _z1, corrected = self._corrected(_features(z0, state, record), z0)
        return self.alone * _sigmoid(z0) + (1 - self.alone) * corrected

    def explained(self, state: State, record: CardRecord, days: int) -> Explained:
        """The chance with what makes it up, for a page that says so in words."""
        fsrs = recall(state.stability, days)
        z0 = _logit(fsrs)
        x = _features(z0, state, record)
        points = tuple(_sigmoid(z0 + part) - _sigmoid(z0) for part in (self.weights * x).tolist())
        return Explained(self.chance(state, record, days), fsrs, points)

    def total(self, cards: Mapping[int, tuple[State, CardRecord, int]]) -> Total:
        """How many of the cards are recalled, each so many days after its last rating. `cards` is by card id."""
        spread = alone = both = expected = 0.0
        gradient = np.zeros(len(FEATURES))
        for state, record, days in cards.values():
            z0 = _logit(recall(state.stability, days))
            x = _features(z0, state, record)
            _z1, corrected = self._corrected(x, z0)
            p = self.alone * _sigmoid(z0) + (1 - self.alone) * corrected
            expected, spread = expected + p, spread + p * (1 - p)
            alone, both = alone + _sigmoid(z0), both + corrected
            gradient += corrected * (1 - corrected) * x
        of_weights = float(gradient @ self.covariance @ gradient)
        return Total(expected, spread + of_weights + self.alone * (1 - self.alone) * (both - alone) ** 2)

    def learned(self, state: State, record: CardRecord, days: int, recalled: bool, share: float = SHARE) -> "Predictor":
        """What is known after a recall `days` (1 or more) after the card's last rating, with `state` before it."""
        z0 = _logit(recall(state.stability, days))
        x = _features(z0, state, record)
        z1, corrected = self._corrected(x, z0)
        towards = self.covariance @ x
        chance = _sigmoid(z1)
        h = chance * (1 - chance)
        gain = towards / (1 + h * float(x @ towards))
        weights = self.weights + gain * (recalled - chance)
        weights[1] = max(weights[1], LEAST_SLOPE)
        covariance = self.covariance - h * np.outer(gain, towards) + _DRIFT
        fsrs_likely = self.alone * _likely(_sigmoid(z0), recalled)
        alone = fsrs_likely / (fsrs_likely + (1 - self.alone) * _likely(corrected, recalled))
        return Predictor(weights, covariance, (1 - share) * alone + share * FSRS_ALONE, self.recalls + 1)

    def _corrected(self, x: Array, z0: float) -> tuple[float, float]:
        """The corrected logit, and the chance it gives once the weights' uncertainty is averaged out (MacKay 1992)."""
        z1 = z0 + float(self.weights @ x)
        variance = float(x @ self.covariance @ x)
        return z1, _sigmoid(z1 / math.sqrt(1 + _PI_8 * variance))


def after(
    predictor: Predictor, record: CardRecord, before: State | None, given: CountedRating, share: float = SHARE
) -> tuple[Predictor, CardRecord]:
    """The predictor and the card's record after the rating `given` of a card that was at `before`.

    Only a rating a day or more after the card's last one is a recall. A second look teaches nothing.
    """
    missed = Rating(given.rating).missed
    if before is None:
        return predictor, CardRecord(misses=int(missed))
    if is_second_look(before, given.revealed_at or given.rated_at):
        return predictor, record
    days = (given.day - before.reviewed_on).days
    if days < 1:
        return predictor, record._replace(misses=record.misses + missed)
    learned = predictor.learned(before, record, days, not missed, share)
    residual = record.residual + (not missed) - recall(before.stability, days)
    return learned, CardRecord(record.recalls + 1, residual, int(missed))


def _features(z0: float, state: State, record: CardRecord) -> Array:
    return np.array(
        [
            1.0,
            z0 - 1.5,
            3 * record.residual / (record.recalls + 3),
            math.log1p(state.lapses) - 0.7,
            math.log1p(record.misses),
            math.log(state.stability) / 2,
            (state.difficulty - 5) / 3 - 1,
        ]
    )


def _logit(chance: float) -> float:
    chance = min(max(chance, _LEAST), _MOST)
    return math.log(chance / (1 - chance))


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))


def _likely(chance: float, recalled: bool) -> float:
    return chance if recalled else 1 - chance
