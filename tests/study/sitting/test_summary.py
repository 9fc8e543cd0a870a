"""What a sitting came to."""

from datetime import timedelta
from typing import TYPE_CHECKING

from app.study.schedule.scale import Rating
from app.study.sitting.summary import MissedCard, Summary, summary

if TYPE_CHECKING:
    from tests.study.conftest import Study

DECK = 1


def today(study: "Study", sitting: str | None = None) -> Summary:
    with study.database.read() as session:
        return summary(session, study.prefs, study.now, DECK, sitting)


def test_only_what_stands_of_today_counts(study: "Study") -> None:
    study.rate(1, 4)
    study.later(days=1)
    for card, rating in ((1, 1), (1, 2), (1, 4), (2, 5), (3, 5), (4, 1)):
        study.rate(card, rating)
    study.undo()
    found = today(study)
    assert (found.reviews, found.cards) == (5, 3)
    assert [found.by_rating[rating] for rating in Rating] == [1, 1, 0, 1, 2]
    assert found.missed == [MissedCard(1, "c1", "?", times=2)]


def test_missed_cards_come_once_in_learning_order_and_an_undone_miss_is_none(study: "Study") -> None:
    for card, rating in ((3, 1), (1, 2), (1, 4), (2, 5), (3, 1), (4, 2)):
        study.rate(card, rating)
    study.undo()
    assert [(card.card_id, card.times) for card in today(study).missed] == [(1, 1), (3, 2)]
    study.later(days=1)
    assert today(study) == Summary(0, 0, timedelta(), dict.fromkeys(Rating, 0), [], [])


def test_it_is_told_by_topic_in_learning_order(study: "Study") -> None:
    first, second = study.add_cards(2, "t2")
    for card, rating in ((second, 1), (1, 5), (second, 4), (first, 3)):
        study.rate(card, rating)
    topics = [(one.topic, one.cards, one.reviews, one.missed, round(one.mean, 2)) for one in today(study).by_topic]
    assert topics == [("t1", 1, 1, 0, 5.0), ("t2", 2, 3, 1, 2.67)]


def test_time_runs_from_the_question_to_the_rating_and_a_card_left_open_counts_two_minutes(study: "Study") -> None:
    for card, seconds in ((1, 20), (2, 100), (3, 3_600)):
        shown = study.now
        study.later(seconds=seconds)
        study.rate(card, 4, shown_at=shown)
    assert today(study).spent == timedelta(seconds=20 + 100 + 120)


def test_the_end_of_a_sitting_and_the_statistics_agree_on_the_time_spent(study: "Study") -> None:
    """Also for a review that does not say when the question was shown, as an import may bring it."""
    revealed = study.now
    study.later(seconds=17.4)
    study.rate(1, 4, shown_at=None, revealed_at=revealed)
    shown = study.now
    study.later(seconds=8.3)
    study.rate(2, 4, shown_at=shown)
    assert today(study).spent == timedelta(seconds=17 + 8)
    assert study.rows("SELECT seconds FROM day_total WHERE topic_id = 0") == [(25,)]


def test_a_sitting_under_filters_is_told_apart(study: "Study") -> None:
    study.rate(1, 4, sitting="tag=a")
    study.rate(2, 1)
    assert (today(study).cards, today(study, "tag=a").cards, today(study, "tag=b").cards) == (2, 1, 0)
