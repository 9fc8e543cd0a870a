"""Futures: who is asked within the minutes, and how far a learner may differ."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.study.forecast.predictor import Predictor
from app.study.plan.futures import Futures, begun
from app.study.plan.rule import Ranked
from app.study.plan.situation import FirstLooks
from tests.examples import examples
from tests.study.plan.cards import met, situation

SECONDS = st.floats(1, 120)


@examples(200)
@given(st.lists(st.tuples(SECONDS, SECONDS, st.booleans()), min_size=1, max_size=12), st.floats(0, 600), st.randoms())
def test_cards_are_asked_in_order_while_they_fit(cards, seconds, random) -> None:
    expected, took, worth = (np.array(one) for one in zip(*cards, strict=True))
    order = np.array(random.sample(range(len(cards)), len(cards)))
    ranked = Ranked(order[None], np.zeros((1, len(cards)), np.int8), worth[None])
    asked = begun(ranked, expected[None], took[None], seconds)[0]
    used, skipped = 0.0, False
    for place in order:
        if not worth[place]:
            assert not asked[place]
        elif not skipped:  # until the first that does not fit, all are asked
            fits = used + expected[place] <= seconds
            assert asked[place] == fits
            skipped = not fits
        used += took[place] if asked[place] else 0
    assert used <= seconds + took[asked].sum() - expected[asked].sum() + 1e-6 or used <= seconds + took.max()


def spread(futures: Futures) -> float:
    return float(np.log(futures.odds[:, 0]).std())


def test_recalls_make_a_future_surer() -> None:
    card = met(1, 5)
    assert card.state is not None
    before, predictor = situation([card]), Predictor()
    for _ in range(60):
        predictor = predictor.learned(card.state, 3, recalled=True)
    after = replace(before, predictor=predictor, first_looks=FirstLooks(30, 60))
    first, later = (Futures.drawn(one, np.random.default_rng(1), 2000) for one in (before, after))
    assert spread(later) < spread(first)
    assert later.known.std() < first.known.std()
    assert later.pace.std() < first.pace.std()
    assert np.log(later.first).std() < np.log(first.first).std()


def test_a_future_is_what_fsrs_says_on_average_before_there_are_recalls() -> None:
    drawn = Futures.drawn(situation([met(1, 5, ago=3)]), np.random.default_rng(1), 4000)
    one = np.array([False])
    assert abs(np.median(drawn.chance(one, np.array([[0.7]]), one)) - 0.7) < 0.02
