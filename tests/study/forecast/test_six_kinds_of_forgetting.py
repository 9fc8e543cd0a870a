"""The corrected forecast against FSRS's own on learners who forget in six ways, measured against their true chances.

The logs are made by the schedule as it is: FSRS-6's default at a retention of 90 %. The loss is the expected one, so
that no luck is in it.
"""

import math
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from fsrs_rs_python import DEFAULT_PARAMETERS, FSRS, MemoryState

from app.study.forecast.predictor import Predictor
from app.study.forecast.predictor import after as taught_by
from app.study.schedule.scheduler import CountedRating, State, recall
from app.study.schedule.scheduler import after as rated
from tests.examples import share_of

LEARNERS, RECALLS, WINDOWS = 200, 400, (50, 100, 200, 400)
CARDS_A_DAY, DAYS = 6, 160
BEGIN = date(2026, 1, 1)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass
class Own:
    """What is true of one card: its last day, and whatever its kind of forgetting keeps."""

    day: int = -1
    memory: MemoryState | None = None
    right: int = 0
    wrong: int = 0
    effect: float = 0.0
    half_life: float = 1.0


@dataclass
class Learner:
    """True chances of recall, and how they change with a rating. `kind` is one of KINDS."""

    kind: str
    rng: np.random.Generator
    cards: dict[int, Own] = field(default_factory=dict)

    def __post_init__(self) -> None:
        w = np.array(DEFAULT_PARAMETERS)
        if self.kind in ("personal", "card effects"):
            w = w * np.exp(self.rng.normal(0, 0.35, len(w)))
            w[4], w[20] = min(max(w[4], 1), 10), min(max(w[20], 0.1), 0.8)
        self.fsrs = FSRS([float(one) for one in w])
        self.decay = -float(w[20])
        self.known = self.rng.normal(0.5, 0.8)  # of a logistic learner, and of swings
        self.growth = float(np.exp(self.rng.normal(0.5, 0.35)))
        self.swing = 0.0

    def card(self, number: int) -> Own:
        if number not in self.cards:
            sd = {"card effects": 0.7}.get(self.kind, 0.4 if self.kind in ("half-life", "counts") else 0.0)
            effect, half_life = self.rng.normal(0, sd), self.rng.lognormal(0.7, 0.5)
            self.cards[number] = Own(effect=float(effect), half_life=float(half_life))
        return self.cards[number]

    def new_day(self, day: int) -> None:
        if self.kind == "swings":
            self.swing = float(self.rng.normal(0, 0.6)) + (self.known if day > DAYS // 3 else -self.known)

    def chance(self, number: int, day: int) -> float:
        own = self.card(number)
        days = day - own.day
        if self.kind == "half-life":
            return float(2 ** (-days / own.half_life))
        if self.kind == "counts":
            z = self.known + own.effect + 0.9 * math.log1p(own.right) - 0.4 * math.log1p(own.wrong)
            return float(1 / (1 + math.exp(-(z - 0.35 * math.log(days) + 0.6))))
        assert own.memory is not None
        stability = own.memory.stability * math.exp(own.effect)
        fsrs = (1 + (0.9 ** (1 / self.decay) - 1) * days / stability) ** self.decay
        if self.kind != "swings":
            return float(fsrs)
        fsrs = min(max(fsrs, 1e-4), 1 - 1e-4)
        return float(1 / (1 + math.exp(-(math.log(fsrs / (1 - fsrs)) + self.swing))))

    def answers(self, number: int, day: int, rating: int) -> None:
        own = self.card(number)
        states = self.fsrs.next_states(own.memory, 0.9, max(0, day - own.day) if own.memory else 0)
        own.memory = {1: states.again, 3: states.hard, 4: states.good}[rating].memory
        if rating > 1:
            own.right, own.half_life = own.right + 1, own.half_life * (1 + self.growth)
        else:
            own.wrong, own.half_life = own.wrong + 1, max(0.7, own.half_life / 2)
        own.day = day


KINDS = ("default", "personal", "card effects", "half-life", "counts", "swings")
SHARES = (20, 40, 40, 40, 40, 20)
"""How many of 200 learners are of each kind."""


def excess(learner: Learner) -> list[float]:
    """For each recall of the learner's: how much larger the expected loss of the corrected chance is than FSRS's."""
    rng, states, predictor, found = learner.rng, dict[int, State](), Predictor(), list[float]()
    number = 0
    for day in range(DAYS):
        learner.new_day(day)
        today = BEGIN + timedelta(days=day)
        due = [card for card, state in states.items() if state.due_on <= today]
        for card in [*due, *range(len(states), len(states) + CARDS_A_DAY)]:
            for minutes in (0, 30):  # a card that was missed comes back once
                state = states.get(card)
                at = NOON + timedelta(days=day, minutes=number % 200 + minutes)
                true = 0.4 if state is None else learner.chance(card, day) if not minutes else 0.8
                rating = (4 if rng.random() < 0.8 else 3) if rng.random() < true else 1
                given = CountedRating(number, rating, at, at, at, today, 0.9)
                if state is not None and not minutes:
                    days = (today - state.reviewed_on).days
                    mine, fsrs = predictor.chance(state, days), recall(state.stability, days)
                    fsrs = min(max(fsrs, 1e-4), 1 - 1e-4)
                    found.append(loss(true, mine) - loss(true, fsrs))
                predictor = taught_by(predictor, state, given)
                states[card] = rated(state, card, given)
                learner.answers(card, day, rating)
                number += 1
                if rating > 1 or len(found) >= RECALLS:
                    break
        if len(found) >= RECALLS:
            break
    return found[:RECALLS]


def loss(true: float, said: float) -> float:
    return -true * math.log(said) - (1 - true) * math.log(1 - said)


def all_learners(number: int) -> list[tuple[str, list[float]]]:
    """The kind of each of so many learners, and what `excess` gives."""
    return [
        (kind, excess(Learner(kind, np.random.default_rng([KINDS.index(kind), seed]))))
        for kind, share in zip(KINDS, SHARES, strict=True)
        for seed in range(max(1, round(share * number / LEARNERS)))
    ]


@pytest.mark.proof
def test_it_is_no_worse_from_fifty_recalls_on() -> None:
    found = all_learners(min(LEARNERS, share_of(80)))
    for recalls in WINDOWS:
        means = np.array([np.mean(one[:recalls]) for _kind, one in found if len(one) >= recalls])
        assert len(means) > len(found) / 2
        assert means.mean() <= 0, recalls
        assert np.percentile(means, 95) <= 0.002, recalls
    default = [np.mean(one) for kind, one in found if kind == "default"]
    assert np.mean(default) <= 0.001  # nothing is to be gained with them


if __name__ == "__main__":
    every = all_learners(LEARNERS)
    for window in WINDOWS:
        values = np.array([np.mean(one[:window]) for _kind, one in every if len(one) >= window])
        se = values.std() / math.sqrt(len(values))
        p95 = np.percentile(values, 95)
        print(f"{window:5} {len(values):4} mean {values.mean():+.4f} ± {se:.4f} p95 {p95:+.4f}")  # noqa: T201
        by_kind = {k: np.mean([np.mean(one[:window]) for kind, one in every if kind == k]) for k in KINDS}
        print("      ", {k: f"{v:+.4f}" for k, v in by_kind.items()})  # noqa: T201
