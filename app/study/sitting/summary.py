"""The summary of a sitting: how many ratings, how long it took, how it went by topic, and which cards were missed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlmodel import Session

from app.study.learner.preferences import Preferences
from app.study.schedule.review_log import COUNTED, IN_ORDER, STANDS
from app.study.schedule.scale import Rating
from app.study.schedule.totals import seconds_spent
from app.tables import CARD, REVIEW, THE_DECK, THE_LEARNER, TODAY, TOPIC


class Given(NamedTuple):
    """A rating that was not undone, with its card and topic."""

    card_id: int
    card_name: str
    question_html: str
    topic: str
    rating: int
    shown_at: datetime | None
    revealed_at: datetime | None
    rated_at: datetime


@dataclass(frozen=True, slots=True)
class TopicSummary:
    """One topic's share: cards, ratings, cards missed at least once, and the mean rating."""

    topic: str
    cards: int
    reviews: int
    missed: int
    mean: float


@dataclass(frozen=True, slots=True)
class MissedCard:
    """A card that was missed, and how often."""

    card_id: int
    name: str
    question_html: str
    times: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Ratings, the cards they were for, how long it took, and how it went by rating and by topic, in learning order."""

    reviews: int
    cards: int
    spent: timedelta
    by_rating: Mapping[Rating, int]
    by_topic: Sequence[TopicSummary]
    missed: Sequence[MissedCard]


_GIVEN = (
    select(
        REVIEW.c.card_id,
        CARD.c.name,
        CARD.c.question_html,
        TOPIC.c.title,
        REVIEW.c.rating,
        REVIEW.c.shown_at,
        REVIEW.c.revealed_at,
        REVIEW.c.rated_at,
    )
    .select_from(COUNTED.join(CARD, CARD.c.id == REVIEW.c.card_id).join(TOPIC, TOPIC.c.id == CARD.c.topic_id))
    .where(REVIEW.c.learner_id == THE_LEARNER, CARD.c.deck_id == THE_DECK, STANDS)
    .order_by(CARD.c.place, *IN_ORDER)
)
_OF_TODAY = _GIVEN.where(REVIEW.c.day == TODAY)
_OF_SITTING = _OF_TODAY.where(REVIEW.c.sitting == bindparam("sitting"))


def summary(session: Session, learner: Preferences, now: datetime, deck_id: int, sitting: str | None = None) -> Summary:
    """What the learner did with the deck today; with `sitting`, under those filters alone."""
    values = {"learner": learner.learner_id, "deck": deck_id, "today": learner.day(now), "sitting": sitting}
    rows = session.connection().execute(_OF_TODAY if sitting is None else _OF_SITTING, values)
    return summed_up([Given(*row) for row in rows])


def summed_up(given: Sequence[Given]) -> Summary:
    """The summary of these ratings, which are in learning order."""
    topics = dict.fromkeys(one.topic for one in given)
    seconds = sum(seconds_spent(one.shown_at, one.revealed_at, one.rated_at) for one in given)
    return Summary(
        reviews=len(given),
        cards=len({one.card_id for one in given}),
        spent=timedelta(seconds=seconds),
        by_rating={rating: sum(one.rating == rating for one in given) for rating in Rating},
        by_topic=[_of_topic(topic, [one for one in given if one.topic == topic]) for topic in topics],
        missed=_missed(given),
    )


def _of_topic(topic: str, given: Sequence[Given]) -> TopicSummary:
    missed = {one.card_id for one in given if Rating(one.rating).missed}
    mean = sum(one.rating for one in given) / len(given)
    return TopicSummary(topic, len({one.card_id for one in given}), len(given), len(missed), mean)


def _missed(given: Iterable[Given]) -> list[MissedCard]:
    missed = [one for one in given if Rating(one.rating).missed]
    first = {one.card_id: one for one in missed}  # by card, in learning order
    return [
        MissedCard(card_id, one.card_name, one.question_html, sum(again.card_id == card_id for again in missed))
        for card_id, one in first.items()
    ]
