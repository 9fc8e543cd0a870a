"""Encoder and decoder, attention and its costs."""

from collections.abc import Sequence
from itertools import permutations

import numpy as np

from app.ask.question import HAND, HEAD, Slips, Task, asks, line
from app.demos.machine.prediction import EXACT, HUNDREDTH, first_apart, parting
from app.nn import attention, memory, reach


@asks("encoder-decoder-and-attention", HEAD, EXACT, demo="encoder-decoder", order=tuple(permutations(range(1, 7))))
def outputs_in_time(order: Sequence[int]) -> Task:
    """Outputs that a network without an encoder can get right."""
    T = len(order)
    known = [int(source <= t) for t, source in enumerate(order, start=1)]
    right = sum(known)

    def other(theirs: Sequence[bool], says: str) -> tuple[float, str]:
        return sum(theirs), parting(first_apart(known, theirs), says)

    slips: Slips = [
        other([True] * T, "That is the encoder–decoder, which reads everything before it writes."),
        other([source < t for t, source in enumerate(order, start=1)], "The input of the same step counts as read."),
        (T - right, "That is how many it must guess."),
        other([source == t for t, source in enumerate(order, start=1)], "A word that was read earlier is known, too."),
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


ODDS = ((1, 3), (1, 4), (3, 1), (1, 9), (2, 3, 5), (1, 2, 7), (1, 3, 6), (6, 3, 1), (5, 1, 4))


@asks("encoder-decoder-and-attention", HEAD, HUNDREDTH, odds=ODDS, values=tuple(permutations((-2, 1, 4, 10), 3)))
def attention_context(odds: Sequence[int], values: Sequence[int]) -> Task:
    """The context that attention reads."""
    v = np.array(values[: len(odds)], dtype=float)[:, None]
    scores = np.log(np.array(odds, dtype=float))
    alpha = attention.softmax(scores)
    answer = float(alpha @ v[:, 0])
    flat = float(v.mean())
    slips: Slips = [
        (float(v[int(np.argmax(scores)), 0]), parting(1, "That reads the best position alone. Softmax weighs all.")),
        (flat, parting(1, "Those are equal weights, which only equal scores give.")),
        (float(scores @ v[:, 0]), parting(1, "Those are scores: weights come out of a softmax and sum to 1.")),
        (float(np.array(odds) @ v[:, 0]), parting(1, "Divide by the sum, so that the weights add up to 1.")),
    ]
    weights = {f"a_{i}": float(one) for i, one in enumerate(alpha, start=1)}
    numbers = weights | {f"v_{i}": float(one) for i, one in enumerate(v[:, 0], start=1)}
    working = [
        *(line(rf"\alpha_{i}", {"w": one, "s": sum(odds)}, float(alpha[i - 1]), written="w / s")
          for i, one in enumerate(odds, start=1)),
        line("c", numbers, answer, written=" + ".join(rf"a_{i} \cdot v_{i}" for i in range(1, len(odds) + 1))),
    ]  # fmt: skip
    told = ", ".join("0" if one == 1 else rf"\ln {one}" for one in odds)
    givens = (f"the scores are ${told}$", f"the values are ${', '.join(str(one) for one in values[: len(odds)])}$")
    return Task("What is the context?", givens, answer, slips, working)


@asks("encoder-decoder-and-attention", HEAD, HUNDREDTH, odds=tuple(permutations((1, 2, 3, 4, 6), 4)), row=(2, 3),
      at=(1, 2))  # fmt: skip
def causal_weight(odds: Sequence[int], row: int, at: int) -> Task:
    """A weight of causal self-attention."""
    scores = np.log(np.array(odds, dtype=float))
    masked = np.where(np.arange(4) < row, scores, -np.inf)
    answer, whole = float(attention.softmax(masked)[at - 1]), float(attention.softmax(scores)[at - 1])
    before = sum(odds[: row - 1])
    slips: Slips = [
        (whole, parting(1, "That is without the mask: later positions get no weight.")),
        (odds[at - 1] / before if at < row else 0.0, parting(1, "A position attends to itself, too.")),
        (1 / row, parting(1, "Those are equal weights, which only equal scores give.")),
        (1.0, "That is a hard choice."),
    ]
    values = {f"w_{i}": one for i, one in enumerate(odds[:row], start=1)}
    total = sum(odds[:row])
    working = [
        line(r"\text{sum}", values, total, f"Positions 1 to {row}:", " + ".join(values)),
        line(rf"\alpha_{{{row},{at}}}", {"w": odds[at - 1], "s": total}, answer, written="w / s"),
    ]
    told = ", ".join("0" if one == 1 else rf"\ln {one}" for one in odds)
    givens = (f"self-attention with a causal mask over 4 positions; row {row} has the scores ${told}$",)
    return Task(f"What weight does position {row} give position {at}?", givens, answer, slips, working)


@asks("encoder-decoder-and-attention", HAND, EXACT, cell=("RNN", "GRU", "LSTM"),
      width=(16, 32, 50, 64, 100, 128, 256, 512), projections=(3, 4), heads=(1, 4, 8))  # fmt: skip
def attention_overtakes(cell: str, width: int, projections: int, heads: int) -> Task | None:
    """The length at which attention costs more than recurrence."""
    blocks, d = {"RNN": 1, "GRU": 3, "LSTM": 4}[cell], width
    rest = 2 * blocks - projections
    if rest <= 0 or d % heads:
        return None
    T = 1
    while reach.mixing(T, d) + projections * T * d * d <= blocks * reach.recurrent(T, d).work:
        T += 1
    slips: Slips = [
        (T - 1, "There both cost the same."),
        (blocks * d + 1, parting(1, "The projections of attention cost something, too.")),
        (rest * d + 1, parting(1, "A pair costs twice: once for its score, once for the mean.")),
        (
            d + 1 if rest != 2 else 4 * d + 1,
            parting(1, f"That leaves out the {blocks} blocks of the {cell}, or half of attention's work."),
        ),
    ]
    values = {"b": blocks, "p": projections, "d": d}
    working = [
        line("T", values, rest * d / 2, r"From $p d^2 + 2 T d = 2 b d^2$:", r"(2 \cdot b - p) \cdot d / 2"),
        line("T", {"t": rest * d / 2}, T, "One position more:", "t + 1"),
    ]
    givens = (
        rf"a step of the {cell} multiplies by {2 * blocks} matrices of $d \times d$, with $d = {d}$",
        rf"attention with {heads} head{'s' * (heads > 1)}: a position multiplies by {projections} such matrices and "
        r"has $T$ scores and $T$ terms of a mean, each of $d$ multiplications over all heads",
    )
    asked = "From what length $T$ on does attention multiply more?"
    return Task(asked, givens, T, slips, working)


@asks("encoder-decoder-and-attention", HAND, EXACT, time=(128, 256, 512, 1024), layers=(2, 4, 8, 12),
      heads=((2, 32), (4, 32), (8, 32), (2, 64), (4, 64), (8, 64)), dtype=("float16", "float32"),
      of=("cache", "times"))  # fmt: skip
def cache_of_keys(of: str, time: int, layers: int, dtype: str, heads: Sequence[int]) -> Task:
    """Bytes of a cache of keys and values, beside a recurrent state."""
    many, width = heads
    d, wide = many * width, memory.BYTES[dtype]
    cache, state = memory.kv_cache(1, time, layers, d, dtype), memory.state("gru", 1, layers, d, dtype)
    answer = cache if of == "cache" else cache // state
    if of == "times":
        slips: Slips = [
            (time, parting(1, "A position has a key and a value.")),
            (2 * time * layers, parting(2, "Both have the same number of layers.")),
            (2 * time * many, parting(2, "The width is that of all heads together: it is the state's, too.")),
            (2, parting(1, "The cache grows with the text.")),
        ]
        sizes = {"T": time, "n": layers, "d": d, "k": wide}
        working = [
            line(r"\text{cache}", sizes, cache, written=r"2 \cdot T \cdot n \cdot d \cdot k"),
            line(r"\text{state}", sizes, state, written=r"n \cdot d \cdot k"),
            line(r"\text{times}", {"a": cache, "b": state}, answer, written="a / b"),
        ]
        asked = "How many times as large as a GRU's state, of the same width and layers, is the cache?"
    else:
        slips = [
            (cache // 2, "Keys and values are kept, both."),
            (cache // layers, "Every layer has a cache of its own."),
            (cache // many, "That is one head."),
            (cache // wide, f"Those are numbers: a {dtype} takes {wide} bytes."),
            (cache // time, "That is one position."),
        ]
        values = {"T": time, "n": layers, "h": many, "w": width, "k": wide}
        working = [line(r"\text{bytes}", values, cache, written=r"2 \cdot T \cdot n \cdot h \cdot w \cdot k")]
        asked = "How many bytes does the cache of keys and values take?"
    givens = (
        f"{layers} layers with {many} heads of width {width}, in {dtype}",
        f"one sequence, of which {time} positions are in the cache",
    )
    return Task(asked, givens, answer, slips, working, "byte" if of == "cache" else "")
