"""/quiz/NAME: a sitting whose cards come from a quiz; and the quiz's end and result."""

import math
from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from app.models import Deck, Review
from app.study.learner.preferences import Preferences
from app.study.quiz import take as quiz
from app.study.quiz.take import AnothersQuizError, Attempt, Item
from app.study.schedule.rate import Answer, Rated
from app.study.schedule.scheduler import State
from app.study.schedule.undo import Undone
from app.study.sitting.asked import ASKED_BY_ID, AskedCard, asked
from app.web.frame.here import Context, Here, plainly, sent
from app.web.quiz.results import result_context
from app.web.quiz.share import share_page
from app.web.sitting import sitting
from app.web.sitting.forms import CardForm, MarkForm, RatingForm, UndoForm
from app.web.sitting.mark import mark
from app.web.sitting.shown import Shown
from app.web.sitting.sitting import NotNowError


class QuizSitting:
    """A quiz of the learner's own. Raises UnknownQuizError, AnothersQuizError."""

    session: Session
    key = None

    def __init__(self, here: Context, name: str) -> None:
        self.here, self.name = here, name

    @cached_property
    def learner(self) -> Preferences:
        """The learner who takes it."""
        return self.here.learner(self.session)

    @cached_property
    def today(self) -> date:
        """The learner's date."""
        return self.learner.day(self.here.now)

    @cached_property
    def attempt(self) -> Attempt:
        """The quiz as far as it has come."""
        return quiz.attempt_at(self.session, self.learner, self.name, self.today)

    @cached_property
    def item(self) -> Item | None:
        """The question to answer now."""
        return self.attempt.current(self.here.now)

    def current(self) -> AskedCard | None:
        """The card to ask now."""
        if self.item is None:
            return None
        key = {"learner": self.learner.learner_id, "card": self.item.card_id}
        return asked(self.session.connection().execute(ASKED_BY_ID, key).one())

    def find(self, card_id: int) -> AskedCard:
        """The card of the current question and no other: the back button, or another tab, may ask for another."""
        if self.item is None:
            is_late = self.attempt.is_late(self.here.now)
            raise NotNowError("Time is up, so that question stays unanswered." if is_late else "")
        card = self.current()
        if card is None or card.id != card_id:
            raise NotNowError("That is not the current question. This one is.")
        return card

    def check_shown(self, state: State | None, shown_at: datetime) -> None:
        """The current question is unanswered, whatever was rated elsewhere."""

    def rate(self, answer: Answer) -> Rated:
        """Count a rating, as the answer to its question."""
        return quiz.answer(self.session, self.learner, self.name, answer, self.here.now)

    def undo(self, token: str) -> Undone | None:
        """Take back the quiz's last answer."""
        return quiz.take_back(self.session, self.learner, self.name, token, self.here.now)

    def gave(self, review: Review) -> bool:
        """The answers to this quiz's questions."""
        return any(item.token == review.token for item in self.attempt.items)

    def has_undo(self, last: Review | None) -> bool:
        """Its answers, whatever else was rated since."""
        return self.attempt.done > 0

    def address(self, card_id: int | None = None) -> str:
        """The quiz's own address: it asks one question at a time."""
        return f"/quiz/{self.name}"

    def context(self, shown: Shown | None) -> Mapping[str, Any]:
        """How far the quiz has come, and its clock; at the end its result."""
        attempt, now = self.attempt, self.here.now
        total = len(attempt.asked)
        deck = self.session.get_one(Deck, attempt.quiz.deck_id)
        found: dict[str, Any] = {
            "source": "quiz",
            "deck": deck,
            "path": f"/quiz/{self.name}",
            "reveal_path": f"/quiz/{self.name}/reveal",
            "leave": f"/quiz?{urlencode({'deck': deck.name})}",
            "pairs": (),
            "words": "",
            "is_early": False,
            "today": self.today,
            "quiz": attempt.quiz,
            "why": self.item and self.item.why,
            "is_follow_up": self.item is not None and self.item.is_follow_up,
            "done": attempt.done,
            "place": attempt.done + 1,
            "total": total,
            "skipped": len(attempt.items) - total,
            "ends_at": attempt.ends_at,
            "seconds_left": None if attempt.ends_at is None else math.ceil((attempt.ends_at - now).total_seconds()),
        }
        return found if shown else found | result_context(self.session, self.learner, attempt, now)


def one_quiz(here: Here, name: str, asked: Annotated[CardForm, Query()]) -> Response:
    """The question to answer now; with its `card` and `shown_at` the answer; the result if the quiz is over.

    Another learner's quiz shows what it asks, and can be taken afresh.
    """
    try:
        return sitting.show(QuizSitting(here, name), asked)
    except AnothersQuizError as error:
        return share_page(here, error.quiz)


def reveal(here: Here, name: str, form: Annotated[CardForm, sent(CardForm)]) -> Response:
    """The answer beside what was typed."""
    return sitting.show(QuizSitting(here, name), form)


@plainly(RatingForm)
def rate_answer(here: Context, form: RatingForm, name: str) -> Response:
    """Record the rating of an answer."""
    return sitting.rate(QuizSitting(here, name), form)


def undo_last(here: Here, name: str, form: Annotated[UndoForm, sent(UndoForm)]) -> Response:
    """Take back the quiz's last answer, and ask it again."""
    return sitting.undo(QuizSitting(here, name), form)


def mark_card(here: Here, name: str, form: Annotated[MarkForm, sent(MarkForm)]) -> Response:
    """Flag, bury, suspend or note a card."""
    return mark(QuizSitting(here, name), form)


def end_quiz(here: Here, name: str) -> Response:
    """Leave the rest unanswered, and show the result."""
    with here.writing() as session:
        quiz.end(session, here.learner(session), name, here.now)
    return RedirectResponse(f"/quiz/{name}", HTTPStatus.SEE_OTHER)
