"""Attention of one layer on another: scores, a softmax over each row of them, and the weighted mean of the values."""

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Formula, products
from app.demos.machine.demo import Demo, Layered
from app.demos.machine.figures import Handle, Row, Trace, Values
from app.demos.machine.numbers import counted, fill, latex
from app.demos.machine.parameters import Matrix, Parameters, choice, entries, number
from app.demos.machine.prediction import Prediction, Question, Slips, Tolerance, parting
from app.demos.machine.result import Result
from app.demos.parts.area_picture import is_rectangle, rectangle
from app.demos.parts.attention_looks import Read, look_back
from app.demos.parts.softmax_share import softmax_share
from app.nn import attention as nn


class Attention(Parameters):
    """Queries, one for each output; keys and values, one of each for each input."""

    score: Literal["scaled", "dot", "additive"] = choice(
        "scaled", title="Score", says="Dot product over √d, plain dot product, or a small network."
    )
    queries: Matrix = entries(
        ((2, 0, 0), (0, 0, 2), (0, 2, 0)), title="Queries $q_i$", says="A row for each output, from the decoder."
    )
    keys: Matrix = entries(
        ((3, 0, 0), (0, 3, 0), (0, 0, 3)), title="Keys $k_t$", says="A row for each input, as wide as a query."
    )
    values: Matrix = entries(((1,), (2,), (3,)), title="Values $v_t$", says="A row for each input: what it gives.")
    output: int = number(1, 1, 12, step=1, title="Output to show", says="If there are fewer, the last.")
    beta: float = number(1, 0, 20, slide=(0, 4), step=0.1, title=r"Sharpness $\beta$", says="Multiplies every score.")
    W_q: float = number(1, -5, 5, step=0.1, title="Query weight $W_q$", says="Multiplies the query.")
    W_k: float = number(1, -5, 5, step=0.1, title="Key weight $W_k$", says="Multiplies the key.")
    v: float = number(1, -5, 5, step=0.1, title="Output weight $v$", says="Multiplies their sum.")

    @property
    def idle(self) -> frozenset[str]:
        """The weights of the additive score, while another one is chosen."""
        return frozenset() if self.score == "additive" else frozenset({"W_q", "W_k", "v"})

    def misfits(self) -> Iterator[tuple[str, str, str]]:
        """Rows of unequal width, queries not as wide as the keys, too few or too many values."""
        T, d, n = len(self.keys), len(self.keys[0]), len(self.values[0])
        for name, height, width, says in (
            ("keys", T, d, f"rows of {d}, like the first"),
            ("queries", len(self.queries), d, f"rows of {d}, as wide as the keys"),
            ("values", T, n, f"{counted(T, 'rows')} of {n}, one for each key"),
        ):
            rows = getattr(self, name)
            if not is_rectangle(rows, height, width):
                yield name, says, rectangle(rows, height, width)


def scores(p: Attention) -> Values:
    """Every query against every key.

    Shapes: queries (m, d), keys (T, d) → e (m, T)
    """
    Q, K = np.array([p.queries], dtype=float), np.array([p.keys], dtype=float)
    d = K.shape[-1]
    if p.score == "additive":
        w = nn.AdditiveWeights(p.W_q * np.eye(d), p.W_k * np.eye(d), np.full(d, p.v))
        e, _ = nn.additive_scores(Q, K, w)
    else:
        e = nn.dot_scores(Q, K, 1 / math.sqrt(d) if p.score == "scaled" else 1.0)
    sharpened: Values = p.beta * e[0]
    return sharpened


def compute(p: Attention) -> Result:
    """Scores, weights and contexts of all outputs; the numbers are those of the output that is shown."""
    e, V = scores(p), np.array(p.values, dtype=float)
    weights, contexts = nn.attend(e[None], V[None])
    alpha, context = weights[0], contexts[0]
    i = min(p.output, len(e)) - 1
    best = int(np.argmax(alpha[i]))
    numbers: dict[str, float] = {"output": i + 1, "inputs": len(V), "largest": float(alpha[i, best])}
    numbers |= {"at_input": best + 1, "context": float(context[i, 0])}
    numbers |= {f"e{t}": float(score) for t, score in enumerate(e[i], start=1)}
    numbers |= {f"a{t}": float(weight) for t, weight in enumerate(alpha[i], start=1)}
    numbers |= {f"context{j}": float(value) for j, value in enumerate(context[i], start=1)}
    # The exponential of the weights' entropy (their perplexity): 1 for a single input, T if all are equal.
    logs = np.log(np.where(alpha[i] > 0, alpha[i], 1.0))
    numbers["effective"] = math.exp(-float(alpha[i] @ logs))
    if (tied := int(np.isclose(alpha[i], alpha[i].max(), rtol=1e-9).sum())) > 1 and np.ptp(alpha[i]) >= 1e-9:
        numbers["tied"] = tied
    caption = fill(_caption(alpha[i], numbers), numbers)
    query, keys = np.array(p.queries[i], dtype=float), np.array(p.keys, dtype=float)
    return Result(
        numbers,
        (
            look_back(caption, i + 1, Read(query, keys, V, alpha[i], context[i])),
            _one(p, e, i),
            _table(p, e, alpha, i + 1),
            _contexts(V, alpha, context),
        ),
    )


def _caption(alpha: Values, numbers: dict[str, float]) -> str:
    context = "its context is {context}" + (" in the first number" if "context2" in numbers else "")
    if len(alpha) == 1:
        return f"Output {{output}} has only one input to attend to, which gets all the weight: {context}."
    if np.ptp(alpha) < 1e-9:
        return f"Output {{output}} weighs all {{inputs}} inputs equally, {{largest}} each: {context}, the plain mean."
    if "tied" in numbers:
        return f"Output {{output}} cannot choose: {{tied}} inputs have the largest weight, {{largest}}; {context}."
    told = f"Output {{output}} attends most to input {{at_input}}, with the weight {{largest}}; {context}. "
    return told + "The perplexity of its weights is {effective}: as if it chose among that many equal ones."


def _table(p: Attention, e: Values, alpha: Values, shown: int) -> Trace:
    """The weights of all outputs; the page has the scores of the output that is `shown` (from 1)."""

    def by_key(i: int) -> Callable[[int], Handle]:
        """A weight is dragged by its key's entry in the place where the query is largest."""
        entry = max(range(len(p.queries[i - 1])), key=lambda j: abs(p.queries[i - 1][j]))
        is_up = p.queries[i - 1][entry] >= 0

        def handle(t: int) -> Handle:
            name = f"keys,{t},{entry + 1}"
            return Handle(up=name) if is_up else Handle(down=name)

        return handle

    rows = [
        Row(*(f"a{i}", f"output {i}", row, softmax_share(e[i - 1], f"{i},", "e" * (i == shown))), handle=by_key(i))
        for i, row in enumerate(alpha, start=1)
    ]
    told = "The alignment: each row is one output, and its weights sum to 1."
    columns = [f"input {t}" for t in range(1, alpha.shape[1] + 1)]
    return Trace(
        "alignment", "Which output attends to which input", told, rows, ("a1", 0), columns=columns, column_word="input"
    )


def _one(p: Attention, e: Values, i: int) -> Trace:
    rows = (
        Row("e", "score $e_t$", e[i], _score(p, i)),
        Row("exp", r"$\exp(e_t - e_{max})$", np.exp(e[i] - e[i].max()), words="exponential of the score"),
    )
    symbols = {"e_{max}": float(e[i].max())}
    columns = [f"input {t}" for t in range(1, e.shape[1] + 1)]
    told = fill(
        "How well each key fits the query of output {output}, and the exponential that the softmax takes.",
        {"output": i + 1},
    )
    return Trace("scores", "Scores of one output", told, rows, ("e", 0), symbols, columns=columns, column_word="input")


def _score(p: Attention, i: int) -> Callable[[int], Formula]:
    """The formulas of the scores of output i (from 0)."""
    beta = "" if p.beta == 1 else r"\beta \,"
    known = {r"\beta": p.beta, "W_q": p.W_q, "W_k": p.W_k, "v": p.v, "d": len(p.keys[0])}

    def origins(values: Iterable[str]) -> dict[str, str]:
        return {name: {"q": "queries", "k": "keys"}.get(name[:1], "") for name in values} | {"d": ""}

    def additive(t: int) -> Formula:
        _, values = products("j", ("q_j", p.queries[i]), ("k_{t,j}", p.keys[t - 1]))
        inside = [rf"\tanh(W_q \, q_{{{j}}} + W_k \, k_{{t,{j}}})" for j in range(1, len(p.keys[0]) + 1)]
        text = rf"e_t = {beta} v \sum_j \tanh(W_q q_j + W_k k_{{t,j}})"
        written = rf"{beta} v \, ({' + '.join(inside)})"
        return Formula(text, "", written, known | values, origins=origins(values))

    def dot(t: int) -> Formula:
        summed, values = products("j", ("q_j", p.queries[i]), ("k_{t,j}", p.keys[t - 1]))
        root = r" / \sqrt{d}" if p.score == "scaled" else ""
        text = rf"e_t = {beta} q k_t^\top{root}"
        written = rf"{beta} ({summed}){root}"
        return Formula(text, "Query times key, entry by entry.", written, known | values, origins=origins(values))

    return additive if p.score == "additive" else dot


def _contexts(V: Values, alpha: Values, context: Values) -> Trace:
    def mean(i: int) -> Callable[[int], Formula]:
        def formula(j: int) -> Formula:
            summed, values = products("t", (rf"\alpha_{{{i},t}}", alpha[i - 1]), ("v_t", V[:, j - 1]))
            origins = {rf"\alpha_{{{i},{t}}}": f"a{i},{t}" for t in range(1, len(V) + 1)}
            origins |= {name: "values" for name in values if name.startswith("v")}
            return Formula(rf"c_{{{i}}} = {summed}", "A weighted mean of the values.", "", values, origins=origins)

        return formula

    rows = [
        Row(f"c{i}", f"context $c_{{{i}}}$", row, mean(i), words=f"context of output {i}")
        for i, row in enumerate(context, start=1)
    ]
    told = "What each output gets: a weighted mean of the values, so it lies between the smallest and the largest."
    columns = [f"number {j}" for j in range(1, V.shape[1] + 1)]
    return Trace("contexts", "The contexts", told, rows, ("c1", 0), columns=columns, column_word="number")


def _matrix(rows: Sequence[Sequence[int]]) -> str:
    return ";".join(",".join(map(str, row)) for row in rows)


def _instance(rng: random.Random) -> dict[str, str]:
    keys = [[rng.choice([0, 1, 2]) for _ in range(4)] for _ in range(3)]
    keys[0][0] = 3
    query = [1, *(rng.choice([0, 1, 2]) for _ in range(3))]
    return {"score": rng.choice(["scaled", "dot"]), "queries": _matrix([query]), "keys": _matrix(keys)}


def _question(p: Attention) -> Question:
    rule = r"$q k^\top / \sqrt{4}$" if p.score == "scaled" else r"$q k^\top$"
    return Question(
        "What is the largest attention weight?",
        "largest",
        (
            f"the score is {rule}, then a softmax",
            f"$q = ({', '.join(map(latex, p.queries[0]))})$",
            *(f"$k_{t} = ({', '.join(map(latex, key))})$" for t, key in enumerate(p.keys, start=1)),
        ),
    )


def _steps(p: Attention, result: Result) -> list[Arithmetic]:
    scores = [f"e,{t}" for t in range(1, len(p.keys) + 1)]
    return result.worked(*scores, f"a1,{result.numbers['at_input']:.0f}")


def _slips(p: Attention, result: Result) -> Slips:
    e = scores(p)[0]
    other = e * 2 if p.score == "scaled" else e / 2
    missing = (
        parting(1, "You left out the division by $\\sqrt{d}$.")
        if p.score == "scaled"
        else parting(1, "This score is not divided by $\\sqrt{d}$.")
    )
    return [
        (1.0, "That is a hard choice. A softmax gives every input some weight."),
        (float(nn.softmax(other).max()), missing),
        (float(e.max() / e.sum()), "That is the score's share of the scores. Take exponentials first."),
        (1 / len(e), "Those are equal weights, which only equal scores give."),
        (float(e.max()), "That is the score; the weights come out of a softmax and sum to 1."),
    ]


def _layers(p: Attention) -> Layered:
    values = {name: np.array(getattr(p, name), dtype=float) for name in ("queries", "keys", "values")}
    return Layered(
        values
        | {"score": p.score, "beta": p.beta, "shown": min(p.output, len(p.queries))}
        | {"W_q": p.W_q, "W_k": p.W_k, "v": p.v}
    )


DEMO = Demo(
    __file__,
    Attention,
    compute,
    Prediction(_instance, _question, _steps, _slips, Tolerance(near=0.02, why="two decimals are enough")),
    shows=(nn.softmax, nn.dot_scores, nn.additive_scores, nn.attend, scores),
    layers=_layers,
)
