"""The parameters of a demo: a pydantic model whose every field is bounded, named and explained.

From the model come the form's fields, the words for a bad value, and the nearest good one.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from sys import float_info
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator
from pydantic.fields import FieldInfo

from app.demos.machine.numbers import plain, show, words
from app.nearest import nearest
from app.nn.framework import NAMES, Framework

ENTRY = 10.0
MOST_ENTRIES = 12


def split_numbers(text: object) -> object:
    """ "1, 2,3" as its parts; anything but text is left as it is."""
    return tuple(part.strip() for part in text.split(",")) if isinstance(text, str) else text


def split_rows(text: object) -> object:
    """ "1,2; 3,4" as its rows; anything but text is left as it is."""
    return tuple(text.split(";")) if isinstance(text, str) else text


Entry = Annotated[float, Field(ge=-ENTRY, le=ENTRY)]
Numbers = Annotated[tuple[Entry, ...], BeforeValidator(split_numbers), Field(min_length=1, max_length=MOST_ENTRIES)]
Matrix = Annotated[tuple[Numbers, ...], BeforeValidator(split_rows), Field(min_length=1, max_length=MOST_ENTRIES)]
Phi = Literal["tanh", "relu", "sigmoid", "linear"]
"""The activations that a demo offers."""
Kind = Literal["number", "choice", "flag", "text", "numbers", "matrix"]
TEXTS: dict[Kind, Callable[[Any], str]] = {
    "number": plain,
    "choice": str,
    "flag": lambda value: str(int(value)),
    "text": str,
    "numbers": lambda values: ",".join(map(plain, values)),
    "matrix": lambda rows: ";".join(",".join(map(plain, row)) for row in rows),
}
"""How an address and a form field hold a value of each kind."""


class Parameters(BaseModel):
    """Base of every demo's parameters: unknown names and values that are not finite are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _without_subnormals(cls, value: Any) -> Any:
        """A number too small to have all its digits is 0: no arithmetic that is shown with it would come out."""
        return 0.0 if isinstance(value, float) and 0 < abs(value) < float_info.min else value

    @property
    def idle(self) -> frozenset[str]:
        """The parameters that change nothing beside the others as they are: the form hides them."""
        return frozenset()

    def misfits(self) -> Iterator[tuple[str, str, str]]:
        """(parameter, what it must be beside the others, the nearest text that is) for each that does not fit."""
        for name, names in _each(type(self)):
            given = getattr(self, name)
            if len(given) not in (1, len(names)):
                fitted = (*given, *(0.0 for _ in names))[: len(names)]
                wanted = f"one number, or {COUNT[len(names)]}: for {', '.join(names[:-1])} and {names[-1]}"
                yield name, wanted, ",".join(map(repr, fitted))

    def each(self, name: str) -> NDArray[np.float64]:
        """A list that holds one number for each of its names: a single one is repeated."""
        given: tuple[float, ...] = getattr(self, name)
        return np.array(given * len(dict(_each(type(self)))[name]) if len(given) == 1 else given, dtype=float)


COUNT = {2: "two", 3: "three", 4: "four"}


@cache
def _each(model: type[Parameters]) -> Sequence[tuple[str, tuple[str, ...]]]:
    """(parameter, names) of the lists that hold a number for each of these names."""
    extras: dict[str, Any] = {name: info.json_schema_extra or {} for name, info in model.model_fields.items()}
    return [(name, tuple(extra["each"])) for name, extra in extras.items() if "each" in extra]


class Stepwise(Parameters):
    """Parameters with inputs `x`, one a step, and the `step` to look at."""

    if TYPE_CHECKING:  # the demo's own fields, which say their place in the form
        x: Numbers
        step: int

    @property
    def looked_at(self) -> int:
        """The step to look at, from 1: past the end it is the last."""
        return min(self.step, len(self.x))


class InFramework(Parameters):
    """Parameters of a demo that differs between Keras and PyTorch: the switch, first in the form."""

    framework: Framework = Field(
        "keras", title="Framework", description="Whose layer this is: its defaults, its names, its shapes."
    )


def number(
    default: float,
    low: float,
    high: float,
    *,
    step: float,
    title: str,
    says: str,
    slide: tuple[float, float] | None = None,
) -> Any:
    """A number from `low` to `high`; its slider covers `slide`, where that is the interesting part of it."""
    extra = {"step": step, "slide": slide or (low, high)}
    return Field(default, ge=low, le=high, title=title, description=says, json_schema_extra=extra)  # type: ignore[arg-type]


def choice(default: Any, *, title: str, says: str) -> Any:
    """One of the annotation's words."""
    return Field(default, title=title, description=says)


def flag(default: bool, *, title: str, says: str) -> Any:
    """On (1) or off (0)."""
    return Field(default, title=title, description=says)


def text(default: str, *, of: str, most: int, least: int = 1, title: str, says: str) -> Any:
    """A line of `least` to `most` characters, each one of `of`."""
    bounds: dict[str, Any] = {"min_length": least, "max_length": most, "pattern": rf"^[{re.escape(of)}]*$"}
    return Field(default, title=title, description=says, json_schema_extra={"of": of}, **bounds)


def entries(
    default: Any,
    *,
    title: str,
    says: str = "",
    each: Sequence[str] = (),
    slide: tuple[float, float] | None = None,
    step: float = 0.05,
) -> Any:
    """A list or a matrix of numbers; one that is a single number has a slider over `slide`.

    With `each` it is a list of one number for each of these names, or of one that serves them all.
    """
    extra: dict[str, Any] = {"step": step, "slide": slide}
    if each:
        extra["each"] = list(each)
        says = says or f"For {', '.join(each)}; a single one serves all {COUNT[len(each)]}."
    return Field(default, title=title, description=says, json_schema_extra=extra)


@dataclass(frozen=True)
class FormField:
    """One parameter as the form and the messages see it. `title` may hold LaTeX between dollar signs.

    Of a text `low` and `high` bound the length, and `choices` are the characters that it may hold. Of a list `each`
    names the numbers.
    """

    name: str
    kind: Kind
    title: str
    says: str
    default: str
    low: float = 0
    high: float = 1
    step: float = 1
    slide: tuple[float, float] | None = None
    whole: bool = False
    choices: tuple[str, ...] = ()
    each: Sequence[str] = ()

    @property
    def allowed(self) -> str:
        """Its bounds in words: "a number from 0 to 4"."""
        match self.kind:
            case "number":
                return f"a {'whole ' * self.whole}number from {show(self.low)} to {show(self.high)}"
            case "choice":
                return "one of " + ", ".join(self.choices)
            case "flag":
                return "0 (off) or 1 (on)"
            case "text":
                shown = "".join("␣" if one == " " else one for one in self.choices)
                return f"{show(self.low)} to {show(self.high)} characters, each one of {shown}"
        entry = f"each from {show(-ENTRY)} to {show(ENTRY)}"
        if self.kind == "numbers":
            return f"1 to {MOST_ENTRIES} numbers separated by commas, {entry}"
        return f"rows of numbers: commas within a row, semicolons between rows, {entry}"

    @property
    def spoken(self) -> str:
        """Its title as a screen reader says it: without LaTeX."""
        return words(self.title)

    def shown(self, choice: str) -> str:
        """A choice as people read it."""
        return {"0": "off", "1": "on"}[choice] if self.kind == "flag" else NAMES.get(choice, choice)

    def text(self, value: Any) -> str:
        """A value as an address and a form field hold it."""
        return TEXTS[self.kind](value)

    def nearest(self, text: str) -> str:
        """The nearest allowed value to what was written; the default where nothing can be made of it."""
        match self.kind:
            case "number":
                value = _number_in(text)
                return self.default if value is None else plain(self._clamped(value))
            case "choice":
                return nearest(text, self.choices) or self.default
            case "flag":
                return {"true": "1", "yes": "1", "on": "1", "false": "0", "no": "0", "off": "0"}.get(
                    text.lower(), self.default
                )
            case "text":
                known = [one for one in _plainer(text, self.choices) if one in self.choices][: int(self.high)]
                return "".join(known) if len(known) >= self.low else self.default
            case "numbers":
                return ",".join(_entries_in(text)) or self.default
        rows = [",".join(_entries_in(row)) for row in text.split(";")[:MOST_ENTRIES]]
        return ";".join(row for row in rows if row) or self.default

    def _clamped(self, value: float) -> float:
        inside = max(self.low, min(self.high, value))
        return round(inside) if self.whole else inside


def _number_in(text: str) -> float | None:
    """The first number in a text that people write: with a comma for the point, a real minus sign, a unit behind it."""
    found = re.search(
        r"[-+]?(?:inf|\d+(?:\.\d*)?(?:e[-+]?\d+)?|\.\d+)", text.lower().replace(",", ".").replace("−", "-")
    )
    return float(found[0]) if found else None


def _plainer(text: str, known: tuple[str, ...]) -> str:
    """A text in lower case, and without the accents that are not known."""
    parts = (one if one in known else unicodedata.normalize("NFD", one) for one in text.lower())
    return "".join(parts)


def _entries_in(text: str) -> list[str]:
    found = [_number_in(part) for part in text.split(",")]
    return [plain(max(-ENTRY, min(ENTRY, value))) for value in found if value is not None and not math.isnan(value)][
        :MOST_ENTRIES
    ]


def form_fields(model: type[Parameters]) -> tuple[FormField, ...]:
    """The fields of the form, in the model's order. Raises TypeError for a field without title, sentence or bounds."""
    return tuple(_form_field(name, info) for name, info in model.model_fields.items())


def _form_field(name: str, info: FieldInfo) -> FormField:
    if not info.title or not info.description or info.is_required():
        raise TypeError(f"The parameter {name} needs a title, a sentence and a default.")
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    common: dict[str, Any] = {"name": name, "title": info.title, "says": info.description}
    if get_origin(info.annotation) is Literal:
        made = FormField(kind="choice", choices=tuple(get_args(info.annotation)), default="", **common)
    elif info.annotation is bool:
        made = FormField(kind="flag", choices=("0", "1"), default="", **common)
    elif info.annotation is str:
        lengths = {
            key: getattr(m, key) for m in info.metadata for key in ("min_length", "max_length") if hasattr(m, key)
        }
        limits = {"low": lengths["min_length"], "high": lengths["max_length"], "choices": tuple(str(extra["of"]))}
        made = FormField(kind="text", default="", **common, **limits)
    elif info.annotation in (int, float):
        bounds = {key: getattr(m, key) for m in info.metadata for key in ("ge", "le") if hasattr(m, key)}
        if set(bounds) != {"ge", "le"}:
            raise TypeError(f"The parameter {name} needs bounds on both sides.")
        limits = {"low": bounds["ge"], "high": bounds["le"], "step": extra["step"], "slide": extra["slide"]}
        made = FormField(kind="number", whole=info.annotation is int, default="", **common, **limits)
    else:
        matrix = "tuple[tuple" in re.sub(r"[\w.]*Annotated\[", "", str(info.annotation))
        limits = {"low": -ENTRY, "high": ENTRY, "step": extra["step"], "slide": extra["slide"]}
        limits["each"] = extra.get("each", ())
        made = FormField(kind="matrix" if matrix else "numbers", default="", **common, **limits)
    return FormField(**(vars(made) | {"default": made.text(info.default)}))
