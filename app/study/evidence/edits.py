"""Before and after each edit of a card: observed minus predicted recall, and what may be said of the difference."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import sqrt
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from app.study.evidence.figures import CellKind, FigureCell, Figures, student
from app.tables import CARD_VERSION, chunks

NOT_ENOUGH = "not enough answers yet"
FEWEST_CARDS = 5
"""So many cards say how much cards differ from each other."""
ENOUGH = 20
"""The fewest recalls, before and after, that allow a verdict."""
WIDEST = 0.2
"""A difference whose interval reaches further than this to each side says nothing."""

_KINDS = (CellKind.FIRST, CellKind.LATER)


class Estimate(NamedTuple):
    """A share with its 90 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Population:
    """How much recall beyond the predicted differs from card to card: the mean and the variance over cards."""

    mean: float
    variance: float


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit of a card: where it is, and the figures of the versions before and after it, None where not shown.

    `number` is that of the version that it made, from 2.
    """

    card_id: int
    number: int
    path: str
    line: int
    commit: str | None
    loaded_at: datetime
    before_first: Figures | None
    after_first: Figures | None
    before: Figures | None
    after: Figures | None
    difference: Estimate | None

    @property
    def verdict(self) -> str:
        """Whether the edit helped, as far as the recalls can tell."""
        known = self.difference
        if known is None or self.before is None or self.after is None:
            return NOT_ENOUGH
        if min(self.before.looks, self.after.looks) < ENOUGH or (known.high - known.low) / 2 > WIDEST:
            return NOT_ENOUGH
        if known.low > 0:
            return "it helped"
        return "recall is worse since" if known.high < 0 else "no difference to be seen"


def edits_of(connection: Connection, cards: Collection[int], cells: Mapping[FigureCell, Figures]) -> list[Edit]:
    """Every edit of these cards, the latest first. `cells` has what may be shown of all cards of the class."""
    kept = defaultdict[int, list[Any]](list)
    wanted = (CARD_VERSION.c[name] for name in ("card_id", "id", "path", "line", "commit", "loaded_at"))
    query = select(*wanted).order_by(CARD_VERSION.c.id)
    for ids in chunks(cards):
        for card_id, *version in connection.execute(query.where(CARD_VERSION.c.card_id.in_(ids))):
            kept[card_id].append(tuple(version))
    among = population([figures for cell, figures in cells.items() if cell.kind is CellKind.LATER])
    found = []
    for card_id, versions in kept.items():
        for number, (old, new) in enumerate(pairwise(versions), 2):
            (before_first, after_first), (before, after) = (
                [cells.get(FigureCell(card_id, one[0], kind)) for one in (old, new)] for kind in _KINDS
            )
            difference = gained(before, after, among) if before and after else None
            sides: tuple[Any, ...] = before_first, after_first, before, after, difference
            found.append(Edit(card_id, number, *new[1:], *sides))
    return sorted(found, key=lambda edit: (edit.loaded_at, edit.card_id), reverse=True)


def beyond(figures: Figures) -> Estimate:
    """Observed minus predicted recall, with its 90 % interval."""
    return _around(figures.beyond, figures.variance, figures.learners)


def population(cards: Sequence[Figures]) -> Population | None:
    """How cards differ in recall beyond the predicted (DerSimonian and Laird 1986); None if there are too few."""
    known = [(one.beyond, one.variance) for one in cards if one.variance > 0]
    if len(known) < FEWEST_CARDS:
        return None
    weights = [1 / variance for _, variance in known]
    total = sum(weights)
    mean = sum(weight * value for weight, (value, _) in zip(weights, known, strict=True)) / total
    apart = sum(weight * (value - mean) ** 2 for weight, (value, _) in zip(weights, known, strict=True))
    scale = total - sum(weight**2 for weight in weights) / total
    return Population(mean, max(0.0, (apart - len(known) + 1) / scale))


def gained(before: Figures, after: Figures, among: Population | None) -> Estimate:
    """How much recall beyond the predicted grew with an edit.

    Edits follow bad luck, which would have passed without them. So the card's figure before is drawn towards the mean
    of all cards, by the share of its variance that is chance (Stein's estimator), before it is compared.
    """
    value, variance = before.beyond, before.variance
    if among is not None and variance > 0:
        own = among.variance / (among.variance + variance)
        value, variance = among.mean + own * (value - among.mean), own * variance
    return _around(after.beyond - value, after.variance + variance, min(before.learners, after.learners))


def _around(value: float, variance: float, learners: int) -> Estimate:
    half = student(learners - 1) * sqrt(variance)
    return Estimate(value, value - half, value + half)
