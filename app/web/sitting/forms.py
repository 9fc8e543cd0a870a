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


Typed = Annotated[str, BeforeValidator(_one_line_end), AfterValidator(_not_too_long)]
"""An answer typed before the reveal. It is sent, and never part of an address: it is private, and may be long."""

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
    them, and `made` the indices of those that are ticked.
    """

    typed: Typed = ""
    sure: Sure = None
    instance: Annotated[str, StringConstraints(max_length=LONGEST_TYPED)] = ""
    of_four: bool = False
    gives_up: bool = False
    points: tuple[str, ...] = ()
    made: tuple[int, ...] = ()

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

    `token` is its one-use id and `after` the card's last review when the page was made, 0 for a new card. `shown_at`
    is when the question was shown, by the server's clock, and `revealed_after` how many milliseconds later the answer
    was, by whichever clock was there.
    """

    card: RowId
    rating: int
    token: str
    after: RowId
    shown_at: datetime
    revealed_after: Annotated[float, Field(ge=0, le=LONGEST_OPEN, allow_inf_nan=False)]

    def revealed_at(self, now: datetime) -> datetime:
        """When the answer was shown: never later than `now`."""
        if self.shown_at.tzinfo is None or self.shown_at >= now:
            return self.shown_at  # `Answer` refuses it, `rate` puts it right
        return self.shown_at + min(self.revealed_after * MILLISECOND, now - self.shown_at)


class UndoForm(PageForm, frozen=True):
    """The undo button's form."""

    token: str


class MarkForm(AnswerForm, frozen=True):
    """A card and what to do to it; with `shown_at`, its answer was open."""

    card: RowId
    act: Act
    note: Annotated[str, StringConstraints(max_length=LONGEST_NOTE)] = ""
    shown_at: Annotated[AwareDatetime | None, NONE_IF_EMPTY] = None
