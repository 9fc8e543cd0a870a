"""Draws the figures of /stats as SVG and table rows. In Python, since a template takes three times as long."""

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import cached_property, lru_cache
from html import escape
from itertools import dropwhile

from markupsafe import Markup

from app.study.stats.activity import Span
from app.study.stats.retention import Recalled
from app.study.stats.statistics import Statistics

SHADES = 4
_SQUARE, _GAP, _TOP, _LEFT = 10, 2, 14, 12


@lru_cache(maxsize=2_000)
def day_words(day: date, today: date) -> str:
    """«3 March», with the year if it is not the current one."""
    return f"{day.day} {day:%B}" + (f" {day.year}" if day.year != today.year else "")


def month_words(month: date) -> str:
    """«March 2026»."""
    return f"{month:%B %Y}"


def percent(share: float) -> str:
    """«86 %» for 0.857."""
    return f"{share * 100:.0f} %"


def top(values: Sequence[float]) -> int:
    """Where the axis of bars ends: an even number of ones, tens, hundreds …, at least as high as each."""
    most = max(1, math.ceil(max(values)))
    step: int = 2 * 10 ** max(0, len(str(most)) - 2)
    return step * math.ceil(most / step)


def bars(values: Sequence[float], labels: Sequence[str], alt: str, kind: str) -> Markup:
    """Bars side by side up to `top`, each with its label. `alt` describes the drawing."""
    most = top(values)
    drawn = [
        f'<rect x="{10 * number + 1}" y="{100 - 100 * value / most:.1f}" width="8" height="{100 * value / most:.1f}">'
        f"<title>{escape(labels[number])}: {value}</title></rect>"
        for number, value in enumerate(values)
        if value
    ]
    grid = f'<path class="grid" d="M0 0h{10 * len(values)}M0 50h{10 * len(values)}"/>'
    return _columns(f"bars {kind}", len(values), 100, alt, [grid, *drawn])


def bar(share: float, expected: float | None = None) -> Markup:
    """One bar from 0 to 1, with a mark where it was expected to end. The text beside it has the numbers."""
    x = 0 if expected is None else 100 * expected - 0.8
    mark = "" if expected is None else f'<rect class="expected" x="{x:.1f}" width="1.6" height="10"/>'
    return _markup(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="ground" width="100" height="10"/><rect width="{100 * share:.1f}" height="10"/>{mark}</svg>'
    )


def by_week(weeks: Sequence[tuple[int, int]]) -> Markup:
    """A column for each week: how often a question was asked, and in front of it how often a slip was made."""
    most = max(asked for asked, _made in weeks)
    drawn = [
        f'<rect class="{kind}" x="{10 * number + 1}" y="{24 - height:.1f}" width="8" height="{height:.1f}"/>'
        for number, week in enumerate(weeks)
        for kind, height in zip(("ground", "made"), (24 * count / most for count in week), strict=True)
        if height
    ]
    said = ", ".join(f"{made} of {asked}" if asked else "not asked" for asked, made in weeks)
    return _columns("bar weeks", len(weeks), 24, f"By week: {said}.", drawn)


def shares(months: Sequence[Span], alt: str) -> Markup:
    """The share of each rating, a column a month, 1 at the top."""
    drawn = []
    for number, month in enumerate(months):
        y = 0.0
        for rating, count in enumerate(month.ratings, 1):
            if count:
                height = 100 * count / month.reviews
                says = f"{month_words(month.first)}: {count} of {month.reviews} rated {rating}"
                drawn.append(
                    f'<rect class="r{rating}" x="{10 * number + 0.6}" y="{y:.1f}" width="8.8" height="{height:.1f}">'
                    f"<title>{says}</title></rect>"
                )
                y += height
    return _columns("shares", len(months), 100, alt, drawn)


def recalled_cells(one: Recalled) -> Markup:
    """The cells of a table row: asked, recalled, expected, both as a bar, and the verdict."""
    if not one.is_enough:
        said = one.verdict if one.asked else ""
        return _markup(f'<td>{one.asked or "·"}</td><td>–</td><td>–</td><td></td><td class="words">{said}</td>')
    observed, expected = one.share, one.foretold
    return _markup(
        f"<td>{one.asked}</td><td>{percent(observed)}</td><td>{percent(expected)}</td>"
        f'<td>{bar(observed, expected)}</td><td class="words">{one.verdict}</td>'
    )


class Year:
    """The year of days, drawn as squares: a column a week, a row a weekday, darker for more reviews."""

    def __init__(self, stats: Statistics) -> None:
        self._stats = stats

    @cached_property
    def active(self) -> list[Span]:
        """The days with a review."""
        return [day for day in self._stats.year if day.reviews]

    @cached_property
    def busiest(self) -> Span:
        """The day with the most reviews."""
        return max(self._stats.year, key=lambda day: day.reviews)

    @property
    def _step(self) -> int:
        """How many different counts share a shade."""
        return max(1, -(-self.busiest.reviews // SHADES))

    def _shade(self, reviews: int) -> int:
        return -(-reviews // self._step)

    @property
    def legend(self) -> list[tuple[int, str]]:
        """The shades in use, each with its range of counts."""
        step, most = self._step, self.busiest.reviews
        ranges = [(n, step * (n - 1) + 1, min(step * n, most)) for n in range(1, self._shade(most) + 1)]
        return [(0, "0"), *((n, f"{low}–{high}" if low < high else f"{low}") for n, low, high in ranges)]

    def squares(self, alt: str) -> Markup:
        """The drawing."""
        weeks = list(dropwhile(lambda week: not any(day and day.reviews for day in week), self._stats.weeks))
        drawn = "".join(part for number, week in enumerate(weeks) for part in self._week(number, week))
        drawn += "".join(
            f'<text x="0" y="{_TOP + 12 * row + 8}">{day}</text>' for row, day in ((0, "M"), (2, "W"), (4, "F"))
        )
        width, height = _LEFT + (_SQUARE + _GAP) * len(weeks), _TOP + 7 * (_SQUARE + _GAP)
        view = f'viewBox="0 0 {width} {height}" width="{2 * width}"'
        return _markup(f'<svg class="year" {view} role="img" aria-label="{escape(alt)}">{drawn}</svg>')

    def _week(self, number: int, week: Sequence[Span | None]) -> Iterator[str]:
        x = _LEFT + (_SQUARE + _GAP) * number
        for weekday, day in enumerate(week):
            if day is None:
                continue
            if day.first.day == 1:
                yield f'<text x="{x}" y="9">{day.first:%b}</text>'
            words = day_words(day.first, self._stats.today)
            says = f"<title>{words}: {day.reviews}</title>" if day.reviews else ""
            y = _TOP + (_SQUARE + _GAP) * weekday
            yield (
                f'<rect x="{x}" y="{y}" width="{_SQUARE}" height="{_SQUARE}" rx="2" '
                f'data-heat="{self._shade(day.reviews)}">{says}</rect>'
            )

    def rows(self) -> Markup:
        """The days with a review as rows of a table, the latest first."""
        return _markup(
            "\n".join(
                f'<tr><th scope="row">{day_words(day.first, self._stats.today)}</th><td>{day.reviews}</td>'
                f"<td>{day.new or '·'}</td><td>{day.minutes:.1f}</td></tr>"
                for day in reversed(self.active)
            )
        )


def _columns(kind: str, number: int, height: int, alt: str, drawn: Iterable[str]) -> Markup:
    """Columns of ten units side by side, stretched to the space that there is."""
    view = f'viewBox="0 0 {10 * number} {height}" preserveAspectRatio="none"'
    return _markup(f'<svg class="{kind}" {view} role="img" aria-label="{escape(alt)}">{"".join(drawn)}</svg>')


def _markup(drawn: str) -> Markup:
    return Markup(drawn)  # noqa: S704  (numbers of ours, and words that were escaped)
