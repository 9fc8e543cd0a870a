"""Counts of steps and paths against graphs that are walked, and scores that are counted."""

import pytest

from app.nn import reach


def walked(T: int, k: int, dilations: list[int]) -> bool:
    """Whether position 1 reaches position T through causal convolutions of these dilations, by following them."""
    reached = {1}
    for dilation in dilations:
        reached = {there + i * dilation for there in reached for i in range(k)}
    return T in reached


@pytest.mark.parametrize("T", [1, 2, 3, 5, 9, 10, 27, 28, 81, 100])
@pytest.mark.parametrize("k", [2, 3, 5])
def test_layers_are_as_few_as_reach_the_other_end(T: int, k: int) -> None:
    layers = reach.convolution(T, 1, k).path
    assert walked(T, k, [1] * layers)
    assert layers == 0 or not walked(T, k, [1] * (layers - 1))
    layers = reach.dilated(T, 1, k).path
    assert walked(T, k, [k**i for i in range(layers)])
    assert layers == 0 or not walked(T, k, [k**i for i in range(layers - 1)])


def test_a_recurrence_waits_for_every_step_and_attention_for_one() -> None:
    for T in (2, 10, 1000):
        assert reach.recurrent(T, 8)[:2] == (T, T - 1)
        assert reach.attention(T, 8)[:2] == (1, 1)


def test_work_grows_with_the_square_of_the_length_for_attention_and_of_the_width_for_the_others() -> None:
    assert reach.mixing(20, 8) == 4 * reach.mixing(10, 8)
    assert reach.recurrent(20, 8).work == 2 * reach.recurrent(10, 8).work
    assert reach.recurrent(10, 16).work == 4 * reach.recurrent(10, 8).work


@pytest.mark.parametrize(("T", "d"), [(1, 4), (5, 2), (16, 16), (50, 128)])
def test_a_whole_attention_layer_never_costs_less_than_a_recurrence_of_its_width(T: int, d: int) -> None:
    # Matrices multiplied one by one: (n, k) with (k, m) takes n · k · m multiplications.
    projections = sum(n * k * m for n, k, m in [(T, d, d)] * 4)
    assert reach.attention(T, d).work == projections + T * d * T + T * T * d
    assert reach.attention(T, d).work > reach.recurrent(T, d).work
    assert (reach.mixing(T, d) < projections) == (2 * d > T)


@pytest.mark.parametrize("T", [1, 2, 7])
def test_pairs_are_counted(T: int) -> None:
    assert reach.pairs(T, False) == sum(1 for _ in range(T) for _ in range(T))
    assert reach.pairs(T, True) == sum(1 for i in range(T) for j in range(T) if j <= i)
