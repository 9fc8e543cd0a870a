"""A card on the page of a sitting: its question, and its answer with the five buttons."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlmodel import Session

from app.cards.load.search import text_of_html
from app.models import Card
from app.study.learner.preferences import Preferences
from app.study.schedule.buttons import Offer, offer
from app.study.schedule.rate import FORM_LASTS
from app.study.schedule.scheduler import MOST_MISSES
from app.study.selection.leech import Leech, leech
from app.study.sitting.asked import AskedCard
from app.study.sitting.formulas import spelled_out
from app.study.sitting.points import Ticked, guess, proposed
from app.study.sitting.typed_answer import Piece, compared, unsaid
from app.web.frame.editing import EditLink, edit_at
from app.web.frame.here import Context
from app.web.sitting.computed import Computed
from app.web.sitting.forms import MILLISECOND


@dataclass(frozen=True)
class Typed:
    """A typed answer in pieces, and the terms of the short answer that are missing from it."""

    text: str
    pieces: Sequence[Piece]
    unsaid: Sequence[str]


@dataclass(frozen=True)
class Shown:
    """A card's question, shown at `shown_at`; with `offer` also its answer and the five buttons.

    They are open on the page if `revealed_at` is set, and else hidden until the page reveals them. `owes` is how often
    the card is still to be recalled, as far as its state says: twice if it was missed. `sure` is how sure the learner
    said to be before the reveal.
    """

    card: AskedCard
    shown_at: datetime
    revealed_at: datetime | None = None
    offer: Offer | None = None
    edit: EditLink | None = None
    typed: Typed | None = None
    computed: Computed | None = None
    leech: Leech | None = None
    rated_on: date | None = None
    owes: int = 0
    sure: int | None = None
    points: Sequence[Ticked] = ()

    @property
    def proposed(self) -> int:
        """The rating that a judged answer proposes, or the points that it made; 0 if there is neither."""
        if self.computed:
            return self.computed.proposed
        is_answered = self.typed or any(one.is_made for one in self.points)
        return proposed(sum(one.is_made for one in self.points), len(self.points)) if is_answered and self.points else 0

    @property
    def revealed_after(self) -> float:
        """Milliseconds from the question to the answer, as RatingForm has them."""
        return max(0.0, ((self.revealed_at or self.shown_at) - self.shown_at) / MILLISECOND)

    @property
    def holds(self) -> int:
        """Whole milliseconds from the question for which the dates of `offer` hold."""
        return (self.offer.until - self.shown_at) // MILLISECOND if self.offer else 0


def with_answer(here: Context, session: Session, learner: Preferences, asked: Shown, typed: str = "") -> Shown:
    """The question `asked` with its answer, beside what was typed."""
    revealed_at = max(asked.revealed_at or here.now, here.now - FORM_LASTS)
    card, state, said = asked.card, asked.card.state, typed.strip() and spelled_out(typed)
    return replace(
        asked,
        offer=offer(learner, state, card.id if card.seed is None else card.seed, revealed_at),
        edit=edit_at(here.settings, card.topic_path, card.line),
        typed=beside(typed, card) if typed.strip() else None,
        leech=leech(session, card.id, state.lapses) if state else None,
        rated_on=state.reviewed_on if state else None,
        owes=2 if state and state.due_at and state.day_misses < MOST_MISSES else 0,
        points=[
            guess(text, point, text_of_html(point), said) if said.strip() else Ticked(text, point, is_made=False)
            for text, point in card.points
        ],
    )


def beside(typed: str, card: AskedCard | Card) -> Typed:
    """A typed answer compared with the card's."""
    short = text_of_html(card.short_html)
    return Typed(typed, compared(typed, f"{short} {text_of_html(card.answer_html)}"), unsaid(typed, short))
