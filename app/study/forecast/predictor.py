"""The chance that a learner recalls a card: FSRS-6's, corrected by seven weights that learn from each recall.

The correction is a Bayesian logistic regression, updated online by one step of an extended Kalman filter (as for
generalised linear models in Fahrmeir 1992), whose offset is FSRS's logit. It is mixed with FSRS's own chance by the
likelihood of each (Vovk 1990, with a share as in Herbster and Warmuth 1998). Without the share the total log loss of
the mixture never exceeds FSRS's by more than -ln 0.9 = 0.105 nats.

It is a fold over a learner's ratings in their order, and its state is small: a replay gives the same numbers.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.study.forecast.calibration import Z
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


class Part(NamedTuple):
    """What one of the card's sides adds to FSRS's chance; `kind` is "general", "record", "lapses" or "misses"."""

    kind: str
    points: float


class Explained(NamedTuple):
    """The chance of recall, and FSRS's alone. It is FSRS's plus the points of all parts."""

    chance: float
    fsrs: float
    parts: tuple[Part, ...]


class Total(NamedTuple):
    """How many of some cards are recalled: the expected number and its variance."""

    expected: float
    variance: float

    def interval(self, cards: int) -> tuple[float, float]:
        """The 90 % interval, within 0 and `cards`."""
        half = Z * math.sqrt(self.variance)
        return max(0.0, self.expected - half), min(float(cards), self.expected + half)


@dataclass(frozen=True)
class Predictor:
    """What the recalls of one learner have taught. `weights` is (7,), `covariance` (7, 7), `alone` FSRS's share."""

    weights: Array = field(default_factory=lambda: np.zeros(len(FEATURES)))
    covariance: Array = field(default_factory=lambda: np.diag(_PRIOR_SD**2))
    alone: float = FSRS_ALONE
    recalls: int = 0

    def chance(self, state: State, days: int) -> float:
        """The chance, 0 to 1, that the card is recalled `days` after its last rating; 1 on the same day."""
        if days < 1:
            return 1.0
        z0 = _logit(recall(state.stability, days))
        _z1, corrected = self._corrected(np.array(_features(z0, state)), z0)
        return self._mixed(z0, corrected)

    def chances(self, cards: Sequence[State], day: date) -> Array:
        """The chance of each card on `day`, (cards,)."""
        days = _days(cards, day)
        z0, x = _matrix(cards, days)
        chances = self.alone * _sigmoids(z0) + (1 - self.alone) * self._all_corrected(z0, x)
        return np.where(np.array(days) < 1, 1.0, chances)

    def total(self, cards: Sequence[State], day: date) -> Total:
        """How many of the cards are recalled on `day`."""
        asked = [card for card in cards if card.reviewed_on < day]
        z0, x = _matrix(asked, _days(asked, day))
        alone, corrected = _sigmoids(z0), self._all_corrected(z0, x)
        chances = self.alone * alone + (1 - self.alone) * corrected
        gradient = (corrected * (1 - corrected)) @ x
        of_weights = gradient @ self.covariance @ gradient
        of_mixture = self.alone * (1 - self.alone) * (corrected.sum() - alone.sum()) ** 2
        variance = (chances * (1 - chances)).sum() + of_weights + of_mixture
        return Total(len(cards) - len(asked) + float(chances.sum()), float(variance))

    def explained(self, state: State, days: int) -> Explained:
        """The chance with what makes it up, for a page that says so in words. `days` is 1 or more."""
        fsrs = recall(state.stability, days)
        z0 = _logit(fsrs)
        x = np.array(_features(z0, state))
        variance = float(x @ self.covariance @ x)
        each = dict(zip(FEATURES, (self.weights * x).tolist(), strict=True))
        lapses = float(self.weights[3]) * math.log1p(state.lapses)
        general = sum(each[name] for name in ("general", "slope", "stability", "difficulty"))
        shifts = {
            "general": general + each["lapses"] - lapses,
            "record": each["record"],
            "lapses": lapses,
            "misses": each["misses"],
        }
        z, before, parts = z0, fsrs, []
        for kind, shift in shifts.items():
            z += shift
            chance = self._mixed(z0, _sigmoid(z / math.sqrt(1 + _PI_8 * variance)))
            parts.append(Part(kind, chance - before))
            before = chance
        return Explained(before, fsrs, tuple(parts))

    def learned(self, state: State, days: int, recalled: bool, share: float = SHARE) -> "Predictor":
        """What is known after a recall `days` (1 or more) after the card's last rating, with `state` before it."""
        z0 = _logit(recall(state.stability, days))
        x = np.array(_features(z0, state))
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

    def _all_corrected(self, z0: Array, x: Array) -> Array:
        """The same chance for many cards: z0 is (cards,), x (cards, 7)."""
        variance = np.einsum("ci,ij,cj->c", x, self.covariance, x)
        return _sigmoids((z0 + x @ self.weights) / np.sqrt(1 + _PI_8 * variance))

    def _mixed(self, z0: float, corrected: float) -> float:
        return self.alone * _sigmoid(z0) + (1 - self.alone) * corrected


FSRS_ONLY = Predictor(alone=1.0)
"""Gives FSRS's own chance while what a learner's recalls have taught is not known."""


def after(predictor: Predictor, before: State | None, given: CountedRating, share: float = SHARE) -> Predictor:
    """The predictor after the rating `given` of a card that was at `before`. Only a recall teaches."""
    days = days_recalled(before, given)
    if before is None or days is None:
        return predictor
    return predictor.learned(before, days, not Rating(given.rating).missed, share)


def days_recalled(before: State | None, given: CountedRating) -> int | None:
    """How many days after the card's last rating the rating `given` came; None if it is no recall.

    A recall comes a day or more after the rating before. A second look is none.
    """
    if before is None or is_second_look(before, given.revealed_at or given.rated_at):
        return None
    days = (given.day - before.reviewed_on).days
    return days if days >= 1 else None


def _features(z0: float, state: State) -> list[float]:
    return [
        1.0,
        z0 - 1.5,
        3 * state.residual / (state.recalls + 3),
        math.log1p(state.lapses) - 0.7,
        math.log1p(state.day_misses),
        math.log(state.stability) / 2,
        (state.difficulty - 5) / 3 - 1,
    ]


def _days(cards: Sequence[State], day: date) -> list[int]:
    return [max(0, (day - card.reviewed_on).days) for card in cards]


def what_is_weighed(cards: Sequence[State], day: date) -> tuple[Array, Array]:
    """FSRS's logit of each card on `day`, (cards,), and what the weights multiply, (cards, 7)."""
    return _matrix(cards, _days(cards, day))


def _matrix(cards: Sequence[State], days: Sequence[int]) -> tuple[Array, Array]:
    """FSRS's logit of each card after its days, (cards,), and what the weights multiply, (cards, 7)."""
    logits = [_logit(recall(card.stability, after)) for card, after in zip(cards, days, strict=True)]
    x = [_features(z0, card) for z0, card in zip(logits, cards, strict=True)]
    return np.array(logits), np.array(x).reshape(len(cards), len(FEATURES))


def _logit(chance: float) -> float:
    chance = min(max(chance, _LEAST), _MOST)
    return math.log(chance / (1 - chance))


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))


def _sigmoids(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def _likely(chance: float, recalled: bool) -> float:
    return chance if recalled else 1 - chance
