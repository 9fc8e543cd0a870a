"""The points of good answers that a learner leaves out most often, by their own ticks."""

from collections import Counter, defaultdict
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from app.study.schedule.review_log import COUNTED, IN_ORDER, LATEST_FIRST, STANDS
from app.study.sitting.points import kept_before
from app.study.stats.activity import Scope
from app.study.stats.judged import LATELY, MOST_COUNTED
from app.tables import CARD, REVIEW, THE_DECK, THE_LEARNER

FEWEST, MOST = 2, 5
"""A point is told once it was missing on so many days; so many are told at most."""
FEWEST_ANSWERS, MOST_OF_CARD = 5, 2
"""Before so many answers (first ones of a day to a card) none is told; and of one card so many are told at most."""


class MissingPoint(NamedTuple):
    """A point as HTML with its card; on how many of the `days` with an answer the first one lacked it."""

    card: str
    question_html: str
    html: str
    missing: int
    days: int


# The learner's latest ratings, whatever the page is about, so that no more are read.
_MINE = select(REVIEW.c.id).where(REVIEW.c.learner_id == THE_LEARNER).order_by(*LATEST_FIRST)
_LATEST = _MINE.limit(MOST_COUNTED).subquery()
_TOLD = (
    select(CARD.c.name, CARD.c.question_html, CARD.c.points, REVIEW.c.points.label("told"), REVIEW.c.day)
    .select_from(COUNTED.join(_LATEST, REVIEW.c.id == _LATEST.c.id).join(CARD, CARD.c.id == REVIEW.c.card_id))
    .where(STANDS, REVIEW.c.points.is_not(None), REVIEW.c.day > bindparam("before"))
    .where(CARD.c.deck_id == THE_DECK, CARD.c.retired_at.is_(None))
    .order_by(*IN_ORDER)
)
_OF_TOPIC = _TOLD.where(CARD.c.topic_id == bindparam("topic"))


def missing_points(connection: Connection, scope: Scope, today: date) -> list[MissingPoint]:
    """The points that the cards still have, those first that were missing most often."""
    values = {"learner": scope.learner_id, "deck": scope.deck_id, "before": today - LATELY, "topic": scope.topic_id}
    answers = set[tuple[str, date]]()
    made = defaultdict[tuple[str, str, str], dict[date, bool]](dict)
    for name, question, points, told, day in connection.execute(_TOLD if scope.topic_id is None else _OF_TOPIC, values):
        answers.add((name, day))
        html = dict(points)
        for point in kept_before(told):
            if point.text in html:
                made[name, question, html[point.text]].setdefault(day, point.is_made)
    counted = (MissingPoint(*of, [*own.values()].count(False), len(own)) for of, own in made.items())
    often = (one for one in counted if one.missing >= FEWEST)
    of_card, found = Counter[str](), list[MissingPoint]()
    for one in sorted(often, key=lambda one: (-one.missing, one.days, one.card, one.html)):
        of_card[one.card] += 1
        if of_card[one.card] <= MOST_OF_CARD:
            found.append(one)
    return found[:MOST] if len(answers) >= FEWEST_ANSWERS else []
