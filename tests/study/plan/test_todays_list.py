"""Today's list: what it asks in which order, and that it only grows shorter."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.study.plan.rule import Reason
from app.study.plan.situation import PlanCard, Situation, shared
from app.study.plan.todays_list import AMONG, DoneToday, interleaved, todays_list, together
from tests.examples import examples
from tests.study.plan.cards import DECKS, SITUATIONS, met, situation


@examples(150)
@given(SITUATIONS)
def test_what_is_left_fits_into_the_minutes(given_: Situation) -> None:
    today = todays_list(given_)
    left = today.left()
    assert sum(card.seconds for card in left) <= (given_.seconds or (0,))[0] + 1e-9
    assert len({card.id for card in today.cards}) == len(today.cards)
    if given_.seconds:
        assert {card.id for card in today.cards} == {card.id for card in given_.cards}
    else:
        assert today.cards == ()


@examples(80)
@given(SITUATIONS, st.data())
def test_the_list_is_the_same_after_each_rating(given_: Situation, data: st.DataObject) -> None:
    """If each answer takes the expected time, the learner is asked exactly what was listed in the morning."""
    today = todays_list(given_)
    promised, used, asked = today.left(), 0.0, []
    rated: set[int] = set()
    while left := today.left(DoneToday(rated, used)):
        asked.append(left[0])
        rated.add(left[0].id)
        used += left[0].seconds - 1e-9
        today = todays_list(given_)  # after a reload, or on a second device
    assert asked[: len(promised)] == promised
    took = data.draw(st.lists(st.floats(1, 200), min_size=len(asked), max_size=len(asked)))
    rated, used = set(), 0.0
    for seconds in took:
        if not (left := today.left(DoneToday(rated, used))):
            break
        assert used + left[0].seconds <= today.seconds  # no card is begun that does not fit
        rated.add(left[0].id)
        used += seconds


def test_new_cards_come_first_as_many_as_must() -> None:
    """10 days, 20 cards: the refresh takes a day, so 20 / 9 are met each day, then what fades, then the rest."""
    cards = [PlanCard(one, 1) for one in range(20)] + [met(100, 5, ago=1), met(101, 2, ago=30)]
    listed = todays_list(situation(cards, days=10, minutes=10)).cards
    assert [card.id for card in listed[:4]] == [0, 1, 2, 101]
    assert [card.reason for card in listed[:5]] == [Reason.MEET] * 3 + [Reason.KEEP, Reason.MEET]
    assert [card.id for card in listed[4:21]] == list(range(3, 20))
    assert listed[-1].id == 100


def test_the_last_day_refreshes_what_was_not_seen() -> None:
    cards = [met(1, stability=300, ago=9), met(2, stability=300, ago=40)]
    assert {card.reason for card in todays_list(situation(cards, days=1)).cards} == {Reason.REFRESH}
    assert {card.reason for card in todays_list(situation(cards, days=9)).cards} == {Reason.MORE}


def test_a_day_off_asks_nothing_and_more_minutes_do() -> None:
    given_ = situation([met(1, 2, ago=30), PlanCard(2, 1)])
    today = todays_list(replace(given_, seconds=(0.0, *given_.seconds[1:])))
    assert today.left() == []
    assert len(today.left(extra=600)) == 2
    more = today.more(minutes=10)
    assert more.cards == 2
    assert 0 < more.gain < 2


def test_returns_that_are_owed_have_their_time() -> None:
    today = todays_list(situation([PlanCard(one, 1) for one in range(30)]))
    assert len(today.left(DoneToday(owed=8))) < len(today.left())


@examples(100)
@given(DECKS)
def test_topics_are_mixed(deck: list[PlanCard]) -> None:
    today = todays_list(situation(deck))
    for reason in Reason:
        cards = [card for card in today.cards if card.reason is reason]
        mixed = interleaved(cards)
        assert sorted(mixed) == sorted(cards)
        for place, (one, other) in enumerate(pairwise(mixed)):
            waiting = [card for card in cards if card not in mixed[: place + 1]][:AMONG]
            assert one.topic != other.topic or all(card.topic == one.topic for card in waiting)


def test_plans_share_the_minutes() -> None:
    soon = situation([PlanCard(one, 1) for one in range(40)], days=5, minutes=20)
    late = situation([PlanCard(one, 1) for one in range(30, 90)], days=20, minutes=20)
    parts = shared([soon, late])
    assert [sum(day) for day in zip(*(one.seconds for one in parts), strict=False)] == [1200.0] * 5
    assert parts[1].seconds[5:] == (1200.0,) * 15
    assert parts[0].seconds[0] > parts[1].seconds[0] > 0
    both = together([todays_list(one) for one in parts])
    assert both.seconds == 1200
    assert len({card.id for card in both.cards}) == len(both.cards) == 90
    assert {card.id for card in both.left()} > {0, 1, 2, 30, 31}
    assert shared([soon]) == [soon]
