"""Keras on JAX in float64, as an oracle. It takes some seconds to import: mark a test that uses it `slow`."""

import os
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

os.environ["KERAS_BACKEND"] = "jax"
import keras

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]
LAYERS = {"rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU", "dense": "Dense"}


def new(kind: str, units: int, **options: Any) -> Any:
    """A layer of `units`, not yet built."""
    return getattr(keras.layers, LAYERS.get(kind, kind))(units, dtype="float64", **options)


def both_ways(layer: Any) -> Any:
    """The layer in both directions."""
    return keras.layers.Bidirectional(layer, dtype="float64")


def with_weights(layer: Any, weights: Sequence[Any], features: int) -> Any:
    """The layer with these arrays: kernel, recurrent kernel and bias, of each direction."""
    layer.build((None, None, features))
    layer.set_weights([np.asarray(one, dtype=float) for one in weights])
    return layer


def numbers(tensor: Any) -> Any:
    """A tensor as an array."""
    return np.array(keras.ops.convert_to_numpy(tensor))


def symbolic(*shape: int) -> Any:
    """An input of this shape, the batch included, for a layer's output shapes."""
    return keras.KerasTensor(shape, dtype="float64")
