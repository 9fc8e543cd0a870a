"""/quiz: choose a quiz, go on with one, and see the past ones."""

import random
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

from fastapi import Form, HTTPException, Query
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from app.cards.file.yaml_files import documents
from app.models import Deck
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
    risks,
)
from app.study.quiz.past import past
from app.study.selection.choices import choices, menus, unknown
from app.study.selection.fields import Text
from app.study.selection.links import follow_ups_in
from app.study.selection.selection import FILTERS, Selection
from app.study.sitting.queue import Queue
from app.study.sitting.today import by_topic
from app.web.frame.decks import all_decks, deck_named, topic_titles
from app.web.frame.here import Here
from app.web.quiz.form import LONGEST_MINUTES, BadFormError, QuizForm, read_form

LISTED = 20


class QuizAddress(Selection, frozen=True):
    """What the form begins with; `all` lists every past quiz."""

    deck: Text = ""
    all: bool = False


def quiz(here: Here, address: Annotated[QuizAddress, Query()]) -> Response:
    """What can be chosen, with every topic checked or those in the address, and the past quizzes."""
    form = QuizForm.model_validate({"kind": Kind.CHOSEN, "name": "", **dict(address.pairs)})
    if "topic" in here.request.query_params:
        form = form.model_copy(update={"topic": ",".join(address.topic)})
    with here.reading() as session:
        deck = deck_named(session, address.deck or None)
        topic_titles(session, address.topic, deck)
        return _page(here, session, deck, form, all_past=address.all)


def make_quiz(here: Here, form: Annotated[QuizForm, Form()]) -> Response:
    """Make the quiz and lead to it. The same form sent twice is one quiz."""
    try:
        with here.reading() as session:
            deck = deck_named(session, form.deck or None)
            plan = _plan(here, session, deck, form)
        with here.writing() as session:
            name = make(session, here.learner(session), deck.id, form.name, plan, here.now)
    except (BadFormError, NothingToAskError) as error:
        problems = error.problems if isinstance(error, BadFormError) else {form.kind: str(error)}
        with here.reading() as session:
            return _page(here, session, deck, form, problems)
    except ValueError as error:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
    return RedirectResponse(f"/quiz/{name}", HTTPStatus.SEE_OTHER)


def _plan(here: Here, session: Session, deck: Deck, form: QuizForm) -> Plan:
    """Raises BadFormError, NothingToAskError."""
    rng, who = random.SystemRandom(), here.learner(session)
    if form.kind == Kind.WEAKEST:
        return plan_weakest(candidates(session, who, here.now, Queue(deck.id)))
    if form.kind == Kind.INTERVIEW:
        cards = candidates(session, who, here.now, Queue(deck.id))
        return plan_interview(cards, follow_ups_in(session, deck.id), rng, risks(session, who, deck, here.now, cards))
    if form.kind != Kind.CHOSEN:
        raise BadFormError({"kind": f"A quiz must be one of {', '.join(Kind)}, not {form.kind!r}."})
    topics = {row.topic.name: row.topic.title for row in by_topic(session, who, here.now, deck.id) if row.cards}
    chosen = read_form(form, topics)
    listed = {one.key: one.title for one in documents(here.settings.content_dir)}
    cards = candidates(session, who, here.now, Queue(deck.id, chosen.selection))
    if not cards and (unknown_words := unknown(chosen.selection, choices(session, who, deck.id), listed)):
        raise NothingToAskError(" ".join(unknown_words))
    plan = plan_chosen(cards, chosen.number, chosen.selection, {"topic": topics, "source": listed}, rng)
    return plan.timed(chosen.minutes) if chosen.is_timed else plan


def _page(
    here: Here,
    session: Session,
    deck: Deck,
    form: QuizForm,
    problems: Mapping[str, str] | None = None,
    *,
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
        checked=form.filters["topic"].split(",") if "topic" in form.filters else {row.topic.name for row in topics},
        form=form,
        problems=problems or {},
        asked=dict.fromkeys(FILTERS, "") | form.filters,
        more=any(form.filters.get(field) for field in ("q", "tag", "source", "missed", "flagged", "computed", "cards")),
        menus=menus(choices(session, who, deck.id), documents(here.settings.content_dir), asks=True),
        bounds={"fewest": FEWEST, "most": MOST, "minutes": LONGEST_MINUTES, "weakest": WEAKEST},
        interview={"questions": INTERVIEW, "seconds": INTERVIEW * INTERVIEW_SECONDS},
        has_studied=any(row.cards > row.new for row in topics),
        open_quizzes=[one for one in quizzes if one.is_open(here.now)],
        past=quizzes if all_past else quizzes[:LISTED],
        hidden=0 if all_past else max(0, len(quizzes) - LISTED),
        today=who.day(here.now),
        zone=who.zone,
    )
