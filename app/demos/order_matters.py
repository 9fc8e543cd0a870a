"""The same words in another order: the scores of a recurrent network, a bag of words and a dense layer."""

import random
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Formula, given
from app.demos.machine.demo import Demo, Layered
from app.demos.machine.figures import Curve, Diagram, Edge, Node, Row, Series, Symbols, Trace, Values
from app.demos.machine.numbers import factor, fill, heat, latex, short
from app.demos.machine.numbers import words as plain_words
from app.demos.machine.parameters import Parameters, choice, number
from app.demos.machine.prediction import EXACT, Prediction, Question, Slips, first_apart, parting
from app.demos.machine.result import Result
from app.demos.parts.negation_task import UNITS, W_O, bag, dense, dense_weights, features, run, weights
from app.nn import rnn

SENTENCES = {
    "not-bad": ("good", "not", "bad"),
    "slow": ("not", "slow", "but", "funny"),
    "plot": ("good", "plot", "not", "bad", "acting"),
    "funny": ("good", "and", "funny"),
}


class OrderMatters(Parameters):
    """A sentence, and an order of its words."""

    sentence: Literal["not-bad", "slow", "plot", "funny"] = choice(
        "not-bad", title="Sentence", says="good not bad; not slow but funny; good plot not bad acting; good and funny."
    )
    order: Literal["written", "reversed", "shuffled"] = choice(
        "shuffled", title="Order", says="The order of the words, before the rotation."
    )
    rotate: int = number(0, 0, 4, step=1, title="Rotate", says="How many words move from the end to the front.")
    seed: int = number(11, 0, 9999, slide=(0, 30), step=1, title="Seed", says="Draws the shuffled order.")

    @property
    def written(self) -> tuple[str, ...]:
        """The sentence as it was written."""
        return SENTENCES[self.sentence]

    @property
    def words(self) -> tuple[str, ...]:
        """The sentence in the chosen order."""
        words = list(self.written)
        if self.order == "reversed":
            words.reverse()
        elif self.order == "shuffled":
            words = [words[i] for i in np.random.default_rng(self.seed).permutation(len(words))]
        shift = self.rotate % len(words)
        return (*words[len(words) - shift :], *words[: len(words) - shift])


def compute(p: OrderMatters) -> Result:
    """Score the sentence as written, in the chosen order, and in every order of its words."""
    orders = [p.written, p.words, *permutations(p.written)]
    x = np.stack([features(order) for order in orders])
    w = dense_weights(p.written)
    states, scores = run(x)
    by = {"rnn": scores[:, -1], "bag": bag(x), "mlp": dense(x, w)}

    numbers: dict[str, float] = {}
    for name, values in by.items():
        numbers |= {name: float(values[1]), f"{name}_written": float(values[0])}
        numbers |= {f"{name}_change": float(values[1] - values[0]), f"{name}_values": len(np.unique(values))}
    every = {name: values[2:] for name, values in by.items()}
    numbers |= {"orders": len(every["rnn"]), "mlp_right": int((every["mlp"] == every["rnn"]).sum())}
    numbers |= {"rnn_least": float(every["rnn"].min()), "rnn_most": float(every["rnn"].max())}
    numbers |= {"words": len(p.words)}
    figures = (_diagram(p, x[1], scores[1], numbers), _trace(p, x[1], states[1], scores[1], w), _curve(every, numbers))
    return Result(numbers, figures)


def _caption(p: OrderMatters, numbers: dict[str, float]) -> str:
    told = f"The recurrent network gives “{' '.join(p.words)}” a score of {{rnn}}"
    if p.words != p.written:
        same = "the same as" if numbers["rnn_change"] == 0 else "against {rnn_written} for"
        told += f", {same} “{' '.join(p.written)}”"
    told += f". The bag of words gives {'both' if p.words != p.written else 'it'} {{bag}}"
    also = "also " if numbers["mlp"] == numbers["rnn"] else ""
    return f"{told}. The dense layer, whose weights belong to positions, {also}gives {{mlp}}."


def _diagram(p: OrderMatters, x: Values, scores: Values, numbers: dict[str, float]) -> Diagram:
    """The words below, the running score above them, and on top the scores of all three models."""
    gap = 78.0
    last = max(40 + gap * (len(p.words) - 1), 306.0)
    first = last - gap * (len(p.words) - 1)
    largest = max(1.0, float(np.abs(scores).max()))
    nodes, edges = list[Node](), []
    for t, (word, score) in enumerate(zip(p.words, scores.tolist(), strict=True)):
        at = first + gap * t
        nodes.append(Node(at, 136, short(score), "circle", 46, 46, heat(score, largest), at=f"y,{t + 1}"))
        nodes.append(Node(at, 212, word, "text", 70, 24, strong=word == "not" or bool(x[t, 0]), at=f"v,{t + 1}"))
        edges.append(Edge(2 * t + 1, 2 * t))
        if t:
            edges.append(Edge(2 * t - 2, 2 * t, recurrent=True))
    for k, (name, says) in enumerate((("rnn", "recurrent"), ("bag", "bag of words"), ("mlp", "dense layer"))):
        nodes.append(Node(last - 122 * k, 34, short(numbers[name]), "box", 106, 52, note=says, lit=name == "rnn"))
    edges.append(Edge(2 * len(p.words) - 2, 2 * len(p.words), recurrent=True))
    caption = fill(_caption(p, numbers), numbers)
    after = ", ".join(f"{short(y)} after {word}" for y, word in zip(scores.tolist(), p.words, strict=True))
    alt = f"The words in a row, read from the left. The running score is {after}."
    return Diagram("reading", "Read word by word", caption, alt, last + 58, 232, nodes, edges)


UNIT_LABELS = {
    "n": "$n_t$: now “not”",
    "a": "$a_t$: good",
    "b": "$b_t$: bad",
    "c": "$c_t$: good, after “not”",
    "d": "$d_t$: bad, after “not”",
    "P": "$P_t$: positive so far",
    "N": "$N_t$: negative so far",
}


def _trace(p: OrderMatters, x: Values, states: Values, scores: Values, w: Values) -> Trace:
    def word(symbol: str) -> Callable[[int], Formula]:
        return lambda t: given(symbol, f"The word is “{p.words[t - 1]}”.")

    def place(t: int) -> Formula:
        after = (
            "This position follows “not” in the sentence as written."
            if w[t - 1] < 0
            else "Set for the sentence as written."
        )
        return given("w_t", after)

    score = " ".join(f"{'+' if sign > 0 else '-'} {name}_t" for sign, name in zip(W_O, UNITS, strict=True) if sign)
    units = {name: states[:, UNITS.index(name)] for name in UNIT_LABELS}
    network = [Row(name, UNIT_LABELS[name], state, _unit(name)) for name, state in units.items()]
    labelled = (
        Row("v", "value $v_t$", x[:, 0], word("v_t"), group="The word"),
        Row("nu", r"“not” $\nu_t$", x[:, 1], word(r"\nu_t")),
        replace(network[0], group="The recurrent network"),
        *network[1:],
        Row("y", "score $y_t$", scores, f"y_t = {score.removeprefix('+ ')}"),
        Row("place", "weight of the position", w, place, group="The dense layer"),
        Row(
            "times",
            "dense: weight · value",
            w * x[:, 0],
            r"w_t \, v_t",
            "The weight is the position's, not the word's.",
        ),
    )
    rows = [replace(row, words=plain_words(row.label)) for row in labelled]
    symbols: Symbols = {f"{name}_{{t-1}}": np.append(0.0, state[:-1]) for name, state in units.items()}
    symbols["w_t"] = w
    columns = [f"{t} {word}" for t, word in enumerate(p.words, start=1)]
    caption = "One column for each word, in reading order. The seven units have weights set by hand: choose a number."
    chosen = ("y", len(columns) - 1)
    return Trace("words", "Word by word", caption, rows, chosen, symbols, columns=columns, column_word="word")


def _unit(unit: str) -> str:
    """The formula of a unit. Its few weights are written as numbers."""
    net, j = weights(), UNITS.index(unit)
    sources = [(net.W_hh[i, j], f"{name}_{{t-1}}") for i, name in enumerate(UNITS)]
    sources += [(net.W_xh[0, j], "v_t"), (net.W_xh[1, j], r"\nu_t")]
    terms = [rf"{factor(weight)} \, {symbol}" for weight, symbol in sources if weight]
    terms += [f"({latex(net.b[j])})"] if net.b[j] else []
    return rf"{unit}_t = \mathrm{{relu}}({' + '.join(terms)})"


def _curve(every: dict[str, Values], numbers: dict[str, float]) -> Curve:
    place = np.lexsort((every["mlp"], every["rnn"]))
    series = (
        Series("every_rnn", "recurrent network", "recurrent network", every["rnn"][place]),
        Series("every_mlp", "dense layer", "dense layer", every["mlp"][place], "dashed"),
        Series("every_bag", "bag of words", "bag of words", every["bag"][place], "dotted"),
    )
    scores = "1 score" if numbers["rnn_values"] == 1 else "{rnn_values} different scores"
    told = fill(
        f"In all {{orders orders}} of these words, the recurrent network gives {scores}, the bag of words "
        "{bag_values}. The dense layer agrees with the recurrent network in {mlp_right} of them.",
        numbers,
    )
    steps = np.arange(1.0, numbers["orders"] + 1)
    return Curve("orders", "Every order of these words", told, "order, by score", "score", steps, series)


def _instance(rng: random.Random) -> dict[str, str]:
    while True:
        change = {
            "sentence": rng.choice(["not-bad", "slow", "plot", "plot", "plot"]),
            "order": rng.choice(["written", "reversed", "shuffled", "shuffled"]),
            "rotate": str(rng.randint(0, 4)),
            "seed": str(rng.randrange(100)),
        }
        words = " ".join(OrderMatters.model_validate(change).words)
        if any(f"not {word}" in words for word in ("good", "bad", "slow", "funny")):  # else the bag is right, too
            return change


def _question(p: OrderMatters) -> Question:
    return Question(
        f"What score does the recurrent network give “{' '.join(p.words)}”?",
        "rnn",
        (
            "good and funny count plus one, bad and slow minus one, other words zero",
            "the word directly after “not” counts with the opposite sign",
            "it reads from left to right and adds up",
        ),
    )


def _steps(p: OrderMatters, result: Result) -> list[Arithmetic]:
    return result.worked(*(f"y,{t}" for t in range(1, len(p.words) + 1)))


def _slips(p: OrderMatters, result: Result) -> Slips:
    n, values = result.numbers, features(p.words)[:, 0]

    def reading(weights: Values, says: str) -> tuple[float, str]:
        """The score of a reader who gives each word such a weight, parted from the right one."""
        theirs = np.cumsum(values * weights)
        return float(theirs[-1]), parting(first_apart(np.cumsum(values * dense_weights(p.words)), theirs), says)

    told = [
        reading(np.ones_like(values), "That is the bag of words: it cannot tell which word comes after “not”."),
        (-n["rnn"], "The sign is wrong."),
        (n["words"], parting(1, "That counts the words: only some of them have a value.")),
    ]
    after = next((i + 1 for i, word in enumerate(p.words) if word == "not"), len(p.words))
    if np.count_nonzero(values[after + 1 :]):
        negating = np.where(np.arange(len(values)) < after, 1.0, -1.0)
        told += [reading(negating, "“Not” negates only the next word, not all that follow.")]
    if n["rnn_written"] != n["rnn"]:
        told += [(n["rnn_written"], parting(1, "That is the score as written: here the words have another order."))]
    if n["mlp"] != n["rnn"]:
        says = "That negates the position behind “not” as written, not the word behind it."
        told += [reading(dense_weights(p.written), says)]
    return told


def _layers(p: OrderMatters) -> Layered:
    w = weights()
    values = {"x": np.stack([features(p.written), features(p.words)]), "W_x": w.W_xh, "W_h": w.W_hh, "b": w.b}
    return Layered(values | {"W_o": W_O[:, None], "W": dense_weights(p.written)[:, None]})


DEMO = Demo(
    __file__,
    OrderMatters,
    compute,
    Prediction(_instance, _question, _steps, _slips, EXACT),
    shows=(rnn.step, weights, run, bag, dense),
    layers=_layers,
)
