"""/quiz: choose a quiz, go on with one, and see the past ones."""

import random
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Form, HTTPException, Query
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from app.cards.file.metadata import LEVELS
from app.models import Deck
from app.study.learner.preferences import Preferences
from app.study.quiz.choose import FEWEST, INTERVIEW, MOST, WEAKEST
from app.study.quiz.make import (
    INTERVIEW_SECONDS,
    Kind,
    NothingToAskError,
    Plan,
    candidates,
    make,
    plan_chosen,
    plan_interview,
    plan_weakest,
)
from app.study.quiz.past import past
from app.study.selection.links import follow_ups_in
from app.study.sitting.today import by_topic
from app.web.frame.decks import all_decks, deck_named
from app.web.frame.here import Here
from app.web.quiz.form import LONGEST_MINUTES, BadFormError, QuizForm, read_form

LISTED = 20


def quiz(
    here: Here,
    deck: str | None = None,
    topic: Annotated[list[str] | None, Query()] = None,
    all_past: Annotated[bool, Query(alias="all")] = False,
) -> Response:
    """What can be chosen, with every topic checked or those in the address, and the past quizzes."""
    with here.reading() as session:
        return _page(here, session, deck_named(session, deck), checked=topic, all_past=all_past)


def make_quiz(
    here: Here,
    form: Annotated[QuizForm, Form()],
) -> Response:
    """Make the quiz and lead to it. The same form sent twice is one quiz."""
    try:
        with here.reading() as session:
            deck = deck_named(session, form.deck or None)
            plan = _plan(session, here.learner(session), here.now, deck, form)
        with here.writing() as session:
            name = make(session, here.learner(session), deck.id, form.name, plan, here.now)
    except (BadFormError, NothingToAskError) as error:
        problems = error.problems if isinstance(error, BadFormError) else {form.kind: str(error)}
        with here.reading() as session:
            return _page(here, session, deck, form=form, checked=form.topic, problems=problems)
    except ValueError as error:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
    return RedirectResponse(f"/quiz/{name}", HTTPStatus.SEE_OTHER)


def _plan(session: Session, who: Preferences, now: datetime, deck: Deck, form: QuizForm) -> Plan:
    """Raises BadFormError; what is found may be empty."""
    rng = random.SystemRandom()
    cards = candidates(session, who, now, deck.id)
    if form.kind == Kind.WEAKEST:
        return plan_weakest(cards)
    if form.kind == Kind.INTERVIEW:
        return plan_interview(cards, follow_ups_in(session, deck.id), rng)
    if form.kind != Kind.CHOSEN:
        raise BadFormError({"kind": f"A quiz is one of {', '.join(Kind)}, not {form.kind!r}."})
    topics = [row.topic for row in by_topic(session, who, now, deck.id) if row.cards]
    chosen = read_form(form, {topic.name: topic.id for topic in topics})
    plan = plan_chosen(cards, chosen.wish, {topic.id: topic.title for topic in topics}, rng)
    return plan.timed(chosen.minutes) if chosen.is_timed else plan


def _page(
    here: Here,
    session: Session,
    deck: Deck,
    *,
    form: QuizForm | None = None,
    checked: list[str] | None = None,
    problems: Mapping[str, str] | None = None,
    all_past: bool = False,
) -> Response:
    """The page, with the form as it was sent if there are `problems` with it."""
    who = here.learner(session)
    topics = [row for row in by_topic(session, who, here.now, deck.id) if row.cards]
    quizzes = past(session, who, here.now, deck.id)
    return here.page(
        "quiz/quiz.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK,
        deck=deck,
        decks=all_decks(session),
        topics=topics,
        checked={row.topic.name for row in topics} if checked is None else set(checked),
        form=form or QuizForm(kind=Kind.CHOSEN, name=""),
        problems=problems or {},
        levels=LEVELS,
        bounds={"fewest": FEWEST, "most": MOST, "minutes": LONGEST_MINUTES, "weakest": WEAKEST},
        interview={"questions": INTERVIEW, "seconds": INTERVIEW * INTERVIEW_SECONDS},
        has_studied=any(row.cards > row.new for row in topics),
        open_quizzes=[one for one in quizzes if one.is_open(here.now)],
        past=quizzes if all_past else quizzes[:LISTED],
        hidden=0 if all_past else max(0, len(quizzes) - LISTED),
        now=here.now,
        zone=who.zone,
    )
