"""A long series in windows: a stateless RNN starts each window from zero, a stateful one carries its state on."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Formula, given, set_index
from app.demos.machine.demo import Demo, Layered
from app.demos.machine.figures import Curve, Handle, Row, Series, Spot, Symbols, Trace, Values
from app.demos.machine.numbers import fill
from app.demos.machine.parameters import Parameters, flag, number
from app.demos.machine.prediction import EXACT, Prediction, Question, Slips, first_apart, parting
from app.demos.machine.result import Result
from app.nn import rnn, windows
from app.nn.activations import TANH

PERIODS = 8


class StatefulOrStateless(Parameters):
    """Each period opens with a cue of +1 or −1. At its end, the sign of one tanh unit must still be that of the cue."""

    window: int = number(3, 1, 48, slide=(1, 24), step=1, title="Window", says="Steps in a window.")
    period: int = number(6, 2, 24, step=1, title="Period", says="Steps from one cue to the next.")
    cue: int = number(3, 1, 12, step=1, title="Cue", says="Steps that a cue lasts; shorter than the period.")
    stateful: bool = flag(False, title="Stateful", says="Whether the state is carried into the next window.")
    mixed: bool = flag(False, title="Rows mixed up", says="If stateful: windows start from another series' state.")
    W_x: float = number(0.5, -10, 10, slide=(0, 2), step=0.05, title="Input weight $W_x$", says="Of the one unit.")
    W_h: float = number(0.8, -10, 10, slide=(-2, 2), step=0.05, title="Recurrent weight $W_h$", says="Of the one unit.")
    seed: int = number(5, 0, 9999, slide=(0, 20), step=1, title="Seed", says="Draws the cues after the first.")

    @property
    def way(self) -> Literal["stateless", "stateful", "mixed"]:
        """What happens to the state between two windows."""
        return ("mixed" if self.mixed else "stateful") if self.stateful else "stateless"

    def cues(self) -> Values:
        """Each period's cue, +1 or −1, of our series and of a stranger's (2, periods). The first are +1 and −1."""
        rng = np.random.default_rng(self.seed)
        drawn = np.array([rng.choice([-1.0, 1.0], PERIODS) for _ in range(2)])
        drawn[:, 0] = 1.0, -1.0
        return drawn

    def series(self) -> Values:
        """Both series: the cues, with zeros after each (2, periods · period)."""
        steps = np.arange(self.period) < min(self.cue, self.period - 1)
        return (self.cues()[:, :, None] * steps).reshape(2, -1)

    def window_start(self, step: int) -> int:
        """The first step of the window that contains this step, both from 1."""
        return (step - 1) // self.window * self.window + 1


INHERITS: dict[str, Sequence[int] | None] = {"stateless": None, "stateful": (0, 1), "mixed": (1, 0)}


def answers(h: Values, period: int) -> Values:
    """The answers (periods) to the states (time): the sign of each period's last state, or 0."""
    return np.sign(h[period - 1 :: period])


def compute(p: StatefulOrStateless) -> Result:
    """Run the series in windows (as set, stateful and stateless) and in one run, and count the wrong answers."""
    w = rnn.RNNWeights(np.array([[p.W_x]]), np.array([[p.W_h]]), np.zeros(1))
    both, zero = p.series()[:, :, None], np.zeros((2, 1))
    x, cues = both[0, :, 0], p.cues()[0]
    runs = {way: windows.forward(both, zero, w, TANH, p.window, rows) for way, rows in INHERITS.items()}
    h, before = runs[p.way].hs[0, :, 0], runs[p.way].befores[0, :, 0]
    stateful, stateless = runs["stateful"].hs[0, :, 0], runs["stateless"].hs[0, :, 0]
    long = rnn.forward(both, zero, w, TANH)[0][0, :, 0]

    def missed(states: Values) -> int:
        return int((answers(states, p.period) != cues).sum())

    end = p.period - 1
    numbers: dict[str, float] = {
        "window": p.window,
        "period": p.period,
        "periods": PERIODS,
        "missed": missed(h),
        "missed_stateful": missed(stateful),
        "error": missed(h) / PERIODS,
        "error_stateful": missed(stateful) / PERIODS,
        "error_stateless": missed(stateless) / PERIODS,
        "h_end": float(h[end]),
        "h_stateful": float(stateful[end]),
        "h_stateless": float(stateless[end]),
        "gap": float(np.abs(h - long).max()),
        "cuts": math.ceil(len(x) / p.window) - 1,
    }
    numbers |= {f"h{t}": float(value) for t, value in enumerate(h[:12], start=1)}
    answered = _answers_trace(
        p, x, cues, {"shown": runs[p.way], "kept": runs["stateful"], "dropped": runs["stateless"]}
    )
    return Result(numbers, (_curve(p, x, h, long, numbers), answered, _steps_trace(p, x, before, h, long)))


def _caption(p: StatefulOrStateless, numbers: dict[str, float]) -> str:
    told = "Windows of {window steps}, a pattern of {period}. "
    wrong = "{missed} of {periods} answers are wrong"
    if not numbers["cuts"]:
        return told + f"One window holds the whole series: {wrong}."
    if p.way == "stateless":
        return told + f"Stateless, each window starts from 0: {wrong}. A stateful run gets {{missed_stateful}} wrong."
    if p.way == "mixed":
        return told + f"Each window starts from the state of another series. No error is raised, and {wrong}."
    return told + f"Stateful, the state differs from that of one long run by {{gap}}: {wrong}."


def _curve(p: StatefulOrStateless, x: Values, h: Values, long: Values, numbers: dict[str, float]) -> Curve:
    told = fill(_caption(p, numbers), numbers)
    label = "stateful, mixed up" if p.way == "mixed" else p.way
    series = (
        Series("h", f"state $h_t$, {label}", f"state, {label}", h),
        Series("long", "state $h_t$ in one long run", "state in one long run", long, "dashed"),
        Series("input", "input $x_t$", "input", x, "dotted"),
    )
    place = [Spot(Handle(across="window"), x=p.window, unit=1)]
    steps = np.arange(1.0, len(x) + 1)
    return Curve("states", "The state over the windows", told, "step t", "state", steps, series, places=place)


STATE = Formula(r"h_t = \tanh(W_x \, x_t + W_h \, h_{t-1})")


def _answers_trace(p: StatefulOrStateless, x: Values, cues: Values, runs: dict[str, windows.Windows]) -> Trace:
    ends = {key: run.hs[0, p.period - 1 :: p.period, 0] for key, run in runs.items()}
    answer = np.sign(ends["shown"])

    def state(key: str) -> Callable[[int], Formula]:
        def formula(k: int) -> Formula:
            last, opens = k * p.period, (k - 1) * p.period + 1
            start = p.window_start(last)
            seen = "" if start < opens + min(p.cue, p.period - 1) else "not "
            inside = (
                f"The window of step {last} starts at step {start}, and the cue at step {opens}: it is {seen}in it."
            )
            note = inside if key == "dropped" or (key == "shown" and p.way == "stateless") else ""
            values = {f"x_{{{last}}}": float(x[last - 1])}
            values[f"h_{{{last - 1}}}"] = float(runs[key].befores[0, last - 1, 0])
            return Formula(set_index(STATE.text, "t", last), note, values=values)

        return formula

    def sign(k: int) -> Formula:
        end, shown = f"h_{{{k * p.period}}}", float(ends["shown"][k - 1])
        return Formula(rf"\mathrm{{sign}}({end})", values={end: shown}, origins={end: f"shown,{k}"})

    def wrong(k: int) -> Formula:
        note = "A state of 0 has no sign: it counts as wrong." if answer[k - 1] == 0 else ""
        return Formula(r"\text{answer} \ne \text{cue}", note, r"[a \ne c]")

    def cue(k: int) -> Formula:
        return given(rf"\text{{cue}}_{{{k}}}", f"It starts at step {(k - 1) * p.period + 1}.")

    of_period = "last state of the period"
    rows = (
        Row("cue", "cue", cues, cue),
        Row("kept", "last state, stateful", ends["kept"], state("kept"), words=f"{of_period}, stateful"),
        Row("dropped", "last state, stateless", ends["dropped"], state("dropped"), words=f"{of_period}, stateless"),
        Row("shown", "last state, as set", ends["shown"], state("shown"), words=f"{of_period}, as set"),
        Row("answer", "answer, its sign", answer, sign, words="answer"),
        Row("wrong", "wrong", (answer != cues).astype(float), wrong),
    )
    symbols: Symbols = {"W_x": p.W_x, "W_h": p.W_h, "a": answer, "c": cues}
    caption = "At the end of each period the state should have the sign of the period's cue."
    columns = [f"period {k}" for k in range(1, PERIODS + 1)]
    chosen = ("shown", 0)
    return Trace("answers", "The answers", caption, rows, chosen, symbols, "", columns=columns, column_word="period")


AT_A_CUT = {
    "stateless": "A new window starts from 0.",
    "stateful": "A new window starts from the last state of the one before.",
    "mixed": "A new window starts from the last state of another series.",
}


def _steps_trace(p: StatefulOrStateless, x: Values, before: Values, h: Values, long: Values) -> Trace:
    def found(t: int) -> Formula:
        is_cut = (t - 1) % p.window == 0
        note = AT_A_CUT[p.way] if is_cut else "Within a window the state is carried from step to step."
        return given("h_{t-1}", "The series starts from 0." if t == 1 else note)

    def uncut(t: int) -> Formula:
        return replace(STATE, values={"h_{t-1}": float(long[t - 2]) if t > 1 else 0.0})

    rows = (
        Row("x", "input $x_t$", x, given("x_t", "An input: it is given.")),
        Row("before", "state before $h_{t-1}$", before, found, words="state before the step"),
        Row("h", "state $h_t$", h, STATE),
        Row("long", "in one long run", long, uncut, words="state in one long run"),
    )
    columns = [f"t = {t}" for t in range(1, len(x) + 1)]
    for window, first in enumerate(range(0, len(x), p.window), start=1):
        columns[first] = f"window {window}, {columns[first]}"
    caption = "Every step. A column that names a window is its first step."
    symbols: Symbols = {"W_x": p.W_x, "W_h": p.W_h}
    return Trace("steps", "Every step", caption, rows, ("h", p.period - 1), symbols, columns=columns)


def _instance(rng: random.Random) -> dict[str, str]:
    return {"window": str(rng.randint(3, 20)), "period": str(rng.randint(3, 10)), "cue": "1", "stateful": "0"}


def _question(p: StatefulOrStateless) -> Question:
    return Question(
        "How many of the eight periods are answered wrongly?",
        "missed",
        (
            f"stateless windows of $w = {p.window}$ steps, from the first step on; every window starts from $h = 0$",
            f"eight periods of $P = {p.period}$ steps; each starts with a cue of one step, then zeros",
            "the answer is the sign of the state after a period's last step; it is right if the cue is in that window",
        ),
    )


def _steps(p: StatefulOrStateless, result: Result) -> list[Arithmetic]:
    steps = []
    for k, wrong in enumerate(result.worked(*(f"wrong,{k}" for k in range(1, PERIODS + 1))), start=1):
        opens, start = (k - 1) * p.period + 1, p.window_start(k * p.period)
        line = rf"\text{{{k}: cue at {opens}, window from {start}}}"
        steps.append(given(line, "1 if the answer is wrong.").worked_out(wrong.result, {}))
    return [*steps, given(r"\text{wrong}", "Their sum.").worked_out(result.numbers["missed"], {})]


def _slips(p: StatefulOrStateless, result: Result) -> Slips:
    missed, cuts = result.numbers["missed"], (PERIODS * p.period - 1) // p.window
    wrong = [line.result for line in _steps(p, result)[:-1]]
    none = "A stateful network would make no mistake. Here the state is lost at every cut."
    every = "Not all: some cues and answers share a window."
    told = [
        (cuts + 1.0, parting(0, "That is the number of windows. A cut does harm only between a cue and its answer."))
    ]
    if PERIODS * p.period > math.lcm(p.window, p.period):
        told += [(float(cuts), parting(0, "That is the number of cuts. Those between two periods do no harm."))]
    return (
        *told,
        (0.0, parting(first_apart(wrong, [0.0] * PERIODS), none)),
        (float(PERIODS), parting(first_apart(wrong, [1.0] * PERIODS), every)),
        (PERIODS - missed, "That is how many are right."),
    )


def _layers(p: StatefulOrStateless) -> Layered:
    values = {"series": p.series(), "cues": p.cues()[0], "W_x": np.array([[p.W_x]]), "W_h": np.array([[p.W_h]])}
    values |= {"window": p.window, "period": p.period, "stateful": p.stateful, "mixed": p.way == "mixed"}
    return Layered(values)


DEMO = Demo(
    __file__,
    StatefulOrStateless,
    compute,
    Prediction(_instance, _question, _steps, _slips, EXACT),
    shows=(windows.forward, rnn.step, answers),
    layers=_layers,
)
