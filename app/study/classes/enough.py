"""How many learners a figure must come from before anybody sees it."""

FEWEST = 5
WHY = f"Figures of fewer than {FEWEST} learners are not shown: one could tell from them who knows what."


def is_enough(learners: int) -> bool:
    """True if a figure of so many learners may be shown."""
    return learners >= FEWEST
