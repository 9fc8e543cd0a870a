"""What every answer about a demo's state is made of: the demo that is asked for, and its results as HTML."""

import re
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, quote

from fastapi import Request
from markupsafe import Markup, escape

from app.cards.render.maths import mathml
from app.cards.render.render import inline
from app.demos.machine import chart, drawing
from app.demos.machine.demo import Demo
from app.demos.machine.numbers import show
from app.demos.machine.state import State, differences, snippet
from app.demos.registry import UnknownDemoError, find
from app.web.frame.errors import NotHereError


def asked(request: Request, name: str) -> tuple[Demo[Any], dict[str, str]]:
    """The demo, and what the address says; of a name said twice the last counts. Raises NotHereError."""
    try:
        found = find(name)
    except UnknownDemoError as error:
        raise NotHereError(str(error)) from None
    return found, dict(parse_qsl(request.url.query, keep_blank_values=True))


def address(state: State, other: State | None) -> str:
    """The query of a state, with that of the one beside it."""
    return state.query + (f"&compare={quote(other.query, safe='')}" if other else "")


def side_by_side(state: State, other: State | None) -> dict[str, Any]:
    """What the results need to show one state, or two beside each other."""
    return {
        "other": other,
        "differing": differences(state, other) if other else [],
        "address": address(state, other),
        "paired": address(state, state),
        "swapped": address(other, state) if other else "",
    }


def marked(sentence: str) -> Markup:
    """A sentence of a demo as HTML: `**0.52**` is a number, `$h_t$` a formula. As `inline`, but a tenth of its time."""
    parts = sentence.split("$")
    for index in range(0, len(parts), 2):
        numbers = str(escape(parts[index])).split("**")
        numbers[1::2] = [f"<strong>{number}</strong>" for number in numbers[1::2]]
        parts[index] = "".join(numbers)
    for index in range(1, len(parts), 2):
        parts[index] = mathml(parts[index])
    return Markup("".join(parts))  # noqa: S704  (escaped above)


_LONE_NUMBER = re.compile(r"(?<![\d_^.])\d+(?:\.\d+)?")
_STAND_IN = 7_000_001


def filled(formula: str) -> Markup:
    """A formula full of numbers as MathML. Its form is converted once; then numbers are set into it."""
    numbers = _LONE_NUMBER.findall(formula)
    stand_ins = map(str, count(_STAND_IN))
    form = mathml(_LONE_NUMBER.sub(lambda _: next(stand_ins), formula))
    for index, number in enumerate(numbers, start=_STAND_IN):
        form = form.replace(str(index), number)
    return Markup(form)  # noqa: S704  (MathML, and digits)


TOOLS: dict[str, Any] = {
    "show": show,
    "marked": marked,
    "filled": filled,
    "chart": chart,
    "drawing": drawing,
    "inline": inline,
    "snippet": snippet,
}
