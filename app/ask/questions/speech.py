"""Sequences without alignment: CTC and the word error rate."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise, product

import numpy as np

from app.ask.question import HAND, HEAD, Slips, Task, asks, line
from app.demos.machine.arithmetic import Arithmetic
from app.demos.machine.prediction import EXACT, HUNDREDTH, parting
from app.nn import ctc, edit_distance

PATHS = tuple("".join(path) for path in product("-ab", repeat=6) if len(set(path)) == 3 and "-" in path[1:-1])[::2]
CHANCES = ((0.5, 0.3, 0.2), (0.2, 0.5, 0.3), (0.6, 0.2, 0.2), (0.4, 0.4, 0.2), (0.1, 0.6, 0.3), (0.3, 0.3, 0.4))
WORDS = ("the", "cat", "sat", "on", "a", "mat")
EDITS = ("keep", "drop", "swap", "twice")


def collapsed(path: str) -> str:
    """What a path of letters says."""
    return "".join("-ab"[one] for one in ctc.collapse(["-ab".index(letter) for letter in path]))


@asks("applications", HEAD, EXACT, path=PATHS)
def ctc_collapse(path: str) -> Task | None:
    """What a CTC path says."""
    answer, bare = collapsed(path), path.replace("-", "")
    merged = "".join(one for i, one in enumerate(path) if not i or path[i - 1] != one)
    early = "".join(one for i, one in enumerate(bare) if not i or bare[i - 1] != one)
    candidates = [
        (early, parting(1, "That drops the blanks first: a blank between two equal labels keeps both.")),
        (bare, parting(1, "Each run of equal labels becomes one.")),
        (merged, "The blanks are dropped in the end."),
        (path, parting(1, "That is the path itself.")),
        (answer[::-1], "The order is kept."),
    ]
    slips: Slips = [(said, says) for said, says in candidates if said != answer]
    if answer == early or len(slips) < 3:
        return None
    working = [f"each run of equal labels becomes one: {merged}", f"the blanks are dropped: {answer}"]
    return Task(f"Which letters does the CTC path {path} say?", ("the blank is -",), answer, slips, working)


@asks("applications", HAND, EXACT, steps=(3, 4, 5, 6, 7, 8, 9),
      labels=("a", "ab", "aa", "aba", "aab", "abb", "abc", "aaa", "abab", "abba", "abcd"))  # fmt: skip
def ctc_alignments(steps: int, labels: str) -> Task | None:
    """How many CTC paths say a word."""
    numbers = ["-abcd".index(one) for one in labels]
    answer, L = ctc.alignments(steps, numbers), len(labels)
    doubled = sum(a == b for a, b in pairwise(labels))
    if answer < 2:
        return None
    apart = ctc.alignments(steps, list(range(1, L + 1)))
    slips: Slips = [
        (len(set(labels)) ** steps, parting(1, "Those are all sequences of its letters.")),
        ((len(set(labels)) + 1) ** steps, parting(1, "Those are all paths: most of them say something else.")),
        (steps - L + 1, parting(1, "Labels can be repeated and blanks inserted at several places at once.")),
        (answer - 1, "That is one too few: every step may hold a label or a blank."),
    ]
    if doubled:
        slips += [(apart, parting(1, "Between two equal labels there must be a blank."))]
    table = ctc.forward(np.ones((steps, 5)), numbers)
    ends = {"a": float(table[-1, -2]), "b": float(table[-1, -1])}
    working: list[Arithmetic | str] = [
        f"Count the ways to reach each place, step by step, for the blank and each label of {labels} in turn.",
        line(r"\text{paths}", ends, answer, "Ending in the last label, or in the blank after it:", "a + b"),
    ]
    givens = (f"{steps} steps, each a letter or a blank", "equal neighbours become one, then blanks are dropped")
    return Task(f"How many CTC paths say “{labels}”?", givens, answer, slips, working, "path")


@asks("applications", HAND, HUNDREDTH, first=CHANCES, second=CHANCES, said=("a", "b", "ab"))
def ctc_probability(first: Sequence[float], second: Sequence[float], said: str) -> Task | None:
    """The probability that CTC gives a word."""
    p = np.array([first, second])
    numbers = ["-ab".index(one) for one in said]
    answer = ctc.probability(p, numbers)
    paths = ["".join(path) for path in product("-ab", repeat=2) if collapsed("".join(path)) == said]
    if round(answer, 9) in (*first, *second):  # it would stand in the givens
        return None
    chance = {path: float(p[0, "-ab".index(path[0])] * p[1, "-ab".index(path[1])]) for path in paths}
    best = max(chance.values())
    if said == "ab":
        slips: Slips = [
            (float(p[0, 2] * p[1, 1]), parting(1, "That says “ba”.")),
            (float(p[0, 1] + p[1, 2]), parting(1, "Along a path, probabilities multiply.")),
            (float(p[0, 1]), parting(1, "That is the first step alone.")),
        ]
    else:
        k = numbers[0]
        slips = [
            (best, "That is the likeliest path alone: all paths that say it add up."),
            (float(p[0, k] * p[1, k]), "A blank before or after it says the same."),
            (float(p[0, k] + p[1, k]), "That counts the path with both labels twice, and adds other words' paths."),
            (float(p[0, k] * p[1, 0] + p[0, 0] * p[1, k]), parting(-2, "Two equal labels in a row say one, too.")),
        ]
    working = [
        line(rf"p(\text{{{path}}})", {"a": p[0, "-ab".index(path[0])], "b": p[1, "-ab".index(path[1])]}, value,
             written=r"a \cdot b") for path, value in chance.items()
    ]  # fmt: skip
    terms = {f"p_{{{i}}}": value for i, value in enumerate(chance.values())}
    working.append(line(r"\text{sum}", terms, answer, written=" + ".join(terms)))
    rows = enumerate((first, second), start=1)
    told = [f"at step {t} the blank has {row[0]}, a {row[1]}, b {row[2]}" for t, row in rows]
    return Task(f"What is the probability of “{said}” after both steps?", told, answer, slips, working)


@asks("applications", HAND, HUNDREDTH, edits=tuple(product(EDITS, repeat=5)), words=(5, 6))
def word_error_rate(edits: Sequence[str], words: int) -> Task | None:
    """The word error rate of a transcript."""
    reference, said = WORDS[:words], list[str]()
    for i, word in enumerate(reference):
        edit = edits[i] if i < len(edits) else "keep"
        said += {"keep": [word], "drop": [], "swap": ["no"], "twice": [word, "uh"]}[edit]
    found = edit_distance.edits(reference, said)
    if not 2 <= found.total <= 3 or len(said) == len(reference) or not said:
        return None
    answer = edit_distance.word_error_rate(reference, said)
    right = sum(a == b for a, b in zip(reference, said, strict=False))
    slips: Slips = [
        (found.total / len(said), "It is divided by the words of the reference."),
        (1 - answer, "That is the word accuracy, 1 minus the error rate."),
        (abs(len(said) - len(reference)) / len(reference), parting(1, "That is the difference of the lengths.")),
        ((len(reference) - right) / len(reference), parting(1, "That compares word by word: align the two first.")),
        (float(found.total), "That is the number of errors."),
    ]
    if found.insertions:
        slips += [((found.total - found.insertions) / len(reference), parting(1, "Inserted words are errors, too."))]
    if found.deletions:
        slips += [((found.total - found.deletions) / len(reference), parting(1, "Missing words are errors, too."))]
    slips = [slip for slip in slips if slip[0] != answer]
    values = {"s": found.substitutions, "d": found.deletions, "i": found.insertions, "n": len(reference)}
    working = [
        line(r"\text{errors}", values, found.total, "Substituted, deleted, inserted:", "s + d + i"),
        line(r"\text{WER}", values, float(Fraction(found.total, len(reference))), written="(s + d + i) / n"),
    ]
    givens = (f"the reference is “{' '.join(reference)}”", f"the transcript is “{' '.join(said)}”")
    return Task("What is the word error rate?", givens, answer, slips, working)
