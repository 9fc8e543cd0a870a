"""/review: a sitting whose cards come from the queue, as the schedule or the learner's choice has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query
from pydantic import AwareDatetime, Field, StringConstraints
from sqlmodel import Session, col, select
from starlette.responses import RedirectResponse, Response

from app.cards.file.yaml_files import documents
from app.models import CardDemo, Deck, Review
from app.study.learner.preferences import Preferences
from app.study.schedule.rate import Answer, Rated, rate, rated_since
from app.study.schedule.scheduler import SECOND_LOOK, State
from app.study.schedule.undo import Undone, undo
from app.study.selection.choices import choices, unknown
from app.study.selection.fields import NONE_IF_EMPTY
from app.study.selection.selection import FILTERS, Selection
from app.study.sitting.asked import ASKED_BY_ID, AskedCard, asked
from app.study.sitting.order import Mode
from app.study.sitting.queue import Progress, Queue, next_and_progress, progress, queue_of_today
from app.study.sitting.summary import MissedCard, Summary, summary
from app.study.sitting.today import NextDue, next_due
from app.web.frame.decks import deck_named, topic_titles
from app.web.frame.here import Context, Here, plainly, sent
from app.web.sitting import sitting
from app.web.sitting.forms import CardForm, MarkForm, RatingForm, UndoForm
from app.web.sitting.mark import mark
from app.web.sitting.shown import Shown
from app.web.sitting.sitting import NotNowError


@dataclass(frozen=True)
class Over:
    """The end of a sitting: what was done in it, and what is left in the rest of the deck.

    `once_more` is how many missed cards come back a second time, in a minute or more. `why_none` says in sentences why
    no card is asked, if it is known.
    """

    done: Summary
    demos: dict[int, CardDemo]
    next_due: NextDue | None
    remaining: int
    once_more: int
    why_none: Sequence[str]

    @property
    def missed(self) -> Sequence[MissedCard]:
        """The cards that were missed, in learning order."""
        return self.done.missed

    @property
    def names(self) -> str:
        """Their names, as an address has them."""
        return ",".join(card.name for card in self.missed)


class SittingQuery(Selection, frozen=True):
    """A sitting as an address and every form of its page have it: a selection of a deck's cards, and their order.

    `since` is when a sitting ahead of the schedule began. `minutes` are today's, if not those of the plan.
    """

    # Not Text: every rating has a deck, and a pattern is checked without a call of ours.
    deck: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern="^[^\0]*$")] = ""
    mode: Mode = Mode.DUE
    minutes: Annotated[int | None, NONE_IF_EMPTY, Field(ge=1, le=1440)] = None
    since: Annotated[AwareDatetime | None, NONE_IF_EMPTY] = None

    @cached_property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The fields that are not empty, as an address has them."""
        # Most often nothing but the deck was sent: a rating need not look at every filter.
        filters = super().pairs if self.model_fields_set & FILTERS.keys() else ()
        whole = (
            ("deck", self.deck),
            *filters,
            ("mode", "" if self.mode is Mode.DUE else self.mode.value),
            ("since", self.since.isoformat(timespec="seconds") if self.since else ""),
            ("minutes", str(self.minutes or "")),
        )
        return tuple((name, value) for name, value in whole if value)

    @property
    def key(self) -> str | None:
        """What a review keeps of the sitting in which it was given; None for all that is due in a deck, or planned."""
        pairs = [(name, value) for name, value in self.pairs if name != "minutes"]
        return urlencode(pairs) if any(name != "deck" for name, _value in pairs) else None


class QueueSitting:
    """A sitting over a selection of a deck's cards; one ahead of the schedule begins now unless it says when.

    Raises NotHereError for an unknown deck or topic, with the nearest.
    """

    session: Session

    def __init__(self, here: Context, query: SittingQuery) -> None:
        self.here, self.query = here, query
        self.key = query.key

    @cached_property
    def learner(self) -> Preferences:
        """The learner who studies."""
        return self.here.learner(self.session)

    @cached_property
    def deck(self) -> Deck:
        """The deck; without a name the first one."""
        return deck_named(self.session, self.query.deck or None)

    @cached_property
    def topics(self) -> Mapping[str, str]:
        """The titles of the topics that the query names."""
        return topic_titles(self.session, self.query.topic, self.deck) if self.query.topic else {}

    @cached_property
    def whole(self) -> SittingQuery:
        """The query, with its deck and the time when it began."""
        since = None if self.query.mode is Mode.DUE else self.query.since or self.here.now
        if (self.query.deck, self.query.since) == (self.deck.name, since):
            return self.query
        values = {name: getattr(self.query, name) for name in SittingQuery.model_fields}
        return SittingQuery.model_construct(**values | {"deck": self.deck.name, "since": since})

    @cached_property
    def queue(self) -> Queue:
        """The cards that it asks."""
        if self.key is None:
            return queue_of_today(self.session, self.learner, self.here.now, self.deck.id, self.query.minutes)
        return Queue(self.deck.id, self.query, self.query.mode, self.whole.since)

    @cached_property
    def progress(self) -> Progress:
        """How far it has come."""
        key = self.whole.key
        return progress(self.session, self.learner, self.here.now, self.queue, key)

    @property
    def words(self) -> str:
        """«LSTM and GRU · hard · missed in the last 7 days»: what it is confined to; empty for all that is due."""
        if self.whole.key is None:
            return ""
        by_key = {one.key: one.title for one in documents(self.here.settings.content_dir)} if self.query.source else {}
        parts = self.query.words({"topic": self.topics, "source": by_key})
        order = {Mode.DUE: "", Mode.AHEAD: "ahead of the schedule", Mode.CRAM: "all, due or not"}[self.query.mode]
        return " · ".join([*parts.values(), *([order] if order else [])])

    def current(self) -> AskedCard | None:
        """The card to ask now."""
        key = self.whole.key
        card, self.progress = next_and_progress(self.session, self.learner, self.here.now, self.queue, key)
        return card

    def find(self, card_id: int) -> AskedCard:
        """Any card of the deck, due or not."""
        key = {"learner": self.learner.learner_id, "card": card_id}
        row = self.session.connection().execute(ASKED_BY_ID, key).one_or_none()
        if row is None or row.retired_at is not None or row.deck_id != self.deck.id:
            raise NotNowError("That card is no longer in the deck. Here is the next one.")
        return asked(row)

    def check_shown(self, state: State | None, shown_at: datetime) -> None:
        """The back button leads to a card's answer again after its rating: that would be a second review."""
        if rated := rated_since(self.session.connection(), state, shown_at):
            raise NotNowError(f"You have rated that card {rated.rating} since it was shown. Here is the next one.")

    def rate(self, answer: Answer) -> Rated:
        """Count a rating."""
        rated = rate(self.session, self.learner, answer, self.here.now)
        deck_id, name, title = rated.card.deck
        if name == self.query.deck:  # it need not be looked up for the next card
            self.deck = Deck.model_construct(id=deck_id, name=name, title=title)
        return rated

    def undo(self, token: str) -> Undone | None:
        """Take back the learner's last rating, wherever it was given."""
        return undo(self.session, self.learner, token, self.here.now)

    def gave(self, review: Review) -> bool:
        """Every rating of the learner's."""
        return True

    def has_undo(self, last: Review | None) -> bool:
        """Those of today: `undo` would take back older ones, too, but nobody means them."""
        return last is not None and last.day == self.progress.today

    def address(self, card_id: int | None = None) -> str:
        """The address of the next question, or of a card's."""
        more = [] if card_id is None else [("card", card_id)]
        return f"/review?{urlencode([*self.query.pairs, *more])}"

    def context(self, shown: Shown | None) -> Mapping[str, Any]:
        """How far the sitting has come, and what it is confined to."""
        done = self.progress.done
        total = done + self.progress.remaining
        return {
            "source": "review",
            "deck": self.deck,
            "path": "/review",
            "reveal_path": "/review/answer",
            "leave": f"/?{urlencode({'deck': self.deck.name})}",
            "pairs": self.whole.pairs,
            "today": self.progress.today,
            "words": self.words,
            "again": self.address(),
            "is_early": self.query.mode is not Mode.DUE,
            "done": done,
            "place": min(done + 1, total),
            "total": total,
            "plan": self.queue.plan,
            "why": self._why(shown) if shown else "",
            "over": self._over() if shown is None else None,
        }

    def _why(self, shown: Shown) -> str:
        """Why the plan asks the card, in a word; empty without a plan."""
        if self.queue.plan is None:
            return ""
        is_again = shown.card.state and shown.card.state.reviewed_on == self.progress.today
        return "again" if is_again else self.queue.plan.plan.reasons.get(shown.card.id, "")

    def _over(self) -> Over:
        today, deck_id = (self.session, self.learner, self.here.now), self.deck.id
        done = summary(*today, deck_id, self.whole.key)
        missed = [card.card_id for card in done.missed]
        links = self.session.exec(select(CardDemo).where(col(CardDemo.card_id).in_(missed), CardDemo.position == 0))
        demos = {link.card_id: link for link in links}
        left = progress(*today, queue_of_today(*today, deck_id)).remaining
        once_more = progress(self.session, self.learner, self.here.now + SECOND_LOOK, self.queue).in_sitting
        why_none = () if done.reviews else self._why_none()
        return Over(done, demos, next_due(*today, deck_id), left, once_more, why_none)

    def _why_none(self) -> Sequence[str]:
        if self.query.why_not_asked:
            return [self.query.why_not_asked]
        listed = [one.key for one in documents(self.here.settings.content_dir)]
        return unknown(self.query, choices(self.session, self.learner, self.deck.id), listed)


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
            return RedirectResponse(f"/review?{urlencode(queue.whole.pairs)}")  # with the time when it began
    return sitting.show(queue, asked)


def reveal(here: Here, form: Annotated[_Card, sent(_Card)]) -> Response:
    """The answer beside what was typed."""
    return sitting.show(QueueSitting(here, form), form)


@plainly(_Rating)
def rate_card(here: Context, form: _Rating) -> Response:
    """Record a rating."""
    return sitting.rate(QueueSitting(here, form), form)


def undo_last(here: Here, form: Annotated[_Undo, sent(_Undo)]) -> Response:
    """Take back the last rating."""
    return sitting.undo(QueueSitting(here, form), form)


def mark_card(here: Here, form: Annotated[_Mark, sent(_Mark)]) -> Response:
    """Flag, bury, suspend or note a card."""
    return mark(QueueSitting(here, form), form)
