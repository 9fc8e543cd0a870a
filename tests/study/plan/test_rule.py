"""Meet, keep, refresh: against the rule of docs/plan.md written out card by card, with the FSRS library."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.study.plan.costs import Costs
from app.study.plan.rule import Reason, Rule
from app.study.plan.situation import PlanCard, Situation
from app.study.schedule.scale import Rating
from app.study.schedule.scheduler import Memory, outcomes, recall
from tests.examples import examples
from tests.study.plan.cards import DECKS, situation


def after_a_look(memory: Memory | None, days: int, remembered: bool) -> Memory:
    """A missed card comes back twice on its day."""
    rating = Rating.WELL if remembered else Rating.NOT_AT_ALL
    memory = outcomes(memory, days, 0.9, 1, 1)[rating].memory
    for _ in range(0 if remembered else 2):
        memory = outcomes(memory, 0, 0.9, 1, 1)[Rating.WELL].memory
    return memory


def written_out(given_: Situation) -> list[tuple[int, Reason, float, float]]:
    """Each card that is worth it, in order, with its reason, expected seconds and gain."""
    left, known, again = len(given_.seconds), 2 / 7, 15
    refresh, rest = 0, 0.0
    while rest < len(given_.cards) * 24:
        refresh += 1
        rest += given_.seconds[0]
    found: list[tuple[int, float, int, Reason, float, float]] = []
    unmet = [card for card in given_.cards if card.state is None]
    met = recall(after_a_look(None, 0, True).stability, left), recall(after_a_look(None, 0, False).stability, left)
    of_new = (known * met[0] + (1 - known) * met[1] - known) / (known * 25 + (1 - known) * (50 + again))
    to_meet = math.ceil(len(unmet) / max(1, left - refresh))
    for card in given_.cards:
        state = card.state
        days = 0 if state is None else (given_.day - state.reviewed_on).days
        chance = known if state is None else recall(state.stability, days)
        memory = None if state is None else Memory(state.stability, state.difficulty)
        good, bad = (after_a_look(memory, days, remembered) for remembered in (True, False))
        with_it = chance * recall(good.stability, left) + (1 - chance) * recall(bad.stability, left)
        gain = with_it - (known if state is None else recall(state.stability, days + left))
        if state is None:
            seconds = chance * 25 + (1 - chance) * (50 + again)
            group, reason = (0 if unmet.index(card) < to_meet else 2), Reason.MEET
        else:
            seconds = chance * 20 + (1 - chance) * (35 + again)
            if left <= refresh:
                is_stale, stale = (
                    given_.day.toordinal() - days < given_.date.toordinal() - refresh or chance < 0.9,
                    Reason.REFRESH,
                )
            else:
                is_stale, stale = chance <= 0.8, Reason.KEEP
            group, reason = (1, stale) if is_stale else (3, Reason.MORE)
            assume(not unmet or abs(gain / seconds - 1.25 * of_new) > 1e-6)
            if group == 1 and unmet and gain / seconds > 1.25 * of_new:
                group = -1
            if group == 3 and gain / seconds * 60 <= 0.1:
                continue
        found.append((group, 0.0 if state is None else -gain / seconds, card.id, reason, seconds, gain))
    found.sort(key=lambda one: one[:2])
    assume(all(abs(one[1] - other[1]) > 1e-5 for one, other in pairwise(found) if one[1]))
    return [(number, reason, seconds, gain) for _group, _rate, number, reason, seconds, gain in found]


@examples(150)
@given(DECKS, st.integers(1, 20), st.integers(1, 60))
def test_it_is_the_rule_written_out(deck: list[PlanCard], days: int, minutes: int) -> None:
    given_ = situation(deck, days, minutes)
    expected = written_out(given_)
    looks = given_.rule.looks(given_.arrays, 0)
    ranked = given_.rule.ranked(given_.arrays, 0, looks)
    order = [place for place in ranked.order.tolist() if ranked.worth[place]]
    assert [given_.cards[place].id for place in order] == [one[0] for one in expected]
    assert [ranked.reason[place] for place in order] == [one[1] for one in expected]
    assert looks.seconds[order].tolist() == pytest.approx([one[2] for one in expected], rel=1e-4)
    assert looks.gain[order].tolist() == pytest.approx([one[3] for one in expected], abs=1e-4)


def begins(seconds: tuple[float, ...], cards: int) -> int:
    return int(Rule(seconds, Costs(), 0.3).refresh_begins(cards))


def test_the_refresh_takes_the_last_days_that_suffice() -> None:
    """One look takes 24 seconds: ten minutes hold 25 cards."""
    week = (600.0,) * 7
    assert [begins(week, cards) for cards in (1, 25, 26, 50, 175)] == [6, 6, 5, 5, 0]
    assert begins(week, 176) < 0
    assert begins((600.0,) * 5 + (0.0, 0.0), 25) == 4  # two days off at the end
    assert begins((0.0,) * 7, 25) == 0


def test_learners_are_ranked_side_by_side_as_one_by_one() -> None:
    """With costs and a share known at first sight of their own."""
    cards = situation([PlanCard(one, 1) for one in range(9)]).arrays
    both = type(cards)(*(np.tile(one, (2, 1)) for one in cards))
    costs, known = Costs(remembered=np.array([[20.0], [200.0]])), np.array([[0.3], [0.6]])
    rule = Rule((60.0,) * 5, costs, known)
    looks = rule.looks(both, 0)
    ranked = rule.ranked(both, 0, looks)
    for row in range(2):
        alone = replace(rule, costs=replace(costs, remembered=[20.0, 200.0][row]), known=float(known[row, 0]))
        its = alone.looks(cards, 0)
        np.testing.assert_allclose(looks.gain[row], its.gain)
        np.testing.assert_array_equal(ranked.order[row], alone.ranked(cards, 0, its).order)
