"""A recurrent network, built by hand, that knows what "not" does to the next word; and two that cannot know.

Its seven ReLU units, from the word's value v (1 good, −1 bad, 0 neither) and ν (1 for "not"):

    n = ν                      the word is "not": for the next step to know
    a = relu(v − 2n')          a good word,          b = relu(−v − 2n')       a bad one, both not after "not"
    c = relu(v + n' − 1)       a good word after it, d = relu(−v + n' − 1)    a bad one after it
    P = P' + a' + d'           positive so far,      N = N' + b' + c'         negative so far, up to the word before

where n', a', … are those of the step before. The score is y = (P + a + d) − (N + b + c).
"""

from collections.abc import Sequence

import numpy as np

from app.demos.machine.figures import Values
from app.nn import rnn
from app.nn.activations import RELU

UNITS = ("P", "N", "a", "b", "c", "d", "n")
LEXICON = {"good": 1.0, "funny": 1.0, "bad": -1.0, "slow": -1.0}


def features(words: Sequence[str]) -> Values:
    """Each word as (v, ν): shape (time, 2)."""
    return np.array([[LEXICON.get(word, 0.0), float(word == "not")] for word in words])


def weights() -> rnn.RNNWeights:
    """W_xh (2, 7), W_hh (7, 7) and b (7) of the equations above."""
    P, N, a, b, c, d, n = range(7)
    W_xh, W_hh, bias = np.zeros((2, 7)), np.zeros((7, 7)), np.zeros(7)
    W_xh[0, [a, b, c, d]] = 1, -1, 1, -1
    W_xh[1, n] = 1
    W_hh[n, [a, b, c, d]] = -2, -2, 1, 1
    bias[[c, d]] = -1
    W_hh[[P, a, d], P] = 1
    W_hh[[N, b, c], N] = 1
    return rnn.RNNWeights(W_xh, W_hh, bias)


W_O = np.array([1.0, -1.0, 1.0, -1.0, -1.0, 1.0, 0.0])  # of P, N, a, b, c, d, n


def run(x: Values) -> tuple[Values, Values]:
    """The recurrent network: states (batch, time, 7) and the score after every word (batch, time)."""
    states, _ = rnn.forward(x, np.zeros((len(x), len(UNITS))), weights(), RELU)
    return states, states @ W_O


def bag(x: Values) -> Values:
    """The bag of words: the sum of the words' values (batch), whatever their order."""
    total: Values = x[:, :, 0].sum(axis=1)
    return total


def dense_weights(words: Sequence[str]) -> Values:
    """One weight for each position (time), set for this sentence: −1 after a "not", 1 elsewhere."""
    return np.array([-1.0 if place and words[place - 1] == "not" else 1.0 for place in range(len(words))])


def dense(x: Values, w: Values) -> Values:
    """A dense layer on the flattened sentence (batch): each position has a weight of its own."""
    return x[:, :, 0] @ w
