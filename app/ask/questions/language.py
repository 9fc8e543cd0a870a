"""Language models: counted pairs, and scores at a temperature."""

from collections.abc import Sequence
from itertools import product

import numpy as np

from app.ask.question import HAND, HEAD, Slips, Task, asks, line
from app.demos.machine.prediction import HUNDREDTH, parting
from app.demos.parts import character_marks as marks
from app.nn import beam, ngram, sampling

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
        (1 / len(followed), parting(1, "The characters are not equally likely: use the counts.")),
        (n / marks.TEXT.count(after), parting(1, f"That is how often “{pair[0]}” precedes it: the other way round.")),
        (n / len(marks.TEXT), parting(1, f"That is a share of the whole text: only what follows “{pair[0]}” counts.")),
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
        (float(plain[at]), parting(1, r"That is the probability at $\tau = 1$.")),
        (float(wrong[at]), parting(1, r"You multiplied the scores by $\tau$. They are divided by it.")),
        (float(plain[at]) / tau, parting(1, "Divide the score by the temperature, not the probability.")),
        (1.0, parting(1, r"That is greedy, the limit at $\tau = 0$.")),
        (twos[at] / max(1, sum(twos)), parting(1, "That is the share of the scores. Take exponentials first.")),
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


CHANCES = ((0.4, 0.3, 0.2, 0.1), (0.5, 0.2, 0.2, 0.1), (0.35, 0.3, 0.25, 0.1), (0.6, 0.2, 0.15, 0.05),
           (0.3, 0.28, 0.22, 0.2), (0.45, 0.25, 0.2, 0.1), (0.4, 0.25, 0.2, 0.15),
           (0.55, 0.25, 0.15, 0.05))  # fmt: skip


@asks("language-models", HEAD, HUNDREDTH, p=CHANCES, by=("top-k", "top-p"), k=(2, 3), nucleus=(0.55, 0.65, 0.75, 0.85),
      token=(1, 2))  # fmt: skip
def truncated_sampling(p: Sequence[float], by: str, k: int, nucleus: float, token: int) -> Task | None:
    """A token's probability after top-k or top-p."""
    kept = sampling.truncate(np.array(p), k, 1.0) if by == "top-k" else sampling.truncate(np.array(p), 0, nucleus)
    many, answer, own = int(np.count_nonzero(kept)), float(kept[token - 1]), p[token - 1]
    if not token <= many < len(p) or min(abs(answer - one) for one in (*p, nucleus)) < 1e-9:
        return None
    fewer, more = sum(p[: many - 1]), sum(p[: many + 1])
    slips: Slips = [
        (own, "What is kept is divided by its sum, so that it adds up to 1."),
        (own / more, parting(1, f"That keeps one token too many: {many} are kept.")),
        (1 / many, "What is kept keeps its proportions."),
        (own / fewer if many > token else 0.0, parting(1, f"That keeps one token too few: {many} are kept.")),
    ]
    if by == "top-p":
        slips += [(own / nucleus, "It is divided by the sum of what is kept, not by the limit.")]
    values = {f"p_{i}": one for i, one in enumerate(p[:many], start=1)}
    working = [
        line(r"\text{sum}", values, sum(p[:many]), f"{many} tokens are kept:", " + ".join(values)),
        line("p", {"a": own, "b": sum(p[:many])}, answer, written="a / b"),
    ]
    told = ", ".join(f"{one}" for one in p)
    rule = f"top-k with $k = {k}$" if by == "top-k" else f"top-p: the fewest tokens that sum to at least {nucleus}"
    asked = f"What is the probability of token {token} afterwards?"
    return Task(asked, (f"the tokens have the probabilities {told}", rule), answer, slips, working)


@asks("decoding", HAND, HUNDREDTH, short=((1, 1), (1, 2), (2, 2), (1, 3)),
      long=((1, 1, 1), (1, 1, 2), (0, 2, 2), (1, 0, 2), (0, 1, 1)),
      penalty=(0, 1), more=(0, 1, 2))  # fmt: skip
def length_normalised(short: Sequence[int], long: Sequence[int], penalty: int, more: int) -> Task | None:
    """The winner of a beam search with length normalisation."""
    endings = (*long, more)
    sums = (-float(sum(short)), -float(sum(endings)))
    scores = [beam.score(total, len(one), penalty) for total, one in zip(sums, (short, endings), strict=True)]
    if scores[0] == scores[1]:
        return None
    answer = max(scores)
    slips: Slips = [
        (min(scores), "That is the other candidate: the larger score wins, the one nearer to 0."),
        (-answer, parting(1, "A logarithm of a probability is never above 0.")),
        (sums[scores.index(answer)] * (len(short) + len(endings)), parting(1, "No score is multiplied by a length.")),
    ]
    for one, total in zip((short, endings), sums, strict=True):
        if penalty:
            slips += [(total, parting(1, r"That is the plain sum: $\alpha = 1$ divides it by the number of tokens."))]
        else:
            slips += [(total / len(one), parting(1, r"With $\alpha = 0$ nothing is divided by the length."))]
    working = [
        line(r"\text{score}", {"s": total, "n": len(one), "a": penalty}, score, written="s / n^{a}")
        for one, total, score in zip((short, endings), sums, scores, strict=True)
    ]
    if scores[0] > scores[1]:
        working.reverse()
    first, second = (", ".join(f"−{k}" if k else "0" for k in one) for one in (short, endings))
    givens = (
        f"candidate A has tokens with $\\ln p$ of {first}; candidate B of {second}".replace("\\\\", "\\"),
        rf"the score is $\sum \ln p / n^\alpha$, with $n$ tokens and $\alpha = {penalty}$",
    )
    return Task("What is the winner's score?", givens, answer, slips, working)


@asks("language-models", HEAD, HUNDREDTH, powers=tuple(product((1, 2, 3, 4, 5), repeat=4)), of=("perplexity", "bits"))
def perplexity_of_a_text(powers: Sequence[int], of: str) -> Task | None:
    """Perplexity and bits per character of a text."""
    if sum(powers) % 4 or len(set(powers)) == 1:
        return None
    p = np.array([0.5**k for k in powers])
    bits, perplexity = ngram.bits_per_character(p, 4), ngram.perplexity(p)
    answer, other = (bits, perplexity) if of == "bits" else (perplexity, bits)
    mean = float((1 / p).mean())
    slips: Slips = [
        (other, "Those are bits: the perplexity is 2 to that." if of == "perplexity" else "That is the perplexity."),
        (bits * float(np.log(2)), parting(1, "That is in nats.")),
        (mean if of == "perplexity" else float(np.log2(mean)), parting(1, "Average the logarithms, not $1 / p$.")),
        (1 / float(p.mean()) if of == "perplexity" else sum(powers), parting(1, "Average the logarithms instead.")),
    ]
    values = {f"k_{i}": k for i, k in enumerate(powers, start=1)}
    working = [line(r"\text{bits}", values, bits, "The mean of minus log 2 of p:", f"({' + '.join(values)}) / 4")]
    if of == "perplexity":
        working += [line(r"\text{perplexity}", {"b": bits}, perplexity, written="2^{b}")]
    told = ", ".join(f"$2^{{-{k}}}$" for k in powers)
    what = "its perplexity" if of == "perplexity" else "the number of bits per character"
    givens = (f"a model gives the four characters of a text the probabilities {told}",)
    return Task(f"What is {what}?", givens, answer, slips, working)


@asks("language-models", HEAD, HUNDREDTH, first=(1, 2, 3), second=(2, 3, 4, 5),
      sizes=((1, 1), (1, 3), (3, 1), (1, 2), (2, 1)),
      unit=(100, 500, 1000))  # fmt: skip
def pooled_perplexity(first: int, second: int, sizes: Sequence[int], unit: int) -> Task | None:
    """The perplexity of two batches together."""
    a, b = sizes
    if first == second:
        return None
    mean = (a * first + b * second) / (a + b)
    answer = ngram.perplexity(np.concatenate((np.full(a, 0.5**first), np.full(b, 0.5**second))))
    slips: Slips = [
        ((2**first + 2**second) / 2, parting(1, "Perplexities are not averaged: their logarithms are.")),
        ((a * 2**first + b * 2**second) / (a + b), parting(1, "Weighted by tokens, but perplexities don’t average.")),
        (float(max(2**first, 2**second)), parting(1, "That is the worse batch alone.")),
        (mean, "Those are the bits of a token: the perplexity is 2 to that power."),
    ]
    if a != b:
        slips += [(2 ** ((first + second) / 2), parting(1, "The batches differ in size: each token counts once."))]
    values = {"m": a, "n": b, "j": first, "k": second}
    working = [
        line(r"\text{bits}", values, mean, "The mean over all tokens:", r"(m \cdot j + n \cdot k) / (m + n)"),
        line(r"\text{perplexity}", {"b": mean}, answer, written="2^{b}"),
    ]
    givens = (
        f"one batch of {a * unit} tokens has the perplexity {2**first}, another of {b * unit} tokens {2**second}",
        r"$2^{1.25} = 2.38$, $2^{1.5} = 2.83$, $2^{1.67} = 3.17$, $2^{1.75} = 3.36$, $2^{0.33} = 1.26$",
    )
    return Task("What is the perplexity of both together?", givens, answer, slips, working)
