"""Connectionist temporal classification: a path gives each step a label or a blank, and many paths say the same.

Source: Graves, Fernández, Gomez & Schmidhuber, "Connectionist temporal classification", 2006: the map B of section 3,
and the forward variables, eq. 5 to 8.
"""

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from app.nn.shapes import Array, expect


def collapse(path: Sequence[int], blank: int = 0) -> list[int]:
    """What a path says: each run of equal labels becomes one, and then blanks are dropped. In this order."""
    return [label for label, _ in groupby(path) if label != blank]


def forward(p: Array, labels: Sequence[int], blank: int = 0) -> Array:
    """α[t, s]: the summed probability of all beginnings of paths that are, at step t, at place s of l'.

    l' has a blank around every label: blank, l_1, blank, …, l_L, blank. A place is reached from itself, from the one
    before, and from two before if it is a label that differs from the label there.

    Shapes: p (T, V), labels of length L → alpha (T, 2L+1)
    """
    expect("p", p, ("T", "V"))
    if blank in labels or not all(0 <= label < p.shape[1] for label in labels):
        raise ValueError(f"labels are {list(labels)}; wanted numbers from 0 to {p.shape[1] - 1} without {blank}.")
    places = [blank, *(one for label in labels for one in (label, blank))]
    alpha = np.zeros((len(p), len(places)))
    alpha[0, :2] = p[0, places[:2]]
    skips = np.array([s >= 2 and place not in (blank, places[s - 2]) for s, place in enumerate(places)])
    for t in range(1, len(p)):
        reached = alpha[t - 1].copy()
        reached[1:] += alpha[t - 1, :-1]
        reached[2:] += np.where(skips[2:], alpha[t - 1, :-2], 0.0)
        alpha[t] = reached * p[t, places]
    return alpha


def probability(p: Array, labels: Sequence[int], blank: int = 0) -> float:
    """The summed probability of every path that says `labels`: the forward variables of the last two places.

    Shapes: p (T, V), labels of length L
    """
    return float(forward(p, labels, blank)[-1, -2:].sum())


def alignments(steps: int, labels: Sequence[int], blank: int = 0) -> int:
    """How many paths of `steps` steps say `labels`: the forward sum where every label counts 1. Exact below 2⁵³."""
    return round(probability(np.ones((steps, max(*labels, blank) + 1)), labels, blank))
