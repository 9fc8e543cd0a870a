"""What a learner's ratings have taught: a fold over them in their order, begun at a checkpoint in the table forecast.

A rating changes nothing here: what came after the last checkpoint is folded when it is read. What changes earlier
ratings drops the checkpoints after them (`change_from` in study/schedule/review_log.py). So what is read always equals
a replay. Only if more than AT_ONCE reviews wait to be folded, FSRS alone is what is known, until checkpoints.py has
folded them.

Everything about a single card (its state, its SM-2) follows from its own ratings, so only the cards that were rated
since a checkpoint are looked at.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, bindparam, select, tuple_

from app.study.forecast.calibration import Calibration
from app.study.forecast.predictor import FSRS_ONLY, Predictor, days_recalled
from app.study.forecast.sm2 import Sm2, sm2_after, sm2_recall
from app.study.schedule.review_log import COUNTED, COUNTED_COLUMNS, IN_ORDER, SEED, STANDS
from app.study.schedule.scale import Rating
from app.study.schedule.scheduler import CountedRating, State, after, recall
from app.tables import CARD, FORECAST, REVIEW, THE_LEARNER, chunks

AT_ONCE = 500
"""The most reviews that are folded while somebody waits: some 50 ms."""


class Position(NamedTuple):
    """A place in the order of a learner's ratings: just after the one with these values."""

    counts_at: datetime
    token: str


@dataclass(frozen=True)
class Taught:
    """What is known after so many `ratings`; `at` is None before the first."""

    predictor: Predictor = field(default_factory=Predictor)
    calibration: Calibration = field(default_factory=Calibration)
    ratings: int = 0
    at: Position | None = None

    @property
    def is_current(self) -> bool:
        """False while too many ratings wait to be folded: the predictor is FSRS alone then."""
        return self.predictor is not FSRS_ONLY

    def plain(self) -> dict[str, Any]:
        """As values of JSON. Floats keep every bit."""
        known = self.predictor
        numbers = {"weights": known.weights.tolist(), "covariance": known.covariance.tolist(), "alone": known.alone}
        return numbers | {"recalls": known.recalls, "calibration": self.calibration.plain()}

    @classmethod
    def of(cls, row: Any) -> "Taught":
        """From a row of the table forecast."""
        plain = row.learned
        matrix = np.array(plain["covariance"])
        predictor = Predictor(np.array(plain["weights"]), matrix, plain["alone"], plain["recalls"])
        return cls(predictor, Calibration.of(plain["calibration"]), row.ratings, Position(row.counts_at, row.token))

    def is_as_stored(self, row: Any) -> bool:
        """True if a row of the table forecast says the same, but for last digits, which differ between machines."""
        mine, stored = (dict(_flat(one)) for one in (self.plain(), row.learned))
        if self.at != (row.counts_at, row.token) or mine.keys() != stored.keys():
            return False
        try:
            return all(math.isclose(mine[path], stored[path], rel_tol=1e-6, abs_tol=1e-9) for path in mine)
        except TypeError:
            return False


def _flat(plain: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every number of values of JSON, by the keys that lead to it."""
    if isinstance(plain, dict | list):
        for key, one in plain.items() if isinstance(plain, dict) else enumerate(plain):
            yield from _flat(one, (*path, key))
    else:
        yield path, plain


AFTER = tuple_(*IN_ORDER) > tuple_(
    bindparam("counts_at", type_=REVIEW.c.counts_at.type), bindparam("token", type_=REVIEW.c.token.type)
)
MINE = REVIEW.c.learner_id == THE_LEARNER
_CARDS = select(REVIEW.c.card_id).where(MINE).limit(AT_ONCE + 1)
_LATER = _CARDS.where(AFTER)
_RATINGS = (
    select(*IN_ORDER, REVIEW.c.card_id, SEED, *COUNTED_COLUMNS)
    .select_from(COUNTED.join(CARD, CARD.c.id == REVIEW.c.card_id))
    .where(MINE, STANDS)
)
_OF_CARDS = _RATINGS.where(REVIEW.c.card_id.in_(bindparam("cards", expanding=True)))
ALL_RATINGS = _RATINGS.order_by(*IN_ORDER).execution_options(yield_per=1_000)
CHECKPOINTS = select(FORECAST).where(FORECAST.c.learner_id == THE_LEARNER).order_by(FORECAST.c.ratings.desc())
_LATEST = CHECKPOINTS.limit(1)


def taught(connection: Connection, learner_id: int) -> Taught:
    """What the learner's ratings have taught up to now. If too many wait to be folded, it is not `is_current`."""
    base, later = begun(connection, learner_id)
    if len(later) > AT_ONCE:
        return Taught(FSRS_ONLY)
    if not later:
        return base
    for last in folded(base, ratings_of(connection, learner_id, later)):
        base = last
    return base


def last_checkpoint(connection: Connection, learner_id: int) -> Taught:
    """What was known at the learner's last checkpoint, or before the first rating if none can be read."""
    try:
        row = connection.execute(_LATEST, {"learner": learner_id}).one_or_none()
        return Taught() if row is None else Taught.of(row)
    except (KeyError, TypeError, ValueError):  # it is damaged: `recur doctor` names it
        return Taught()


def begun(connection: Connection, learner_id: int) -> tuple[Taught, Sequence[int]]:
    """The last checkpoint, and the cards of the reviews after it: one a review, at most one more than AT_ONCE."""
    base = last_checkpoint(connection, learner_id)
    values = {"learner": learner_id} | (base.at._asdict() if base.at else {})
    return base, connection.execute(_LATER if base.at else _CARDS, values).scalars().all()


def ratings_of(connection: Connection, learner_id: int, cards: Iterable[int]) -> list[Any]:
    """Every rating of these cards that was not undone, in order."""
    found: list[Any] = []
    for ids in chunks(cards):
        found += connection.execute(_OF_CARDS, {"learner": learner_id, "cards": ids})
    return sorted(found, key=lambda row: row[:2])


def folded(base: Taught, rows: Iterable[Any]) -> Iterator[Taught]:
    """What is known after every rating since `base`. `rows` have every rating of their cards, in order.

    Its calibration goes on changing: keep it as `plain`.
    """
    cards: dict[int, tuple[State, Sm2]] = {}
    calibration = Calibration.of(base.calibration.plain())
    predictor, number = base.predictor, base.ratings
    for counts_at, token, card_id, seed, *columns in rows:
        given = CountedRating(*columns)
        state, sm2 = cards.get(card_id, (None, None))
        days, recalled = days_recalled(state, given), not Rating(given.rating).missed
        at = Position(counts_at, token)
        if base.at is None or at > base.at:
            if state is not None and sm2 is not None and days is not None:
                calibration.by["fsrs"].add(recall(state.stability, days), recalled)
                calibration.by["corrected"].add(predictor.chance(state, days), recalled)
                calibration.by["sm2"].add(sm2_recall(sm2, days), recalled)
                predictor = predictor.learned(state, days, recalled)
            if given.sure is not None and (state is None or days is not None):
                calibration.add_sure(given.sure, recalled)
            number += 1
            yield replace(base, predictor=predictor, calibration=calibration, ratings=number, at=at)
        if sm2 is None or days is not None:
            sm2 = sm2_after(sm2, given.rating)
        cards[card_id] = after(state, seed, given), sm2
