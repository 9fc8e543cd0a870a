"""A demo at a state that an address says: parsed, computed, with one number chosen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote

from app.demos.machine.arithmetic import Arithmetic
from app.demos.machine.demo import Demo
from app.demos.machine.draws import OVER, SEED, Draws, split
from app.demos.machine.figures import Trace
from app.demos.machine.parameters import FormField
from app.demos.machine.result import Result

# What an address may say beside the demo's parameters: the chosen number, the state beside it, the card it came from,
# and the step of the tour.
OWN = frozenset({"at", "compare", "from", "tour"})


@dataclass(frozen=True)
class Chosen:
    """The number that was chosen in a trace: its row, its column (from 0), and how it came about."""

    trace: Trace
    key: str
    column: int
    arithmetic: Arithmetic

    @property
    def at(self) -> str:
        """Row and column (from 1), as an address says them."""
        return f"{self.key},{self.column + 1}"

    @property
    def kept(self) -> str:
        """What an address needs: the row alone if a parameter holds the column."""
        return self.key if self.trace.follows else self.at


@dataclass(frozen=True)
class State:
    """A demo at its parameters, computed, with one number chosen. `query` is its one address.

    `draws` are the seeds beside which its own one is to be seen. `tour` is the step of the demo's tour (from 1) that
    led here, or 0.
    """

    demo: Demo[Any]
    parameters: Any
    result: Result
    chosen: Chosen | None
    query: str
    draws: Draws | None = None
    tour: int = 0

    @property
    def plays(self) -> bool:
        """True if the chosen number has others beside it in time, which can be stepped through."""
        return bool(self.chosen and self.chosen.trace.column_word != "unit" and len(self.chosen.trace.columns) > 1)


def parameters_of(given: Mapping[str, str]) -> dict[str, str]:
    """The demo's own parameters, without those of the page."""
    return {name: text for name, text in given.items() if name not in OWN}


def state_of(demo: Demo[Any], given: Mapping[str, str]) -> State:
    """The state that an address asks for. If it has no such cell, the demo's default is chosen.

    A step of the tour (`tour=2`) says what the address leaves out.

    Raises BadParametersError.
    """
    asked = given.get("tour", "")
    tour = int(asked) if asked in [str(step) for step in range(1, len(demo.tour) + 1)] else 0
    if tour:
        given = {**demo.tour[tour - 1].change, **given}
    parameters = demo.parse(parameters_of(given))
    result = demo.compute(parameters)
    key, _, column = given.get("at", "")[:80].partition(",")
    trace = _with_row(result, key) if key else None
    if trace and trace.follows and column.isdecimal() and int(column) != trace.chosen[1] + 1:
        wanted = str(min(max(int(column), 1), len(trace.columns)))
        parameters = demo.parse(demo.texts(parameters) | {trace.follows: wanted})
        result = demo.compute(parameters)
        trace = _with_row(result, key)
    shown = trace or next((figure for figure in result.figures if isinstance(figure, Trace)), None)
    chosen = None
    if shown:
        cell = (key, trace.column_at(column)) if trace else shown.chosen
        chosen = Chosen(shown, *cell, shown.arithmetic(*cell))
    query = demo.query(parameters)
    if trace and chosen and (chosen.key, chosen.column) != trace.chosen:
        query += f"&at={quote(chosen.kept, safe=',')}"
    for one in result.traces():
        one.parameters.update(demo.symbols)
    draws = split(given)[1] if OVER in given or ".." in given.get(SEED, "") else None
    return State(demo, parameters, result, chosen, query, draws, tour)


def beside(state: State, given: Mapping[str, str]) -> State | None:
    """The second state that an address asks for in `compare`, a query of its own, with the same number chosen.

    Raises BadParametersError.
    """
    query = given.get("compare", "")
    if not query:
        return None
    other = dict(parse_qsl(query, keep_blank_values=True))
    return state_of(state.demo, parameters_of(other) | ({"at": given["at"]} if "at" in given else {}))


def differences(one: State, other: State) -> list[tuple[FormField, str, str]]:
    """(parameter, its text here, its text there) of each parameter that differs."""
    here, there = (state.demo.texts(state.parameters) for state in (one, other))
    return [(f, here[f.name], there[f.name]) for f in one.demo.fields if here[f.name] != there[f.name]]


def _with_row(result: Result, key: str) -> Trace | None:
    return next((trace for trace in result.traces() if trace.row(key)), None)
