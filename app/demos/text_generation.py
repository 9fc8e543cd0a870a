"""Text, one character at a time: a state, a distribution, a draw, and the drawn character fed back in."""

import math
from dataclasses import dataclass

import numpy as np

from app.demos.machine.arithmetic import Formula, given
from app.demos.machine.demo import Demo
from app.demos.machine.figures import Row, Symbols, Trace, Values
from app.demos.machine.numbers import fill, latex
from app.demos.machine.parameters import Parameters, number, text
from app.demos.machine.result import Result
from app.demos.parts import character_marks as marks
from app.demos.parts.character_marks import ALPHABET, V, shown
from app.demos.parts.softmax_share import sum_of_exponentials
from app.demos.parts.text_lines import text_lines
from app.nn import ngram, rnn, sampling
from app.nn.activations import TANH


class TextGeneration(Parameters):
    """A character model of a small Spanish text, with weights set by hand, and how to draw from it."""

    start: str = text(
        "¿",
        of="".join(ALPHABET),
        most=20,
        title="Seed text",
        says=f"Read first to set the state. Up to 20 of these characters: {''.join(map(shown, ALPHABET))}",
    )
    temperature: float = number(
        1, 0, 5, slide=(0, 2), step=0.05, title=r"Temperature $\tau$", says="0 is greedy: always the likeliest."
    )
    length: int = number(24, 1, 60, step=1, title="Characters to write", says="Written after the seed text.")
    context: int = number(3, 1, 4, step=1, title="Context", says="How many of the last characters the state holds.")
    w: float = number(1.5, 0, 3, slide=(0, 2), step=0.05, title="Memory's weight $w$", says="Of what remembers ¿ or ¡.")
    top_k: int = number(0, 0, V, step=1, title="Top-k", says="Draw from the k likeliest characters only; 0: from all.")
    nucleus: float = number(
        1, 0.05, 1, step=0.05, title="Nucleus (top-p)", says="Draw from the fewest that sum to at least p."
    )
    step: int = number(1, 1, 60, step=1, title="Character to show", says="If there are fewer, the last.")
    seed: int = number(0, 0, 9999, slide=(0, 20), step=1, title="Seed", says="For the random draws.")


@dataclass(frozen=True)
class Step:
    """One character: the memory before it, the model's p, p at the temperature, what top-k and nucleus leave of that,
    the random number, and the index of the drawn character.

    Shapes: p (V,), tempered (V,), kept (V,)
    """

    memory: float
    p: Values
    tempered: Values
    kept: Values
    u: float
    drawn: int


def known_end(text: str, n: int) -> str:
    """The last n characters, or the longest end of them that something follows in the text."""
    return next(text[-k:] for k in range(min(n, len(text)), 0, -1) if text[-k:] in marks.counted(k))


def next_p(text: str, state: Values, n: int) -> Values:
    """What followed these last n characters in the text, the closing mark decided by the memory.

    Shapes: state (n·V + 1,) → p (V,)
    """
    end = known_end(text, n)
    followed = marks.counted(len(end))[end]
    return marks.share_marks(ngram.probabilities(followed, ALPHABET), float(state[-1]))


def generate(p: TextGeneration) -> tuple[str, list[Step]]:
    """Read the seed text, then draw, append, and step on with the character that was drawn."""
    w, rng = marks.weights(p.context, p.w), np.random.default_rng(p.seed)
    text = p.start
    steps: list[Step] = []
    state = marks.read(text, p.context, p.w)[-1]
    for _ in range(p.length):
        likely = next_p(text, state, p.context)
        tempered, u = sampling.temper(_scores(likely), p.temperature), float(rng.random())
        kept = sampling.truncate(tempered, p.top_k, p.nucleus)
        drawn = sampling.draw(kept, u)
        steps.append(Step(float(state[-1]), likely, tempered, kept, u, drawn))
        text += ALPHABET[drawn]
        state = rnn.step(marks.one_hot(text[-1]), state[None], w, TANH)[0][0]
    return text, steps


def _scores(p: Values) -> Values:
    """s = ln p; −∞ where nothing ever followed. Shapes: p (V,) → (V,)"""
    s: Values = np.log(p, out=np.full_like(p, -np.inf), where=p > 0)
    return s


def compute(p: TextGeneration) -> Result:
    """The text, and for each of its characters how likely it was."""
    text, steps = generate(p)
    at = min(p.step, p.length) - 1
    one = steps[at]
    chosen = np.array([[step.p[step.drawn], step.kept[step.drawn]] for step in steps])
    likeliest = sum(step.drawn == int(np.argmax(step.p)) for step in steps)
    numbers: dict[str, float] = {"length": p.length, "temperature": p.temperature, "likeliest": likeliest}
    numbers |= {"top_p": float(one.kept.max()), "model_p": float(one.p.max()), "at": at + 1}
    numbers |= {"memory": one.memory, "choices": _choices(one.kept), "kept": int(np.count_nonzero(one.kept))}
    numbers["mean_choices"] = float(np.exp(np.mean([math.log(_choices(step.kept)) for step in steps])))
    numbers["perplexity"] = ngram.perplexity(np.maximum(chosen[:, 0], 1e-300))
    told = f"“{text}”. At a temperature of {{temperature}} the model's likeliest character "
    told += "was drawn in {likeliest} of {length steps}. On average a draw is as uncertain as one from {mean_choices} "
    told += "equally likely characters."
    if numbers["mean_choices"] < 1 + 1e-9:
        told = f"“{text}”. In {{length steps}} there was never more than one character to choose from."
    if p.temperature == 0:
        told = f"“{text}”. At a temperature of {{temperature}} every character is the likeliest: nothing is random."
    told = fill(told, numbers)
    lines = text_lines(told, p.start, [ALPHABET[s.drawn] for s in steps], chosen[:, 1].tolist(), at)
    return Result(numbers, (lines, _one(p, one, at, text), _all(p, steps, text)))


def _choices(p: Values) -> float:
    """exp of the entropy: the number of equally likely characters that would be as uncertain."""
    some = p[p > 0]
    return math.exp(-float(some @ np.log(some)))


def _one(p: TextGeneration, one: Step, at: int, text: str) -> Trace:
    seen = [i for i, likely in enumerate(one.p) if likely > 0]
    s, upto = _scores(one.p)[seen], np.cumsum(one.kept)[seen]
    likely, tempered, kept = one.p[seen], one.tempered[seen], one.kept[seen]
    is_cut = np.count_nonzero(kept) < np.count_nonzero(tempered)

    def share(_column: int) -> Formula:
        if p.temperature == 0:
            return given(r"\tau = 0", "The likeliest gets all; of equals, the first.")
        with np.errstate(over="ignore"):  # as in temper
            below, values = sum_of_exponentials((s - s.max()) / p.temperature)
        symbols = r"\exp((s_i - s_{max}) / \tau) / \sum_k \exp((s_k - s_{max}) / \tau)"
        return Formula(symbols, SAYS, rf"\exp(a / \tau) / {below}", values)

    model = given(r"p(y \mid h)", "From the counts after this context, and the memory.")
    left = Formula(r"p_i / \sum_{k \in \mathrm{kept}} p_k", "Top-k and nucleus drop the others, which get 0.", "t / S")
    drawn = f"The first whose sum is above $u$ = {latex(one.u)} is drawn: {shown(ALPHABET[one.drawn])}"
    so_far = Formula(r"\sum_{k < i} p_k + p_i", drawn, "b + c")
    rows = (
        Row("likely", "model's $p$", likely, model, words="probability by the model"),
        Row("score", r"score $s = \ln p$", s, Formula(r"s = \ln p", written=r"\ln(q)")),
        Row("tempered", r"$p$ at $\tau$", tempered, share, words="probability at this temperature"),
        *(
            [Row("kept", "$p$ after the cut", kept, left, words="probability after top-k and nucleus")]
            if is_cut
            else ()
        ),
        Row("upto", "sum so far", upto, so_far, words="sum of the probabilities so far"),
    )
    symbols: Symbols = {"q": likely, "a": s - s.max(), r"\tau": p.temperature, "b": upto - kept, "c": kept}
    if is_cut:
        symbols = {**symbols, "t": np.where(kept > 0, tempered, 0.0), "S": float(tempered[kept > 0].sum())}
    after = known_end(text[: len(p.start) + at], p.context)
    told = f"Character {at + 1}: what can follow “{after.replace(' ', '␣')}”, for the model and at this temperature."
    columns, chosen = [shown(ALPHABET[i]) for i in seen], ("tempered", seen.index(one.drawn))
    return Trace("one", "One draw", told, rows, chosen, symbols, columns=columns, column_word="character")


SAYS = r"Scores are divided by $\tau$: below 1 their differences grow, above 1 they shrink."


def _all(p: TextGeneration, steps: list[Step], text: str) -> Trace:
    def from_table(t: int) -> Formula:
        note = f"Of “{ALPHABET[steps[t - 1].drawn]}”. Set “Character to show” to {t} to see where it comes from."
        return given(r"p(y_t \mid h_t, \tau)", note)

    memory = np.array([_before(p), *(step.memory for step in steps)])
    read = text[len(p.start) - 1 : len(p.start) - 1 + len(steps)]
    choices = np.array([_choices(step.kept) for step in steps])
    held = Formula(r"m_t = \tanh(w \, m_{t-1} + 20 \, x_t)", "+1 for ¿, −1 for ¡: it decides which mark closes.")
    entropy = Formula(r"\exp(\sum_i p_i \ln(1 / p_i))", "The exponential of the entropy.", r"\exp(H)")
    random_number = given("u", "Drawn uniformly from 0 to 1; the seed decides.")
    chances = np.array([step.kept[step.drawn] for step in steps])
    rows = (
        Row("memory", "memory $m$", memory[1:], held, words="memory of the opening mark"),
        Row("u", "drawn $u$", np.array([step.u for step in steps]), random_number, words="random number"),
        Row("p", "its $p$", chances, from_table, words="probability of the drawn character"),
        Row("choices", "choices", choices, entropy, words="equally likely choices"),
    )
    marked = np.array([{"¿": 1.0, "¡": -1.0}.get(character, 0.0) for character in read])
    symbols: Symbols = {"m_{t-1}": memory[:-1], "x_t": marked, "w": p.w, "H": np.log(choices)}
    caption = "Each character is drawn and becomes the next input."
    return Trace(
        "all",
        "All draws",
        caption,
        rows,
        ("p", min(p.step, p.length) - 1),
        symbols,
        columns=[f"{t} · {shown(ALPHABET[step.drawn])}" for t, step in enumerate(steps, start=1)],
        column_word="character",
        follows="step",
    )


def _before(p: TextGeneration) -> float:
    """The memory before the last character of the seed text."""
    return float(marks.read(p.start[:-1], 1, p.w)[-1, -1]) if len(p.start) > 1 else 0.0


DEMO = Demo(
    __file__,
    TextGeneration,
    compute,
    None,
    shows=(sampling.temper, sampling.truncate, sampling.draw, known_end, next_p, generate, rnn.step),
)
