"""How many bytes a sequence model keeps: states for a backward pass, a recurrent state, a cache of keys and values.

Source: counted from the shapes. For the states, Werbos, "Backpropagation through time: what it does and how to do it",
1990; the cache, Shazeer, "Fast transformer decoding: one write-head is all you need", 2019, section 2.
"""

from math import prod
from typing import Literal

BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "int8": 1}
STATES = {"rnn": 1, "lstm": 2, "gru": 1}
"""How many vectors of h numbers each cell carries: an LSTM has h and c."""
Cell = Literal["rnn", "lstm", "gru"]


def size(*axes: int, dtype: str = "float32") -> int:
    """Bytes of an array of these axes. Raises ValueError for an axis below 1, KeyError for an unknown type."""
    if min(axes) < 1:
        raise ValueError(f"axes are {axes}; wanted a size of at least 1 each.")
    return prod(axes) * BYTES[dtype]


def state(cell: Cell, batch: int, layers: int, h: int, dtype: str = "float32") -> int:
    """Bytes of the state that a recurrent network carries to the next step, however long the sequence is."""
    return size(STATES[cell], layers, batch, h, dtype=dtype)


def kept(cell: Cell, batch: int, time: int, units: int, dtype: str = "float32") -> int:
    """Bytes of the states of all steps, which backpropagation through time keeps; `units` are those of all layers."""
    return size(STATES[cell], batch, time, units, dtype=dtype)


def kv_cache(batch: int, time: int, layers: int, width: int, dtype: str = "float16") -> int:
    """Bytes of the keys and values of all positions so far; `width` is a key's over all heads that have keys."""
    return size(2, layers, batch, time, width, dtype=dtype)
