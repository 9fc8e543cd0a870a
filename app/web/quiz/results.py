"""A quiz's result; the same questions again; and two quizzes beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from itertools import groupby
from typing import Annotated, Any

from fastapi import Form, HTTPException, Query
from sqlmodel import Session, col, select
from starlette.responses import RedirectResponse, Response

from app.ask.questions.registry import all_questions
from app.demos.registry import all_demos
from app.models import Card, CardDemo, Deck, Review
from app.study.learner.preferences import Preferences
from app.study.quiz.make import NothingToAskError, make, plan_again
from app.study.quiz.past import Past, past
from app.study.quiz.points import PointReport, report_of
from app.study.quiz.result import DOUBTFUL, SURE, Result, compared, result_of
from app.study.quiz.take import Attempt, Item, attempt_at, quiz_named
from app.study.schedule.computed import asked_before
from app.web.frame.here import Here
from app.web.sitting.shown import Typed, beside


@dataclass(frozen=True)
class Over:
    """The end: the result, typed answers with their cards, demos of the cards missed, and quizzes to compare.

    `computed` are the answers to computed questions, each as a review, and `slips` those of them with a known mistake.
    `points` is the report by point. `cards`, `typed` and `demos` (address and label) are by the card's id.
    """

    result: Result
    cards: dict[int, Card]
    typed: dict[int, Typed]
    computed: Sequence[tuple[Item, Review]]
    slips: Sequence[tuple[Item, Review]]
    points: PointReport | None
    demos: dict[int, list[tuple[str, str]]]
    others: Sequence[Past]

    @property
    def names(self) -> str:
        """The names of the missed cards, as an address has them."""
        return ",".join(item.name for item in self.result.missed)


def result_context(session: Session, learner: Preferences, attempt: Attempt, now: datetime) -> dict[str, Any]:
    """What the template of the result needs."""
    result = result_of(attempt.asked)
    tokens = [item.token for item in result.items if item.rating is not None]
    reviews = session.exec(select(Review).where(col(Review.token).in_(tokens), col(Review.question).is_not(None)))
    computed = {review.card_id: review for review in reviews}
    answers = [(item, computed[item.card_id]) for item in result.items if item.card_id in computed]
    slips = [(item, review) for item, review in answers if review.slip]
    typed = {item.card_id: item.typed for item in result.items if item.typed and item.card_id not in computed}
    to_study = {item.card_id for item in result.missed} | {item.card_id for item, _ in slips}
    cards = {card.id: card for card in session.exec(select(Card).where(col(Card.id).in_(typed)))}
    links = session.exec(
        select(CardDemo)
        .where(col(CardDemo.card_id).in_(to_study))
        .order_by(col(CardDemo.card_id), col(CardDemo.position))
    )
    demos = {
        card_id: [(f"{link.demo}?{link.query}" if link.query else link.demo, link.label) for link in of_card]
        for card_id, of_card in groupby(links, key=lambda link: link.card_id)
    }
    for _, review in slips:
        demos.setdefault(review.card_id, _demo_of(review))
    quizzes = past(session, learner, now, attempt.quiz.deck_id)
    over = Over(
        result,
        cards,
        {card_id: beside(text, cards[card_id]) for card_id, text in typed.items()},
        answers,
        slips,
        report_of(result.items, session.get_one(Deck, attempt.quiz.deck_id).title),
        demos,
        [one for one in quizzes if one.name != attempt.quiz.name and one.mean is not None],
    )
    return {"over": over, "is_late": attempt.is_late(now), "limits": (SURE, DOUBTFUL), "asked_before": asked_before}


def _demo_of(review: Review) -> list[tuple[str, str]]:
    """The demo about what a computed question asked: its address and its title; none where there is no such demo."""
    question = all_questions().get(review.question or "")
    demo = all_demos().get(question.demo) if question else None
    return [(demo.name, demo.title)] if demo else []


def again(here: Here, name: str, new: Annotated[str, Form(alias="name")]) -> Response:
    """A fresh quiz of the same questions, one's own or another's. The same form sent twice is one quiz."""
    with here.reading() as session:
        quiz = quiz_named(session, name)
        learner = here.learner(session)
        plan = plan_again(session, learner, quiz, here.now)
    try:
        with here.writing() as session:
            made = make(session, learner, quiz.deck_id, new, plan, here.now)
    except NothingToAskError as error:
        raise HTTPException(HTTPStatus.CONFLICT, "None of this quiz’s cards are available any more.") from error
    except ValueError as error:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
    return RedirectResponse(f"/quiz/{made}", HTTPStatus.SEE_OTHER)


def compare(here: Here, name: str, other: Annotated[str, Query(alias="with")]) -> Response:
    """Two of one's own quizzes: the means, whole and by topic."""
    with here.reading() as session:
        learner = here.learner(session)
        attempts = [attempt_at(session, learner, which, learner.day(here.now)) for which in (name, other)]
        whole, by_topic = compared(*(attempt.asked for attempt in attempts))
        return here.page(
            "quiz/compare.html",
            deck=session.get_one(Deck, attempts[0].quiz.deck_id),
            quizzes=[attempt.quiz for attempt in attempts],
            whole=whole,
            by_topic=by_topic,
            today=learner.day(here.now),
            zone=learner.zone,
        )
