"""What the page of a sitting shows: a card's question or its answer, what was just rated, and the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request
from sqlmodel import Session

from app.cards.load.search import text_of
from app.models import Card, CardDemo, Review
from app.settings import Settings
from app.study.learner.preferences import Preferences
from app.study.schedule.buttons import Offer
from app.study.schedule.state import State
from app.study.selection.leech import Leech
from app.study.selection.marks import Marks
from app.study.sitting.summary import MissedCard, Summary
from app.study.sitting.today import NextDue
from app.study.sitting.typed_answer import Piece, compared, unsaid
from app.web.frame.editing import EditLink
from app.web.sitting.review_address import Sitting


@dataclass(frozen=True)
class Typed:
    """What was typed before the reveal, in pieces, and the terms of the short answer that are not in it."""

    text: str
    pieces: Sequence[Piece]
    unsaid: Sequence[str]


@dataclass(frozen=True)
class Shown:
    """A card on the page: its question, or, when `offer` is there, its answer with the five buttons."""

    card: Card
    topic: str
    shown_at: datetime
    edit: EditLink
    marks: Marks
    offer: Offer | None = None
    revealed_at: datetime | None = None
    sources: tuple[str, ...] = ()
    typed: Typed | None = None
    leech: Leech | None = None


@dataclass(frozen=True)
class JustRated:
    """The rating given last, the card's name and question, and how the card stands now."""

    review: Review
    name: str
    question: str
    state: State | None
    leech: Leech | None


@dataclass(frozen=True)
class Aside:
    """A card that was set aside just now, and what brings it back."""

    card: Card
    back: str


@dataclass(frozen=True)
class Over:
    """The end of a sitting: what was done in it, and what is left in the rest of the deck."""

    done: Summary
    demos: dict[int, CardDemo]
    next_due: NextDue | None
    remaining: int

    @property
    def missed(self) -> Sequence[MissedCard]:
        """The cards that were missed, in learning order."""
        return self.done.missed

    @property
    def names(self) -> str:
        """Those, as an address names cards."""
        return ",".join(card.name for card in self.missed)


@dataclass(frozen=True)
class Visit:
    """What every answer of this page needs."""

    request: Request
    session: Session
    settings: Settings
    who: Preferences
    sitting: Sitting
    now: datetime


def beside(typed: str, card: Card) -> Typed:
    """A typed answer compared with the card's."""
    short = text_of(card.short_html)
    return Typed(typed, compared(typed, f"{short} {text_of(card.answer_html)}"), unsaid(typed, short))
