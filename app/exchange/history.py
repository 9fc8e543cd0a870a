"""A learner's history as a file of JSON lines: what stands on each, and reading them.

First a line of kind `history` (the format's version and the learner), then one of kind `card` for each card that was
ever reviewed, then one of kind `review` for each rating and each undo in the order in which they count, and last one
of kind `end` with their numbers, so that a file cut short is known for what it is. Times are UTC, to the microsecond.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import IO, Annotated, Literal, TypeVar
from zoneinfo import available_timezones

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

VERSION = 1
LONGEST = 100_000  # bytes of a line
LONGEST_TEXT = 1_000
_When = TypeVar("_When", date, datetime)


class HistoryError(Exception):
    """A history that cannot be taken in; nothing of it was. The message begins with the line."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is not a time zone")
    return name


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a NUL, which not every database stores")
    return text


def _in_range(when: _When) -> _When:
    # Far enough from the calendar's ends for a return in a hundred years.
    if not 1900 <= when.year < 9000:
        raise ValueError("the year must lie between 1900 and 9000")
    return when


_Name = Annotated[str, Field(pattern=r"^[a-z0-9]+([-_][a-z0-9]+)*$", max_length=200)]
_Text = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(_storable)]
_Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
_Day = Annotated[date, AfterValidator(_in_range)]
_Moment = Annotated[AwareDatetime, AfterValidator(_in_range)]


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class LearnerPart(_Line):
    """Who studied, and their preferences; None follows the settings."""

    name: _Text
    time_zone: Annotated[str, AfterValidator(_known_zone)] | None
    day_starts_at: Annotated[int, Field(ge=0, le=23)] | None
    new_per_day: Annotated[int, Field(ge=0, le=9999)] | None
    desired_retention: Annotated[float, Field(ge=0.70, le=0.97)] | None


class HeaderLine(_Line):
    """The first line."""

    kind: Literal["history"] = "history"
    format: Literal["recur-history"] = "recur-history"
    version: int = VERSION
    exported_at: _Moment
    learner: LearnerPart


class CardLine(_Line):
    """A card that was reviewed: enough to keep its place where the content lacks it. `seed` decides its fuzz."""

    kind: Literal["card"] = "card"
    deck: _Name
    deck_title: _Text
    topic: _Name
    topic_title: _Text
    card: _Name
    question: _Text
    seed: Annotated[int, Field(ge=-(2**31), lt=2**31)]


class ReviewLine(_Line):
    """A rating, or the undoing of the rating whose token is `undoes`."""

    kind: Literal["review"] = "review"
    deck: _Name
    card: _Name
    token: _Token
    rating: Annotated[int, Field(ge=1, le=5)] | None
    undoes: _Token | None
    shown_at: _Moment | None
    revealed_at: _Moment | None
    rated_at: _Moment
    day: _Day
    desired_retention: Annotated[float, Field(gt=0, lt=1)]


class EndLine(_Line):
    """The last line: how many of each there are."""

    kind: Literal["end"] = "end"
    cards: int
    reviews: int


Line = HeaderLine | CardLine | ReviewLine | EndLine
_LINE: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Field(discriminator="kind")])


def read_lines(file: IO[bytes]) -> Iterator[tuple[int, Line]]:
    """Each line with its number, from 1; holds one at a time.

    Raises HistoryError where a line is wrong in itself or out of place, or the end is missing.
    """
    number = cards = reviews = 0
    line: Line | None = None
    while data := file.readline(LONGEST + 1):
        number += 1
        before, line = line, _read(number, data)
        if isinstance(before, EndLine):
            raise HistoryError(number, "the file goes on after its end: are two files in one?")
        if isinstance(line, HeaderLine) != (before is None):
            raise HistoryError(number, "the line of kind history stands first, and only there")
        if isinstance(line, CardLine) and isinstance(before, ReviewLine):
            raise HistoryError(number, "the lines of kind card stand before those of kind review")
        if isinstance(line, HeaderLine) and line.version != VERSION:
            raise HistoryError(
                number, f"the file's format has version {line.version}, and this Recur reads {VERSION}: update Recur"
            )
        cards += isinstance(line, CardLine)
        reviews += isinstance(line, ReviewLine)
        if isinstance(line, EndLine) and (line.cards, line.reviews) != (cards, reviews):
            raise HistoryError(
                number,
                f"the file was written with {line.cards} cards and {line.reviews} reviews, "
                f"and holds {cards} and {reviews}: lines are missing or were added",
            )
        yield number, line
    if not isinstance(line, EndLine):
        raise HistoryError(max(number, 1), "the file ends here without its last line: it was cut short. Export it anew")


def _read(number: int, data: bytes) -> Line:
    if len(data) > LONGEST:
        raise HistoryError(number, f"the line is longer than {LONGEST:,} bytes: this is no history of Recur")
    try:
        return _LINE.validate_json(data.removeprefix(b"\xef\xbb\xbf") if number == 1 else data)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        # The first part of the place is the line's kind.
        where = ".".join(str(part) for part in problem["loc"][1:])
        message = problem["msg"].removeprefix("Value error, ")
        raise HistoryError(number, f"{where}: {message}" if where else message) from None
