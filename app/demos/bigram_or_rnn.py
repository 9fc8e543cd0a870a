"""The next character by counting pairs and by an RNN with hand-set weights; the first mark decides the last."""

import itertools
import math
from dataclasses import replace
from functools import lru_cache
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Formula, given
from app.demos.machine.demo import Demo
from app.demos.machine.figures import Curve, Handle, Row, Series, Spot, Symbols, Trace, Values
from app.demos.machine.numbers import fill
from app.demos.machine.parameters import Parameters, choice, number, text
from app.demos.machine.result import Result
from app.demos.parts import character_marks as marks
from app.demos.parts.character_marks import ALPHABET, CLOSES, SENTENCES, SURE, shown
from app.demos.parts.text_lines import two_readers
from app.nn import ngram, rnn
from app.nn.activations import TANH

LETTERS = "".join(character for character in ALPHABET if character == " " or character.isalpha())
SHARE = Formula(r"\mathrm{count} / \mathrm{all}", written="k / n")
RUN = ("ana", "canta", "la", "luna", "sale", "el", "sol", "salta", "la", "casa")


class BigramOrRNN(Parameters):
    """The start of a sentence, and the memory of the RNN that reads it."""

    mark: Literal["¿", "¡"] = choice(
        "¿", title="The sentence starts with", says="A sentence with ¿ ends with ?, one with ¡ with !"
    )
    words: int = number(4, 1, len(RUN), step=1, title="Words after the mark", says=f"The first of: {' '.join(RUN)}.")
    own: str = text("", of=LETTERS, least=0, most=40, title="Or your own words", says=f"Only with {LETTERS.strip()}.")
    w: float = number(1.5, 0, 3, slide=(0, 2), step=0.05, title="Memory's weight $w$", says="From the unit to itself.")

    @property
    def prefix(self) -> str:
        """The text read so far."""
        return self.mark + (self.own or " ".join(RUN[: self.words]))


def predict(p: BigramOrRNN) -> tuple[Values, Values, Values]:
    """p of every next character by the pair counts alone and by the RNN, and the RNN's memory after each character.

    Shapes: bigram (V,), with_memory (V,), memory (T,)
    """
    memory = marks.read(p.prefix, 1, p.w)[:, -1]
    bigram = ngram.probabilities(marks.counted(1)[p.prefix[-1]], ALPHABET)
    return bigram, marks.share_marks(bigram, float(memory[-1])), memory


@lru_cache
def pairs_in_sentences() -> list[Values]:
    """For each sentence of the text, the bigram's p of every character except the first."""
    table = {last: ngram.probabilities(followed, ALPHABET) for last, followed in marks.counted(1).items()}
    return [
        np.array([table[last][ALPHABET.index(now)] for last, now in itertools.pairwise(sentence)])
        for sentence in SENTENCES
    ]


@lru_cache(maxsize=256)
def perplexities(w: float) -> tuple[float, float]:
    """Of both models on the text whose pairs were counted. The models differ only at closing marks."""
    longest = max(map(len, SENTENCES))
    x = np.stack([np.pad(marks.one_hot(s), ((0, longest - len(s)), (0, 0))) for s in SENTENCES])
    states, _ = rnn.forward(x, np.zeros((len(x), marks.V + 1)), marks.weights(1, w), TANH)
    plain, with_memory = pairs_in_sentences(), []
    for sentence, p, memory in zip(SENTENCES, plain, states[..., -1], strict=True):
        followed = ngram.probabilities(marks.counted(1)[sentence[-2]], ALPHABET)
        shared = marks.share_marks(followed, float(memory[len(sentence) - 2]))
        with_memory.append(np.append(p[:-1], shared[ALPHABET.index(sentence[-1])]))
    return ngram.perplexity(np.concatenate(plain)), ngram.perplexity(np.concatenate(with_memory))


def compute(p: BigramOrRNN) -> Result:
    """Both predictions after the prefix, and how long the memory of its first mark lasts."""
    bigram, with_memory, memory = predict(p)
    right = ALPHABET.index(CLOSES[p.mark])
    wrong = ALPHABET.index(next(close for mark, close in CLOSES.items() if mark != p.mark))
    sign = 1 if p.mark == "¿" else -1
    numbers: dict[str, float] = {"gap": len(p.prefix) - 1, "memory": float(memory[-1])}
    numbers |= {"bigram": float(bigram[right]), "bigram_wrong": float(bigram[wrong])}
    numbers |= {"rnn": float(with_memory[right]), "rnn_wrong": float(with_memory[wrong])}
    numbers["share"] = marks.question(sign * float(memory[-1]))
    numbers["bigram_perplexity"], numbers["rnn_perplexity"] = perplexities(p.w)
    numbers |= {f"{model}_bits": math.log2(numbers[f"{model}_perplexity"]) for model in ("bigram", "rnn")}
    numbers["units"] = marks.V + 1
    table = _next(p, bigram, with_memory, memory)
    places = [table.columns.index(close) + 1 if close in table.columns else 0 for close in CLOSES.values()]
    ends = {
        key: [
            (mark, float(model[ALPHABET.index(mark)]), f"{key},{place}" * bool(place))
            for mark, place in zip(CLOSES.values(), places, strict=True)
        ]
        for key, model in (("bigram", bigram), ("rnn", with_memory))
    }
    readers = two_readers(_told(p, numbers), p.prefix, memory.tolist(), p.w, ends)
    return Result(numbers, (readers, table, _curve(p, memory, numbers), _memory(p, memory, numbers)))


def _told(p: BigramOrRNN, numbers: dict[str, float]) -> str:
    close, other = ("?", "!") if p.mark == "¿" else ("!", "?")
    last, remembers = p.prefix[-1].replace(" ", "␣"), f"{_verdict(numbers['share'])} the mark {{gap characters}} back."
    told = f"If “{p.prefix}” ends here, it ends with “{close}”. The bigram, which sees only “{last}”, gives "
    told += f"“{close}” {{bigram}} and “{other}” {{bigram_wrong}}. The RNN gives {{rnn}} and {{rnn_wrong}}: {remembers}"
    if numbers["bigram"] == 0:
        told = (
            f"“{p.prefix}”: no sentence of the text ends after “{last}”, so the bigram gives “{close}” {{bigram}} and "
        )
        told += f"the RNN {{rnn}}{', although' if numbers['share'] >= 0.51 else ';'} {remembers}"
    return fill(told, numbers)


def _curve(p: BigramOrRNN, memory: Values, numbers: dict[str, float]) -> Curve:
    sign = 1 if p.mark == "¿" else -1
    shares = np.array([marks.question(sign * float(m)) for m in memory])
    told = fill("Of both closing marks, the RNN gives the right one {share}, and the bigram always half.", numbers)
    series = (
        Series("rnn", "RNN", "share of the right mark by the RNN", shares),
        Series("bigram", "bigram", "share of the right mark by the bigram", np.full(len(memory), 0.5), "dashed"),
    )
    weight = [Spot(Handle("w"), x=len(memory), y=float(shares[-1]))]
    x = np.arange(1.0, len(memory) + 1)
    title, share = "The first mark decides the last", "share of the right mark"
    return Curve("far", title, told, "characters read", share, x, series, places=weight, room=(0, 1))


def _verdict(share: float) -> str:
    for least, says in ((0.95, "it remembers"), (0.6, "it half remembers"), (0.51, "it has almost forgotten")):
        if share >= least:
            return says
    return "it has forgotten"


def _next(p: BigramOrRNN, bigram: Values, with_memory: Values, memory: Values) -> Trace:
    followed = marks.counted(1)[p.prefix[-1]]
    seen = [i for i, character in enumerate(ALPHABET) if followed[character]]
    total, closing = sum(followed.values()), sum(followed[close] for close in CLOSES.values())
    counts = np.array([float(followed[ALPHABET[i]]) for i in seen])

    def counted(column: int) -> Formula:
        character = ALPHABET[seen[column - 1]]
        came = f"came {total} times before another character, {followed[character]} times before “{character}”."
        return given(r"\mathrm{count}", f"“{p.prefix[-1]}” {came}")

    def remembered(column: int) -> Formula:
        character = ALPHABET[seen[column - 1]]
        if character not in CLOSES.values():
            return replace(SHARE, note="The same as for the bigram: not a closing mark.")
        note = "The counts decide whether the sentence ends, the memory $m$ decides with which mark."
        sign = "" if character == "?" else "-"
        text = rf"p(\mathrm{{close}}) \cdot \sigma({sign}2 g m)"
        return Formula(text, note, rf"c / n \cdot \sigma({sign}2 \cdot g \cdot m)", origins={"m": f"m,{len(memory)}"})

    rows = (
        Row("count", "count", counts, counted, words="how often it came next"),
        Row("bigram", "bigram $p$", bigram[seen], SHARE, words="probability by the bigram"),
        Row("rnn", "RNN $p$", with_memory[seen], remembered, words="probability by the RNN"),
    )
    symbols: Symbols = {"k": counts, "n": total, "c": closing, "g": SURE, "m": float(memory[-1])}
    told = f"What can follow “{shown(p.prefix[-1])}”; all other characters have probability 0."
    columns = [shown(ALPHABET[i]) for i in seen]
    chosen = ("rnn", columns.index(CLOSES[p.mark]) if CLOSES[p.mark] in columns else 0)
    return Trace("next", "The next character", told, rows, chosen, symbols, columns=columns, column_word="character")


def _memory(p: BigramOrRNN, memory: Values, numbers: dict[str, float]) -> Trace:
    opening = np.array([{"¿": 1.0, "¡": -1.0}.get(character, 0.0) for character in p.prefix])
    shares = np.array([marks.question(float(m)) for m in memory])
    asks = Formula(r"\sigma(2 g \, m_t)", "The output weight $g$ is 4, set by hand.", r"\sigma(2 \cdot g \cdot m_t)")
    mark, held = given("x_t", "1 for ¿, −1 for ¡, 0 for all others."), r"m_t = \tanh(w \, m_{t-1} + 20 \, x_t)"
    rows = (
        Row("mark", "mark $x_t$", opening, mark, words="opening mark: 1 or −1"),
        Row("m", "memory $m_t$", memory, held),
        Row("asks", "share of ?", shares, asks, words="share of the question mark among closing marks"),
    )
    symbols: Symbols = {"m_{t-1}": np.append(0.0, memory[:-1]), "w": p.w, "g": SURE}
    fades = "above 1 holds it" if p.w > 1 else "of at most 1 lets it fade"
    told = f"The mark sets the memory, and a recurrent weight {fades}. On the text itself, whose pairs were counted, "
    told += "the bigram has a perplexity of {bigram_perplexity}, the RNN of {rnn_perplexity}."
    told = fill(told, numbers)
    columns = [f"{t} · {shown(character)}" for t, character in enumerate(p.prefix, start=1)]
    return Trace("memory", "The memory", told, rows, ("m", 0), symbols, columns=columns, column_word="character")


DEMO = Demo(
    __file__,
    BigramOrRNN,
    compute,
    None,
    shows=(ngram.counts, ngram.probabilities, rnn.step, marks.weights, marks.share_marks, predict),
)
