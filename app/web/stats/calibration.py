"""Draws what was foretold against what happened, as one SVG, and its table rows."""

from collections.abc import Iterator
from html import escape

from markupsafe import Markup

from app.study.forecast.calibration import BINS, Calibration, Foretold, Tally
from app.web.stats.drawing import percent

NAMES = {"corrected": "your forecast", "fsrs": "FSRS alone", "sm2": "SM-2"}
"""What the page calls each way of foretelling, the one that the pages use first."""
_SIDE, _LEFT, _FOOT, _TOP = 240, 30, 24, 8
_MARKS = {
    "corrected": '<circle cx="{x}" cy="{y}" r="4.2">{title}</circle>',
    "fsrs": '<rect x="{x0}" y="{y0}" width="7" height="7">{title}</rect>',
    "sm2": '<path d="M{x} {y0}l4.2 7.4h-8.4z">{title}</path>',
}


def bin_words(number: int) -> str:
    """«80–85 %», a bin of BINS."""
    ends = [round(100 * least) for least in (*BINS, 1.0)]
    return f"{ends[number]}–{ends[number + 1]} %"


def interval_words(one: Tally) -> str:
    """«71–88 %»."""
    low, high = one.interval
    return f"{round(100 * low)}–{round(100 * high)} %"


def picture(found: Calibration, alt: str) -> Markup:
    """Foretold from left to right, happened from below: on the diagonal both are the same."""
    grid = "".join(
        f'<path class="grid" d="M{_x(at)} {_y(0)}V{_y(1)}M{_x(0)} {_y(at)}H{_x(1)}"/>'
        f'<text x="{_x(at)}" y="{_y(0) + 15}" text-anchor="middle">{percent(at)}</text>'
        f'<text x="{_LEFT - 5}" y="{_y(at) + 4}" text-anchor="end">{at * 100:.0f}</text>'
        for at in (0.0, 0.25, 0.5, 0.75, 1.0)
    )
    diagonal = f'<path class="diagonal" d="M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}"/>'
    # The one that the pages use is drawn last, above the others.
    drawn = "".join(part for name in reversed(NAMES) for part in _series(name, found.by[name]))
    view = f'viewBox="0 0 {_LEFT + _SIDE + 18} {_TOP + _SIDE + _FOOT}"'
    return Markup(  # noqa: S704 - numbers of ours, and words that were escaped
        f'<svg class="calibration" {view} role="img" aria-label="{escape(alt)}">{grid}{diagonal}{drawn}</svg>'
    )


def mark(name: str) -> Markup:
    """The mark of one way of foretelling, for the legend."""
    drawn = _MARKS[name].format(x=6, y=6, x0=2.5, y0=2.5, title="")
    return Markup(f'<svg class="calibration {name}" viewBox="0 0 12 12" aria-hidden="true">{drawn}</svg>')  # noqa: S704


def _series(name: str, foretold: Foretold) -> Iterator[str]:
    yield f'<g class="{name}">'
    for one in foretold.bins:
        if not one.asked:
            continue
        x, y, (low, high) = _x(one.foretold), _y(one.share), one.interval
        says = f"{NAMES[name]}: {percent(one.foretold)} predicted, {percent(one.share)} of {one.asked} recalled"
        title = f"<title>{escape(says)}</title>"
        yield f'<path class="interval" d="M{x} {_y(low)}V{_y(high)}"/>'
        yield _MARKS[name].format(x=x, y=y, x0=round(x - 3.5, 1), y0=round(y - 3.5, 1), title=title)
    yield "</g>"


def _x(chance: float) -> float:
    return round(_LEFT + _SIDE * chance, 1)


def _y(share: float) -> float:
    return round(_TOP + _SIDE * (1 - share), 1)
