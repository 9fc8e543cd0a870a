"""Reads a history line by line. A line that is invalid or out of place is refused by its number."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import IO, Annotated, Literal

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from app.exchange.history.format import (
    LONGEST,
    NUMBERED,
    READS,
    EndLine,
    HeaderLine,
    HistoryError,
    Line,
    QuizItemLine,
    QuizLine,
)
from app.invalid import in_words

_ORDER = ({"history"}, {"card"}, {"review"}, {"mark"}, {"plan"}, {"quiz", "quiz_item"}, {"end"})
_PLACE = {kind: place for place, kinds in enumerate(_ORDER) for kind in kinds}
_LINE: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Field(discriminator="kind")])


def read_lines(file: IO[bytes]) -> Iterator[tuple[int, Line]]:
    """Yield each line with its number, from 1. Holds one in memory.

    Raises HistoryError if a line is invalid or out of place, or if the end is missing.
    """
    number = 0
    numbers: Counter[str] = Counter()
    line: Line | None = None
    while data := file.readline(LONGEST + 1):
        number += 1
        before, line = line, _read(number, data)
        _check_place(number, before, line)
        numbers[line.kind] += 1
        if isinstance(line, EndLine):
            _check_numbers(number, line, numbers)
        yield number, line
    if not isinstance(line, EndLine):
        raise HistoryError(
            max(number, 1), "the file ends here without its last line: it was cut short. Export it again"
        )


def _check_place(number: int, before: Line | None, line: Line) -> None:
    if isinstance(before, EndLine):
        raise HistoryError(number, "the file continues after its end: are there two files in one?")
    if isinstance(line, HeaderLine) != (before is None):
        raise HistoryError(number, "the line of kind history must be the first line, and the only one")
    if before is not None and _PLACE[line.kind] < _PLACE[before.kind]:
        raise HistoryError(number, f"the lines of kind {line.kind} must come before those of kind {before.kind}")
    if isinstance(line, QuizItemLine):
        quiz = before.name if isinstance(before, QuizLine) else getattr(before, "quiz", None)
        last = before.position if isinstance(before, QuizItemLine) else -1
        if line.quiz != quiz or line.position <= last:
            raise HistoryError(number, f"the items of the quiz {line.quiz} must follow its line, in order")


def _check_numbers(number: int, end: EndLine, found: Counter[str]) -> None:
    wrong = [(name, getattr(end, name), found[kind]) for name, kind in NUMBERED if getattr(end, name) != found[kind]]
    if wrong:
        written = ", ".join(f"{there} {name}" for name, there, _here in wrong)
        holds = ", ".join(f"{here} {name}" for name, _there, here in wrong)
        raise HistoryError(
            number, f"the file was written with {written}, and holds {holds}: lines are missing or were added"
        )


def _read(number: int, data: bytes) -> Line:
    if len(data) > LONGEST:
        raise HistoryError(number, f"the line is longer than {LONGEST:,} bytes: this is not a history from Recur")
    if number == 1:
        data = data.removeprefix(b"\xef\xbb\xbf")
        _check_version(data)
        data = _with_interview_apart(data)
    try:
        return _LINE.validate_json(data)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        # The first part of `loc` is the line's kind.
        raise HistoryError(number, in_words(".".join(map(str, problem["loc"][1:])), problem)) from None


class _Versioned(BaseModel):
    """As much of the first line as every version of the format has."""

    kind: Literal["history"]
    version: int


def _with_interview_apart(data: bytes) -> bytes:
    """The first line of an older file with the date of interview beside the learner's preferences."""
    try:
        header = json.loads(data)
        on = header["learner"].pop("interview_on")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return data  # it has none, or is not a first line
    return data if header.get("version") in READS[5:] else json.dumps(header | {"interview_on": on}).encode()


def _check_version(data: bytes) -> None:
    """Raise HistoryError if the first line is of a version that we do not read, whatever else is on it."""
    try:
        version = _Versioned.model_validate_json(data).version
    except ValidationError:
        return  # it is not a first line, which is reported later
    if version not in READS:
        reads = f"{', '.join(map(str, READS[:-1]))} and {READS[-1]}"
        raise HistoryError(
            1,
            f"the file's format has version {version}, and this Recur reads {reads}: update Recur"
            + (", which is older than the file" if version > READS[-1] else ""),
        )
