"""Beam search as a growing tree: what is kept, what is dropped, and what greedy search misses."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Formula, given
from app.demos.machine.demo import Demo
from app.demos.machine.figures import Curve, Handle, Row, Series, Spot, Symbols, Trace, Values
from app.demos.machine.numbers import fill, plain
from app.demos.machine.parameters import Matrix, Numbers, Parameters, entries, number
from app.demos.machine.prediction import Prediction, Question, Slips, Tolerance, parting
from app.demos.machine.result import Result
from app.demos.parts.beam_tree import beam_tree, named
from app.nn import beam
from app.nn.beam import BigramModel, Candidate

FEWEST, MOST, WIDEST = 2, 4, 16
WIDTHS_COMPARED = 12


class BeamSearch(Parameters):
    """A model of two to four tokens that looks one token back, and how to search it."""

    width: int = number(2, 1, WIDEST, step=1, title="Width $K$", says="Partial sequences to keep; 1 is greedy.")
    penalty: float = number(
        0, 0, 2, step=0.1, title=r"Length normalisation $\alpha$", says="The score is log p over length to this power."
    )
    steps: int = number(2, 1, 6, step=1, title="Steps $T$", says="Longest sequence, including the end mark.")
    first: Numbers = entries(
        (0.6, 0.4), slide=(0, 1), title="First token", says="Weights of 2 to 4 tokens, divided by their sum."
    )
    next: Matrix = entries(
        ((0.5, 0.5), (0.9, 0.1)),
        slide=(0, 1),
        title="Next token",
        says="A row for each token: the weights of the tokens after it. One more number is for the end mark.",
    )
    step: int = number(2, 1, 6, step=1, title="Step to show", says="If there are fewer, the last.")

    def misfits(self) -> Iterator[tuple[str, str, str]]:
        """Weights that are not a distribution over 2 to 4 tokens."""
        V = max(FEWEST, min(MOST, len(self.first)))
        if len(self.first) != V or not _is_distribution(self.first):
            says = f"{FEWEST} to {MOST} weights, none below 0 and at least one above 0"
            yield "first", says, ",".join(map(plain, _weights(self.first, V)))
        widths = {len(row) for row in self.next}
        if len(self.next) != V or widths not in ({V}, {V + 1}) or not all(map(_is_distribution, self.next)):
            width = V + 1 if widths == {V + 1} else V
            says = (
                f"{V} rows of {V} weights, or {V + 1} with the end mark, none below 0 and at least one above 0 in each"
            )
            rows = (*self.next, *[()] * V)[:V]
            yield "next", says, ";".join(",".join(map(plain, _weights(row, width))) for row in rows)

    def model(self) -> BigramModel:
        """The weights as log-probabilities; without a column for it the end mark never comes."""
        V = len(self.first)
        after = np.zeros((V, V + 1))
        after[:, : len(self.next[0])] = self.next
        first = np.array(self.first, dtype=float)
        with np.errstate(divide="ignore"):  # log 0 is −∞: never
            return BigramModel(np.log(first / first.sum()), np.log(after / after.sum(axis=1, keepdims=True)))


def _is_distribution(row: Sequence[float]) -> bool:
    return min(row) >= 0 and sum(row) > 0


def _weights(row: Sequence[float], width: int) -> list[float]:
    filled = [max(0.0, value) for value in (*row, *[0.0] * width)[:width]]
    return filled if sum(filled) > 0 else [1.0] * width


def compute(p: BeamSearch) -> Result:
    """Search with every width up to the chosen one and beyond, and compare with the best there is."""
    model, widths = p.model(), range(1, max(WIDTHS_COMPARED, p.width) + 1)
    searches = [beam.search(model, width, p.steps, p.penalty) for width in widths]
    chosen, greedy = searches[p.width - 1], searches[0][-1][0]
    found, best = chosen[-1][0], beam.best(model, p.steps, p.penalty)
    V, can_end = model.end, bool(np.isfinite(model.after[:, model.end]).any())
    all_there_are = V**p.steps + (sum(V**length for length in range(1, p.steps)) if can_end else 0)
    numbers: dict[str, float] = {"width": p.width, "length": len(found.tokens), "sequences": all_there_are}
    numbers["candidates"] = sum(map(len, chosen))
    for prefix, one in (("", found), ("greedy_", greedy), ("best_", best)):
        numbers |= {f"{prefix}p": one.p, f"{prefix}score": one.score}
    scores = np.array([steps[-1][0].score for steps in searches])
    worse = next((k for k in widths[1:] if scores[k - 1] < scores[k - 2] - 1e-12), None)
    if worse:
        numbers |= {"worse_at": worse, "worse_score": float(scores[worse - 1])}
        numbers["narrower_score"] = float(scores[worse - 2])
    told = fill(_verdict(p, found, greedy, best, V, numbers), numbers)
    at = min(p.step, p.steps) - 1
    tree = beam_tree(told, chosen, p.width, at, greedy, V)
    figures = (
        tree,
        _candidates(p, chosen[at], at, V),
        _found(p, (found, greedy, best), V),
        _curve(scores, best, numbers),
    )
    return Result(numbers, figures)


def _verdict(
    p: BeamSearch, found: Candidate, greedy: Candidate, best: Candidate, V: int, numbers: dict[str, float]
) -> str:
    told = f"A beam of width {{width}} ends with {named(found.tokens, V)}, with probability {{p}}"
    if p.width == 1:
        told = f"Greedy ends with {named(found.tokens, V)}, with probability {{p}}"
    elif found.tokens == greedy.tokens:
        told += ", as greedy does"
    else:
        told += f"; greedy ends with {named(greedy.tokens, V)}, with {{greedy_p}}"
    if found.score >= best.score - 1e-12:
        return f"{told}. None of the {{sequences sequences}} scores better."
    return f"{told}. It missed the best, {named(best.tokens, V)}, with {{best_p}}."


SCORE = Formula(r"\log p / \mathrm{length}^\alpha", "", r"s / n^{\alpha}")


def _candidates(p: BeamSearch, candidates: Sequence[Candidate], at: int, V: int) -> Trace:
    lengths = np.array([len(one.tokens) for one in candidates], dtype=float)
    log_p, score = np.array([(one.log_p, one.score) for one in candidates]).T
    last = np.where(lengths == at + 1, [one.last for one in candidates], 0.0)
    kept = np.array([float(i < p.width) for i in range(len(candidates))])

    def start(rank: int) -> Formula:
        ended = lengths[rank - 1] <= at
        note = "It has ended and stays as it is." if ended else "The sum up to the previous step; 0 before the first."
        return given(rf"\log p_{{{at}}}", note)

    def rank(rank: int) -> Formula:
        return given(r"\mathrm{kept}", f"Rank {rank} of {len(candidates)}; the best {p.width} are kept.")

    token = Formula(r"\log p(\mathrm{token})", "", r"\ln(q)")
    before = log_p - last
    rows = (
        Row("before", r"$\log p$ before", before, start, words="log p before this step"),
        Row("last", r"$\log p$ of the token", last, token, words="log p of the token"),
        Row("sum", r"$\log p$", log_p, Formula(r"\log p", "Logarithms add.", "b + l"), words="log p"),
        Row("score", "score", score, SCORE),
        Row("kept", "kept", kept, rank, words="kept: 1, dropped: 0"),
    )
    symbols: Symbols = {"b": before, "l": last, "q": np.exp(last), "s": log_p, "n": lengths, r"\alpha": p.penalty}
    told = f"Step {at + 1}: the candidates, best first. What is dropped never comes back, nor does its state."
    columns = [named(one.tokens, V) for one in candidates]
    title, chosen = "Candidates of one step", ("score", 0)
    return Trace("candidates", title, told, rows, chosen, symbols, columns=columns, column_word="candidate")


def _found(p: BeamSearch, ends: tuple[Candidate, Candidate, Candidate], V: int) -> Trace:
    steps = [[math.exp(last) for last in _lasts(p.model(), one.tokens)] for one in ends]
    lengths = np.array([float(len(one.tokens)) for one in ends])

    def probability(column: int) -> Formula:
        values = {f"p_{{{t}}}": value for t, value in enumerate(steps[column - 1], start=1)}
        text, written = r"p = \prod_t p(y_t \mid y_{t-1})", r" \cdot ".join(values)
        return Formula(text, "One factor for each token.", written, values, digits=12)

    rows = (
        Row("p", "probability $p$", np.array([one.p for one in ends]), probability),
        Row("length", "length", lengths, given(r"\mathrm{length}", "Tokens, including the end mark.")),
        Row("value", "score", np.array([one.score for one in ends]), replace(SCORE, written=r"\ln(q) / n^{\alpha}")),
    )
    likely = np.exp([one.log_p for one in ends])
    symbols: Symbols = {"n": lengths, "q": likely, r"\alpha": p.penalty}
    names = ("beam", "greedy", "best of all")
    columns = [f"{who}: {named(one.tokens, V)}" for who, one in zip(names, ends, strict=True)]
    told = "What each ends with. This model looks only one token back, so dynamic programming finds the best of all."
    title, word = "What each search finds", "search"
    return Trace("ends", title, told, rows, ("p", 0), symbols, "", 1, columns, word, coloured=False)


def _lasts(model: BigramModel, tokens: Sequence[int]) -> list[float]:
    return [float(model.log_p(tokens[:t])[token]) for t, token in enumerate(tokens)]


def _curve(scores: Values, best: Candidate, numbers: dict[str, float]) -> Curve:
    told = "Here a wider beam never scores worse; in general it can."
    if "worse_at" in numbers:
        told = "Wider is worse here: at width {worse_at} the score falls from {narrower_score} to {worse_score}."
    told = fill(told, numbers)
    place = [Spot(Handle(across="width"), x=numbers["width"], unit=1)]
    K = np.arange(1.0, len(scores) + 1)
    series = (
        Series("found", "found", "score found", scores),
        Series("best", "best of all", "best score of all", np.full(len(scores), best.score), "dashed"),
    )
    return Curve("width", "Score against width", told, "width K", "score", K, series, places=place)


def _instance(rng: random.Random) -> dict[str, str]:
    a, after_a = rng.choice([0.52, 0.55, 0.6]), rng.choice([0.5, 0.52, 0.55, 0.6])
    after_b = rng.choice([0.8, 0.85, 0.9, 0.95])
    return {
        "width": str(rng.choice([1, 2, 2])),
        "first": f"{a},{1 - a:.2g}",
        "next": f"{after_a},{1 - after_a:.2g};{after_b},{1 - after_b:.2g}",
    }


def _question(p: BeamSearch) -> Question:
    def told(row: Sequence[float]) -> str:
        return ", ".join(f"${letter}$ with {plain(value)}" for letter, value in zip("AB", row, strict=True))

    return Question(
        f"A beam of width {p.width} ends with two tokens. What is their probability?",
        "p",
        (f"first comes {told(p.first)}", f"after $A$ comes {told(p.next[0])}", f"after $B$ comes {told(p.next[1])}"),
    )


def _steps(p: BeamSearch, result: Result) -> list[Arithmetic]:
    pairs = [("AB"[i] + " " + "AB"[j], p.first[i], p.next[i][j]) for i in range(2) for j in range(2)]
    pairs = pairs[: 2 if p.width == 1 else 4]  # a width of 1 has dropped B after the first step
    pairs.sort(key=lambda pair: pair[1] * pair[2])
    found = [*(a * b for _, a, b in pairs[:-1]), result.numbers["p"]]
    return [
        Formula(rf"p(\mathrm{{{name}}})", written=r"a \cdot b", values={"a": a, "b": b}).worked_out(product, {})
        for (name, a, b), product in zip(pairs, found, strict=True)
    ]


def _slips(p: BeamSearch, result: Result) -> Slips:
    other = result.numbers["best_p" if p.width == 1 else "greedy_p"]
    dropped = "A width of 1 drops $B$ after the first step."
    return [
        (other, dropped if p.width == 1 else "That is greedy: it never tries $B$."),
        (max(p.first), "That is only the first token: multiply by the second."),
        (max(max(row) for row in p.next), "That is only the second token: multiply by the first."),
        (p.first[0] + max(p.next[0]), parting(1, "Probabilities multiply along a sequence; only logarithms add.")),
    ]


DEMO = Demo(
    __file__,
    BeamSearch,
    compute,
    Prediction(_instance, _question, _steps, _slips, Tolerance(near=0.005, why="it is a product of two")),
    shows=(beam.score, beam.extend, beam.search, beam.best),
)
