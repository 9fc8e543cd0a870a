"""Keras on JAX, as an oracle; it is right to six digits. It takes some seconds to import: mark its tests `slow`."""

import os
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

os.environ["KERAS_BACKEND"] = "jax"
import keras

jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]
LAYERS = {"rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU", "dense": "Dense"}


def seeded(seed: int) -> None:
    """Make what layers draw from here on depend on this seed."""
    keras.utils.set_random_seed(seed)


def new(kind: str, units: int, **options: Any) -> Any:
    """A layer of `units`, not yet built."""
    return getattr(keras.layers, LAYERS.get(kind, kind))(units, **options)


def ctc_loss(log_p: Any, labels: Sequence[int]) -> float:
    """−ln of the probability that a row of labels is said, with 0 as the blank."""
    sizes = (np.array([len(labels)]), np.array([len(log_p)]))
    return float(keras.ops.ctc_loss(np.array([labels]), log_p[None], *sizes, mask_index=0)[0])


def layer_norm() -> Any:
    """Layer normalisation as Keras has it by default."""
    return keras.layers.LayerNormalization()


def both_ways(layer: Any) -> Any:
    """The layer in both directions."""
    return keras.layers.Bidirectional(layer)


def with_weights(layer: Any, weights: Sequence[Any], features: int) -> Any:
    """The layer with these arrays: kernel, recurrent kernel and bias, of each direction."""
    layer.build((None, None, features))
    layer.set_weights([np.asarray(one, dtype=float) for one in weights])
    return layer


def tensor(array: Any) -> Any:
    """An array as a tensor."""
    return keras.ops.convert_to_tensor(array)


def numbers(tensor: Any) -> Any:
    """A tensor or a weight as an array."""
    return np.asarray(getattr(tensor, "value", tensor))


def symbolic(*shape: int) -> Any:
    """An input of this shape, the batch included, for a layer's output shapes."""
    return keras.KerasTensor(shape)
