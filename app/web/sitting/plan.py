"""/plan: what the plan leads to, day by day and by topic. Today shows it too, when it is worked out."""

from starlette.responses import RedirectResponse, Response

from app.study.plan.rule import Reason
from app.study.sitting.plan_forecast import remembered, what_is_needed, work_out
from app.study.sitting.plan_today import plan_today
from app.web.frame.decks import deck_named
from app.web.frame.here import Here


def forecast(here: Here, deck: str | None = None) -> Response:
    """The forecast of every plan; without a plan, Today."""
    with here.reading() as session:
        learner = here.learner(session)
        plan, chosen = plan_today(session, learner, here.now), deck_named(session, deck)
        found = asked = None
        if plan is not None:
            found = remembered(session, plan)
            asked = None if found else what_is_needed(session, learner, here.now, plan)
    if plan is None:
        return RedirectResponse("/")
    if asked is not None:
        found = work_out(here.database.engine, plan, asked)
    return here.page(
        "plan/plan.html", part="forecasts", forecasts=found, deck=chosen, today=learner.day(here.now), Reason=Reason
    )
