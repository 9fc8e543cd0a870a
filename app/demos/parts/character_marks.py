"""A small Spanish text in which the first mark of a sentence decides the last, and an RNN made to remember it.

Each sentence stands there twice, as a question and as an exclamation, so nothing but the opening mark tells them apart.
The weights are written down, not learned: units that copy the last characters, and one that holds on to the mark.
"""

from functools import lru_cache

import numpy as np

from app.demos.machine.figures import Values
from app.nn import ngram, register, rnn
from app.nn.activations import SIGMOID, TANH

BODIES = (
    "vas a casa",
    "es tarde",
    "la luna sale",
    "ana canta",
    "vamos a la mar",
    "el gato salta",
    "sale el sol",
    "la casa es clara",
    "ana ama a la gata",
    "el mar canta",
)
CLOSES = {"¿": "?", "¡": "!"}
SENTENCES = tuple(f"{mark}{body}{close}" for body in BODIES for mark, close in CLOSES.items())
TEXT = " ".join((*SENTENCES, "¿"))  # the last mark is that of the first sentence again
ALPHABET = sorted(set(TEXT))
V = len(ALPHABET)
FULL = 20.0  # tanh(20) is 1 to the last digit of a float64
SURE = 4.0  # how firmly the memory decides between the two closing marks


@lru_cache(maxsize=8)
def counted(n: int) -> ngram.Counts:
    """What followed each n characters of the text."""
    return ngram.counts(TEXT, n)


def one_hot(text: str) -> Values:
    """Shapes: text of T characters → (T, V)"""
    rows: Values = np.eye(V)[[ALPHABET.index(character) for character in text]]
    return rows


def weights(n: int, w: float) -> rnn.RNNWeights:
    """An RNN with tanh: n·V units that hold the last n characters, and a memory unit that feeds itself by w.

    An opening mark sets the memory to +1 (¿) or −1 (¡), whatever it was.

    Shapes: W_xh (V, n·V + 1), W_hh (n·V + 1, n·V + 1), b (n·V + 1,)
    """
    shift = register.reader(V, n)
    mark = FULL * (one_hot("¿") - one_hot("¡"))
    W_xh = np.hstack([FULL * shift.W_xh, mark.T])
    W_hh = np.zeros((n * V + 1, n * V + 1))
    W_hh[:-1, :-1], W_hh[-1, -1] = FULL * shift.W_hh, w
    return rnn.RNNWeights(W_xh, W_hh, np.zeros(n * V + 1))


def read(text: str, n: int, w: float) -> Values:
    """The states of the RNN over a text, the memory last.

    Shapes: text of T characters → (T, n·V + 1)
    """
    states, _ = rnn.forward(one_hot(text)[None], np.zeros((1, n * V + 1)), weights(n, w), TANH)
    only: Values = states[0]
    return only


def question(memory: float) -> float:
    """The share of the closing mark's probability that goes to ?: σ(2 · SURE · m); without memory it is one half."""
    return float(SIGMOID.f(np.array(2 * SURE * memory)))


def share_marks(p: Values, memory: float) -> Values:
    """Counts say whether a closing mark comes next; the memory says which. The sum stays what it was.

    Shapes: p (V,) → (V,)
    """
    asks, exclaims = ALPHABET.index("?"), ALPHABET.index("!")
    shared, closing = p.copy(), p[asks] + p[exclaims]
    shared[asks], shared[exclaims] = closing * question(memory), closing * question(-memory)
    return shared


def shown(character: str) -> str:
    """A character as a heading: a space must be seen."""
    return "␣" if character == " " else character
