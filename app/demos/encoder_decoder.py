"""A toy translation by two networks with weights set by hand: one answers as it reads, the other reads it all first."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Formula, given
from app.demos.machine.demo import Demo
from app.demos.machine.figures import Row, Trace, Values
from app.demos.machine.numbers import fill, plain, words
from app.demos.machine.parameters import Numbers, Parameters, choice, entries, number
from app.demos.machine.result import Result
from app.demos.parts.encoder_decoder_lanes import two_lanes
from app.demos.parts.softmax_share import softmax_share
from app.nn import register, rnn
from app.nn.activations import LINEAR
from app.nn.attention import softmax

SOURCE = ("un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf")
TARGET = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
V = len(SOURCE)
SURE = 6.0  # the read-out's weight: a word that is there gets e^6 / (e^6 + 8), about 0.98
MOST_SLOTS = 12


class EncoderDecoder(Parameters):
    """A sentence of numerals, and the order in which the other language says them."""

    x: Numbers = entries(
        (3, 1, 4, 5), slide=(1, 9), step=1, title=r"Sentence $x_1 \ldots x_T$", says="Up to 12 numerals from 1 to 9."
    )
    order: Literal["same", "reverse", "last", "pairs"] = choice(
        "reverse", title="Order of the output", says="Last: the last word goes first. Pairs: neighbours swap places."
    )
    model: Literal["plain", "encoder-decoder"] = choice("plain", title="Network to show", says="For the answer table.")
    slots: int = number(MOST_SLOTS, 1, MOST_SLOTS, step=1, title="Size of the state", says="How many words it holds.")

    def misfits(self) -> Iterator[tuple[str, str, str]]:
        """Words that the toy language lacks."""
        if any(word not in range(1, V + 1) for word in self.x):
            yield "x", f"whole numbers from 1 to {V}", ",".join(plain(min(V, max(1, round(w)))) for w in self.x)

    @property
    def sources(self) -> list[int]:
        """For each output its input, both from 1."""
        T = len(self.x)
        match self.order:
            case "same":
                return list(range(1, T + 1))
            case "reverse":
                return list(range(T, 0, -1))
            case "last":
                return [T, *range(1, T)]
        return [min(t + 1, T) if t % 2 else t - 1 for t in range(1, T + 1)]


@dataclass(frozen=True)
class Translation:
    """States of the reading network, and the scores of each answer.

    Shapes: states (T, slots·V), plain (T, V), full (T, V)
    """

    states: Values
    plain: Values
    full: Values


def translate(p: EncoderDecoder) -> Translation:
    """Both networks. The plain one answers at step t from h_t alone; it is even given the best read-out for the order.

    The other hands its last state, the code, to a decoder that moves the words past the place that it reads.
    """
    T, sources = len(p.x), p.sources
    one_hot = np.eye(V)[[int(word) - 1 for word in p.x]]
    zero = np.zeros((1, p.slots * V))
    states = rnn.forward(one_hot[None], zero, register.reader(V, p.slots), LINEAR)[0][0]
    # After n words, word k is in slot n − k: the newest in slot 0. Before it is read, it is in none.
    answers = np.array([register.slot(states[t - 1], t - k, V) for t, k in enumerate(sources, start=1)])

    code, places, room = states[-1], [T - k for k in sources], max(T, p.slots)
    start = np.concatenate([code, np.zeros((room - p.slots) * V)])
    steps = rnn.forward(np.zeros((1, T, 1)), start[None], register.writer(V, room, places), LINEAR)[0][0]
    full = register.slot(np.vstack([start, steps[:-1]]), places[0], V)
    return Translation(states, SURE * answers, SURE * full)


def compute(p: EncoderDecoder) -> Result:
    """Both translations, word by word, and how sure each network is of the right one."""
    run, sources, T = translate(p), p.sources, len(p.x)
    wanted = [int(p.x[k - 1]) - 1 for k in sources]
    at = np.arange(T)
    p_plain, p_full = (softmax(scores)[at, wanted] for scores in (run.plain, run.full))
    knows_plain, knows_full = (scores[at, wanted] > 0 for scores in (run.plain, run.full))
    numbers: dict[str, float] = {"T": T, "plain_right": int(knows_plain.sum()), "right": int(knows_full.sum())}
    numbers |= {
        "plain_p": float(p_plain.prod()),
        "p": float(p_full.prod()),
        "slots": p.slots,
        "lost": max(0, T - p.slots),
    }
    for t in range(T):
        numbers |= {f"plain_p{t + 1}": float(p_plain[t]), f"p{t + 1}": float(p_full[t])}
    told = fill(_caption(numbers), numbers)
    lanes = two_lanes(
        told,
        [SOURCE[int(word) - 1] for word in p.x],
        [TARGET[w] if known else "?" for w, known in zip(wanted, knows_plain, strict=True)],
        [TARGET[w] if known else "?" for w, known in zip(wanted, knows_full, strict=True)],
    )
    needs = _needs(p, sources, p_plain, p_full, [TARGET[w] for w in wanted])
    return Result(numbers, (lanes, needs, _answers(p, run, wanted), _state(p, run.states)))


def _caption(numbers: dict[str, float]) -> str:
    if numbers["T"] == 1:
        return "There is a single word, so both networks know it: no word depends on a later one."
    rest = "the others" if numbers["plain_right"] else "them all"
    unknown = f"must guess {rest}, since it has not read their words yet"
    if numbers["lost"]:
        unknown = f"must guess {rest}: it has not read them yet or has already lost them"
    if numbers["plain_right"] == numbers["T"]:
        unknown = "needs no encoder, since no word depends on a later one"
    told = f"Answering as it reads, the plain network knows {{plain_right}} of {{T}} words and {unknown}. "
    if numbers["lost"]:
        return (
            told
            + "The encoder–decoder knows {right}: its code has room for {slots words}, so the first {lost} are lost."
        )
    return told + "The encoder–decoder reads all {T} first and knows {right}."


def _needs(p: EncoderDecoder, sources: list[int], p_plain: Values, p_full: Values, wanted: list[str]) -> Trace:
    needs, read = np.array(sources, dtype=float), np.arange(1.0, len(sources) + 1)

    def chance(found: Values, is_plain: bool) -> Callable[[int], Formula]:
        def formula(t: int) -> Formula:
            if found[t - 1] > 1 / V:
                note = f"Its word is in the state: a score of {SURE:g}, set by hand, against 0 for the {V - 1} others."
                return Formula("p(y_t)", note, r"\exp(s) / (\exp(s) + n)", {"s": SURE, "n": V - 1})
            waits = "not read yet" if is_plain and sources[t - 1] > t else "no longer in the state"
            return Formula("p(y_t)", f"Its word is {waits}: all {V} words are equally likely.", f"1 / {V}")

        return formula

    of = "$p$ of the right word"
    rows = (
        Row(
            "needs",
            "needs input",
            needs,
            lambda t: given(rf"\pi({t})", f"Output {t} translates input {sources[t - 1]}."),
            words="the input that it needs",
        ),
        Row("read", "plain has read", read, given("t", "One input at each step."), words="inputs that plain has read"),
        Row("plain", f"plain: {of}", p_plain, chance(p_plain, True), words=f"plain: {words(of)}"),
        Row("full", f"encoder–decoder: {of}", p_full, chance(p_full, False), words=f"encoder–decoder: {words(of)}"),
    )
    told = "The network can know an output only if it has read the input that the output depends on."
    columns = [f"{t} · {word}" for t, word in enumerate(wanted, start=1)]
    title, chosen = "What each output needs", ("plain", 0)
    return Trace("needs", title, told, rows, chosen, columns=columns, column_word="output", coloured=False)


def _answers(p: EncoderDecoder, run: Translation, wanted: list[int]) -> Trace:
    scores = run.plain if p.model == "plain" else run.full
    rows = [
        Row(f"y{t}", f"{t} · {TARGET[w]}", softmax(e), softmax_share(e, f"{t},"), words=f"output {t}")
        for t, (w, e) in enumerate(zip(wanted, scores, strict=True), start=1)
    ]
    who = "plain network" if p.model == "plain" else "encoder–decoder"
    told = f"The answers of the {who}: a row for each output, which sums to 1."
    return Trace("answers", "The answers", told, rows, ("y1", wanted[0]), columns=TARGET, column_word="word")


def _state(p: EncoderDecoder, states: Values) -> Trace:
    held = states.reshape(len(states), p.slots, V) @ np.arange(1.0, V + 1)

    def moved(s: int) -> Callable[[int], Formula]:
        def formula(t: int) -> Formula:
            before = float(held[t - 2, s - 2]) if t > 1 else 0.0
            note = "The word moves on by one slot: $W_h$ is a shift." if before else "No word has come this far yet."
            name, at = f"h_{{t-1,{s - 1}}}", f"s{s - 1},{t - 1}" * (t > 1)
            return Formula(f"h_{{t,{s}}} = {name}", note, values={name: before}, origins={name: at})

        return formula

    x = np.array([float(word) for word in p.x])
    rows = [Row("s1", "slot 1", held[:, 0], Formula("h_{t,1} = x_t", "The new word."))]
    rows += [Row(f"s{s}", f"slot {s}", held[:, s - 1], moved(s)) for s in range(2, min(p.slots, len(p.x)) + 1)]
    told = "What the reading network's state holds after each word, the newest on top. The last column is the code."
    columns = [f"{t} · {SOURCE[int(word) - 1]}" for t, word in enumerate(p.x, start=1)]
    return Trace("state", "What the state holds", told, rows, ("s1", 0), {"x_t": x}, columns=columns, coloured=False)


ORDERS = {
    "same": "the output keeps the order of the input",
    "reverse": "the output is the input in reverse",
    "last": "the last word comes first; the others follow in order",
    "pairs": "neighbours swap places: the first with the second, the third with the fourth, and so on",
}


DEMO = Demo(
    __file__,
    EncoderDecoder,
    compute,
    None,
    shows=(register.reader, register.writer, register.slot, rnn.step, translate),
)
