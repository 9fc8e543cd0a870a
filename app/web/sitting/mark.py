"""Flag, bury or suspend a card, or write a note on it, without leaving the sitting."""

from datetime import timedelta
from http import HTTPStatus

from fastapi import HTTPException
from sqlmodel import Session
from starlette.responses import Response

from app.models import Card
from app.study.learner.preferences import Preferences
from app.study.selection import marks
from app.study.selection.placeholder import may_see
from app.web.frame.errors import NotHereError
from app.web.frame.here import Context
from app.web.sitting.forms import Act, MarkForm
from app.web.sitting.sitting import Aside, Sitting, ask, card_page, check_learner

DONE = {
    Act.FLAG: "Flagged.",
    Act.UNFLAG: "No longer flagged.",
    Act.UNBURY: "The card is back.",
    Act.RESUME: "The card is back.",
    Act.NOTE: "Note saved.",
    Act.BURY: "Skipped until tomorrow.",
    Act.SUSPEND: "Suspended: you won’t be asked this card until you resume it.",
}
BACK = {Act.BURY: Act.UNBURY, Act.SUSPEND: Act.RESUME}
"""The acts that set a card aside, each with the one that brings it back."""


def mark(sitting: Sitting, form: MarkForm) -> Response:
    """Do it, commit, and go on: with the same card, or with the next one if this one is set aside."""
    here = sitting.here
    check_learner(here, form)
    with here.writing() as session:
        card = session.get(Card, form.card)
        if card is None or not may_see(session, here.learner_id, form.card):
            raise NotHereError(f"There is no card {form.card}.")
        _do(session, here.learner(session), form, here)
    with here.reading() as sitting.session:
        if back := BACK.get(form.act):
            return ask(sitting, sitting.current(), DONE[form.act], aside=Aside(card, back.value))
        return card_page(sitting, form.card, form.shown_at, form, DONE[form.act])


def _do(session: Session, learner: Preferences, form: MarkForm, here: Context) -> None:
    match form.act:
        case Act.NOTE:
            try:
                marks.write_note(session, learner.learner_id, form.card, form.note)
            except ValueError as error:
                raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
        case Act.BURY:
            marks.bury(session, learner.learner_id, [form.card], until=learner.day(here.now) + timedelta(days=1))
        case act:
            {
                Act.FLAG: marks.flag,
                Act.UNFLAG: marks.unflag,
                Act.SUSPEND: marks.suspend,
                Act.RESUME: marks.resume,
                Act.UNBURY: marks.unbury,
            }[act](session, learner.learner_id, [form.card])
