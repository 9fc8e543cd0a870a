"""The recursive network against JAX on any tree, a chain against the RNN, and trees against their arithmetic."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn import recursive, rnn
from app.nn.activations import ACTIVATIONS, TANH
from app.nn.recursive import Nested, RecursiveWeights
from tests.examples import examples

seeds = st.integers(0, 2**32 - 1)


def close(got: Any, want: Any) -> None:
    np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-10)


def weights(rng: np.random.Generator, d: int) -> RecursiveWeights:
    return RecursiveWeights(*(0.5 * rng.normal(size=shape) for shape in ((d, d), (d, d), (d,))))


def random_tree(rng: np.random.Generator, first: int, last: int) -> Nested:
    if first == last:
        return first
    cut = int(rng.integers(first, last))
    return (random_tree(rng, first, cut), random_tree(rng, cut + 1, last))


@pytest.mark.parametrize(("n", "seed"), [(2, 0), (4, 1), (5, 2), (6, 3), (6, 4)])
def test_forward_and_backward_are_those_of_jax(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    nested, w, leaves, droot = random_tree(rng, 0, n - 1), weights(rng, 3), rng.normal(size=(n, 3)), rng.normal(size=3)

    def root(leaves: Any, W_l: Any, W_r: Any, b: Any) -> Any:
        def value(node: Nested) -> Any:
            if isinstance(node, int):
                return leaves[node]
            return jnp.tanh(value(node[0]) @ W_l + value(node[1]) @ W_r + b)

        return value(nested)

    tree = recursive.merges(nested)
    nodes = recursive.forward(leaves, tree, w, TANH)
    dnodes, dw = recursive.backward(droot, nodes, tree, w, TANH)

    @jax.jit
    def run_and_pull(*arguments: Any) -> Any:
        value, pull = jax.vjp(root, *arguments)
        return value, pull(jnp.asarray(droot))

    wanted, gradients = run_and_pull(leaves, w.W_l, w.W_r, w.b)
    close(nodes[-1], wanted)
    for got, want in zip((dnodes[:n], dw.W_l, dw.W_r, dw.b), gradients, strict=True):
        close(got, want)


@given(n=st.integers(1, 12), seed=seeds, name=st.sampled_from(sorted(ACTIVATIONS)))
@examples(100)
def test_a_chain_is_the_rnn_that_starts_at_its_first_leaf(n: int, seed: int, name: str) -> None:
    rng = np.random.default_rng(seed)
    w, leaves = weights(rng, 3), rng.normal(size=(n + 1, 3))
    nodes = recursive.forward(leaves, recursive.merges(recursive.chain(0, n)), w, ACTIVATIONS[name])
    hs, _ = rnn.forward(leaves[None, 1:], leaves[:1], rnn.RNNWeights(w.W_r, w.W_l, w.b), ACTIVATIONS[name])
    close(nodes[n + 1 :], hs[0])


@given(n=st.integers(1, 64), seed=seeds)
@examples(60)
def test_any_tree_of_n_leaves_has_n_less_one_merges_and_one_root(n: int, seed: int) -> None:
    for nested in (recursive.chain(0, n - 1), recursive.balanced(0, n - 1),
                   random_tree(np.random.default_rng(seed), 0, n - 1)):  # fmt: skip
        tree = recursive.merges(nested)
        assert len(tree) == n - 1
        children = [child for pair in tree for child in pair]
        assert sorted(children) == list(range(2 * n - 2)), "each node but the root has one parent"
        assert all(max(pair) < n + k for k, pair in enumerate(tree)), "children come first"
        depths = recursive.depths(tree, n)
        assert math.ceil(math.log2(n)) <= max(depths) <= max(0, n - 1)
    assert max(recursive.depths(recursive.merges(recursive.chain(0, n - 1)), n)) == n - 1
    assert max(recursive.depths(recursive.merges(recursive.balanced(0, n - 1)), n)) == math.ceil(math.log2(n))


def test_two_leaves_by_hand() -> None:
    w = RecursiveWeights(np.array([[0.8]]), np.array([[0.5]]), np.array([0.1]))
    nodes = recursive.forward(np.array([[1.0], [2.0]]), [(0, 1)], w, TANH)
    assert nodes[:, 0].tolist() == pytest.approx([1.0, 2.0, math.tanh(0.8 + 1.0 + 0.1)])


def test_weights_of_another_size_than_the_bias_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^W_r has shape \(2, 3\); wanted \(3, 3\)\.$"):
        RecursiveWeights(np.zeros((3, 3)), np.zeros((2, 3)), np.zeros(3))
    w = RecursiveWeights(np.zeros((3, 3)), np.zeros((3, 3)), np.zeros(3))
    with pytest.raises(ValueError, match=r"^leaves has shape \(4, 2\); wanted \(n, 3\)\.$"):
        recursive.forward(np.zeros((4, 2)), [(0, 1), (2, 3), (4, 5)], w, TANH)
