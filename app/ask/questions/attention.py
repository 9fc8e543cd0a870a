"""Encoder and decoder, attention and its costs."""

from collections.abc import Sequence
from itertools import permutations

from app.ask.question import EXACT, HEAD, Slips, Task, asks, line


@asks("encoder-decoder-and-attention", HEAD, EXACT, demo="encoder-decoder", order=tuple(permutations(range(1, 7))))
def outputs_in_time(order: Sequence[int]) -> Task:
    """Outputs that a network without an encoder can get right."""
    T = len(order)
    known = [int(source <= t) for t, source in enumerate(order, start=1)]
    right = sum(known)
    slips: Slips = [
        (T, "That is the encoder–decoder, which reads everything before it writes."),
        (sum(source < t for t, source in enumerate(order, start=1)), "The input of the same step counts as read."),
        (T - right, "That is how many it must guess."),
        (sum(source == t for t, source in enumerate(order, start=1)), "A word that was read earlier is known, too."),
    ]
    terms = {f"c_{{{t}}}": float(one) for t, one in enumerate(known, start=1)}
    working = [
        *(line(rf"[\text{{word}} \le {t}]", {"k": k}, one, written=rf"[k \le {t}]")
          for t, (k, one) in enumerate(zip(order, known, strict=True), start=1)),
        line(r"\mathrm{right}", terms, right, written=" + ".join(terms)),
    ]  # fmt: skip
    told = ", ".join(f"output {t} translates word {source}" for t, source in enumerate(order, start=1))
    givens = (f"a sentence of {T} words: {told}", "output $t$ is given right after word $t$ is read")
    return Task("At how many outputs can a plain RNN know the right word?", givens, right, slips, working)
