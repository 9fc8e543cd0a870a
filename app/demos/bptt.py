"""The backward pass of one recurrent unit, step by step: the error on its way back, and the share of each step."""

import random
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Formula, activated, given
from app.demos.machine.demo import Demo, Layered
from app.demos.machine.figures import Curve, Row, Series, Symbols, Trace, Values, each_of
from app.demos.machine.numbers import fill, latex, short
from app.demos.machine.parameters import Numbers, Phi, Stepwise, choice, entries, number
from app.demos.machine.prediction import HUNDREDTH, Prediction, Question, Slips, parting
from app.demos.machine.result import Result
from app.demos.parts.backward import BackwardPass, backward_picture
from app.nn import bptt, rnn
from app.nn.activations import ACTIVATIONS

ANSWERS = "How much the state changes with its sum."
SLOPE = {
    "tanh": Formula("1 - h_t^2", ANSWERS),
    "sigmoid": Formula(r"h_t \, (1 - h_t)", ANSWERS),
    "relu": given(r"\varphi'(z_t)", ANSWERS),
    "linear": given(r"\varphi'(z_t)", ANSWERS),
}
NUDGE = 1e-6


class BPTT(Stepwise):
    """One unit with one input at each step. The loss is the last state, or the sum of all states."""

    x: Numbers = entries((1, 1, 1, 1, 1, 1), title=r"Inputs $x_1 \ldots x_T$", says="Up to 12, one for each step.")
    W_x: float = number(0.5, -10, 10, slide=(-2, 2), step=0.05, title="Input weight $W_x$", says="For all steps.")
    W_h: float = number(0.8, -10, 10, slide=(-2, 2), step=0.05, title="Recurrent weight $W_h$", says="For all steps.")
    phi: Phi = choice("tanh", title=r"Activation $\varphi$", says="Applied to the sum.")
    loss: Literal["last", "all"] = choice("last", title="Loss", says="The last state, or the sum of all states.")
    k: int = number(12, 1, 12, step=1, title="Truncation $k$", says="The error is cut every k steps; 12 means never.")
    step: int = number(6, 1, 12, step=1, title="Step to show", says="If there are fewer, the last.")

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
    """Run forward, send the errors back, whole and cut every k steps, and change W_h a little to check the gradient."""
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
    starts = bptt.piece_starts(T, p.k)
    into_piece = [t - max(s for s in range(t + 1) if starts[s]) for t in range(T)]
    numbers["look_back"] = float(np.average(into_piece, weights=g))
    for t in range(1, T + 1):
        numbers |= {
            f"h{t}": float(h[t - 1]),
            f"delta{t}": float(delta[0, t - 1, 0]),
            f"share{t}": float(share_h[t - 1]),
        }
    numbers |= {"h_last": numbers[f"h{T}"], "delta_last": numbers[f"delta{T}"], "share_last": numbers[f"share{T}"]}

    told, shares_told = fill(_caption(p, numbers), numbers), fill(_shares_told(numbers), numbers)
    back = BackwardPass(h, delta[0, :, 0], g, starts)
    picture = backward_picture(told, back, short(p.W_h), p.looked_at)
    lines = [Series("share", r"share $h_{t-1} \delta_t$", "share of the gradient of the recurrent weight", share_h)]
    if numbers["k"] < T:
        lines.append(Series("whole", "without the cut", "share without the cut", whole, "dashed"))
    title, steps = "Each step's share of the gradient", np.arange(1.0, T + 1)
    curve = Curve("shares", title, shares_told, "step t", "share of the gradient", steps, lines)
    slope = np.array([float(cache.phi.slope(cache.h_t)[0, 0]) for cache in caches])
    return Result(numbers, (picture, _trace(p, back, slope, share_x, share_h), curve))


def _caption(p: BPTT, numbers: dict[str, float]) -> str:
    looks = "The loss looks" if p.loss == "last" else "On average a loss looks"
    looks += " back over {look_back steps}."
    if numbers["k"] < numbers["T"]:
        told = "Cut at every step" if numbers["k"] == 1 else "Cut every {k steps}"
        told += r", $\partial L / \partial W_h$ comes out as {dW_h}; the whole gradient is {whole}. "
        return told + "The state is carried past each cut, the error is not. " + looks
    return r"$\partial L / \partial W_h$ is {dW_h}, the sum of {T shares}. Changing $W_h$ a little gives {nudge}."


def _shares_told(numbers: dict[str, float]) -> str:
    T = int(numbers["T"])
    if T == 1:
        return "There is no state before the only step, so $W_h$ multiplies 0, and its share is {share1}."
    if T == 2:
        return "Only step 2 uses $W_h$ on a state other than 0. Its share is {share2}."
    first, last = abs(numbers["share2"]), abs(numbers["share_last"])
    told = "Step {T} contributes {share_last}, step 2 {share2}. Step 1 starts at a state of 0 and contributes nothing. "
    if first == last == 0:
        return told.strip()
    if numbers["k"] < T - 1:
        return told + "No error crosses a cut."
    if last > 2 * first:
        return told + ("Distant steps hardly count." if last > 10 * first else "Recent steps count more.")
    return told + ("Distant steps count more." if first > 2 * last else "Near and distant steps count about the same.")


def _trace(p: BPTT, back: BackwardPass, slope: Values, share_x: Values, share_h: Values) -> Trace:
    T = len(back.h)
    ends = [*back.starts[1:], True]  # the steps that no error reaches from the next one
    after = np.append(back.delta[1:], 0.0)
    later = np.where(ends, 0.0, p.W_h * after)

    def own_loss(t: int) -> Formula:
        note = "The loss counts this state." if back.g[t - 1] else "No loss at this step."
        return given(r"g_t = \partial L_t / \partial h_t", note)

    def from_later(t: int) -> Formula:
        if t < T and ends[t - 1]:
            return given(r"W_h \, \delta_{t+1}", "Cut here: nothing comes from later steps.")
        return Formula(r"W_h \, \delta_{t+1}", "" if t < T else "No step follows the last one.")

    def error(t: int) -> Formula:
        if t < T and ends[t - 1]:
            note = "Cut here: the errors of later steps do not arrive."
            return Formula(r"\delta_t = g_t \, \varphi'(z_t)", note)
        note = "Two errors are added: the one made here, and the one that later steps send back."
        text = r"\delta_t = (g_t + W_h \, \delta_{t+1}) \, \varphi'(z_t)"
        return Formula(text, note, r"(g_t + \text{later}) \, \varphi'(z_t)")

    state = "h_t = " + activated(p.phi, r"W_x \, x_t + W_h \, h_{t-1}")
    added = "The shares of all steps are added up."
    of_h, of_x = Formula(r"h_{t-1} \, \delta_t", added), Formula(r"x_t \, \delta_t", added)
    weight_h, weight_x = "share of the recurrent weight", "share of the input weight"
    own = "from this step’s own loss"
    rows = (
        Row("x", "input $x_t$", np.array(p.x), given("x_t", "A given input."), group="forward", handle=each_of("x")),
        Row("h", "state $h_t$", back.h, state),
        Row("slope", r"slope $\varphi'(z_t)$", slope, SLOPE[p.phi], group="back"),
        Row("g", "own loss $g_t$", back.g, own_loss, words=own),
        Row("later", r"from later $W_h \, \delta_{t+1}$", later, from_later, words="from the step after"),
        Row("delta", r"error $\delta_t$", back.delta, error),
        Row("sh", r"share of $W_h$: $h_{t-1} \delta_t$", share_h, of_h, words=weight_h, group="shares"),
        Row("sx", r"share of $W_x$: $x_t \delta_t$", share_x, of_x, words=weight_x),
    )
    symbols: Symbols = {"W_x": p.W_x, "W_h": p.W_h, "h_{t-1}": np.append(0.0, back.h[:-1])}
    symbols |= {r"\delta_{t+1}": after, r"\text{later}": later}
    caption = "Read it from right to left: the error starts at the loss. Choose a number to see its formula."
    return Trace("trace", "The backward pass", caption, rows, ("delta", p.looked_at - 1), symbols, follows="step")


def _instance(rng: random.Random) -> dict[str, str]:
    return {
        "x": f"{rng.choice([1, 2, -1])},{rng.randint(-1, 2)},{rng.randint(-1, 2)}",
        "W_x": "1",
        "W_h": rng.choice(["0.5", "2", "3", "-0.5", "-2", "-1"]),
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
    steps = range(len(p.x), 1, -1)
    shares = {rf"h_{{{t - 1}}} \, \delta_{{{t}}}": result.numbers[f"share{t}"] for t in steps}
    total = Formula(r"\partial L / \partial W_h = \sum_t h_{t-1} \, \delta_t", "", " + ".join(shares), shares)
    cells = [f"{key},{t}" for t in steps for key in ("delta", "sh")]
    return [*result.worked(*cells), total.worked_out(result.numbers["dW_h"], {})]


def _slips(p: BPTT, result: Result) -> Slips:
    n, steps = result.numbers, range(1, len(p.x) + 1)
    errors, shifted = sum(n[f"delta{t}"] for t in steps), sum(n[f"h{t}"] * n[f"delta{t}"] for t in steps)
    return (
        (
            n["share_last"],
            "That is the share of the last step alone: the state it used was computed with the same $W_h$.",
        ),
        (n["h_last"], parting(1, "That is the loss itself, $h_T$, not its gradient.")),
        (n["delta1"], r"That is $\delta_1$, the error at the first step. The shares are $h_{t-1} \delta_t$."),
        (n["dW_x"], parting(2, r"That is $\partial L / \partial W_x$, which has $x_t$ in place of $h_{t-1}$.")),
        (errors, parting(2, r"That adds up the errors. Multiply each by $h_{t-1}$ first.")),
        (shifted, parting(2, "That uses $h_t$. The weight multiplies $h_{t-1}$.")),
    )


def _layers(p: BPTT) -> Layered:
    W_x, W_h = np.array([[p.W_x]]), np.array([[p.W_h]])
    values = {"x": np.array(p.x, dtype=float), "W_x": W_x, "W_h": W_h, "counts": p.losses(), "phi": p.phi, "k": p.k}
    return Layered(values)


DEMO = Demo(
    __file__,
    BPTT,
    compute,
    Prediction(_instance, _question, _steps, _slips, HUNDREDTH),
    shows=(bptt.deltas, bptt.shares, rnn.forward),
    layers=_layers,
)
