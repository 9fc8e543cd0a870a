"""Self-attention over a sentence: which word attends to which, and what it costs compared with a recurrence."""

import random
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Formula, given
from app.demos.machine.demo import Demo, Layered
from app.demos.machine.figures import Row, Trace, Values
from app.demos.machine.numbers import fill
from app.demos.machine.parameters import Parameters, choice, flag, number
from app.demos.machine.prediction import EXACT, Prediction, Question, Slips, parting
from app.demos.machine.result import Result
from app.demos.parts.attention_looks import look_around
from app.demos.parts.layer_costs import costs, counted, paths
from app.demos.parts.softmax_share import softmax_share
from app.nn import reach
from app.nn import self_attention as nn
from app.nn.initialise import orthogonal

TEXT = "the dog saw the cat and the cat saw the dog so the dog ran off"
SENTENCE = TEXT.split()


class SelfAttention(Parameters):
    """A layer over the first words of a sentence, and the counts of such a layer at any length."""

    length: int = number(5, 2, len(SENTENCE), step=1, title="Words", says="How many words of the sentence.")
    heads: Literal["1", "2", "4"] = choice("1", title="Heads", says="Each works on its own share of the width.")
    causal: bool = flag(False, title="Causal mask", says="A word attends to no later word.")
    positions: bool = flag(False, title="Position codes", says="Sines and cosines, added to each word's vector.")
    word: int = number(1, 1, len(SENTENCE), step=1, title="Word to show", says="If there are fewer, the last.")
    head: int = number(1, 1, 4, step=1, title="Head to show", says="If there are fewer, the last.")
    width: int = number(16, 4, 128, step=4, title="Width $d$", says="Per word; rounded down to a multiple of 4.")
    far: int = number(1000, 2, 10_000, slide=(2, 2000), step=1, title="Length for the costs $T$", says="For them only.")
    seed: int = number(0, 0, 9999, slide=(0, 20), step=1, title="Seed", says="For the words' vectors and weights.")


@lru_cache(maxsize=64)
def draw(seed: int, d: int) -> tuple[Values, nn.Weights]:
    """A vector for each different word, and weights. Queries and keys share one rotation, so equal words fit best.

    Shapes: vectors (words, d), weights (d, d)
    """
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((len(set(SENTENCE)), d))
    turn = orthogonal(rng, d)
    return vectors, nn.Weights(turn, turn, orthogonal(rng, d), orthogonal(rng, d))


def run_layer(p: SelfAttention) -> tuple[Values, nn.Cache]:
    """The words' vectors, with position codes if wanted, through the layer.

    Shapes: → outputs (T, d), cache
    """
    d = p.width - p.width % 4
    vectors, w = draw(p.seed, d)
    known = sorted(set(SENTENCE))
    X = vectors[[known.index(word) for word in SENTENCE[: p.length]]]
    if p.positions:
        X = X + nn.sinusoids(p.length, d)
    Y, cache = nn.forward(X[None], w, int(p.heads), p.causal)
    return Y[0], cache


def compute(p: SelfAttention) -> Result:
    """The attention table of one head, and the counts of the layer beside a recurrent and a convolutional one."""
    Y, cache = run_layer(p)
    head, i = min(p.head, int(p.heads)) - 1, min(p.word, p.length) - 1
    alpha, e = cache.alpha[head], cache.e[head]
    best = int(np.argmax(alpha[i]))
    numbers: dict[str, float] = {"word": i + 1, "largest": float(alpha[i, best]), "at_word": best + 1}
    numbers |= {f"a{j}": float(value) for j, value in enumerate(alpha[i], start=1)}
    numbers |= counted(p.far, p.width - p.width % 4, int(p.heads), p.causal)
    if (twin := _twin(p, i)) is not None:
        numbers |= {"twin": twin + 1, "twin_difference": float(np.abs(Y[i] - Y[twin]).max())}
    caption = fill(_caption(p, i, alpha[i], numbers), numbers)
    seen = i + 1 if p.causal else p.length
    look = look_around(caption, SENTENCE[: p.length], i + 1, alpha[i], seen)
    figures = (look, _table(p, e, alpha, i), costs(numbers), paths(numbers))
    return Result(numbers, figures)


def _twin(p: SelfAttention, i: int) -> int | None:
    """Where the word at `i` (from 0) stands another time."""
    return next((j for j in range(p.length) if j != i and SENTENCE[j] == SENTENCE[i]), None)


def _caption(p: SelfAttention, i: int, weights: Values, numbers: dict[str, float]) -> str:
    name, most = SENTENCE[i], SENTENCE[int(numbers["at_word"]) - 1]
    told = f"Word {{word}}, “{name}”, attends most to word {{at_word}}, “{most}”, with the weight {{largest}}"
    if np.isclose(weights, weights.max()).sum() > 1:
        told += f", as to every “{most}” that it sees"
    if "twin" not in numbers:
        return told + "."
    if numbers["twin_difference"] < 1e-12:
        return f"{told}. Word {{twin}} is “{name}” too, and its output is the same: nothing tells which came first."
    reason = "the position codes tell them apart" if p.positions else "each sees other words before it"
    return f"{told}. Word {{twin}} is “{name}” too, but its output differs by up to {{twin_difference}}: {reason}."


def _table(p: SelfAttention, e: Values, alpha: Values, i: int) -> Trace:
    def weights(row: int) -> Callable[[int], Formula]:
        share = softmax_share(e[row, : seen[row]], f"{row + 1},", "e" * (row == i))
        later = "This word comes later: the mask sets its score to −∞, so its weight is 0."
        return lambda column: given(rf"\alpha_{{{row + 1},{column}}}", later) if column > seen[row] else share(column)

    seen = range(1, len(alpha) + 1) if p.causal else [len(alpha)] * len(alpha)
    rows = [
        Row(f"a{j + 1}", SENTENCE[j], row, weights(j), words=f"{SENTENCE[j]}, word {j + 1}")
        for j, row in enumerate(alpha)
    ]
    scored = given(
        rf"e_{{{i + 1},j}}", "The query of the word shown times this word's key, over the square root of their width."
    )
    rows.append(
        Row("e", f"score of “{SENTENCE[i]}”", e[i], scored, group="Where the weights of the word shown come from")
    )
    told = f"Each row has a word's weights for all words: {alpha.size} for {len(alpha)} words. A row sums to 1."
    words = SENTENCE[: p.length]
    return Trace("table", "The attention table", told, rows, (f"a{i + 1}", 0), columns=words, column_word="word")


def _instance(rng: random.Random) -> dict[str, str]:
    return {
        "far": str(rng.choice([5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 100, 200])),
        "heads": rng.choice("124"),
        "causal": rng.choice("01"),
    }


def _question(p: SelfAttention) -> Question:
    mask = (
        "a causal mask: a position attends to itself and to earlier ones" if p.causal else "no mask: all attend to all"
    )
    return Question(
        "How many scores does the layer use, over all heads?",
        "scores",
        (f"self-attention with {p.heads} head{'s' * (p.heads != '1')}", f"a sequence of $T = {p.far}$ positions", mask),
    )


def _steps(p: SelfAttention, result: Result) -> list[Arithmetic]:
    pairs, scores = result.numbers["pairs"], result.numbers["scores"]
    one = Formula(r"T \cdot (T + 1) / 2" if p.causal else "T^2", values={"T": p.far})
    every = Formula(
        r"\mathrm{heads} \cdot \mathrm{scores}", values={r"\mathrm{heads}": int(p.heads), r"\mathrm{scores}": pairs}
    )
    return [one.worked_out(pairs, {}), every.worked_out(scores, {})]


def _slips(p: SelfAttention, result: Result) -> Slips:
    T, heads, pairs = p.far, int(p.heads), result.numbers["pairs"]
    told: list[tuple[float, str]] = []
    if heads > 1:
        told += [(pairs, "That is one head: each head has its own scores.")]
    if p.causal:
        told += [(heads * T * T, parting(1, "The mask removes later positions: about half of the scores."))]
    else:
        told += [(heads * T * (T + 1) / 2, parting(1, "There is no mask: a position attends to later ones too."))]
    return [
        *told,
        (heads * T * (T - 1) / (2 if p.causal else 1), parting(1, "A position also attends to itself.")),
        (heads * T, parting(1, "That grows linearly, as a recurrence does; here every pair has a score.")),
    ]


def _layers(p: SelfAttention) -> Layered:
    known, words, i = sorted(set(SENTENCE)), SENTENCE[: p.length], min(p.word, p.length) - 1
    twin = _twin(p, i)
    values = {"sentence": [known.index(word) for word in words], "different": len(known)}
    values |= {"width": p.width - p.width % 4, "heads": int(p.heads), "head": min(p.head, int(p.heads))}
    values |= {"causal": p.causal, "positions": p.positions, "word": i + 1}
    return Layered(values | {"twin": 0 if twin is None else twin + 1, "seed": p.seed})


DEMO = Demo(
    __file__,
    SelfAttention,
    compute,
    Prediction(_instance, _question, _steps, _slips, EXACT),
    shows=(nn.forward, nn.causal_mask, nn.sinusoids, reach.recurrent, reach.attention, run_layer),
    layers=_layers,
)
