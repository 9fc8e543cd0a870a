"""Figures in words: shares, ratings and differences, none so extreme that it would tell of each learner."""

from app.study.evidence.edits import Estimate

MOST_SAID = 0.9
"""A share beyond this one, or below 1 minus it, would say what nearly every single learner did."""
RATINGS_SAID = (2.0, 4.5)


def share(value: float) -> str:
    """A share as per cent: «34 %», «over 90 %», «under 10 %»."""
    if value > MOST_SAID:
        return f"over {MOST_SAID:.0%}".replace("%", " %")
    if value < 1 - MOST_SAID:
        return f"under {1 - MOST_SAID:.0%}".replace("%", " %")
    return f"{100 * value:.0f} %"


def rating(value: float) -> str:
    """A mean rating: «3.4», «under 2», «over 4.5»."""
    low, high = RATINGS_SAID
    return f"under {low:g}" if value < low else f"over {high:g}" if value > high else f"{value:.1f}"


def seconds(value: float | None) -> str:
    """A mean time: «34 s», or a dash."""
    return "–" if value is None else f"{value:.0f} s"


def points(value: float) -> str:
    """A difference of shares, in points of a hundred: «+4», «−12», «0»."""
    whole = round(100 * value)
    return f"{whole:+d}".replace("-", "−") if whole else "0"


def interval(one: Estimate) -> str:
    """A difference with its 90 % interval: «+4 (−3 to +11)»."""
    return f"{points(one.value)} ({points(one.low)} to {points(one.high)})"
