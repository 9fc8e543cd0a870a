"""A sitting: one card after another is asked, revealed, rated, or taken back.

A sitting has a source of cards: the queue (review.py) or a quiz (app/web/quiz/take.py). Everything else is the same,
and is here: what the forms do, what happens to a form that cannot be counted any more, and the page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from secrets import token_hex
from typing import Any, Protocol

from fastapi import HTTPException
from sqlalchemy import bindparam, select
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from app.models import Card, Review
from app.study.learner.preferences import Preferences
from app.study.schedule.rate import AnotherInstanceError, Answer, NotCountedError, OldFormError, Rated, UndoneTokenError
from app.study.schedule.review_log import stored_state
from app.study.schedule.scale import Rating
from app.study.schedule.scheduler import State
from app.study.schedule.undo import Undone, last_rating
from app.study.selection.leech import Leech, leech
from app.study.selection.standing import LEECH_FROM
from app.study.sitting.asked import AskedCard
from app.study.sitting.points import kept_of
from app.study.sitting.rated_today import is_once_more
from app.tables import CARD, CARD_STATE, THE_LEARNER, Prepared
from app.web.frame.here import Context
from app.web.sitting.computed import computed
from app.web.sitting.forms import AnswerForm, CardForm, PageForm, RatingForm, UndoForm
from app.web.sitting.shown import Shown, with_answer

IN_SIGHT = timedelta(minutes=15)
"""How long the last rating stays on the page."""
NO_ANSWER = AnswerForm()
EXPLAINED = 5
"""The buttons are explained until the learner has rated so many cards."""


class NotNowError(Exception):
    """The sitting does not ask this card now; the message says why."""


class Sitting(Protocol):
    """A source of cards, for one request. `session` is the one that is open: first to write, then to read."""

    here: Context
    session: Session

    @property
    def key(self) -> str | None:
        """What a review keeps of the sitting in which it was given."""

    @property
    def learner(self) -> Preferences:
        """The learner who studies."""

    def current(self) -> AskedCard | None:
        """The card to ask now; None if the sitting is over."""

    def find(self, card_id: int) -> AskedCard:
        """The card, if the sitting can show it now. Raises NotNowError."""

    def check_shown(self, state: State | None, shown_at: datetime) -> None:
        """Raise NotNowError if the question shown at `shown_at` is outdated. `state` is its card's."""

    def rate(self, answer: Answer) -> Rated:
        """Count a rating. Raises what `study.schedule.rate.rate` raises."""

    def undo(self, token: str) -> Undone | None:
        """Take back the last rating; None if there is none. Raises NotCountedError, ValueError."""

    def gave(self, review: Review) -> bool:
        """True if the rating belongs to this sitting."""

    def has_undo(self, last: Review | None) -> bool:
        """True if the page offers to take back a rating. `last` is the learner's last one."""

    def address(self, card_id: int | None = None) -> str:
        """The address of the next question, or of the question of a card."""

    def context(self, shown: Shown | None) -> Mapping[str, Any]:
        """What the templates need of this source; `shown` is None at the end of the sitting.

        `source` is its folder of templates; `path` and `reveal_path` are the addresses of its forms, and `pairs` are
        the hidden fields of all of them. `done` counts the cards that were rated in it.
        """


@dataclass(frozen=True)
class JustRated:
    """The rating given last, its card's name and question, and the card's state now.

    `once_more` is True if the card was missed today and comes back a second time.
    """

    review: Review
    name: str
    question_html: str
    state: State | None
    once_more: bool
    leech: Leech | None


@dataclass(frozen=True)
class Aside:
    """A card that was set aside just now, and the act that brings it back."""

    card: Card
    back: str


def show(sitting: Sitting, asked: CardForm) -> Response:
    """The card to ask now; with `card` that card's question; with `shown_at` too its answer. Records nothing."""
    with sitting.here.reading() as sitting.session:
        response = card_page(sitting, asked.card, asked.shown_at, asked)
    if asked.typed or asked.instance:
        # What is not in the address cannot be asked for again by the browser's back button: let it keep the page.
        response.headers["Cache-Control"] = "private, no-cache"
    return response


def rate(sitting: Sitting, form: RatingForm) -> Response:
    """Record the rating, commit, and show the next card. Sent twice, it counts once and is answered the same."""
    check_learner(sitting.here, form)
    with sitting.here.connected():
        return _rate(sitting, form)


def _rate(sitting: Sitting, form: RatingForm) -> Response:
    here = sitting.here
    try:
        times = (form.shown_at, form.revealed_at(form.shown_at, here.now))
        given = form.card, form.rating, form.token, form.after, *times, form.typed, sitting.key, form.sure
        points = kept_of(form.points, form.made, form.rating, form.typed)
        answer = Answer(*given, form.instance, form.of_four, points)
        with here.writing() as sitting.session:
            rated = sitting.rate(answer)
    except ValueError as error:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
    except NotCountedError as error:
        with here.reading() as sitting.session:
            return _not_counted(sitting, form, error)
    if here.metrics is not None and not rated.repeated:
        here.metrics.ratings.labels(answer.rating).inc()
    if not here.wants_part:
        return RedirectResponse(sitting.address(), HTTPStatus.SEE_OTHER)
    with here.reading() as sitting.session:
        return ask(sitting, sitting.current(), rated=rated)


def undo(sitting: Sitting, form: UndoForm) -> Response:
    """Take back the last rating, and ask its card again."""
    here = sitting.here
    check_learner(here, form)
    undone, notice, status = None, "Nothing to undo.", HTTPStatus.OK
    try:
        with here.writing() as sitting.session:
            undone = sitting.undo(form.token)
    except ValueError as error:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
    except NotCountedError as error:
        notice, status = str(error), HTTPStatus.CONFLICT
    if undone is not None and not here.wants_part:
        return RedirectResponse(sitting.address(undone.card_id), HTTPStatus.SEE_OTHER)
    with here.reading() as sitting.session:
        if undone is None:
            return ask(sitting, sitting.current(), notice, status)
        return card_page(sitting, undone.card_id, notice=f"Undone (you had rated {undone.review.rating}).")


def check_learner(here: Context, form: PageForm) -> None:
    """Raise a 409 if the form is of a page that another learner opened."""
    if form.learner not in (None, here.learner_id):
        sentence = "This page was opened as another learner, so nothing was counted. Reload it to continue as yourself."
        raise HTTPException(HTTPStatus.CONFLICT, sentence)


def card_page(
    sitting: Sitting,
    card_id: int | None,
    shown_at: datetime | None = None,
    given: AnswerForm = NO_ANSWER,
    notice: str = "",
    status: int = HTTPStatus.OK,
) -> Response:
    """The page with the answer of a card whose question was shown at `shown_at`, beside what was `given`.

    Without `shown_at` it is the card's question, without a card the question to ask now. If the sitting does not ask
    the card now, it is that one too, and the notice says why. A computed question is asked again (422) where what was
    given cannot be read, and refused (409) where the card asks another instance now.
    """
    if card_id is None:
        return ask(sitting, sitting.current(), notice, status)
    try:
        card = sitting.find(card_id)
        if shown_at is None or shown_at.tzinfo is None:
            return ask(sitting, card, notice, status)
        sitting.check_shown(card.state, shown_at)
    except NotNowError as error:
        return ask(sitting, sitting.current(), f"{notice} {error}{given.said}".strip(), status)
    here, typed, revealed_at = sitting.here, given.typed, given.revealed_at(shown_at, sitting.here.now)
    asked = Shown(card, shown_at, revealed_at=min(here.now, revealed_at), sure=given.sure)
    if question := computed(sitting.session, sitting.learner, card):
        if given.instance != question.name:
            if not given.instance:  # the address of an answer: what was typed is not in it
                return ask(sitting, card, notice, status)
            return ask(sitting, card, f"{AnotherInstanceError()}{given.said}", HTTPStatus.CONFLICT)
        question = question.answered(sitting.session, sitting.learner, given, (revealed_at - shown_at).total_seconds())
        if question.unread:
            return page(sitting, Shown(card, shown_at, computed=question), notice, HTTPStatus.UNPROCESSABLE_ENTITY)
        asked, typed = replace(asked, computed=question), ""
    shown = with_answer(here, sitting.session, sitting.learner, asked, typed)
    if given.points:  # the learner's own ticks, rather than a guess
        shown = replace(shown, points=[one._replace(is_made=at in given.made) for at, one in enumerate(shown.points)])
    return page(sitting, shown, notice, status)


def _not_counted(sitting: Sitting, form: RatingForm, error: NotCountedError) -> Response:
    """Say why nothing was counted, and go on: with the card again, or with the next one."""
    if isinstance(error, OldFormError):
        return card_page(sitting, form.card, sitting.here.now, form, str(error), HTTPStatus.CONFLICT)
    says = f"{error}{form.said}"
    if isinstance(error, UndoneTokenError | AnotherInstanceError):
        return card_page(sitting, form.card, notice=says, status=HTTPStatus.CONFLICT)
    return ask(sitting, sitting.current(), says, HTTPStatus.CONFLICT)


_EXPLAINED = Prepared(
    select(CARD_STATE.c.card_id).where(CARD_STATE.c.learner_id == THE_LEARNER).limit(1).offset(EXPLAINED - 1)
)
_NAME_AND_QUESTION = select(CARD.c.name, CARD.c.question_html).where(CARD.c.id == bindparam("card"))


def ask(
    sitting: Sitting, card: AskedCard | None, notice: str = "", status: int = HTTPStatus.OK, **more: Any
) -> Response:
    """The page with the card's question, or with the end if there is no card. `more` is handed on to `page`.

    The answer travels with the question, hidden, unless it is typed or computed: then what was typed is sent first.
    """
    shown = None
    if card:
        shown = Shown(card, sitting.here.now, computed=computed(sitting.session, sitting.learner, card))
    if shown and not (shown.computed or sitting.learner.types_answers):
        shown = with_answer(sitting.here, sitting.session, sitting.learner, shown)
    return page(sitting, shown, notice, status, **more)


def page(
    sitting: Sitting,
    shown: Shown | None,
    notice: str = "",
    status: int = HTTPStatus.OK,
    *,
    rated: Rated | None = None,
    aside: Aside | None = None,
) -> Response:
    """The page with `shown`, or with what was done if nothing is left. `rated` is the last rating if it is known."""
    last = rated.review if rated else last_rating(sitting.session, sitting.learner)
    context = {"has_undo": sitting.has_undo(last), **sitting.context(shown)}
    # Most often today's ratings tell that the learner has rated so many.
    explains = bool(shown and shown.offer) and context["done"] < EXPLAINED and _is_new_here(sitting)
    return sitting.here.page(
        "sitting/sitting.html",
        status,
        part="sitting",
        learner=sitting.learner,
        shown=shown,
        rated=_just_rated(sitting, shown, last, rated),
        explains=explains,
        notice=notice,
        aside=aside,
        undo_token=token_hex(16),
        **context,
    )


def _is_new_here(sitting: Sitting) -> bool:
    key = {"learner": sitting.learner.learner_id}
    return _EXPLAINED.one_or_none(sitting.session.connection(), key) is None


def _just_rated(sitting: Sitting, shown: Shown | None, review: Review | None, rated: Rated | None) -> JustRated | None:
    """The last rating while it is in sight: with the next question, until its own card is asked again."""
    if review is None or not timedelta() <= sitting.here.now - review.rated_at < IN_SIGHT:
        return None
    if rated is None and not sitting.gave(review):
        return None
    is_answer = shown is not None and shown.revealed_at is not None
    if is_answer or (shown is not None and shown.card.id == review.card_id and rated is None):
        return None
    if rated is None:
        connection = sitting.session.connection()
        name, asked = connection.execute(_NAME_AND_QUESTION, {"card": review.card_id}).one()
        state = stored_state(connection, sitting.learner.learner_id, review.card_id)
        once_more = is_once_more(connection, sitting.learner, sitting.here.now, review.card_id)
    else:
        (name, asked, _deck), state, once_more = rated.card, rated.state, rated.once_more
    help_with = None
    if state is not None and Rating(review.rating or 1).missed and state.lapses >= LEECH_FROM:
        help_with = leech(sitting.session, review.card_id, state.lapses)
    return JustRated(review, name, asked, state, once_more, help_with)
