"""The demo that an address asks for, and the results of a state as HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote

from fastapi import Request
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, Response

from app.cards.file.blocks import curly
from app.cards.render.arithmetic import worked
from app.cards.render.maths import glued, mathml
from app.cards.render.render import inline
from app.demos.machine import chart, drawing
from app.demos.machine.demo import BadParametersError, Demo
from app.demos.machine.figures import Figure
from app.demos.machine.state import Chosen, State, beside, differences, state_of
from app.demos.registry import UnknownDemoError, find
from app.web.demos.in_turn import in_turn
from app.web.frame.errors import NotHereError
from app.web.frame.here import page, parts_of


def asked(request: Request, name: str) -> tuple[Demo[Any], dict[str, str]]:
    """The demo, and the parameters in the address; of a repeated parameter the last counts. Raises NotHereError."""
    try:
        found = find(name)
    except UnknownDemoError as error:
        raise NotHereError(str(error)) from None
    return found, dict(parse_qsl(request.url.query, keep_blank_values=True))


async def part(request: Request, name: str) -> Response:
    """The results alone, which htmx puts into the page, with the address of their state."""
    demo, given = asked(request, name)
    # A slider's answer is a few milliseconds of NumPy: handing it to another thread and back would cost a tenth more.
    return await in_turn(_part, request, demo, given) if demo.training else _part(request, demo, given)


def bad_values(request: Request, error: BadParametersError) -> HTMLResponse:
    """What is wrong with the parameters of an address, and the nearest state that is good, in place of results."""
    return page(request, "demos/bad_values.html", HTTPStatus.UNPROCESSABLE_ENTITY, error=error)


def _part(request: Request, demo: Demo[Any], given: Mapping[str, str]) -> Response:
    try:
        state = state_of(demo, given)
        other = beside(state, given) if "compare" in given else None
    except BadParametersError as error:
        return bad_values(request, error)
    results = results_of(state, other)
    response = page(request, "demos/results.html", **results)
    here = parts_of(request.headers.get("hx-current-url", "")).path
    if here in ("", request.url.path):  # beneath a card's answer, the address is the card's
        response.headers["HX-Replace-Url"] = f"/demos/{demo.name}?{results['address']}"
    return response


def address(state: State, other: State | None = None) -> str:
    """The query of a state, with that of the one beside it."""
    over = (f"&over={state.draws}" if state.draws else "") + (f"&tour={state.tour}" if state.tour else "")
    return state.query + over + (f"&compare={quote(other.query, safe='')}" if other else "")


def grown(state: State, until: float) -> State:
    """The state with room on its training's curve up to this many updates, for a run that is to have so many."""
    training = state.demo.training
    if training is None:
        return state
    figures = [
        replace(one, until=until) if one.kind == "curve" and one.name == training.curve else one
        for one in state.result.figures
    ]
    return replace(state, result=replace(state.result, figures=figures))


@dataclass(frozen=True)
class Shown:
    """What templates/demos/figures.html shows of a state, as HTML.

    `figures` are (figure, caption, drawing). `worked` is the arithmetic of the chosen number.
    """

    warnings: Sequence[Markup]
    figures: Sequence[tuple[Figure, Markup, Any]]
    chosen: Chosen | None
    worked: Markup


def results_of(state: State, other: State | None = None) -> dict[str, Any]:
    """All that templates/demos/results.html needs to show one state, or two beside each other."""
    return {
        "state": state,
        "other": other,
        "address": address(state, other),
        "paired": address(state, state),
        "swapped": address(other, state) if other else "",
        "shown": _shown(state),
        "shown_beside": _shown(other) if other else None,
        "differing": differences(state, other) if other else [],
        "at": state.chosen.kept if state.chosen else "",
    }


def _shown(state: State) -> Shown:
    figures, chosen = state.result.figures, state.chosen
    warnings = [marked(warning) for warning in state.result.warnings]
    captions = [marked(figure.caption) for figure in figures]
    formula = Markup()
    if chosen and (row := chosen.trace.row(chosen.key)):
        formula = worked(chosen.arithmetic, chosen.trace.operands(row, chosen.column))
    held = {row.key: row for trace in state.result.traces() for row in trace.rows if row.handle}
    drawings = [drawn(figure.held_by(held) if figure.kind == "diagram" else figure, chosen) for figure in figures]
    return Shown(warnings, list(zip(figures, captions, drawings, strict=True)), chosen, formula)


def drawn(figure: Figure, chosen: Chosen | None) -> Any:
    """A figure as HTML, for the template of its kind."""
    if figure.kind == "curve":
        return chart.picture(figure)
    if figure.kind == "diagram":
        return drawing.arrows(figure) + drawing.nodes(figure)
    return drawing.table(figure, (chosen.key, chosen.column) if chosen and chosen.trace is figure else None, inline)


def marked(sentence: str) -> Markup:
    """A sentence of a demo as HTML: `**0.52**` is a number, `$h_t$` a formula. Ten times as fast as `inline`."""
    parts = sentence.split("$")
    for index in range(0, len(parts), 2):
        words = curly(parts[index]) if "'" in parts[index] or '"' in parts[index] else parts[index]
        numbers = str(escape(words)).split("**")
        numbers[1::2] = [f"<strong>{number}</strong>" for number in numbers[1::2]]
        parts[index] = "".join(numbers)
    for index in range(1, len(parts), 2):
        parts[index] = mathml(parts[index])
    return Markup(glued("".join(parts)))  # noqa: S704  (escaped above)
