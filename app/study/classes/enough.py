"""Which learners of a class a figure is of, and how many it, or a change of it, must be of before anybody sees it."""

from app.tables import CLASS_MEMBER, LEARNER

FEWEST = 5
WHY = f"Figures of fewer than {FEWEST} learners who take part are not shown: one could tell from them who knows what."
TAKES_PART = ~CLASS_MEMBER.c.teaches & CLASS_MEMBER.c.counts_from.is_not(None) & LEARNER.c.leaves_at.is_(None)
"""True for a learner who takes part in the class's evidence, and has not asked to be deleted."""


def is_enough(learners: int) -> bool:
    """True if a figure of so many learners may be shown."""
    return learners >= FEWEST
