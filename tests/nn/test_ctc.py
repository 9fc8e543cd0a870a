"""CTC against every path there is, and against Keras."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from app.nn import ctc
from tests.examples import seeds


def said(path: tuple[int, ...]) -> tuple[int, ...]:
    """What a path says, by a loop of its own."""
    found, last = [], None
    for label in path:
        if label not in (last, 0):
            found.append(label)
        last = label
    return tuple(found)


@pytest.mark.parametrize(
    ("path", "labels"),
    [("aa_bb_b", "abb"), ("a_a", "aa"), ("aaa", "a"), ("___", ""), ("_h_ee_l_l_o", "hello"), ("hhello", "helo")],
)
def test_a_path_collapses(path: str, labels: str) -> None:
    alphabet = "_abehlo"
    collapsed = ctc.collapse([alphabet.index(one) for one in path])
    assert "".join(alphabet[label] for label in collapsed) == labels


@pytest.mark.proof
@pytest.mark.parametrize("seed", seeds(60))
def test_the_forward_sum_is_the_sum_over_every_path(seed: int) -> None:
    rng = np.random.default_rng(seed)
    V, T = int(rng.integers(2, 4)), int(rng.integers(1, 6))
    tenths = [[Fraction(int(n), 10) for n in row] for row in rng.integers(0, 11, size=(T, V))]
    sums: dict[tuple[int, ...], Fraction] = {}
    counts: dict[tuple[int, ...], int] = {}
    for path in itertools.product(range(V), repeat=T):
        assert tuple(ctc.collapse(path)) == said(path)
        sums[said(path)] = sums.get(said(path), Fraction(0)) + math.prod(
            (tenths[t][label] for t, label in enumerate(path)), start=Fraction(1)
        )
        counts[said(path)] = counts.get(said(path), 0) + 1
    p = np.array([[float(one) for one in row] for row in tenths])
    for labels, total in sums.items():
        if labels:
            assert ctc.probability(p, labels) == pytest.approx(float(total), rel=1e-12, abs=1e-15)
            assert ctc.alignments(T, labels) == counts[labels]
    too_long = [1] * (T + 1)
    assert ctc.alignments(T, too_long) == 0


@pytest.mark.slow
def test_keras_loss_is_its_logarithm() -> None:
    from tests.frameworks.keras_on_jax import ctc_loss

    rng = np.random.default_rng(3)
    for labels in ([1, 2], [2, 2, 1], [1]):
        p = rng.dirichlet(np.ones(4), size=7)
        assert ctc_loss(np.log(p), labels) == pytest.approx(-math.log(ctc.probability(p, labels)), rel=1e-6)


def test_a_label_outside_the_alphabet_is_named() -> None:
    with pytest.raises(ValueError, match=r"^labels are \[0, 1\]; wanted numbers from 0 to 2 without 0\.$"):
        ctc.forward(np.ones((2, 3)), [0, 1])
