"""The lines of a learner's history as a file of JSON lines.

The first line has the kind `history` (the format's version and the learner). Then comes one of kind `card` for each
card in the rest of the file, one of kind `review` for each rating and each undo in the order in which they count, one
of kind `mark` for each card with a mark, a note or own tags, one of kind `plan` for each plan until an interview, one
of kind `quiz` for each quiz, each followed by its lines of kind `quiz_item`. The last has the kind `end` and counts the
others, so that a file cut short is noticed. Times are UTC, to the microsecond. Version 1 had neither marks nor quizzes,
and fewer preferences; in version 2 no card had sides, whose names hold a ~; in version 3 the reviews' order was that of
their lines; in version 4 nobody said how sure they were; in version 5 the learner had a date of interview, but no plan,
and no card asked a computed question; in version 6 no answer had points, and no
question said why it was asked.
"""

from datetime import date, datetime
from typing import Annotated, Literal, TypeVar
from urllib.parse import parse_qsl

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from app.study.learner.profile import Profile
from app.study.quiz.make import Kind
from app.study.schedule.computed import asked_before
from app.study.schedule.rate import LONGEST_TYPED, SUREST
from app.study.selection.marks import own_tag
from app.study.selection.selection import Selection
from app.study.sitting.plans import MINUTES
from app.study.sitting.points import kept_before

VERSION = 7
READS = (1, 2, 3, 4, 5, 6, 7)
LONGEST = 1_000_000  # bytes of a line
LONGEST_TEXT = 1_000
LONGEST_SITTING = 200_000  # an address may name many cards
LONGEST_NOTE = 100_000  # more than one can write: merging joins two notes
MOST_TAGS = 1_000
LONGEST_ASKED = 100_000
LONGEST_POINTS = 10_000
_When = TypeVar("_When", date, datetime)


class HistoryError(Exception):
    """A history that cannot be imported. Nothing was changed. The message begins with the line."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a NUL, which not every database stores")
    return text


def _known_kind(kind: str) -> str:
    if kind not in list(Kind):
        raise ValueError(f"{kind[:40]!r} is not a kind of quiz; there are {', '.join(Kind)}")
    return kind


def _in_range(when: _When) -> _When:
    # Far enough from the ends of the calendar for an interval of a hundred years.
    if not 1900 <= when.year < 9000:
        raise ValueError("the year must lie between 1900 and 9000")
    return when


_Name = Annotated[str, Field(pattern=r"^[a-z0-9]+([-_][a-z0-9]+)*$", max_length=200)]
_CardName = Annotated[str, Field(pattern=r"^[a-z0-9]+([-_][a-z0-9]+)*(~[a-z0-9]+)?$", max_length=200)]
_Text = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(_storable)]
_Kind = Annotated[str, AfterValidator(_known_kind)]
_Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
_Seed = Annotated[int, Field(ge=-(2**31), lt=2**31)]
_Typed = Annotated[str, Field(max_length=LONGEST_TYPED), AfterValidator(_storable)]
_Sitting = Annotated[str, Field(max_length=LONGEST_SITTING), AfterValidator(_storable)]
_Tag = Annotated[str, AfterValidator(own_tag)]
_Note = Annotated[str, Field(max_length=LONGEST_NOTE), AfterValidator(_storable)]
_Day = Annotated[date, AfterValidator(_in_range)]
_Moment = Annotated[AwareDatetime, AfterValidator(_in_range)]


def _asked(text: str) -> str:
    asked_before(text)
    return _storable(text)


def _points(text: str) -> str:
    kept_before(text)
    return text


_Points = Annotated[str, Field(max_length=LONGEST_POINTS), AfterValidator(_points)]
_Asked = Annotated[str, Field(max_length=LONGEST_ASKED), AfterValidator(_asked)]


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class HeaderLine(_Line):
    """The first line. `seed` decides which instances of computed questions the learner is asked."""

    kind: Literal["history"] = "history"
    format: Literal["recur-history"] = "recur-history"
    version: int = VERSION
    exported_at: _Moment
    learner: Profile
    seed: _Seed | None = None
    interview_on: Annotated[_Day | None, Field(exclude=True)] = None
    """Of a file older than version 6, which has it among the learner's preferences."""


class CardLine(_Line):
    """A card: enough to make a placeholder if the content lacks it. `seed` decides its fuzz."""

    kind: Literal["card"] = "card"
    deck: _Name
    deck_title: _Text
    topic: _Name
    topic_title: _Text
    card: _CardName
    question: _Text
    seed: _Seed


class ReviewLine(_Line):
    """A rating, or the undo of the rating whose token is `undoes`. `counts_at` is its place among the others.

    Those from `question` to `of_four` say what a computed card asked, and how its answer was judged; `points` are the
    card's points, and which of them the answer made.
    """

    kind: Literal["review"] = "review"
    deck: _Name
    card: _CardName
    token: _Token
    rating: Annotated[int, Field(ge=1, le=5)] | None
    undoes: _Token | None
    shown_at: _Moment | None
    revealed_at: _Moment | None
    rated_at: _Moment
    counts_at: _Moment | None = None
    day: _Day
    desired_retention: Annotated[float, Field(gt=0, lt=1)]
    typed: _Typed | None = None
    sitting: _Sitting | None = None
    sure: Annotated[int, Field(ge=1, le=SUREST)] | None = None
    question: _Name | None = None
    asked: _Asked | None = None
    verdict: Annotated[str, Field(pattern="^[a-z]{1,20}$")] | None = None
    slip: _Text | None = None
    of_four: bool | None = None
    points: _Points | None = None


class MarkLine(_Line):
    """A card's marks and note; `tags` are the learner's own."""

    kind: Literal["mark"] = "mark"
    deck: _Name
    card: _CardName
    buried_until: _Day | None
    is_suspended: bool
    is_flagged: bool
    note: _Note
    tags: Annotated[list[_Tag], Field(max_length=MOST_TAGS)]


class PlanLine(_Line):
    """A plan until an interview; see the table plan."""

    kind: Literal["plan"] = "plan"
    name: _Token
    interview_on: _Day
    minutes: Annotated[int, Field(ge=MINUTES[0], le=MINUTES[1])]
    deck: Annotated[str, Field(max_length=200), AfterValidator(_storable)]
    selection: _Sitting
    days_off: Annotated[str, Field(pattern="^[0-6]{0,6}$")]
    is_over: bool
    asked: _Note
    missing: _Note

    @field_validator("selection")
    @classmethod
    def _selects(cls, selection: str) -> str:
        Selection(**dict(parse_qsl(selection)))
        return selection


class QuizLine(_Line):
    """A quiz; its items follow."""

    kind: Literal["quiz"] = "quiz"
    deck: _Name
    deck_title: _Text
    name: _Token
    quiz_kind: _Kind
    title: _Text
    started_at: _Moment
    seconds: Annotated[int, Field(ge=0, lt=2**31)] | None
    ended_at: _Moment | None


class QuizItemLine(_Line):
    """A question of the quiz above. `token` is that of the review that answered it."""

    kind: Literal["quiz_item"] = "quiz_item"
    quiz: _Token
    position: Annotated[int, Field(ge=0, lt=2**31)]
    deck: _Name
    card: _CardName
    is_follow_up: bool
    expected: Annotated[float, Field(ge=0, le=1)] | None
    token: _Token | None
    why: _Text | None = None


class EndLine(_Line):
    """The last line: how many lines of each kind there are."""

    kind: Literal["end"] = "end"
    cards: int
    reviews: int
    marks: int = 0
    plans: int = 0
    quizzes: int = 0
    quiz_items: int = 0


Line = HeaderLine | CardLine | ReviewLine | MarkLine | PlanLine | QuizLine | QuizItemLine | EndLine
NUMBERED = (
    ("cards", "card"),
    ("reviews", "review"),
    ("marks", "mark"),
    ("plans", "plan"),
    ("quizzes", "quiz"),
    ("quiz_items", "quiz_item"),
)
"""The fields of the last line, and the kind of line that each counts."""
