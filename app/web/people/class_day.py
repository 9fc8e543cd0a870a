"""/classes/…/day and /overview: the day that a class studies for, and what it knows by topic."""

from pydantic import BaseModel
from sqlmodel import Session
from starlette.responses import Response

from app.accounts.accounts import AccountError
from app.accounts.classes import LONGEST_NAME, decks_of_class
from app.study.classes import plans as days
from app.study.classes.plans import ClassDay
from app.study.sitting.plans import Interview, WrongPlanError, read_plan
from app.web.frame.here import Here, RowId, sent
from app.web.people.classes import changed


class DayForm(BaseModel):
    """What the day is, its date, and decks; or that there is `none` any more."""

    occasion: str = ""
    held_on: str = ""
    deck: tuple[RowId, ...] = ()
    none: bool = False


TheDay = sent(DayForm)


def set_day(here: Here, class_id: RowId, form: DayForm = TheDay) -> Response:
    """Set the day that the class studies for, move it, or take it away."""

    def act(session: Session) -> None:
        today = here.learner(session).day(here.now)
        decks = frozenset(form.deck) & decks_of_class(session, class_id)
        occasion = " ".join(form.occasion.split())
        if form.none:
            days.set_day(session, class_id, None, today)
            return
        if not occasion or len(occasion) > LONGEST_NAME or not occasion.isprintable():
            raise AccountError(f"Say what the day is, in at most {LONGEST_NAME} characters.", "occasion")
        if not decks:
            raise AccountError("Choose at least one of the class’s decks.", "deck")
        try:
            plan = read_plan({"interview_on": form.held_on}, Interview("", today), today)
        except WrongPlanError as error:
            raise AccountError(error.problems["interview_on"], "held_on") from error
        days.set_day(session, class_id, ClassDay(occasion, plan.interview_on, decks), today)

    return changed(here, class_id, act, form.model_dump())
