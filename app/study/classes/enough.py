"""How many learners a figure, or a change of one, must come from before anybody sees it."""

FEWEST = 5
WHY = f"Figures of fewer than {FEWEST} learners who take part are not shown: one could tell from them who knows what."


def is_enough(learners: int) -> bool:
    """True if a figure of so many learners may be shown."""
    return learners >= FEWEST
