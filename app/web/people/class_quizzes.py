"""/classes/…/quizzes: for instructors, quizzes of a class and their results; and the way in for its learners."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from http import HTTPStatus
from random import SystemRandom
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from app.accounts.classes import class_name, decks_of_class
from app.cards.file.yaml_files import documents
from app.cards.render.maths import plain
from app.invalid import in_words
from app.study.classes import quizzes as quizzing
from app.study.classes.enough import FEWEST
from app.study.learner.preferences import Preferences
from app.study.quiz.make import NothingToAskError
from app.study.quiz.past import past
from app.study.selection.choices import choices, menus
from app.study.selection.selection import FILTERS, Selection
from app.web.frame.decks import all_decks, check_theirs
from app.web.frame.errors import NotHereError
from app.web.frame.here import Context, Here, RowId, sent
from app.web.people.classes import as_csv

NOTHING_SHOWN = f"Fewer than {FEWEST} learners answered it, or somebody of those has left."
OF_CARDS = ("topic", "level", "tag", "source", "computed")
"""The filters of the form: those that do not depend on what anybody has rated."""


class ClassQuizForm(BaseModel):
    """A title, cards by filters or those of a quiz of one's own (`saved`), a start, empty for now, and an end."""

    title: str = ""
    deck: RowId = 0
    saved: str = ""
    number: str = "10"
    q: str = ""
    topic: str = ""
    level: str = ""
    tag: str = ""
    source: str = ""
    computed: str = ""
    opens: str = ""
    closes: str = ""


TheQuiz = sent(ClassQuizForm)


def quizzes(here: Here, class_id: RowId, deck: RowId = 0) -> Response:
    """The quizzes of the class, and the form for another."""
    return _page(here, class_id, ClassQuizForm(deck=deck))


def add(here: Here, class_id: RowId, form: ClassQuizForm = TheQuiz) -> Response:
    """Make a quiz for the class."""
    try:
        with here.writing() as session:
            check_theirs(here, session, class_id)
            made = quizzing.add_quiz(session, class_id, _read(here, session, class_id, form), here.now)
    except quizzing.WrongQuizError as error:
        return _page(here, class_id, form, error)
    return RedirectResponse(f"/classes/{class_id}/quizzes/{made}", HTTPStatus.SEE_OTHER)


def result(here: Here, class_id: RowId, quiz: RowId) -> Response:
    """A quiz of the class; once it is over, with its result by question."""
    name, its, questions, learner = _result(here, class_id, quiz)
    return here.page(
        "people/class_quiz.html",
        class_id=class_id,
        name=name,
        quiz=its,
        questions=questions,
        is_over=its.is_over(here.now),
        why_not=NOTHING_SHOWN,
        zone=learner.zone,
        today=learner.day(here.now),
    )


def result_as_csv(here: Here, class_id: RowId, quiz: RowId) -> Response:
    """The result of a quiz that is over as a table for spreadsheets."""
    name, its, questions, _ = _result(here, class_id, quiz)
    if not its.is_over(here.now):
        raise NotHereError("This quiz is not over yet. Its result can be saved when it is.")
    table: list[Sequence[object]] = [("deck", "card", "question", "answered", "missed", "mean rating", "slips", "note")]
    for one in questions:
        slips = "\n".join(f"{number} × {slip}" for slip, number in one.slips)
        mean, note = ("", f"{one.missed:.0%} or more missed it") if one.mean is None else (f"{one.mean:.2f}", "")
        figures = one.answered, f"{one.missed:.3f}", mean, slips, note
        shown = figures if one.answered else (*[""] * 4, NOTHING_SHOWN)
        table.append((its.deck, one.name, plain(one.question_html), *shown))
    return as_csv(here, class_id, f"{name} {its.title}", table)


def delete(here: Here, class_id: RowId, quiz: RowId) -> Response:
    """Delete a quiz of the class."""
    with here.writing() as session:
        check_theirs(here, session, class_id)
        quizzing.delete_quiz(session, class_id, quiz)
    return RedirectResponse(f"/classes/{class_id}/quizzes", HTTPStatus.SEE_OTHER)


def start(here: Here, quiz: RowId) -> Response:
    """Begin a quiz of one's class, or go on with it."""
    try:
        with here.reading() as session:
            learner = here.learner(session)
            plan = quizzing.plan_for(session, learner, quiz, here.now)
        with here.writing() as session:
            name = quizzing.begin(session, learner, quiz, plan, here.now)
    except (quizzing.NoSuchQuizError, NothingToAskError) as error:
        raise NotHereError(str(error)) from error
    return RedirectResponse(f"/quiz/{name}", HTTPStatus.SEE_OTHER)


def _result(
    here: Context, class_id: int, quiz: int
) -> tuple[str, quizzing.ListedQuiz, Sequence[quizzing.QuestionResult], Preferences]:
    """The class's name, the quiz, its result, which is counted now if it is over and was not, and who looks at it."""
    with here.reading() as session:
        its = _one(here, session, class_id, quiz)
    if its.results is None and its.is_over(here.now):
        with here.writing() as session:
            quizzing.count_results(session, class_id, its, here.now)
    with here.reading() as session:
        its = _one(here, session, class_id, quiz)
        return class_name(session, class_id), its, quizzing.results_of(session, class_id, its), here.learner(session)


def _one(here: Context, session: Session, class_id: int, quiz: int) -> quizzing.ListedQuiz:
    check_theirs(here, session, class_id)
    try:
        return quizzing.quiz_of_class(session, class_id, quiz)
    except quizzing.NoSuchQuizError as error:
        raise NotHereError(str(error)) from error


def _read(here: Context, session: Session, class_id: int, form: ClassQuizForm) -> quizzing.NewClassQuiz:
    """Raises quizzing.WrongQuizError."""
    if form.deck not in decks_of_class(session, class_id):
        raise quizzing.WrongQuizError("Choose a deck of the class.", "deck")
    learner = here.learner(session)
    opens = _moment(form.opens, learner.zone, "opens") if form.opens.strip() else here.now
    closes = _moment(form.closes, learner.zone, "closes")
    if form.saved:
        cards = quizzing.cards_of_quiz(session, learner.learner_id, form.saved, form.deck)
    else:
        number = form.number.strip()
        if not (number.isascii() and number.isdecimal() and 1 <= int(number[:9]) <= quizzing.MOST_QUESTIONS):
            raise quizzing.WrongQuizError(
                f"The number of questions is a whole number from 1 to {quizzing.MOST_QUESTIONS}.", "number"
            )
        try:
            selection = Selection(**{name: text for name in ("q", *OF_CARDS) if (text := getattr(form, name))})
        except ValidationError as error:
            raise quizzing.WrongQuizError(
                ". ".join(in_words(str(one["loc"][0]), one) for one in error.errors()), "cards"
            ) from error
        found = quizzing.cards_of(session, learner.learner_id, form.deck, selection, learner.day(here.now))
        cards = quizzing.drawn(found, int(number), SystemRandom())
    return quizzing.NewClassQuiz(form.title, form.deck, cards, opens, closes)


def _moment(text: str, zone: tzinfo, field: str) -> datetime:
    try:
        return datetime.strptime(text.strip()[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=zone)
    except ValueError:
        raise quizzing.WrongQuizError("Enter a date and a time.", field) from None


def _page(here: Context, class_id: int, form: ClassQuizForm, error: quizzing.WrongQuizError | None = None) -> Response:
    with here.reading() as session:
        check_theirs(here, session, class_id)
        of_class, learner = decks_of_class(session, class_id), here.learner(session)
        decks = [deck for deck in all_decks(session) if deck.id in of_class]
        deck = next((deck for deck in decks if deck.id == form.deck), decks[0] if decks else None)
        found = (
            menus(choices(session, learner, deck.id), documents(here.settings.content_dir), asks=True) if deck else {}
        )
        asked: Mapping[str, Any] = dict.fromkeys(FILTERS, "") | form.model_dump()
        return here.page(
            "people/class_quizzes.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
            class_id=class_id,
            name=class_name(session, class_id),
            quizzes=quizzing.quizzes_of_class(session, class_id),
            decks=decks,
            deck=deck,
            menus={name: found[name] for name in OF_CARDS if name in found},
            saved=past(session, learner, here.now, deck.id, 20) if deck else (),
            form=asked,
            most=quizzing.MOST_QUESTIONS,
            error=error,
            now=here.now,
            zone=learner.zone,
            today=learner.day(here.now),
        )
