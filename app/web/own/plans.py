"""/plans: the forms of a learner's plans: add or change one, delete it, and say how the interview went."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any
from uuid import uuid4

from fastapi import Depends, Form, HTTPException, Request
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from app.cards.file.yaml_files import documents
from app.database import lock_learner
from app.settings import Settings
from app.study.classes.plans import PlanOfClass, follow_again, note, plans_of_classes, read_own_part
from app.study.learner.preferences import Preferences
from app.study.selection.choices import choices, menus
from app.study.selection.marks import LONGEST_NOTE
from app.study.sitting.plans import (
    MINUTES,
    WEEKDAYS,
    Interview,
    TooManyPlansError,
    UnknownPlanError,
    WrongPlanError,
    drop,
    plan_named,
    plans,
    read_plan,
    store,
    texts_of_plan,
)
from app.web.frame.decks import all_decks
from app.web.frame.errors import NotHereError
from app.web.frame.here import Context, Here, RowId

FIELDS = ("plan", "interview_on", "minutes", "days_off", "selection")
CONFINED_BY = ("topic", "tag", "level", "source")
"""The filters of a plan: those that do not depend on what the learner rates."""
OF_CLASS = "This plan comes from your class {}. If you leave the class, under your name, the plan is your own."
Note = Annotated[str, Form(max_length=LONGEST_NOTE)]


async def _texts(request: Request) -> dict[str, str]:
    """The form's fields as typed; of the days off, which may be several, all digits."""
    form = await request.form()
    texts = {name: text for name, text in form.items() if isinstance(text, str)}
    return texts | ({"off": "".join(map(str, form.getlist("off")))} if "days" in form else {})


def save(here: Here, texts: Annotated[dict[str, str], Depends(_texts)]) -> Response:
    """Add a plan, or change the one that is named; then to the page that `then` names."""
    try:
        with here.writing() as session:
            today = here.learner(session).day(here.now)
            name = texts.get("plan", "")
            lock_learner(session.connection(), here.learner_id)  # a class may move the date
            before = plan_named(session, here.learner_id, name) if name else Interview(uuid4().hex, today)
            given = texts if name or "interview_on" in texts else texts | {"interview_on": ""}
            setter = set_by(session, here.learner_id).get(name)
            after = read_own_part(texts, before, setter, today) if setter else read_plan(given, before, today)
            store(session, here.learner_id, replace(after, is_over=after.is_over and after.interview_on < today))
            follow_again(session, here.learner_id, name, today)
    except WrongPlanError as error:
        return _refused(here, texts, error.problems)
    except TooManyPlansError as error:
        return _refused(here, texts, {"plan": str(error)})
    except UnknownPlanError as error:
        raise NotHereError(str(error)) from error
    return RedirectResponse("/" if texts.get("then") == "today" else "/settings?saved=1#plans", HTTPStatus.SEE_OTHER)


def delete(here: Here, plan: Annotated[str, Form()]) -> Response:
    """Delete a plan and its notes."""
    try:
        with here.writing() as session:
            if setter := set_by(session, here.learner_id).get(plan):
                raise HTTPException(HTTPStatus.CONFLICT, OF_CLASS.format(setter.class_name))
            drop(session, here.learner_id, plan)
            follow_again(session, here.learner_id, plan, here.learner(session).day(here.now))
    except UnknownPlanError as error:
        raise NotHereError(str(error)) from error
    return RedirectResponse("/settings?saved=1#plans", HTTPStatus.SEE_OTHER)


def over(here: Here, plan: Annotated[str, Form()], asked: Note = "", missing: Note = "") -> Response:
    """Keep what the learner says of an interview that is over, even if that is nothing."""
    if "\0" in asked + missing:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "A note can hold no NUL.")
    try:
        with here.writing() as session:
            told = plan_named(session, here.learner_id, plan)
            store(session, here.learner_id, replace(told, is_over=True, asked=asked.strip(), missing=missing.strip()))
    except UnknownPlanError as error:
        raise NotHereError(str(error)) from error
    return RedirectResponse("/", HTTPStatus.SEE_OTHER)


def noted(here: Here, class_id: Annotated[RowId, Form()], deck: Annotated[RowId, Form()]) -> Response:
    """Say no more what a class has set, until it sets something else."""
    with here.writing() as session:
        note(session, here.learner_id, class_id, deck)
    return RedirectResponse("/", HTTPStatus.SEE_OTHER)


def set_by(session: Session, learner_id: int) -> dict[str, PlanOfClass]:
    """The learner's plans whose date a class sets, by name."""
    return {one.plan: one for one in plans_of_classes(session, learner_id) if one.is_set}


def plans_context(session: Session, learner: Preferences, today: date, settings: Settings) -> dict[str, Any]:
    """What the forms need: the plans, those that are over, the menus and the choice of decks."""
    mine, decks = plans(session, learner.learner_id), all_decks(session)
    first = decks[0].id if decks else None  # before the first load there is none
    known = menus(choices(session, learner, first), documents(settings.content_dir), asks=True)
    return {
        "plans": [(one, texts_of_plan(one)) for one in mine if one.interview_on >= today],
        "set_by": set_by(session, learner.learner_id),
        "past_plans": [one for one in mine if one.interview_on < today],
        "plan_menus": {name: menu for name, menu in known.items() if name in CONFINED_BY},
        "plan_decks": decks,
        "weekdays": WEEKDAYS,
        "least_minutes": MINUTES[0],
        "most_minutes": MINUTES[1],
        "plan_new": _blank(today),
        "no_problems": dict.fromkeys(FIELDS, ""),
    }


def _blank(today: date) -> dict[str, str]:
    return texts_of_plan(Interview("", today)) | {"interview_on": "", "plan": "", "then": ""}


def _refused(here: Context, texts: Mapping[str, str], problems: Mapping[str, str]) -> Response:
    """The form as it was typed, with what is wrong."""
    with here.reading() as session:
        learner = here.learner(session)
        today = learner.day(here.now)
        context = plans_context(session, learner, today, here.settings)
        context |= {"typed": _blank(today) | dict(texts), "problems": context["no_problems"] | dict(problems)}
        return here.page("plan/refused.html", HTTPStatus.UNPROCESSABLE_ENTITY, today=today, **context)
