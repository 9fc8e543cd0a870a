"""Beam search against every sequence there is, and against cases worked by hand."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn import beam
from app.nn.beam import BigramModel
from tests.examples import examples


def model(first: list[float], after: list[list[float]]) -> BigramModel:
    """Probabilities as they are written; rows without the end mark's number never end."""
    V = len(first)
    table = np.zeros((V, V + 1))
    table[:, : len(after[0])] = after
    with np.errstate(divide="ignore"):
        return BigramModel(np.log(np.array(first)), np.log(table))


@st.composite
def models(draw: Any) -> BigramModel:
    V, ends = draw(st.integers(2, 3)), draw(st.booleans())
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    first, after = rng.dirichlet(np.ones(V)), rng.dirichlet(np.ones(V + ends), size=V)
    return model(first.tolist(), after.tolist())


def everything(m: BigramModel, steps: int) -> list[tuple[tuple[int, ...], float]]:
    """Every sequence that has ended or has `steps` tokens, with its log p, by trying all."""
    found = []
    for length in range(1, steps + 1):
        for tokens in itertools.product(range(m.end + 1), repeat=length):
            ended = tokens[-1] == m.end
            if m.end in tokens[:-1] or (length < steps and not ended) or tokens[0] == m.end:
                continue
            log_p = m.first[tokens[0]] + sum(m.after[a, b] for a, b in itertools.pairwise(tokens))
            if log_p > -math.inf:
                found.append((tokens, float(log_p)))
    return found


searches: dict[str, Any] = {"m": models(), "steps": st.integers(1, 4), "penalty": st.floats(0, 2)}


@given(**searches)
@examples(80)
def test_wide_enough_it_is_an_exhaustive_search(m: BigramModel, steps: int, penalty: float) -> None:
    wanted = everything(m, steps)
    found = beam.search(m, len(wanted) + m.end**steps, steps, penalty)[-1]
    assert sorted(one.tokens for one in found) == sorted(tokens for tokens, _ in wanted)
    known = dict(wanted)
    for one in found:
        assert one.log_p == pytest.approx(known[one.tokens], rel=1e-12)
        assert one.score == pytest.approx(one.log_p / len(one.tokens) ** penalty, rel=1e-12)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


@given(**searches)
@examples(80)
def test_the_best_there_is_is_the_best_of_all(m: BigramModel, steps: int, penalty: float) -> None:
    wanted = max(log_p / len(tokens) ** penalty for tokens, log_p in everything(m, steps))
    assert beam.best(m, steps, penalty).score == pytest.approx(wanted, rel=1e-12)


@given(**searches, width=st.integers(1, 5))
@examples(60)
def test_only_what_is_kept_is_extended_and_nothing_beats_the_best(
    m: BigramModel, steps: int, penalty: float, width: int
) -> None:
    seen = beam.search(m, width, steps, penalty)
    for before, after in itertools.pairwise(seen):
        kept = {one.tokens for one in before[:width]}
        assert all(one.tokens in kept or one.tokens[:-1] in kept for one in after)
    assert seen[-1][0].score <= beam.best(m, steps, penalty).score + 1e-12


@given(m=models(), steps=st.integers(1, 5))
@examples(40)
def test_a_width_of_one_takes_the_likeliest_token_at_every_step(m: BigramModel, steps: int) -> None:
    tokens = [int(np.argmax(m.first))]
    while len(tokens) < steps and tokens[-1] != m.end:
        tokens.append(int(np.argmax(m.after[tokens[-1]])))
    assert beam.search(m, 1, steps, 0.0)[-1][0].tokens == tuple(tokens)


def test_the_case_that_cards_work_out() -> None:
    m = model([0.6, 0.4], [[0.5, 0.5], [0.9, 0.1]])
    assert beam.search(m, 1, 2, 0.0)[-1][0].p == 0.3
    assert beam.search(m, 2, 2, 0.0)[-1][0].p == 0.36
    assert beam.search(m, 2, 2, 0.0)[-1][0].tokens == (1, 0)


def test_the_length_norm_turns_the_short_one_and_the_long_one_round() -> None:
    m = model([0.9, 0.1], [[0, 0.5, 0.5], [0, 0.9, 0.1]])
    assert beam.best(m, 6, 0.0).tokens == (0, 2)
    assert beam.best(m, 6, 1.0).tokens == (0, 1, 1, 1, 1, 1)


def test_wrong_shapes_are_named() -> None:
    with pytest.raises(ValueError, match="after has shape"):
        BigramModel(np.zeros(2), np.zeros((2, 2)))
