"""/settings: a learner's preferences, for studying and for the look of the pages."""

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated
from zoneinfo import available_timezones

from fastapi import Depends, Request
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from app.study.learner.keys import ACTIONS
from app.study.learner.profile import (
    KEY,
    LONGEST_NAME,
    PREFERENCES,
    WrongProfileError,
    change,
    profile,
    read_profile,
    texts_of,
)
from app.study.learners import all_learners, belongings
from app.study.schedule.scheduler import days_until
from app.web.frame.here import Here, parts_of
from app.web.own.plans import plans_context

STABILITY = 30
RETENTIONS = (0.70, 0.80, 0.85, 0.90, 0.95, 0.97)
# The names that people look for; others (EST5EDT, Etc/GMT+5) can be typed.
ZONES = sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/")))


@dataclass(frozen=True)
class Returning:
    """After how many days a card with a stability of STABILITY returns at a desired retention."""

    retention: float
    days: int
    is_mine: bool


async def texts_in_form(request: Request) -> dict[str, str]:
    """The form's fields as typed, whatever their names."""
    return {name: text for name, text in (await request.form()).items() if isinstance(text, str)}


TheTexts = Annotated[dict[str, str], Depends(texts_in_form)]


def settings_(here: Here, saved: bool = False) -> Response:
    """Show the form with the current settings."""
    with here.reading() as session:
        return _form(here, session, texts_of(profile(session, here.learner_id)), saved=saved)


def save_settings(here: Here, texts: TheTexts) -> Response:
    """Save the settings; if any is invalid, show the form as typed, with the problem beside its field."""
    try:
        with here.writing() as session:
            before = profile(session, here.learner_id)
            change(session, here.learner_id, read_profile(texts, before))
    except WrongProfileError as error:
        with here.reading() as session:
            return _form(here, session, texts, error)
    return RedirectResponse("/settings?saved=1", HTTPStatus.SEE_OTHER)


def hide_hints(here: Here) -> Response:
    """Hide the explanations from now on, and go back to the page that had one."""
    with here.writing() as session:
        change(session, here.learner_id, replace(profile(session, here.learner_id), hides_hints=True))
    before = parts_of(here.request.headers.get("referer", ""))
    to = f"/{before.path.lstrip('/')}?{before.query}" if before.netloc == here.request.url.netloc else "/"
    return RedirectResponse(to.removesuffix("?"), HTTPStatus.SEE_OTHER)


def _form(
    here: Here, session: Session, texts: dict[str, str], error: WrongProfileError | None = None, saved: bool = False
) -> Response:
    learner = here.learner(session)
    today = learner.day(here.now)
    return here.page(
        "settings.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        texts=dict.fromkeys(texts_of(profile(session, here.learner_id)), "") | texts,
        problems=error.problems if error else {},
        saved=saved,
        preferences=PREFERENCES,
        defaults={one.name: one.text(getattr(here.settings, one.name, None)) for one in PREFERENCES},
        **plans_context(session, learner, today, here.settings),
        longest_name=LONGEST_NAME,
        zones=ZONES,
        actions=ACTIONS,
        key=KEY,
        stability=STABILITY,
        returning=[
            Returning(chance, round(days_until(STABILITY, chance)), chance == learner.desired_retention)
            for chance in sorted({*RETENTIONS, learner.desired_retention})
        ],
        local=here.now.astimezone(learner.zone),
        today=today,
        learners=all_learners(session) if here.account is None else [],
        learner=here.learner_id,
        mine=belongings(session, here.learner_id),
        build=here.request.app.state.build,
        max_import=here.settings.max_import_bytes,
    )
