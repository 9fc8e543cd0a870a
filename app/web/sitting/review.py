"""/review: a sitting whose cards come from the queue, as the schedule or the learner's choice has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Form, Query
from sqlmodel import Session, col, select
from starlette.responses import RedirectResponse, Response

from app.models import Card, CardDemo, Review
from app.study.learner.preferences import Preferences
from app.study.schedule.rate import Answer, Rated, rate, rated_since
from app.study.schedule.scheduler import State
from app.study.schedule.undo import Undone, undo
from app.study.sitting.progress import progress
from app.study.sitting.queue import Mode, Queue, next_card
from app.study.sitting.summary import MissedCard, Summary, summary
from app.study.sitting.today import NextDue, next_due
from app.web.frame.here import Context, Here
from app.web.sitting import sitting
from app.web.sitting.forms import CardForm, MarkForm, RatingForm, UndoForm
from app.web.sitting.mark import mark
from app.web.sitting.review_address import Sitting as Asked
from app.web.sitting.review_address import SittingQuery, sitting_of, words
from app.web.sitting.shown import Shown
from app.web.sitting.sitting import NotNowError


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
        """Their names, as an address has them."""
        return ",".join(card.name for card in self.missed)


class QueueSitting:
    """A sitting over a selection of a deck's cards. Raises NotHereError for an unknown deck or topic."""

    session: Session

    def __init__(self, here: Context, query: SittingQuery) -> None:
        self.here, self.query = here, query
        self.key = query.key

    @cached_property
    def learner(self) -> Preferences:
        """The learner who studies."""
        return self.here.learner(self.session)

    @cached_property
    def asked(self) -> Asked:
        """What is asked for, as found in the database."""
        return sitting_of(self.session, self.query, self.here.now)

    def current(self) -> Card | None:
        """The card to ask now."""
        return next_card(self.session, self.learner, self.here.now, self.asked.queue)

    def find(self, card_id: int) -> Card:
        """Any card of the deck, due or not."""
        card = self.session.get(Card, card_id)
        if card is None or card.retired_at is not None or card.deck_id != self.asked.deck.id:
            raise NotNowError("That card is no longer in the deck. Here is the next one.")
        return card

    def check_shown(self, card: Card, state: State | None, shown_at: datetime) -> None:
        """The back button leads to a card's answer again after its rating: that would be a second review."""
        if rated := rated_since(self.session.connection(), state, shown_at):
            raise NotNowError(f"You rated that card {rated.rating} since it was shown. Here is the next one.")

    def rate(self, answer: Answer) -> Rated:
        """Count a rating."""
        return rate(self.session, self.learner, answer, self.here.now)

    def undo(self, token: str) -> Undone | None:
        """Take back the learner's last rating, wherever it was given."""
        return undo(self.session, self.learner, token, self.here.now)

    def gave(self, review: Review) -> bool:
        """Every rating of the learner's."""
        return True

    def address(self, card_id: int | None = None) -> str:
        """The address of the next question, or of a card's."""
        pairs = self.query.pairs if card_id is None else (*self.asked.pairs, ("card", card_id))
        return f"/review?{urlencode(pairs)}"

    def context(self, shown: Shown | None) -> Mapping[str, Any]:
        """How far the sitting has come, and what it is confined to."""
        asked, here = self.asked, self.here
        done = progress(self.session, self.learner, here.now, asked.queue, asked.key)
        total = done.done + done.remaining
        return {
            "source": "review",
            "deck": asked.deck,
            "path": "/review",
            "reveal_path": "/review/answer",
            "pairs": asked.pairs,
            "today": self.learner.day(here.now),
            "words": words(asked, here.settings),
            "is_early": asked.queue.mode is not Mode.DUE,
            "done": done.done,
            "place": min(done.done + 1, total),
            "total": total,
            "over": self._over() if shown is None else None,
        }

    def _over(self) -> Over:
        today, deck_id = (self.session, self.learner, self.here.now), self.asked.deck.id
        done = summary(*today, deck_id, self.asked.key)
        missed = [card.card_id for card in done.missed]
        links = self.session.exec(select(CardDemo).where(col(CardDemo.card_id).in_(missed), CardDemo.position == 0))
        demos = {link.card_id: link for link in links}
        return Over(done, demos, next_due(*today, deck_id), progress(*today, Queue(deck_id)).remaining)


class _Card(CardForm, SittingQuery):
    """A card of a sitting."""


class _Rating(RatingForm, SittingQuery):
    """A rating in a sitting."""


class _Undo(UndoForm, SittingQuery):
    """An undo in a sitting."""


class _Mark(MarkForm, SittingQuery):
    """A mark on a card in a sitting."""


def review(here: Here, asked: Annotated[_Card, Query()]) -> Response:
    """The next card's question; with `card`, that card's; with `shown_at` too, its answer."""
    queue = QueueSitting(here, asked)
    if asked.mode is not Mode.DUE and asked.since is None and not here.wants_part:
        with here.reading() as queue.session:
            return RedirectResponse(f"/review?{queue.asked.query}")  # the address has the time when it began, too
    return sitting.show(queue, asked)


def reveal(here: Here, form: Annotated[_Card, Form()]) -> Response:
    """The answer beside what was typed."""
    return sitting.show(QueueSitting(here, form), form)


def rate_card(here: Here, form: Annotated[_Rating, Form()]) -> Response:
    """Record a rating."""
    return sitting.rate(QueueSitting(here, form), form)


def undo_last(here: Here, form: Annotated[_Undo, Form()]) -> Response:
    """Take back the last rating."""
    return sitting.undo(QueueSitting(here, form), form)


def mark_card(here: Here, form: Annotated[_Mark, Form()]) -> Response:
    """Flag, bury, suspend or note a card."""
    return mark(QueueSitting(here, form), form)
