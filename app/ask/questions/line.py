"""A card's line `Ask:`: the question that it names, and the parameters that it fixes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qsl

from app.ask.question import BadConstraintError, Instance, Question
from app.ask.questions.registry import UnknownQuestionError, find


class BadLineError(ValueError):
    """The line cannot be asked; the message says what is wrong with it."""


@dataclass(frozen=True)
class AskLine:
    """A question, and what it is confined to."""

    question: Question
    constraints: Mapping[str, str]

    @property
    def title(self) -> str:
        """What it asks, in a few words."""
        fixed = ", ".join(f"{name} = {value}" for name, value in self.constraints.items())
        return f"{self.question.title} ({fixed})" if fixed else self.question.title

    @property
    def instances(self) -> Sequence[Instance]:
        """All its instances, in the order in which they are asked. Raises BadLineError if there are too few."""
        try:
            return self.question.instances(self.constraints)
        except BadConstraintError as error:
            raise BadLineError(str(error)) from None


@lru_cache(maxsize=1024)
def read(text: str) -> AskLine:
    """What the line says behind `Ask:`, as in layer-shapes?layer=lstm. Raises BadLineError.

    Whether there are instances enough is not known before they are looked for.
    """
    name, _, query = text.partition("?")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    except ValueError:
        raise BadLineError(f"write what it fixes as {name}?parameter=value&parameter=value, not {query!r}") from None
    constraints = dict(pairs)
    if len(constraints) < len(pairs):
        raise BadLineError("it fixes a parameter twice: remove one of the two")
    try:
        line = AskLine(find(name.strip()), constraints)
        line.question.check(constraints)
    except (UnknownQuestionError, BadConstraintError) as error:
        raise BadLineError(str(error)) from None
    return line


class Examples(NamedTuple):
    """The first five instances that a line asks, or why there are none."""

    instances: Sequence[Instance] = ()
    why_none: str = ""


def examples(text: str) -> Examples:
    """What the line asks, to be shown."""
    try:
        return Examples(read(text).instances[:5])
    except BadLineError as error:
        return Examples(why_none=str(error))
