"""The forms of a sitting's page, the same for a queue and a quiz."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.invalid import OWN
from app.study.schedule.rate import LONGEST_TYPED, SUREST
from app.study.selection.fields import NONE_IF_EMPTY
from app.study.selection.marks import LONGEST_NOTE
from app.web.frame.here import RowId

MILLISECOND = timedelta(milliseconds=1)
LONGEST_OPEN = 1e12
"""Milliseconds, some thirty years: a form that was open for longer is no form of ours."""


def _one_line_end(text: object) -> object:
    """Browsers count the end of a line as one character, and send two."""
    return text.replace("\r\n", "\n") if isinstance(text, str) else text


def _not_too_long(text: str) -> str:
    if len(text) <= LONGEST_TYPED and "\0" not in text:
        return text
    sentence = (
        f"A typed answer can have at most {LONGEST_TYPED} characters, and no NUL. This one has {len(text)}: "
        "go back and shorten it."
    )
    raise PydanticCustomError(OWN, sentence)


Milliseconds = Annotated[float, Field(ge=0, le=LONGEST_OPEN, allow_inf_nan=False)]
Typed = Annotated[str, BeforeValidator(_one_line_end), AfterValidator(_not_too_long)]
"""An answer typed before the reveal. A text in one's own words is never part of an address: it is private, and long."""

Sure = Annotated[Annotated[int, Field(ge=1, le=SUREST)] | None, NONE_IF_EMPTY]
"""How sure one was before the reveal."""


class Act(StrEnum):
    """What can be done to a card apart from rating it."""

    FLAG = "flag"
    UNFLAG = "unflag"
    BURY = "bury"
    UNBURY = "unbury"
    SUSPEND = "suspend"
    RESUME = "resume"
    NOTE = "note"


class PageForm(BaseModel, frozen=True):
    """Any form of the page. `learner` is who opened the page, None in an address."""

    learner: int | None = None


class AnswerForm(PageForm, frozen=True):
    """What was answered. Of a computed question `instance` names what was asked, and `of_four` that it was chosen.

    A learner who `gives_up` has left the answer empty on purpose. `points` are the card's points as the page showed
    them, and `made` the indices of those that are ticked. `revealed_after` are milliseconds from question to answer.
    """

    typed: Typed = ""
    sure: Sure = None
    instance: Annotated[str, StringConstraints(max_length=LONGEST_TYPED)] = ""
    of_four: bool = False
    gives_up: bool = False
    points: tuple[str, ...] = ()
    made: tuple[int, ...] = ()
    revealed_after: Milliseconds = LONGEST_OPEN

    def revealed_at(self, shown_at: datetime, now: datetime) -> datetime:
        """When the answer was shown: never later than `now`."""
        if shown_at.tzinfo is None or shown_at >= now:
            return shown_at  # `Answer` refuses it, `rate` puts it right
        return shown_at + min(self.revealed_after * MILLISECOND, now - shown_at)

    @property
    def said(self) -> str:
        """A sentence that keeps what was typed in sight, with a space before it; empty if nothing was."""
        return f" You had answered “{self.typed}”." if self.instance and self.typed else ""


class CardForm(AnswerForm, frozen=True):
    """The card to show: its question, or with `shown_at` (when the question was shown) its answer."""

    card: RowId | None = None
    shown_at: datetime | None = None


class RatingForm(AnswerForm, frozen=True):
    """The five buttons' form.

    `token` is its one-use id, `after` the card's last review at `shown_at`, the server's time; 0 for a new card.
    """

    card: RowId
    rating: int
    token: str
    after: RowId
    shown_at: datetime
    revealed_after: Milliseconds


class UndoForm(PageForm, frozen=True):
    """The undo button's form."""

    token: str


class MarkForm(AnswerForm, frozen=True):
    """A card and what to do to it; with `shown_at`, its answer was open."""

    card: RowId
    act: Act
    note: Annotated[str, StringConstraints(max_length=LONGEST_NOTE)] = ""
    shown_at: Annotated[AwareDatetime | None, NONE_IF_EMPTY] = None
