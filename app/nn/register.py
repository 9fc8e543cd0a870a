"""Linear RNNs whose weights are written down, not learned: a shift register that reads, and one that is read out.

A state is cut into slots of V numbers, a word as a one-hot vector in each. Both run in `app.nn.rnn` with a linear φ.
"""

import itertools
from collections.abc import Sequence

import numpy as np

from app.nn.rnn import RNNWeights
from app.nn.shapes import Array


def reader(V: int, slots: int) -> RNNWeights:
    """Each step moves every word one slot on and puts the new one into the first; what leaves the last is forgotten.

    Shapes: W_xh (V, slots·V), W_hh (slots·V, slots·V), b (slots·V,)
    """
    into = np.hstack([np.eye(V), np.zeros((V, (slots - 1) * V))])
    return RNNWeights(into, _slotwise(np.eye(slots, k=1), V), np.zeros(slots * V))


def writer(V: int, slots: int, places: Sequence[int]) -> RNNWeights:
    """Each step moves the word of places[t] to places[t − 1], so that the words come by places[0] in this order.

    It reads nothing (one input of weight 0). Raises ValueError for a place that is no slot, or comes twice.

    Shapes: W_xh (1, slots·V), W_hh (slots·V, slots·V), b (slots·V,)
    """
    if len(set(places)) != len(places) or not set(places) <= set(range(slots)):
        raise ValueError(f"places is {list(places)}; wanted different slots from 0 to {slots - 1}.")
    moves = np.zeros((slots, slots))
    for to, come_from in itertools.pairwise(places):
        moves[come_from, to] = 1.0
    return RNNWeights(np.zeros((1, slots * V)), _slotwise(moves, V), np.zeros(slots * V))


def _slotwise(moves: Array, V: int) -> Array:
    """The same move for all V numbers of a slot. Shapes: moves (slots, slots) → (slots·V, slots·V)"""
    whole: Array = np.kron(moves, np.eye(V)).astype(np.float64)
    return whole


def slot(h: Array, place: int, V: int) -> Array:
    """The word in one slot; a place that the state does not have holds nothing.

    Raises ValueError for a state that is not made of whole slots.

    Shapes: h (…, slots·V) → word (…, V)
    """
    if h.shape[-1] % V:
        raise ValueError(f"h has {h.shape[-1]} numbers; wanted whole slots of {V}.")
    if not 0 <= place < h.shape[-1] // V:
        return np.zeros((*h.shape[:-1], V))
    return h[..., place * V : (place + 1) * V]
