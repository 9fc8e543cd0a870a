"""/classes/…/day and /overview: the day that a class studies for, and what it knows by topic."""

from collections.abc import Sequence

from pydantic import BaseModel
from sqlmodel import Session
from starlette.responses import Response

from app.accounts.accounts import AccountError
from app.accounts.classes import LONGEST_NAME, class_name, decks_of_class
from app.study.classes import plans as days
from app.study.classes.enough import FEWEST
from app.study.classes.overview import Overview, count_what_is_due
from app.study.classes.overview import overview as what_is_known
from app.study.classes.plans import ClassDay
from app.study.learner.preferences import Preferences
from app.study.sitting.plans import Interview, WrongPlanError, read_plan
from app.web.frame.decks import check_theirs
from app.web.frame.here import Context, Here, RowId, sent
from app.web.people.classes import as_csv, changed


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


def overview(here: Here, class_id: RowId) -> Response:
    """What the class knows by topic, as a heat map."""
    name, found, learner = _overview(here, class_id)
    return here.page(
        "people/overview.html",
        class_id=class_id,
        name=name,
        found=found,
        fewest=FEWEST,
        counted=[learner.day(one.readiness.counted_at) if one.readiness else None for one in found.topics],
        today=learner.day(here.now),
    )


def overview_as_csv(here: Here, class_id: RowId) -> Response:
    """The same as a table for spreadsheets."""
    name, found, _ = _overview(here, class_id)
    table: list[Sequence[object]] = [
        ("deck", "topic", "learners", "cards", "seen", "recalled", "ready", "ready on", "counted", "note")
    ]
    for topic in found.topics:
        one = topic.readiness
        figures: list[object] = [""] * 7
        if one is not None:
            shares = ("" if share is None else f"{share:.3f}" for share in (one.met, one.recalled, one.ready))
            figures = [one.learners, one.cards, *shares, one.held_on or "", f"{one.counted_at:%Y-%m-%d}"]
        table.append((topic.deck, topic.title, *figures, topic.why_not))
    if found.why_not:
        table.append((*[""] * 9, found.why_not))
    return as_csv(here, class_id, name, table)


def _overview(here: Context, class_id: int) -> tuple[str, Overview, Preferences]:
    """The class's name, what may be shown of it, counted again where that is due, and who looks at it."""
    with here.reading() as session:
        check_theirs(here, session, class_id)
        learner = here.learner(session)
    count_what_is_due((here.reading, here.writing), class_id, learner.day(here.now), here.now, waits=True)
    with here.reading() as session:
        return class_name(session, class_id), what_is_known(session, class_id), learner
