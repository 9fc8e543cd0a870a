"""Which learners of a class a figure is of, and how many it, or a change of it, must be of before anybody sees it."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from app.tables import ACCOUNT, CLASS_MEMBER, LEARNER

FEWEST = 5
WHY = f"Figures of fewer than {FEWEST} learners who take part are not shown: one could tell from them who knows what."
TAKES_PART = ~CLASS_MEMBER.c.teaches & CLASS_MEMBER.c.counts_from.is_not(None) & LEARNER.c.leaves_at.is_(None)
"""True for a learner who takes part in the class's evidence, and has not asked to be deleted."""


def is_enough(learners: int) -> bool:
    """True if a figure of so many learners may be shown."""
    return learners >= FEWEST


class Participant(NamedTuple):
    """A learner whose answers count in a class, from `since` on."""

    part: int
    learner_id: int
    since: datetime


def participants(connection: Connection, class_id: int) -> list[Participant]:
    """The learners of the class who take part in its evidence, and have not asked to be deleted."""
    of = select(CLASS_MEMBER.c.part, ACCOUNT.c.learner_id, CLASS_MEMBER.c.counts_from)
    of = of.join(ACCOUNT, ACCOUNT.c.id == CLASS_MEMBER.c.account_id).join(LEARNER, LEARNER.c.id == ACCOUNT.c.learner_id)
    of = of.where(CLASS_MEMBER.c.class_id == class_id, TAKES_PART)
    return sorted(Participant(*row) for row in connection.execute(of))


class Whole:
    """Knows whether everybody whose answers a figure holds still takes part."""

    def __init__(self, those: Iterable[Participant]) -> None:
        self._since = defaultdict[int, list[datetime]](list)
        for one in those:
            self._since[one.part].append(one.since)
        for times in self._since.values():
            times.sort()

    def members(self, part: int, made_at: datetime) -> int:
        """How many of those who took part at that time still do. Whoever came back since is not among them."""
        return bisect_right(self._since[part], made_at)

    def holds(self, figure: Any) -> bool:
        """True if nobody has left whose answers may be in a figure, with the `part`, `made_at` and `members` it has."""
        return self.members(figure.part, figure.made_at) == int(figure.members)
