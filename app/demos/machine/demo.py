"""What a demo is: its parameters, how they become a result, and its words.

From this the pages make the form, the answer to bad values, the permalink, the figures, the table as CSV and JSON, the
question to predict, the list of cards and the code panel.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, quote

import numpy as np
from pydantic import ValidationError

from app.demos.machine.arithmetic import shifted
from app.demos.machine.draws import OVER, SEED, BadRangeError, split
from app.demos.machine.figures import symbol_in
from app.demos.machine.markdown import Source, TryThis, Words, read_words
from app.demos.machine.parameters import TEXTS, FormField, Parameters, form_fields
from app.demos.machine.prediction import Prediction
from app.demos.machine.result import Result
from app.demos.machine.turns import LEARNED, WAYS, a_turn
from app.nearest import nearest

P = TypeVar("P", bound=Parameters)
MOST_UNKNOWN = 10
"""So many unknown parameters of an address are named."""


@dataclass(frozen=True)
class Problem:
    """One parameter that cannot be used: what was given, and what is wrong with it, as a sentence."""

    parameter: str
    given: str
    sentence: str


class BadParametersError(ValueError):
    """The parameters of an address cannot be used. `nearest` is the query of the nearest state that can."""

    def __init__(self, demo: str, problems: Sequence[Problem], nearest: str) -> None:
        super().__init__(" ".join(problem.sentence for problem in problems))
        self.demo = demo
        self.problems = tuple(problems)
        self.nearest = nearest


@dataclass(frozen=True)
class Training(Generic[P]):
    """How a demo learns: `updates` names the parameter that says how long, `progress` yields every so often how many
    updates are done and the result at that point, which is the demo's own result with `updates` set to it. `curve`
    names the figure whose x axis counts the updates.
    """

    updates: str
    curve: str
    progress: Callable[[P], Iterator[tuple[int, Result]]]


@dataclass(frozen=True)
class Layered:
    """What a state's programs in Keras and PyTorch begin with: inputs, weights and options by name.

    `lacks` says why PyTorch's layers cannot compute it.
    """

    values: Mapping[str, Any]
    lacks: str = ""


@dataclass(frozen=True)
class Demo(Generic[P]):
    """A demo: the Python of `file`, and the words of the Markdown file beside it.

    Where there is no `prediction` of one of its numbers, app/ask has a question about the same thing.
    `shows` are the functions whose source is shown beside that of `run`. With `training` it learns behind a button, and
    its result is remembered. `run_all` has the numbers of many seeds at once, where a loop of runs would take long.
    `gates` are the letters in its formulas that are gates, which are coloured. A demo of layers has `layers`, and their
    programs in its Markdown file.
    """

    file: str
    parameters: type[P]
    run: Callable[[P], Result]
    prediction: Prediction[P] | None
    shows: Sequence[Callable[..., Any]]
    training: Training[P] | None = None
    run_all: Callable[[P, Sequence[int]], Sequence[Mapping[str, float]]] | None = None
    gates: str = ""
    layers: Callable[[P], Layered] | None = None

    @cached_property
    def name(self) -> str:
        """Its name in addresses: `gru-gates` for gru_gates.py."""
        return Path(self.file).stem.replace("_", "-")

    @cached_property
    def path(self) -> Path:
        """The Markdown file."""
        return Path(self.file).with_suffix(".md")

    @cached_property
    def words(self) -> Words:
        """What the Markdown file says, read once."""
        return read_words(self.path)

    @property
    def title(self) -> str:
        """Its name for people."""
        return self.words.title

    @property
    def idea(self) -> str:
        """The group of demos that it belongs to, one of IDEAS."""
        return self.words.idea

    @property
    def summary(self) -> str:
        """What it shows, in a sentence."""
        return self.words.summary

    @property
    def try_this(self) -> Sequence[TryThis]:
        """Three states worth seeing."""
        return self.words.try_this

    @property
    def tour(self) -> Sequence[TryThis]:
        """The steps of its guided tour; none if it has none."""
        return self.words.tour

    @property
    def sources(self) -> Sequence[Source]:
        """The papers that its mathematics comes from."""
        return self.words.sources

    @cached_property
    def fields(self) -> tuple[FormField, ...]:
        """The form, in order."""
        return form_fields(self.parameters)

    @cached_property
    def knobs(self) -> tuple[FormField, ...]:
        """The fields that stand beside its first figure; the form folds the others away."""
        return tuple(field for name in self.words.knobs for field in self.fields if field.name == name)

    @cached_property
    def symbols(self) -> dict[str, str]:
        """The names of its parameters, by the symbol in the title and by name."""
        return {name: one.name for one in self.fields for name in (shifted(symbol_in(one.title), "", 0), one.name)}

    def compute(self, parameters: P) -> Result:
        """Run the demo. Overflow and NaN are results, not warnings. What trains waits its turn, and is remembered.

        Raises NoTurnError where turns.WAITS is False, and no turn is free.
        """
        if self.training is None:
            with np.errstate(all="ignore"):
                return self.run(parameters)
        known = LEARNED.get((self.name, parameters))
        if known is None:
            with a_turn(), np.errstate(all="ignore"):
                known = self.run(parameters)
            LEARNED.put((self.name, parameters), known)
        return known

    def train(self, parameters: P) -> Iterator[P]:
        """The states on the way to `parameters`, itself the last; `compute` has the result of each from then on.

        A way that is remembered is gone again. The caller holds a turn of TURNS.
        """
        if self.training is None:
            yield parameters
            return
        way: list[P] = WAYS.get((self.name, parameters)) or []
        if way and all(LEARNED.get((self.name, one)) for one in way):
            yield from way
            return
        way = []
        texts, steps = self.texts(parameters), self.training.progress(parameters)
        while True:
            with np.errstate(all="ignore"):
                step = next(steps, None)
            if step is None:
                WAYS.put((self.name, parameters), way)
                return
            reached = self.parse(texts | {self.training.updates: str(step[0])})
            LEARNED.put((self.name, reached), step[1])
            way.append(reached)
            yield reached

    def result(self, query: str | Mapping[str, str]) -> Result:
        """The result of the parameters in a query; raises what `parse` and `compute` raise."""
        return self.compute(self.parse(query))

    def parse(self, query: str | Mapping[str, str]) -> P:
        """The parameters in a query ("steps=50&gain=0.9") or mapping; what is left out has its default.

        Of a range of seeds, as in `seed=0..39`, it is the first.
        Raises BadParametersError, which names every parameter that is wrong, its bounds and the nearest good state.
        """
        given = dict(parse_qsl(query.lstrip("?"), keep_blank_values=True)) if isinstance(query, str) else dict(query)
        known = {field.name for field in self.fields}
        if SEED in known and (OVER in given or ".." in given.get(SEED, "")):
            try:
                given, _range = split(given)
            except BadRangeError as error:
                named = SEED if ".." in given.get(SEED, "") else OVER
                problem = Problem(named, given[named], f"{named}: {error}.")
                raise BadParametersError(self.name, [problem], self.query(self.parameters())) from None
        for name in [name for name in given if name not in known][MOST_UNKNOWN:]:
            del given[name]  # the first ones are refused, each with the nearest name, which takes a while
        try:
            made = self.parameters.model_validate(given)
        except ValidationError as error:
            names = dict.fromkeys(str(one["loc"][0]) for one in error.errors(include_url=False))
            problems = [self._problem(name, given.get(name, "")) for name in names]
            raise BadParametersError(self.name, problems, self._nearest(given)) from None
        if misfits := list(made.misfits()):
            texts = self.texts(made) | given  # what does not fit the rest may be a default
            problems = [Problem(name, texts[name], _sentence(name, texts[name], wanted)) for name, wanted, _ in misfits]
            raise BadParametersError(self.name, problems, self._nearest(given))
        return made

    def query(self, parameters: P) -> str:
        """The one address of a state: every parameter, in the form's order. `parse` reads it back."""
        return "&".join([f"{name}={quote(text, safe=',;')}" for name, text in self.texts(parameters).items()])

    def texts(self, parameters: P) -> dict[str, str]:
        """What each form field holds for these parameters."""
        return {field.name: TEXTS[field.kind](getattr(parameters, field.name)) for field in self.fields}

    def changed(self, change: Mapping[str, str]) -> P:
        """The defaults with some parameters changed, as a "Try this" says it."""
        return self.parse(change)

    def code(self) -> list[tuple[str, str]]:
        """(dotted name, source) of the very functions that ran, the kernels first."""
        return [
            (f"{function.__module__}.{function.__qualname__}", inspect.getsource(function))
            for function in (*self.shows, self.run)
        ]

    def _problem(self, name: str, given: str) -> Problem:
        field = next((field for field in self.fields if field.name == name), None)
        if field is None:
            near = self._nearest_name(name)
            return Problem(name, given, f"{name} is not a parameter of {self.name}. The nearest is {near}.")
        return Problem(name, given, _sentence(name, given, field.allowed))

    def _nearest_name(self, name: str) -> str:
        names = {field.name.lower(): field.name for field in self.fields}
        return names[nearest(name.lower(), names, cutoff=0) or ""]

    def _nearest(self, given: Mapping[str, str]) -> str:
        """The query of the nearest good state: each value on its own first, then beside the others."""
        known = {field.name: field for field in self.fields}
        values = {name: text for name, text in given.items() if name in known}
        for name, text in given.items():
            if name not in known:
                values.setdefault(self._nearest_name(name), text)
        for name, text in values.items():
            try:
                self.parameters.model_validate({name: text})
            except ValidationError:
                values[name] = known[name].nearest(text)
        for _ in known:
            made = self.parameters.model_validate(values)
            mended = {name: text for name, _, text in made.misfits()}
            if not mended:
                break
            values |= mended
        return self.query(made)


def _sentence(name: str, given: str, wanted: str, most: int = 40) -> str:
    shortened = given if len(given) <= most else given[: most - 1] + "…"
    return f"{name} is {shortened!r}, but must be {wanted}."
