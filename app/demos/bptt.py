"""The backward pass of one recurrent unit, step by step: the error on its way back, and each step's share."""

import random
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Formula, activated, given
from app.demos.machine.demo import Demo
from app.demos.machine.figures import Curve, Row, Series, Symbols, Trace, Values
from app.demos.machine.numbers import fill, latex, short
from app.demos.machine.parameters import Numbers, Stepwise, choice, entries, number
from app.demos.machine.prediction import Prediction, Question, Slips, Tolerance
from app.demos.machine.result import Result
from app.demos.parts.backward import backward_picture
from app.nn import bptt, rnn
from app.nn.activations import ACTIVATIONS

SLOPE = {"tanh": "1 - h_t^2", "sigmoid": r"h_t \cdot (1 - h_t)"}
NUDGE = 1e-6


class BPTT(Stepwise):
    """One unit, one input a step. The loss is the state itself, at the last step or summed over all."""

    x: Numbers = entries((1, 1, 1, 1, 1, 1), title=r"Inputs $x_1 \ldots x_T$", says="Up to 12, one a step.")
    W_x: float = number(0.5, -10, 10, slide=(-2, 2), step=0.05, title="Input weight $W_x$", says="The same each step.")
    W_h: float = number(
        0.8, -10, 10, slide=(-2, 2), step=0.05, title="Recurrent weight $W_h$", says="The same at each step."
    )
    phi: Literal["tanh", "relu", "sigmoid", "linear"] = choice(
        "tanh", title=r"Activation $\varphi$", says="What the sum goes through."
    )
    loss: Literal["last", "all"] = choice("last", title="Loss", says="The last state, or the sum of all states.")
    k: int = number(12, 1, 12, step=1, title="Truncation $k$", says="Steps an error is followed; 12 is the whole way.")
    step: int = number(6, 1, 12, step=1, title="Step to look at", says="Past the end it means the last one.")

    def forward(self, nudge: float = 0.0) -> tuple[Values, list[rnn.Cache]]:
        """The states (T) and caches, with W_h moved by `nudge`."""
        w = rnn.RNNWeights(np.array([[self.W_x]]), np.array([[self.W_h + nudge]]), np.zeros(1))
        hs, caches = rnn.forward(np.array(self.x)[None, :, None], np.zeros((1, 1)), w, ACTIVATIONS[self.phi])
        return hs[0, :, 0], caches

    def losses(self) -> Values:
        """g_t = ∂L_t/∂h_t: 1 where a step has a loss of its own (T)."""
        g = np.ones(len(self.x))
        if self.loss == "last":
            g[:-1] = 0.0
        return g


def compute(p: BPTT) -> Result:
    """Forward, then the errors back: whole and cut after k, and a nudge of W_h to see what the gradient should be."""
    h, caches = p.forward()
    g, T = p.losses(), len(p.x)
    delta = bptt.deltas(g[None, :, None], caches, p.k)
    share_x, share_h, _ = (share.reshape(T) for share in bptt.shares(delta, caches))
    whole = bptt.shares(bptt.deltas(g[None, :, None], caches, T), caches)[1].reshape(T)
    up, down = (float(g @ p.forward(sign * NUDGE)[0]) for sign in (1, -1))

    numbers: dict[str, float] = {"T": T, "k": min(p.k, T), "at": p.looked_at, "loss": float(g @ h)}
    numbers |= {"dW_h": float(share_h.sum()), "dW_x": float(share_x.sum()), "whole": float(whole.sum())}
    numbers["nudge"] = (up - down) / (2 * NUDGE)
    numbers["kept"] = numbers["dW_h"] / numbers["whole"] if numbers["whole"] else 1.0
    by_name = {"h": h, "delta": delta[0, :, 0], "share": share_h}
    numbers |= {f"{name}{t + 1}": float(values[t]) for t in range(T) for name, values in by_name.items()}
    numbers |= {"h_last": numbers[f"h{T}"], "delta_last": numbers[f"delta{T}"], "share_last": numbers[f"share{T}"]}

    told = fill(_caption(p, numbers), numbers)
    starts = bptt.piece_starts(T, p.k)
    picture = backward_picture(told, h, delta[0, :, 0], g, starts, short(p.W_h), p.looked_at)
    shares_told = fill(_shares_told(numbers), numbers)
    series = [Series("share", r"share $h_{t-1} \delta_t$", "share of the gradient of the recurrent weight", share_h)]
    if numbers["k"] < T:
        series.append(Series("whole", "without the cut", "share without the cut", whole, "dashed"))
    curve = Curve(
        "shares",
        "Each step's share of the gradient",
        shares_told,
        "step t",
        "share of the gradient",
        np.arange(1.0, T + 1),
        series,
    )
    slope = np.array([float(cache.phi.slope(cache.h_t)[0, 0]) for cache in caches])
    return Result(numbers, (picture, _trace(p, h, slope, g, delta[0, :, 0], starts, (share_x, share_h)), curve))


def _caption(p: BPTT, numbers: dict[str, float]) -> str:
    steps = "1 step has its share" if numbers["T"] == 1 else "{T} steps have their shares"
    if numbers["k"] < numbers["T"]:
        return (
            r"Cut every {k} steps, $\partial L / \partial W_h$ comes out as {dW_h}, where the whole is {whole}. "
            "The state still runs through; only the error stops."
        )
    return (
        rf"$\partial L / \partial W_h$ is {{dW_h}}: {steps}, added up. Nudging $W_h$ and running anew says {{nudge}}."
    )


def _shares_told(numbers: dict[str, float]) -> str:
    T = int(numbers["T"])
    if T == 1:
        return "Before the one step there is no state, so $W_h$ had nothing to carry: {share1}."
    if T == 2:
        return "Step 2 alone used $W_h$ on a state: its share is {share2}. Step 1 started from 0."
    first, last = abs(numbers["share2"]), abs(numbers["share_last"])
    told = "Step {T} puts in {share_last}, step 2 {share2}; step 1 started from 0 and puts in nothing. "
    if numbers["k"] < T - 1:
        return told + "What lies beyond a cut is not heard."
    if last > 2 * first:
        return told + ("What lies far back hardly counts." if last > 10 * first else "The near past counts more.")
    return told + ("The far past counts more." if first > 2 * last else "Near and far are heard alike.")


def _trace(
    p: BPTT, h: Values, slope: Values, g: Values, delta: Values, starts: list[bool], shares: tuple[Values, Values]
) -> Trace:
    T = len(h)
    after = np.append(delta[1:], 0.0)
    is_cut = [t < T and starts[t] for t in range(1, T + 1)]  # between step t and the next

    def own(t: int) -> Formula:
        note = "The loss counts this state." if g[t - 1] else "No loss at this step."
        return given(r"g_t = \partial L_t / \partial h_t", note)

    def later(t: int) -> Formula:
        if is_cut[t - 1]:
            return given(r"W_h \, \delta_{t+1}", "Cut here: nothing comes from later steps.")
        return Formula(r"W_h \, \delta_{t+1}", "" if t < T else "After the last step there is none.")

    def error(t: int) -> Formula:
        if is_cut[t - 1]:
            note = "Cut here: what later steps blame on this state is not heard."
            return Formula(r"\delta_t = g_t \, \varphi'(z_t)", note)
        note = "Two streams meet: the error made here, and what later steps blame on this state."
        return Formula(r"\delta_t = (g_t + W_h \, \delta_{t+1}) \, \varphi'(z_t)", note)

    answers, added = "How much the state answers to its sum.", "All steps' shares are added up."
    own_slope = Formula(SLOPE[p.phi], answers) if p.phi in SLOPE else given(r"\varphi'(z_t)", answers)
    summed = r"W_x \, x_t + W_h \, h_{t-1}"
    rows = (
        Row("x", "input $x_t$", np.array(p.x), given("x_t", "An input: it is given."), group="forward"),
        Row("h", "state $h_t$", h, f"h_t = {activated(p.phi, summed)}"),
        Row("slope", r"slope $\varphi'(z_t)$", slope, own_slope, group="back"),
        Row("g", "own loss $g_t$", g, own, words="from this step's own loss"),
        Row(
            "later",
            r"from later $W_h \, \delta_{t+1}$",
            np.append(np.where(is_cut[:-1], 0.0, p.W_h * delta[1:]), 0.0),
            later,
            words="from the step after",
        ),
        Row("delta", r"error $\delta_t$", delta, error),
        Row(
            "sh",
            r"share of $W_h$: $h_{t-1} \delta_t$",
            shares[1],
            Formula(r"h_{t-1} \, \delta_t", added),
            words="share of the recurrent weight",
            group="shares",
        ),
        Row(
            "sx",
            r"share of $W_x$: $x_t \delta_t$",
            shares[0],
            Formula(r"x_t \, \delta_t", added),
            words="share of the input weight",
        ),
    )
    symbols: Symbols = {"W_x": p.W_x, "W_h": p.W_h, "h_{t-1}": np.append(0.0, h[:-1]), r"\delta_{t+1}": after}
    caption = "Read it from right to left: the error starts at the loss. Choose a number to see where it comes from."
    chosen = ("delta", p.looked_at - 1)
    return Trace("trace", "The backward pass", caption, rows, chosen, symbols, follows="step")


def _instance(rng: random.Random) -> dict[str, str]:
    return {
        "x": rng.choice(["1,0,0", "1,1,1", "2,0,0", "1,1", "1,2,0"]),
        "W_x": "1",
        "W_h": rng.choice(["0.5", "2", "3", "-0.5", "-2"]),
        "phi": "linear",
    }


def _question(p: BPTT) -> Question:
    return Question(
        rf"With $L = h_{{{len(p.x)}}}$, what is $\partial L / \partial W_h$?",
        "dW_h",
        (
            rf"one linear unit: $h_t = x_t + W_h h_{{t-1}}$, with $h_0 = 0$ and $W_h = {latex(p.W_h)}$",
            r"$x = " + r",\; ".join(map(latex, p.x)) + "$",
        ),
    )


def _steps(p: BPTT, result: Result) -> list[Arithmetic]:
    T = len(p.x)
    steps = result.worked(*(f"{row},{t}" for t in range(T, 1, -1) for row in ("delta", "sh")))
    shares = {f"s_{{{t}}}": result.numbers[f"share{t}"] for t in range(T, 1, -1)}
    whole = Formula(
        r"\partial L / \partial W_h = \sum_t h_{t-1} \, \delta_t", written=" + ".join(shares), values=shares
    )
    return [*steps, whole.worked_out(result.numbers["dW_h"], {})]


def _slips(p: BPTT, result: Result) -> Slips:
    n, steps = result.numbers, range(1, len(p.x) + 1)
    errors, shifted = sum(n[f"delta{t}"] for t in steps), sum(n[f"h{t}"] * n[f"delta{t}"] for t in steps)
    return (
        (n["share_last"], "That is the last step's share alone: the state it used was made with the same $W_h$."),
        (n["h_last"], "That is the loss itself, $h_T$."),
        (n["delta1"], r"That is $\delta_1$, the error at the first step: the shares are $h_{t-1} \delta_t$."),
        (n["dW_x"], r"That is $\partial L / \partial W_x$: it takes $x_t$ where $W_h$ takes $h_{t-1}$."),
        (errors, r"That adds up the errors: each is multiplied by $h_{t-1}$."),
        (shifted, "That takes $h_t$; the weight was used on $h_{t-1}$."),
    )


DEMO = Demo(
    __file__,
    BPTT,
    compute,
    Prediction(_instance, _question, _steps, _slips, Tolerance(near=0.01, why="two decimals are enough")),
    shows=(bptt.deltas, bptt.shares, rnn.forward),
    miniature="backward",
)
