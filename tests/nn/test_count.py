import equinox as eqx
import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn import count, gru, lstm, rnn

size = st.integers(1, 512)


@pytest.mark.parametrize(
    ("counted", "total", "formula", "filled"),
    [
        (count.rnn(2, 32), 1120, "x·h + h·h + h", "2·32 + 32·32 + 32"),
        (count.lstm(2, 32), 4480, "4 · (x·h + h·h + h)", "4 · (2·32 + 32·32 + 32)"),
        (count.gru(2, 32), 3456, "3 · (x·h + h·h + 2·h)", "3 · (2·32 + 32·32 + 2·32)"),
        (count.gru(2, 32, two_biases=False), 3360, "3 · (x·h + h·h + h)", "3 · (2·32 + 32·32 + 32)"),
        (count.dense(32, 1), 33, "x·y + y", "32·1 + 1"),
    ],
    ids=["rnn", "lstm", "gru", "gru-reset-before", "dense"],
)
def test_published_counts(counted: count.Count, total: int, formula: str, filled: str) -> None:
    assert (counted.total, counted.formula, counted.filled) == (total, formula, filled)


@given(size, size, st.booleans())
def test_the_filled_formula_computes_the_total(x: int, h: int, reset_after: bool) -> None:
    for counted in (count.dense(x, h), count.rnn(x, h), count.lstm(x, h), count.gru(x, h, reset_after)):
        assert eval(counted.filled.replace("·", "*")) == counted.total
        assert eval(counted.formula.replace("·", "*"), dict(counted.sizes)) == counted.total


@pytest.mark.parametrize(("n", "h"), [(1, 1), (2, 32), (7, 5)])
def test_the_kernels_hold_as_many_numbers_as_are_counted(n: int, h: int) -> None:
    plain = rnn.RNNWeights(np.zeros((n, h)), np.zeros((h, h)), np.zeros(h))
    four = lstm.LSTMWeights(np.zeros((n, 4 * h)), np.zeros((h, 4 * h)), np.zeros(4 * h))
    before = gru.GRUWeights(np.zeros((n, 3 * h)), np.zeros((h, 3 * h)), np.zeros(3 * h))
    after = gru.GRUWeights(before.W_xh, before.W_hh, before.b, np.zeros(3 * h))
    wanted = (count.rnn(n, h), count.lstm(n, h), count.gru(n, h, two_biases=False), count.gru(n, h, two_biases=True))
    for weights, counted in zip((plain, four, before, after), wanted, strict=True):
        assert sum(a.size for a in vars(weights).values() if a is not None) == counted.total


def test_equinox_holds_as_many() -> None:
    def leaves(layer: eqx.Module) -> int:
        return sum(leaf.size for leaf in jax.tree_util.tree_leaves(eqx.filter(layer, eqx.is_array)))

    key = jax.random.PRNGKey(0)
    assert leaves(eqx.nn.LSTMCell(2, 32, key=key)) == count.lstm(2, 32).total
    assert leaves(eqx.nn.Linear(32, 10, key=key)) == count.dense(32, 10).total


def test_a_size_below_1_is_named() -> None:
    with pytest.raises(ValueError, match=r"^h is 0; wanted a size of at least 1\.$"):
        count.rnn(2, 0)


def test_the_most_units_within_a_budget() -> None:
    for budget in (1, 4, 5, 1000, 4480, 4481, 100_000):
        h = count.most_units(lambda h: count.lstm(2, h), budget)
        assert h == 0 or count.lstm(2, h).total <= budget
        assert count.lstm(2, h + 1).total > budget
    assert count.most_units(lambda h: count.lstm(2, h), 4480) == 32


@pytest.mark.slow
@pytest.mark.parametrize(("n", "h"), [(1, 1), (2, 32), (7, 5)])
def test_keras_holds_as_many(n: int, h: int) -> None:
    from tests.frameworks.keras_on_jax import new

    for kind, counted in (
        ("rnn", count.rnn(n, h)),
        ("lstm", count.lstm(n, h)),
        ("gru", count.gru(n, h)),
        ("dense", count.dense(n, h)),
    ):
        layer = new(kind, h)
        layer.build((None, n) if kind == "dense" else (None, None, n))
        assert layer.count_params() == counted.total
    before = new("gru", h, reset_after=False)
    before.build((None, None, n))
    assert before.count_params() == count.gru(n, h, two_biases=False).total
    words = new("Embedding", n, output_dim=h)
    words.build(None)
    assert words.count_params() == count.embedding(n, h).total
