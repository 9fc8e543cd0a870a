"""The receptive field against published fields, and against disturbing one input after the other."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.nn import conv1d
from app.nn.receptive_field import ConvLayer, fields, footprint, jumps, offsets
from app.nn.shapes import Array
from tests.examples import examples

stacks = st.lists(st.builds(ConvLayer, st.integers(1, 4), st.integers(1, 2), st.integers(1, 4)), min_size=1, max_size=4)


def newest(x: Array, layers: list[ConvLayer], weights: list[Array]) -> float:
    """The one output that a stack of linear convolutions has on exactly R inputs."""
    y = x[None, :, None]
    for layer, W in zip(layers, weights, strict=True):
        y = conv1d.forward(y, conv1d.ConvWeights(W[:, None, None], np.zeros(1)), layer.s, layer.d)
    assert y.shape == (1, 1, 1)
    return float(y[0, 0, 0])


@given(layers=stacks, seed=st.integers(0, 2**32 - 1))
@examples(80)
def test_disturbing_an_input_moves_the_output_exactly_where_the_field_says(layers: list[ConvLayer], seed: int) -> None:
    rng, R = np.random.default_rng(seed), fields(layers)[-1]
    positive = [rng.uniform(0.5, 1, layer.k) for layer in layers]
    x = rng.normal(size=R)
    moved = {
        back
        for back in range(R)
        if newest(x + np.eye(R)[R - 1 - back], layers, positive) != newest(x, layers, positive)
    }
    assert moved == offsets(layers, R)[0]
    assert {back for back in moved if back < 5} == offsets(layers, 5)[0]
    assert {0, R - 1} <= moved
    means = [np.full(layer.k, 1 / layer.k) for layer in layers]
    slopes = [newest(np.eye(R)[R - 1 - back], layers, means) for back in range(R)]
    np.testing.assert_allclose(footprint(layers), slopes, rtol=1e-10, atol=1e-15)
    assert set(np.flatnonzero(footprint(layers)).tolist()) == moved


def test_published_fields() -> None:
    wavenet = [ConvLayer(2, d=2**i) for i in range(10)]
    assert (
        fields(wavenet)[-1] == 1024
    )  # van den Oord et al., 2016: "each 1, 2, 4, …, 512 block has receptive field 1024"
    vgg16 = [ConvLayer(3)] * 2 + [ConvLayer(2, 2)] + [ConvLayer(3)] * 2 + [ConvLayer(2, 2)]
    vgg16 += ([ConvLayer(3)] * 3 + [ConvLayer(2, 2)]) * 3
    assert fields(vgg16)[-1] == 212  # Araujo et al., 2019, table of known architectures
    alexnet = [ConvLayer(k, s) for k, s in ((11, 4), (3, 2), (5, 1), (3, 2), (3, 1), (3, 1), (3, 1), (3, 2))]
    assert fields(alexnet)[-1] == 195  # the same table
    assert jumps(alexnet)[-1] == 32


def test_wavenet_weighs_all_alike_and_a_plain_stack_the_middle() -> None:
    np.testing.assert_allclose(footprint([ConvLayer(2, d=2**i) for i in range(8)]), np.full(256, 1 / 256), rtol=1e-12)
    binomial = np.array([1, 4, 6, 4, 1]) / 16
    np.testing.assert_allclose(footprint([ConvLayer(2)] * 4), binomial, rtol=1e-12)
