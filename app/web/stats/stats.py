"""/stats: how a learner is doing, over a period, in the whole deck or in one topic."""

from urllib.parse import urlencode

from sqlmodel import col, select
from starlette.responses import Response

from app.demos.registry import all_demos
from app.models import Topic
from app.study.stats.judged import MOST_COUNTED, VERDICTS
from app.study.stats.period import Period
from app.study.stats.retention import ENOUGH
from app.study.stats.statistics import statistics
from app.web.frame.decks import all_decks, deck_named, topic_named
from app.web.frame.here import Here
from app.web.stats import calibration
from app.web.stats import drawing as stats_drawing


def stats(here: Here, deck: str | None = None, topic: str = "", period: Period = Period.DAYS_90) -> Response:
    """Show each figure as a table and a drawing, from the totals."""
    with here.reading() as session:
        chosen = deck_named(session, deck)
        within = topic_named(session, chosen.name, topic)[1] if topic else None
        learner = here.learner(session)
        live = (Topic.deck_id == chosen.id, col(Topic.retired_at).is_(None))
        response = here.page(
            "stats.html",
            part="figures",
            deck=chosen,
            decks=all_decks(session),
            topic=within,
            topics=session.exec(select(Topic.name, Topic.title).where(*live).order_by(Topic.place)).all(),
            period=period,
            periods=Period,
            enough=ENOUGH,
            draw=stats_drawing,
            verdicts=VERDICTS,
            most_counted=MOST_COUNTED,
            calibration=calibration,
            demo_titles={demo.name: demo.title for demo in all_demos().values()},
            stats=statistics(session, learner, here.now, chosen.id, within.id if within else None, period),
        )
    if here.wants_part:
        response.headers["HX-Replace-Url"] = "/stats?" + urlencode(
            {"deck": chosen.name, "topic": topic, "period": str(period)}
        )
    return response
