"""Linear RNNs whose weights are set by hand, not learned: one shift register stores words, another reads them out.

A state has slots of V numbers, each with a word as a one-hot vector. Both run in `app.nn.rnn` with a linear φ.
"""

import itertools
from collections.abc import Sequence

import numpy as np

from app.nn.rnn import RNNWeights
from app.nn.shapes import Array


def reader(V: int, slots: int) -> RNNWeights:
    """Each step moves every word one slot on and puts the new one into the first; the last slot's word is forgotten.

    Shapes: W_xh (V, slots·V), W_hh (slots·V, slots·V), b (slots·V,)
    """
    into = np.hstack([np.eye(V), np.zeros((V, (slots - 1) * V))])
    return RNNWeights(into, _slotwise(np.eye(slots, k=1), V), np.zeros(slots * V))


def writer(V: int, slots: int, places: Sequence[int]) -> RNNWeights:
    """Each step moves the word of places[t] to places[t − 1], so that the words reach places[0] in this order.

    It reads nothing (one input of weight 0). Raises ValueError for a place that is not a slot or that occurs twice.

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
    """The word in one slot; a place outside the state holds zeros.

    Raises ValueError if the state is not a whole number of slots.

    Shapes: h (…, slots·V) → word (…, V)
    """
    if h.shape[-1] % V:
        raise ValueError(f"h has {h.shape[-1]} numbers; wanted whole slots of {V}.")
    if not 0 <= place < h.shape[-1] // V:
        return np.zeros((*h.shape[:-1], V))
    return h[..., place * V : (place + 1) * V]
