"""Temperatures against powers of probabilities, and draws against the lengths of the stretches that give them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn import sampling
from tests.examples import examples

weights = st.lists(st.floats(0.01, 10), min_size=1, max_size=8)


@given(weights=weights, temperature=st.floats(0.2, 5))
@examples(100)
def test_a_temperature_is_a_power_of_the_probabilities(weights: list[float], temperature: float) -> None:
    powers = [weight ** (1 / temperature) for weight in weights]
    wanted = [power / sum(powers) for power in powers]
    np.testing.assert_allclose(sampling.temper(np.log(weights), temperature), wanted, rtol=1e-10)


def test_the_table_that_cards_show() -> None:
    s = np.array([2.0, 1.0, 0.0])
    assert sampling.temper(s, 1.0).round(3).tolist() == [0.665, 0.245, 0.090]
    assert sampling.temper(s, 0.5).round(3).tolist() == [0.867, 0.117, 0.016]
    assert sampling.temper(s, 0.0).tolist() == [1.0, 0.0, 0.0]


@given(weights=weights, temperature=st.sampled_from([1e-3, 1e-9, 5e-324]))
@examples(60)
def test_towards_zero_it_is_greedy(weights: list[float], temperature: float) -> None:
    s = np.array([round(math.log(weight), 1) for weight in weights])  # no near ties
    p = sampling.temper(s, temperature)
    largest = s == s.max()
    np.testing.assert_allclose(p, largest / largest.sum(), atol=1e-12)
    assert sampling.temper(s, 0.0)[int(np.argmax(s))] == 1.0
    assert sampling.temper(s, 0.0).sum() == 1.0


def test_what_cannot_come_has_no_chance_at_any_temperature() -> None:
    s = np.array([0.0, -math.inf, -1.0])
    for temperature in (0.0, 1e-6, 1.0, 5.0):
        assert sampling.temper(s, temperature)[1] == 0.0


@given(weights=weights)
@examples(100)
def test_each_token_is_drawn_by_a_stretch_as_long_as_its_probability(weights: list[float]) -> None:
    p = np.array(weights) / sum(weights)
    edges = [0.0, *np.cumsum(p)]
    for token in range(len(p)):
        inside = (edges[token] + edges[token + 1]) / 2
        assert sampling.draw(p, inside) == token
        assert sampling.draw(p, edges[token] + 1e-12) == token


def test_a_draw_never_falls_off_the_end_nor_on_what_cannot_come() -> None:
    assert sampling.draw(np.array([0.1] * 10), math.nextafter(1.0, 0.0)) == 9
    assert sampling.draw(np.array([0.0, 1.0, 0.0]), 0.0) == 1
    assert sampling.draw(np.array([0.3, 0.7 - 1e-9, 0.0]), math.nextafter(1.0, 0.0)) == 1


@pytest.mark.parametrize("many", [20_000])
def test_even_draws_come_as_often_as_they_are_likely(many: int) -> None:
    p = np.array([0.5, 0.2, 0.3])
    drawn = [sampling.draw(p, (i + 0.5) / many) for i in range(many)]
    np.testing.assert_allclose(np.bincount(drawn) / many, p, atol=2 / many)


@given(weights=weights, top_k=st.integers(0, 9), nucleus=st.floats(0.01, 1))
@examples(100)
def test_what_top_k_and_nucleus_keep_is_found_by_taking_the_likeliest_one_by_one(
    weights: list[float], top_k: int, nucleus: float
) -> None:
    p = [weight / sum(weights) for weight in weights]
    kept: list[int] = []
    for token in sorted(range(len(p)), key=lambda token: -p[token]):
        if (top_k and len(kept) == top_k) or (nucleus < 1 and sum(p[one] for one in kept) >= nucleus - 1e-12):
            break
        kept.append(token)
    total = sum(p[token] for token in kept)
    wanted = [p[token] / total if token in kept else 0.0 for token in range(len(p))]
    np.testing.assert_allclose(sampling.truncate(np.array(p), top_k, nucleus), wanted, rtol=1e-10)


def test_a_nucleus_of_nine_tenths() -> None:
    p = np.array([0.5, 0.3, 0.15, 0.05])
    assert sampling.truncate(p, 0, 0.9).round(4).tolist() == [0.5263, 0.3158, 0.1579, 0]
    assert sampling.truncate(p, 2, 1.0).round(12).tolist() == [0.625, 0.375, 0, 0]
