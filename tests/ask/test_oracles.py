"""Every question of app/ask/questions answered once more from its parameters, without the kernels.

Plain loops, exact fractions, brute force over paths, and NumPy's arrays; nothing here imports app.nn.
"""

import functools
import itertools
import math
import random
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from app.ask.judge import judge
from app.ask.question import written
from app.ask.questions.registry import all_questions, find
from app.demos.parts.character_marks import TEXT, shown
from app.demos.registry import all_demos
from tests.examples import share_of

Parameters = Mapping[str, str]
BLOCKS = {"RNN": 1, "GRU": 3, "LSTM": 4}
WIDE = {"float16": 2, "float32": 4, "float64": 8}


def row(text: str) -> list[Fraction]:
    return [Fraction(one) for one in text.split(",")]


def rows(text: str) -> list[list[Fraction]]:
    return [row(one) for one in text.split(";")]


def n(text: str) -> int:
    return int(text)


def sigma(a: float) -> float:
    return 1 / (1 + math.exp(-a))


def weights(cell: str, x: int, h: int, biases: int) -> int:
    """Every weight of a layer, one by one."""
    return sum(len(range(x)) + len(range(h)) + biases for _ in range(h)) * BLOCKS[cell]


def second_bias(p: Parameters) -> int:
    h, both, x = n(p["units"]), n(p["directions"]), n(p["features"])
    torch = keras = 0
    for layer in range(n(p["layers"])):
        inputs = h * both if layer else x
        torch += both * weights(p["cell"], inputs, h, 2)
        keras += both * weights(p["cell"], inputs, h, 1)
    return torch - keras


def language_model(p: Parameters) -> int:
    V, d = n(p["vocabulary"]), n(p["width"])
    layer = weights(p["cell"], d, d, 2 if p["cell"] == "GRU" else 1)
    matrices = 1 if p["tied"] == "tied" else 2
    return matrices * V * d + V + n(p["layers"]) * layer


def largest_layer(p: Parameters) -> int:
    return max(h for h in range(200) if weights(p["cell"], n(p["features"]), h, 1) <= n(p["budget"]))


def shape(p: Parameters) -> tuple[int, ...]:
    batch, time, h, both = n(p["batch"]), n(p["time"]), n(p["units"]), n(p["directions"])
    if p["of"] != "output":
        return (both * n(p["layers"]), batch, h)
    return (batch, time, both * h) if p["first"] == "True" else (time, batch, both * h)


def projection(p: Parameters) -> int:
    x, h, r = n(p["features"]), n(p["units"]), n(p["projected"])
    arrays = [(x, 4 * h), (r, 4 * h), (4 * h,), (h, r)] + [(4 * h,)] * (p["framework"] == "PyTorch")
    return sum(np.zeros(one).size for one in arrays)


def window_network(p: Parameters) -> int:
    w, f, h, y = n(p["window"]), n(p["features"]), n(p["units"]), n(p["outputs"])
    return sum(np.zeros(one).size for one in [(w * f, h), (h,), (h, y), (y,)])


def two_units(p: Parameters) -> Fraction:
    x, h, W, at = row(p["x"]), row(p["h"]), rows(p["W_h"]), n(p["unit"]) - 1
    return x[at] + sum((h[i] * W[i][at] for i in range(2)), Fraction(0))


def lstm(p: Parameters) -> float:
    return sigma(n(p["f"])) * n(p["before"]) + sigma(n(p["i"])) * math.tanh(n(p["g"]))


def gru(p: Parameters) -> Fraction:
    h, r, W, x = row(p["h"]), row(p["r"]), rows(p["W"]), Fraction(p["x"])
    if p["reset"] == "after":
        return x + r[0] * (h[0] * W[0][0] + h[1] * W[1][0])
    return x + r[0] * h[0] * W[0][0] + r[1] * h[1] * W[1][0]


def last_output(p: Parameters) -> Fraction:
    x, w, h = row(p["x"]), Fraction(p["weight"]), Fraction(0)
    for one in reversed(x if p["takes"] == "h_n" else x[-1:]):
        h = one + w * h
    return h


def paths(p: Parameters) -> int:
    right, up = n(p["steps"]) - 1, n(p["layers"]) - 1
    if p["of"] == "length":
        return right + up
    table = np.ones((right + 1, up + 1), dtype=int)
    for i in range(1, right + 1):
        for j in range(1, up + 1):
            table[i, j] = table[i - 1, j] + table[i, j - 1]
    return int(table[-1, -1])


def scanned(p: Parameters) -> Fraction:
    (a1, b1), (a2, b2) = row(p["first"]), row(p["second"])
    at_0, at_1 = (a2 * (a1 * h + b1) + b2 for h in (Fraction(0), Fraction(1)))
    return {"a": at_1 - at_0, "b": at_0, "h": at_0 + Fraction(p["start"]) * (at_1 - at_0)}[p["of"]]


def min_gru(p: Parameters) -> Fraction:
    z = Fraction(p["z"])
    return (1 - z) * n(p["before"]) + z * n(p["candidate"])


def kernel_entry(p: Parameters) -> Fraction:
    h = Fraction(0)
    for t in range(n(p["k"]) + 1):
        h = Fraction(p["A"]) * h + Fraction(p["B"]) * (t == 0)  # an impulse at the start
    return Fraction(p["C"]) * h


def linear_attention(p: Parameters) -> Fraction:
    q, v = row(p["query"]), row(p["values"])
    return sum((q[0] * k[0] + q[1] * k[1]) * one for k, one in zip(rows(p["keys"]), v, strict=True)) + Fraction(0)


def states(x: list[Fraction], w: Fraction) -> list[Fraction]:
    h = [Fraction(0)]
    for one in x:
        h.append(one + w * h[-1])
    return h[1:]


def every_loss(p: Parameters) -> Fraction:
    x, w, tiny = row(p["x"]), Fraction(p["weight"]), Fraction(1, 10**9)
    return (sum(states(x, w + tiny)) - sum(states(x, w - tiny))) / (2 * tiny)


def lost_by_cut(p: Parameters) -> Fraction:
    x, w = row(p["x"]), Fraction(p["weight"])
    h = [Fraction(0), *states([*x, Fraction(0)], w)]
    share = [h[t - 1] * w ** (4 - t) for t in (2, 3, 4)]
    return share[0] / sum(share)


def state_bytes(p: Parameters) -> int:
    arrays = 2 if p["cell"] == "LSTM" else 1
    return arrays * int(np.zeros((n(p["batch"]), n(p["time"]), n(p["units"])), p["dtype"]).nbytes)


def vanishing(p: Parameters) -> float:
    c, k = float(p["scale"]), float(p["steep"])
    f: Any = {"tanh": np.tanh, "sigmoid": lambda z: 1 / (1 + np.exp(-z)), "relu": lambda z: z * (z > 0)}[p["phi"]]
    z = np.linspace(-1e-3, 1e-3, 2001)
    return float(1 / np.abs(np.diff(c * f(k * z)) / np.diff(z)).max())


def overflow(p: Parameters) -> int:
    limit, size, steps = (
        2 ** {"float16": 16, "float32": 128, "float64": 1024}[p["dtype"]],
        Fraction(2) ** n(p["start"]),
        0,
    )
    while size < limit:
        size, steps = size * 2 ** n(p["power"]), steps + 1
    return steps


def clipped(p: Parameters) -> float:
    first, second = row(p["sizes"])
    whole = math.sqrt(first**2 + second**2)
    return float(p["share"]) * float(first) * min(1.0, float(p["c"]) / whole)


def adam(p: Parameters) -> float:
    return float(p["weight"]) - float(p["rate"]) * (1 if float(p["gradient"]) > 0 else -1)


def forget_bias(p: Parameters) -> float:
    f = 1 - 1 / (2 ** n(p["twos"]) * 3 ** n(p["threes"]) * 5 ** n(p["fives"]) + 1)
    return math.log(f / (1 - f))


def bigram(p: Parameters) -> Fraction:
    pairs = [shown(a) + shown(b) for a, b in itertools.pairwise(TEXT)]
    followed, add = [pair for pair in pairs if pair[0] == p["pair"][0]], int(p["smoothing"] == "add-one")
    return Fraction(followed.count(p["pair"]) + add, len(followed) + add * len(set(TEXT)))


def temperature(p: Parameters) -> Fraction:
    powers = [Fraction(2) ** (2 * n(k) if p["temperature"] == "0.5" else n(k)) for k in p["scores"].split(",")]
    return Fraction(max(powers), sum(powers))


def truncated(p: Parameters) -> Fraction:
    chances, many = row(p["p"]), n(p["k"])
    if p["by"] == "top-p":
        many = next(k for k in range(1, 5) if sum(chances[:k]) >= Fraction(p["nucleus"]))
    return chances[n(p["token"]) - 1] / sum(chances[:many])


def length_normalised(p: Parameters) -> Fraction:
    pair = (row(p["short"]), [*row(p["long"]), Fraction(p["more"])])
    return max(Fraction(-sum(one), len(one) if p["penalty"] == "1" else 1) for one in pair)


def perplexity(p: Parameters) -> Fraction:
    bits = sum(n(one) for one in p["powers"].split(",")) // 4
    return Fraction(bits if p["of"] == "bits" else 2**bits)


def pooled(p: Parameters) -> float:
    a, b = row(p["sizes"])
    return float(2 ** float((a * n(p["first"]) + b * n(p["second"])) / (a + b)))


def said(path: tuple[str, ...]) -> str:
    return "".join(one for i, one in enumerate(path) if one != "-" and (not i or path[i - 1] != one))


@functools.cache
def counted_paths(labels: str, steps: int) -> int:
    return sum(said(path) == labels for path in itertools.product([*sorted(set(labels)), "-"], repeat=steps))


def alignments(p: Parameters) -> int:
    return counted_paths(p["labels"], n(p["steps"]))


def ctc_probability(p: Parameters) -> Fraction:
    chances = [dict(zip("-ab", row(p[step]), strict=True)) for step in ("first", "second")]
    both = itertools.product("-ab", repeat=2)
    return sum(chances[0][a] * chances[1][b] for a, b in both if said((a, b)) == p["said"]) + Fraction(0)


def word_errors(p: Parameters) -> Fraction:
    reference = ["the", "cat", "sat", "on", "a", "mat"][: n(p["words"])]
    transcript: list[str] = []
    for word, edit in itertools.zip_longest(reference, p["edits"].split(","), fillvalue="keep"):
        transcript += {"keep": [word], "drop": [], "swap": ["no"], "twice": [word, "uh"]}[edit]

    def apart(a: int, b: int) -> int:
        if a == len(reference) or b == len(transcript):
            return len(reference) - a + len(transcript) - b
        return min(apart(a + 1, b + 1) + (reference[a] != transcript[b]), apart(a + 1, b) + 1, apart(a, b + 1) + 1)

    return Fraction(apart(0, 0), len(reference))


def wasted(p: Parameters) -> Fraction:
    lengths = [n(one) for one in p["lengths"].split(",")] + [n(p["longest"])]
    batches = [lengths[:2], lengths[2:]] if p["bucketed"] == "yes" else [lengths]
    return Fraction(sum(max(one) - k for one in batches for k in one), sum(max(one) for one in batches for _ in one))


def windows(p: Parameters) -> int:
    starts = range(0, n(p["length"]), n(p["stride"]))
    return sum(start + n(p["window"]) + n(p["horizon"]) <= n(p["length"]) for start in starts)


def honest_gap(p: Parameters) -> int:
    used = set(range(n(p["last"]), n(p["last"]) + n(p["window"]) + n(p["horizon"])))
    return next(a for a in range(n(p["last"]), 10_000) if a not in used)


def convolution(p: Parameters) -> int:
    length = n(p["length"]) + 2 * n(p["padding"])
    reach = (n(p["kernel"]) - 1) * n(p["dilation"])
    return sum(start + reach < length for start in range(0, length, n(p["stride"])))


def in_time(p: Parameters) -> int:
    return sum(word <= t for t, word in enumerate(row(p["order"]), start=1))


def context(p: Parameters) -> Fraction:
    odds = row(p["odds"])
    return Fraction(sum(w * v for w, v in zip(odds, row(p["values"]), strict=False)), sum(odds))


def causal(p: Parameters) -> Fraction:
    odds = row(p["odds"])[: n(p["row"])]
    return odds[n(p["at"]) - 1] / sum(odds)


def overtakes(p: Parameters) -> int:
    d, blocks, projections = n(p["width"]), BLOCKS[p["cell"]], n(p["projections"])
    return next(T for T in range(1, 10**5) if projections * d * d + 2 * T * d > 2 * blocks * d * d)


def cache(p: Parameters) -> int:
    heads, width = (n(one) for one in p["heads"].split(","))
    keys = n(p["time"]) * n(p["layers"]) * heads * width
    return 2 * keys * WIDE[p["dtype"]] if p["of"] == "cache" else 2 * n(p["time"])


def stability(p: Parameters) -> float:
    S, D, extra = float(p["stability"]), float(p["difficulty"]), {"2": 0.6014, "3": 1.0, "4": 1.8729}[p["grade"]]
    return float(S * (1 + math.exp(1.8722) * (11 - D) * S**-0.1666 * (math.exp(0.796 * 0.1) - 1) * extra))


ORACLES: dict[str, Callable[[Parameters], Any]] = {
    "second-bias": second_bias,
    "language-model-parameters": language_model,
    "largest-layer": largest_layer,
    "shape-of-an-output": shape,
    "projection-parameters": projection,
    "window-network": window_network,
    "two-units": two_units,
    "lstm-from-sums": lstm,
    "gru-reset": gru,
    "last-output": last_output,
    "paths-in-a-stack": paths,
    "scanned-pair": scanned,
    "min-gru-step": min_gru,
    "kernel-entry": kernel_entry,
    "linear-attention-output": linear_attention,
    "gradient-of-every-loss": every_loss,
    "share-lost-by-a-cut": lost_by_cut,
    "bytes-of-states": state_bytes,
    "certain-vanishing": vanishing,
    "overflow-step": overflow,
    "clipped-together": clipped,
    "first-adam-step": adam,
    "forget-bias": forget_bias,
    "bigram-probability": bigram,
    "temperature": temperature,
    "truncated-sampling": truncated,
    "length-normalised": length_normalised,
    "perplexity-of-a-text": perplexity,
    "pooled-perplexity": pooled,
    "ctc-collapse": lambda p: said(tuple(p["path"])),
    "ctc-alignments": alignments,
    "ctc-probability": ctc_probability,
    "word-error-rate": word_errors,
    "masked-mean": lambda p: sum(row(p["losses"])) / 3,
    "wasted-cells": wasted,
    "windows-in-a-series": windows,
    "honest-gap": honest_gap,
    "convolution-length": convolution,
    "outputs-in-time": in_time,
    "attention-context": context,
    "causal-weight": causal,
    "attention-overtakes": overtakes,
    "cache-of-keys": cache,
    "stability-after-review": stability,
}


def test_every_question_that_is_no_demos_has_an_oracle() -> None:
    assert set(ORACLES) == set(all_questions()) - set(all_demos())


@pytest.mark.proof
@pytest.mark.parametrize("name", ORACLES)
def test_the_answer_is_that_of_another_way(name: str) -> None:
    question, compared = find(name), 0
    for seed in range(share_of(60)):
        parameters = question.draw(random.Random(seed))
        task = question.ask(parameters)
        if task is None:
            continue
        compared += 1
        wanted = ORACLES[name](parameters)
        if isinstance(wanted, str | tuple):
            assert task.answer == wanted, parameters
        else:
            assert task.answer == pytest.approx(float(wanted), rel=1e-5, abs=1e-9), parameters
        instance = question.made(parameters)
        if instance.is_sound:
            assert judge(instance, written(wanted) if isinstance(wanted, str | tuple) else repr(float(wanted))).is_right
    assert compared >= 5
