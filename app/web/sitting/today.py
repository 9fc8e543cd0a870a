"""/ : what is due today, by topic, one press to start, and a choice of what else to study."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qsl

from markupsafe import Markup
from pydantic import ValidationError
from sqlmodel import Session
from starlette.responses import Response

from app.cards.file.yaml_files import documents
from app.models import Review
from app.study.classes.plans import plans_of_classes
from app.study.classes.quizzes import open_quizzes
from app.study.learner.preferences import Preferences
from app.study.plan.rule import Reason
from app.study.schedule.new_card_cursor import unseen
from app.study.schedule.undo import last_rating
from app.study.selection.choices import choices, menus
from app.study.selection.standing import IS_ASKABLE
from app.study.sitting.plan_forecast import remembered
from app.study.sitting.plans import WEEKDAYS, Interview, plans, texts_of_plan
from app.study.sitting.queue import Progress, Queue, parameters, progress, queue_of_today
from app.study.sitting.today import SECONDS_A_CARD, by_topic, next_due
from app.web.frame.dates import plural
from app.web.frame.decks import all_decks, deck_named
from app.web.frame.errors import NotHereError
from app.web.frame.here import Context, Here
from app.web.sitting.review import QueueSitting, SittingQuery

FEW = 5
"""How many cards the first sitting offers."""
_FIRST_CARDS = unseen("name", IS_ASKABLE).limit(FEW)


def today(here: Here, deck: str | None = None) -> Response:
    """The day at a glance."""
    with here.reading() as session:
        chosen = deck_named(session, deck)
        who = here.learner(session)
        last = last_rating(session, who)
        queue = queue_of_today(session, who, here.now, chosen.id)
        progressed = progress(session, who, here.now, queue)
        mine = plans(session, who.learner_id) if who.plans_until else ()
        day = who.day(here.now)
        of_classes = plans_of_classes(session, who.learner_id) if here.account else ()
        return here.page(
            "today.html",
            deck=chosen,
            decks=all_decks(session),
            today=day,
            progress=progressed,
            waiting=_waiting(progressed),
            topics=by_topic(session, who, here.now, chosen.id),
            next_due=next_due(session, who, here.now, chosen.id),
            new_per_day=who.new_per_day,
            seconds_a_card=SECONDS_A_CARD,
            plan=queue.plan,
            planned=Counter(card.reason.name.lower() for card in queue.planned),
            forecasts=remembered(session, queue.plan) if queue.plan else None,
            Reason=Reason,
            interview=next((one for one in mine if one.interview_on == day), None),
            went=next((one for one in mine if one.interview_on < day and not one.is_over), None),
            **_first_plan(mine, day),
            of_classes={one.plan: one for one in of_classes if one.is_set},
            news=[one for one in of_classes if one.is_news],
            class_quizzes=open_quizzes(session, who.learner_id, here.now) if here.account else (),
            zone=who.zone,
            my_plans={one.name: one for one in mine},
            begun=last and _begun(here, session, last),
            first_cards=None if last else _first_cards(session, who, here.now, chosen.id),
            menus=menus(choices(session, who, chosen.id), documents(here.settings.content_dir), asks=True),
        )


def _first_cards(session: Session, who: Preferences, now: datetime, deck: int) -> Sequence[str]:
    """The names of the cards that a learner without a rating starts with."""
    found = session.connection().execute(_FIRST_CARDS, parameters(who, now, Queue(deck))).scalars().all()
    return found[: who.new_per_day]


def _first_plan(mine: Sequence[Interview], day: date) -> dict[str, Any]:
    """What the form of the first minute needs: the next plan or a new one."""
    first = next((one for one in mine if one.interview_on >= day), None)
    texts = texts_of_plan(first or Interview("", day)) | ({} if first else {"interview_on": ""})
    context = {"first": first, "first_texts": texts, "weekdays": WEEKDAYS}
    return context | {"no_problems": {"minutes": "", "interview_on": "", "days_off": ""}}


def _waiting(progress: Progress) -> Markup:
    """A sentence that names every kind of card still to do."""
    kinds = [
        (progress.due, "card", "is due", "are due"),
        (progress.in_sitting, "missed card", "comes again today", "come again today"),
        (progress.new, "new card", "is ready", "are ready"),
    ]
    *first, last = [
        Markup("<b>{}</b> {}").format(plural(number, noun), one if number == 1 else many)
        for number, noun, one, many in kinds
        if number
    ] or [Markup()]
    return Markup(", ").join(first) + (", and " if len(first) > 1 else " and " if first else "") + last + "."


def _begun(here: Context, session: Session, review: Review) -> QueueSitting | None:
    """The sitting under filters to which `review`, if it is of today, belongs; None if no card is left in it."""
    if review.sitting is None or review.day != here.learner(session).day(here.now):
        return None
    try:
        sitting = QueueSitting(here, SittingQuery(**dict(parse_qsl(review.sitting))))
        sitting.session = session
        return sitting if sitting.progress.remaining else None
    except (ValidationError, NotHereError):  # of another version, or its topic has left the files
        return None
