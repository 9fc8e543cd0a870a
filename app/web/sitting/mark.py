"""/review/mark: flag, bury, suspend a card, or write a note on it, without leaving the sitting."""

from datetime import date, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated

from fastapi import Form, HTTPException
from pydantic import AwareDatetime, StringConstraints
from sqlmodel import Session
from starlette.responses import Response

from app.models import Card
from app.study.selection import marks
from app.study.selection.fields import NONE_IF_EMPTY
from app.web.frame.errors import NotHereError
from app.web.frame.here import Here, RowId
from app.web.sitting.review_address import SittingQuery, Typed
from app.web.sitting.review_page import answer, next_page, question, sitting_page, visit_of
from app.web.sitting.review_view import Aside, Visit


class Act(StrEnum):
    """What can be done to a card apart from rating it."""

    FLAG = "flag"
    UNFLAG = "unflag"
    BURY = "bury"
    UNBURY = "unbury"
    SUSPEND = "suspend"
    RESUME = "resume"
    NOTE = "note"


SAID = {
    Act.FLAG: "Flagged.",
    Act.UNFLAG: "No longer flagged.",
    Act.UNBURY: "The card is back.",
    Act.RESUME: "The card is back.",
    Act.NOTE: "Your note is kept.",
    Act.BURY: "Buried until tomorrow.",
    Act.SUSPEND: "Suspended: it is not asked until you resume it.",
}
BACK = {Act.BURY: Act.UNBURY, Act.SUSPEND: Act.RESUME}
"""What sets a card aside, and what brings it back."""


class MarkForm(SittingQuery):
    """A card of a sitting and what to do to it; with `shown_at` its answer was open."""

    card: RowId
    act: Act
    note: Annotated[str, StringConstraints(max_length=marks.LONGEST_NOTE)] = ""
    shown_at: Annotated[AwareDatetime | None, NONE_IF_EMPTY] = None
    typed: Typed = ""


def mark(
    here: Here,
    form: Annotated[MarkForm, Form()],
) -> Response:
    """Do it, commit, and go on: with the same card, or with the next when this one is set aside."""
    form.check_learner(here.learner_id)
    with here.writing() as session:
        if session.get(Card, form.card) is None:
            raise NotHereError(f"There is no card {form.card}.")
        who = here.learner(session)
        _do(session, who.learner_id, form, tomorrow=who.day(here.now) + timedelta(days=1))
    with here.reading() as session:
        return _go_on(visit_of(here, session, form), form)


def _do(session: Session, learner: int, form: MarkForm, tomorrow: date) -> None:
    match form.act:
        case Act.NOTE:
            try:
                marks.write_note(session, learner, form.card, form.note)
            except ValueError as error:
                raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
        case Act.BURY:
            marks.bury(session, learner, [form.card], tomorrow)
        case act:
            {
                Act.FLAG: marks.flag,
                Act.UNFLAG: marks.unflag,
                Act.SUSPEND: marks.suspend,
                Act.RESUME: marks.resume,
                Act.UNBURY: marks.unbury,
            }[act](session, learner, [form.card])


def _go_on(visit: Visit, form: MarkForm) -> Response:
    card = visit.session.get_one(Card, form.card)
    if back := BACK.get(form.act):
        return next_page(visit, notice=SAID[form.act], aside=Aside(card, back.value))
    shown = answer(visit, card, form.shown_at, form.typed) if form.shown_at else question(visit, card)
    return sitting_page(visit, shown, notice=SAID[form.act])
