"""What to ask today: a fixed list, made from the state at the day's start, of which less and less is left.

The list does not change while the learner works through it. So it is the same after each rating, an undo, a reload,
a replay and on a second device, and a missed day only leads to another list on the next.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import NamedTuple

from app.study.plan.rule import WORTH, Reason
from app.study.plan.situation import Situation

AMONG = 5
"""Another topic is looked for among so many of the next cards."""


class PlannedCard(NamedTuple):
    """A card with the reason why it is asked, the expected seconds, and how much surer it is on the date for it.

    The gain is in cards recalled on the date, against not asking it again before.
    """

    id: int
    topic: int
    reason: Reason
    seconds: float
    gain: float

    @property
    def is_worth_it(self) -> bool:
        """False for a card that only those should be asked who want more minutes."""
        return self.reason is not Reason.MORE or self.gain * 60 > WORTH * self.seconds


class DoneToday(NamedTuple):
    """What was done today: the cards rated, the seconds used (costs.seconds of each answer), whatever asked for them.

    `owed` is how many missed cards have still to return today. Time is kept for them.
    """

    rated: Collection[int] = frozenset()
    seconds: float = 0.0
    owed: int = 0


NOTHING_DONE = DoneToday()


class MoreMinutes(NamedTuple):
    """What some more minutes would bring: how many cards, and how many more are then recalled on the date."""

    cards: int
    gain: float


@dataclass(frozen=True)
class TodaysList:
    """All cards that might be asked today, in order; the day's seconds; and the seconds for the returns of a miss."""

    cards: tuple[PlannedCard, ...]
    seconds: float
    again: float

    def left(self, done: DoneToday = NOTHING_DONE, extra: float = 0.0) -> list[PlannedCard]:
        """The cards that are still to be asked today, in order. Empty means: enough for today.

        A card that does not fit into the rest of the minutes is not begun; a shorter one may be. With `extra` seconds
        (the learner asked for more minutes) cards are asked that are not worth it otherwise.
        """
        rest = self.seconds + extra - done.seconds - done.owed * self.again
        return [card for card in self._fitting(done.rated, rest) if extra > 0 or card.is_worth_it]

    def more(self, done: DoneToday = NOTHING_DONE, minutes: float = 10, extra: float = 0.0) -> MoreMinutes:
        """What so many more minutes would bring after what is left."""
        rated = {*done.rated, *(card.id for card in self.left(done, extra))}
        cards = self._fitting(rated, minutes * 60)
        return MoreMinutes(len(cards), sum(card.gain for card in cards))

    def _fitting(self, rated: Collection[int], rest: float) -> list[PlannedCard]:
        found = []
        for card in self.cards:
            if card.id not in rated and card.seconds <= rest:
                found.append(card)
                rest -= card.seconds
        return found


def todays_list(situation: Situation) -> TodaysList:
    """The list for `situation.day`; empty from the date on."""
    if not situation.seconds or not situation.cards:
        return TodaysList((), 0.0, float(situation.costs.again))
    rule, cards = situation.rule, situation.arrays
    looks = rule.looks(cards, 0)
    ranked = rule.ranked(cards, 0, looks)
    seconds, gain, reason = looks.seconds.tolist(), looks.gain.tolist(), ranked.reason.tolist()
    planned = (
        PlannedCard(situation.cards[i].id, situation.cards[i].topic, Reason(reason[i]), seconds[i], gain[i])
        for i in ranked.order.tolist()
    )
    runs = groupby(planned, key=lambda card: card.reason)
    mixed = (list(run) if reason is Reason.MEET else interleaved(list(run)) for reason, run in runs)
    return TodaysList(tuple(chain.from_iterable(mixed)), situation.seconds[0], float(situation.costs.again))


def interleaved(cards: Iterable[PlannedCard]) -> list[PlannedCard]:
    """The cards with topics mixed: each time the first of the next AMONG whose topic is not that of the one before."""
    waiting, mixed = list(cards), list[PlannedCard]()
    while waiting:
        before = mixed[-1].topic if mixed else None
        at = next((i for i, card in enumerate(waiting[:AMONG]) if card.topic != before), 0)
        mixed.append(waiting.pop(at))
    return mixed


def together(lists: Sequence[TodaysList]) -> TodaysList:
    """The lists of several plans as one: first each list's cards within its seconds, then what else each has.

    A card of two plans is asked once. Give the list of the earliest date first.
    """
    first = [card for one in lists for card in one.left()]
    cards = {card.id: card for card in reversed([*first, *(card for one in lists for card in one.cards)])}
    in_order = dict.fromkeys(card.id for card in chain(first, *(one.cards for one in lists)))
    return TodaysList(
        tuple(cards[number] for number in in_order),
        sum(one.seconds for one in lists),
        max((one.again for one in lists), default=0.0),
    )
