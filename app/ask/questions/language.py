"""Language models: counted pairs, and scores at a temperature."""

from collections.abc import Sequence
from itertools import product

import numpy as np

from app.ask.question import HAND, HEAD, HUNDREDTH, Slips, Task, asks, line
from app.demos.parts import character_marks as marks
from app.nn import sampling

PAIRS = tuple(
    (before, after)
    for before, followed in sorted(marks.counted(1).items())
    if len(followed) > 1
    for after in sorted(followed)
)
MANY = tuple(product((0, 1, 2, 3), repeat=3))


@asks(
    "language-models",
    HAND,
    HUNDREDTH,
    demo="bigram-or-rnn",
    pair=tuple(f"{marks.shown(a)}{marks.shown(b)}" for a, b in PAIRS),
    smoothing=("none", "add-one"),
)
def bigram_probability(pair: str, smoothing: str) -> Task:
    """A bigram's probability, counted in a text."""
    before, after = (" " if one == marks.shown(" ") else one for one in pair)
    followed, V = marks.counted(1)[before], marks.V
    n, total, add = followed[after], sum(followed.values()), int(smoothing == "add-one")
    told = ", ".join(f"“{marks.shown(one)}” {times}×" for one, times in sorted(followed.items()))
    rule = f"add-one smoothing, with $V = {V}$ different characters" if add else "no smoothing"
    answer = (n + add) / (total + add * V)
    other = n / total if add else (n + 1) / (total + V)
    formula = r"(n + 1) / (N + V)" if add else "n / N"
    counts = {"n": n, "N": total, "V": V} if add else {"n": n, "N": total}
    slips: Slips = [
        (other, "That leaves the smoothing out." if add else "That is smoothed: nothing is added here."),
        (1 / len(followed), "The characters are not equally likely: use the counts."),
        (n / marks.TEXT.count(after), f"That is how often “{pair[0]}” precedes it: the other way round."),
        (n / len(marks.TEXT), f"That is a share of the whole text: only what follows “{pair[0]}” counts."),
    ]
    if add:
        slips += [((n + 1) / total, "The counts grow by 1 for every character: add $V$ below, too.")]
    working = [
        line(r"N", {f"n_{{{i}}}": k for i, k in enumerate(followed.values())}, total, "How often it occurs:",
             " + ".join(f"n_{{{i}}}" for i in range(len(followed)))),
        line(rf"p = {formula}", counts, answer),
    ]  # fmt: skip
    givens = (f"in a text, after “{pair[0]}” came: {told}", rule)
    return Task(f"What probability does a bigram give “{pair[1]}” after “{pair[0]}”?", givens, answer, slips, working)


@asks("language-models", HEAD, HUNDREDTH, demo="text-generation", scores=MANY, temperature=("0.5", "2"))
def temperature(scores: Sequence[int], temperature: str) -> Task | None:
    """A token's probability at a temperature."""
    tau = float(temperature)
    twos = [k if tau < 1 else 2 * k for k in scores]
    s = np.log(2) * np.array(twos)
    p, plain, wrong = sampling.temper(s, tau), sampling.temper(s, 1), sampling.temper(s * tau, 1)
    powers = [2 ** round(k / tau) for k in twos]
    at = int(np.argmax(scores))
    if len(set(scores)) == 1:
        return None
    told = ", ".join({0: "0", 1: r"\ln 2"}.get(k, rf"{k} \ln 2") for k in twos)
    slips: Slips = [
        (float(plain[at]), r"That is the probability at $\tau = 1$."),
        (float(wrong[at]), r"You multiplied the scores by $\tau$. They are divided by it."),
        (float(plain[at]) / tau, "Divide the score by the temperature, not the probability."),
        (1.0, r"That is greedy, the limit at $\tau = 0$."),
        (twos[at] / max(1, sum(twos)), "That is the share of the scores: take the exponential of each first."),
    ]
    weights = {f"w_{{{i}}}": float(power) for i, power in enumerate(powers, start=1)}
    working = [
        *(line(rf"w_{{{i}}} = \exp(s_{{{i}}} / \tau)", {"k": k, "c": 1 / tau}, power, written=r"2^{k \cdot c}")
          for i, (k, power) in enumerate(zip(twos, powers, strict=True), start=1)),
        line(r"\text{sum}", weights, sum(powers), written=" + ".join(weights)),
        line(rf"p_{{{at + 1}}}", {"w": powers[at], "a": sum(powers)}, float(p[at]), written="w / a"),
    ]  # fmt: skip
    givens = (f"the scores are $s = ({told})$", r"$p_i \propto \exp(s_i / \tau)$, and $\exp(\ln 2) = 2$")
    asked = rf"At a temperature of $\tau = {temperature}$, what is the probability of token {at + 1}?"
    return Task(asked, givens, float(p[at]), slips, working)
