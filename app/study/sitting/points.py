"""The points of a card beside an answer: which it made, what a review keeps of that, and the rating it proposes.

What was typed is only compared by its terms, so a tick is a guess until the learner has looked at it. Pure.
"""

import json
import re
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from app.cards.file.points import LONGEST, MOST
from app.study.schedule.scale import Rating
from app.study.sitting.formulas import shown, spelled_out
from app.study.sitting.typed_answer import unsaid

_FORMULA = re.compile(r"\$([^$]+)\$")
_DENIES = re.compile(r"(?i)\b(?:not?|cannot)\b|n['’]t\b")
_NOT = re.compile(_DENIES.pattern + r"|\b(?:never|none|nothing|nobody|without|neither|nor)\b")


class Point(NamedTuple):
    """A point in Markdown, and whether an answer made it."""

    text: str
    is_made: bool


class Ticked(NamedTuple):
    """A point with its box: its Markdown, its HTML, whether it is ticked, and those of its terms that were typed."""

    text: str
    html: str
    is_made: bool
    said: Sequence[str] = ()


def guess(text: str, html: str, words: str, typed: str) -> Ticked:
    """Tick a point if more than half of its terms were typed, or its whole formula.

    `words` are the point as plain text, `typed` the answer, `spelled_out`. Numbers alone are too little, and so is an
    answer without any "not" for a point that says what is not so.
    """
    words = spelled_out(words)
    missing = {*unsaid(typed, words)}

    def share(terms: Sequence[str]) -> float:
        return sum(term not in missing for term in terms) / len(terms) if terms else 0.0

    own = unsaid("", words)
    formula = unsaid("", spelled_out(" ; ".join(_FORMULA.findall(text))))
    names = [term for term in formula if not term.isdecimal()]
    is_made = share(own) > 1 / 2 <= share([term for term in own if not term.isdecimal()])
    is_made &= len(names) < 2 or share(names) >= 1 / 2
    is_made |= bool(names) and "+" in text and share(formula) == 1
    is_made &= not _DENIES.search(words) or bool(_NOT.search(typed))
    return Ticked(text, html, is_made, [shown(term) for term in own if term not in missing])


def proposed(made: int, of: int) -> int:
    """The rating, 1 to 5, that so many points made out of `of` propose. The learner may give another one."""
    if made == of:
        return 5
    if 3 * made >= 2 * of:
        return 4
    return 3 if 2 * made >= of else 2 if made else 1


def kept(points: Sequence[str], made: Collection[int]) -> str:
    """What a review keeps: each point's Markdown and whether it was made. `made` are the indices of those that were.

    Raises ValueError for points that no page of ours shows.
    """
    if len(points) > MOST or any(len(point) > LONGEST or "\0" in point for point in points):
        raise ValueError(f"A card has at most {MOST} points of {LONGEST} characters. Load the page again.")
    return json.dumps([[point, index in made] for index, point in enumerate(points)], ensure_ascii=False)


def kept_of(points: Sequence[str], made: Collection[int], rating: int, typed: str = "") -> str | None:
    """What a review keeps of an answer; None if nobody looked at its points: nothing is ticked, typed, or missed.

    Raises ValueError as `kept` does.
    """
    says_something = made or typed or rating <= Rating.HARDLY  # `Answer` refuses a rating that is none
    return kept(points, made) if points and says_something else None


def kept_before(text: str) -> list[Point]:
    """The points of a review. Raises ValueError for anything that `kept` does not write."""
    found = json.loads(text)
    pairs = found if isinstance(found, list) else [None]
    points = [Point(*one) for one in pairs if isinstance(one, list) and [*map(type, one)] == [str, bool]]
    if len(points) != len(pairs) or text != kept(*_apart(points)):
        raise ValueError("these are no points of a card")
    return points


def _apart(points: Iterable[Point]) -> tuple[list[str], set[int]]:
    all_points = list(points)
    return [point.text for point in all_points], {at for at, point in enumerate(all_points) if point.is_made}
