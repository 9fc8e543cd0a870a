"""How much of a gradient is left, step by step back in time: vanishing, exploding, and what gates change."""

import math
import random
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Formula, given
from app.demos.machine.demo import Demo, Layered
from app.demos.machine.figures import Curve, Handle, Noted, Row, Series, Spot, Symbols, Trace, Values
from app.demos.machine.numbers import fill, latex, show
from app.demos.machine.parameters import Parameters, Phi, choice, number
from app.demos.machine.prediction import Prediction, Question, Slips, Tolerance, parting
from app.demos.machine.result import Result
from app.nn import gru, jacobian, lstm, rnn
from app.nn.activations import ACTIVATIONS
from app.nn.framework import NO_RESET_BEFORE
from app.nn.initialise import orthogonal

FLOAT32_MOST = float(np.finfo(np.float32).max)
FLOAT64_LEAST = float(np.finfo(np.float64).tiny)


class GradientFlow(Parameters):
    """One recurrent layer whose recurrent weights are `gain` times a random orthogonal matrix, in every gate."""

    cell: Literal["rnn", "lstm", "gru"] = choice("rnn", title="Cell", says="A plain RNN, or one with gates.")
    steps: int = number(50, 1, 200, step=1, title="Steps $T$", says="How far back the gradient travels.")
    gain: float = number(
        0.9, 0, 50, slide=(0, 2.5), step=0.05, title=r"Gain $\sigma_1(W_h)$", says="Size of the recurrent weights."
    )
    beside: float = number(
        1.1, 0, 50, slide=(0, 2.5), step=0.05, title="Second gain", says="Of a plain RNN to compare with; 0: none."
    )
    phi: Phi = choice("tanh", title=r"Activation $\varphi$", says="For the plain RNN; LSTM and GRU have their own.")
    forget_bias: float = number(
        1, -10, 10, slide=(-4, 8), step=0.25, title="Forget bias", says="Of the LSTM's forget or GRU's update gate."
    )
    input: float = number(
        0, 0, 10, slide=(0, 3), step=0.1, title="Size of the inputs", says="Standard deviation; at 0 the state rests."
    )
    units: int = number(8, 1, 16, step=1, title="Units", says="How many numbers the state has.")
    seed: int = number(0, 0, 9999, slide=(0, 20), step=1, title="Seed", says="Draws the weights and the inputs.")

    @property
    def idle(self) -> frozenset[str]:
        """A plain RNN has no forget bias; the other cells have their own functions, and are not compared."""
        return frozenset({"forget_bias"} if self.cell == "rnn" else {"phi", "beside"})

    @property
    def compares(self) -> bool:
        """True if there is a second plain RNN, of another gain."""
        return self.beside not in (0, self.gain) and "beside" not in self.idle


@dataclass(frozen=True)
class Flow:
    """The states of a forward pass, and the gradient on its way back from T.

    `left` are the norms of ∂h_T/∂h_t for t from 0 to T, `most_per_step` the largest singular value of each step's
    Jacobian, `bound` their products. `direct` is the path through the gates alone; a plain RNN has none. `cells` is
    the norm of an LSTM's ∂c_T/∂c_0, over all paths.

    Shapes: states (T, h), left (T+1), most_per_step (T), bound (T+1), direct (T+1)
    """

    states: Values
    left: Values
    most_per_step: Values
    bound: Values
    direct: Values | None
    cells: float | None = None


@lru_cache(maxsize=64)
def draw(seed: int, units: int, gates: int) -> tuple[Values, Values]:
    """W_xh and W_hh (h, gates · h): each gate's block is orthogonal, not scaled by the gain."""
    rng = np.random.default_rng(seed)
    W_xh, W_hh = (np.hstack([orthogonal(rng, units) for _ in range(gates)]) for _ in range(2))
    return W_xh, W_hh


def run_cell(p: GradientFlow) -> Flow:
    """Run the cell forward, then multiply its Jacobians back from T.

    For the LSTM, `left` measures the block ∂h_T/∂h_t of ∂(h, c)_T/∂(h, c)_t, which includes the paths through the cell.
    """
    h, T = p.units, p.steps
    x = np.random.default_rng([p.seed, 1]).standard_normal((1, T, h)) * p.input
    zero = np.zeros((1, h))
    if p.cell == "rnn":
        W_xh, W_hh = draw(p.seed, h, 1)
        w = rnn.RNNWeights(W_xh, p.gain * W_hh, np.zeros(h))
        states, caches = rnn.forward(x, zero, w, ACTIVATIONS[p.phi])
        bound = jacobian.rnn_bound(w, ACTIVATIONS[p.phi], T)
        # J_t is diag(φ′) times gain times an orthogonal matrix, so σ₁ needs no decomposition. Where all units have the
        # same slope, as at rest, the product is a multiple of an orthogonal matrix too.
        slopes = ACTIVATIONS[p.phi].slope(states[0])
        most = p.gain * slopes.max(axis=1)
        if (slopes == slopes[:, :1]).all():
            left = np.append(np.cumprod(most[::-1])[::-1], 1.0)
        else:
            left = _left(jacobian.jacobians(rnn.step_jacobian, caches), h)
        return Flow(states[0], left, most, bound, None)
    if p.cell == "lstm":
        W_xh, W_hh = draw(p.seed, h, 4)
        b = np.zeros(4 * h)
        b[h : 2 * h] = p.forget_bias
        (states, _), gates = lstm.forward(x, (zero, zero), lstm.LSTMWeights(W_xh, p.gain * W_hh, b))
        J = jacobian.jacobians(lstm.step_jacobian, gates)
        kept = np.stack([gate.f for gate in gates], axis=1)
    else:
        W_xh, W_hh = draw(p.seed, h, 3)
        b = np.zeros(3 * h)
        b[:h] = p.forget_bias
        states, steps = gru.forward(x, zero, gru.GRUWeights(W_xh, p.gain * W_hh, b))
        J = jacobian.jacobians(gru.step_jacobian, steps)
        kept = np.stack([step.z for step in steps], axis=1)
    most = jacobian.spectral_norms(J)[0]
    bound = np.append(np.cumprod(most[::-1])[::-1], 1.0)
    cells = None
    if p.cell == "lstm":
        cells = float(jacobian.spectral_norms(jacobian.products(J)[:, :1, h:, h:])[0, 0])
    return Flow(states[0], _left(J, h), most, bound, jacobian.cell_path(kept)[0].max(axis=1), cells)


def _left(J: Values, h: int) -> Values:
    products = jacobian.products(J)[..., :h, :h]
    norms: Values = jacobian.spectral_norms(products)[0]
    return norms


def compute(p: GradientFlow) -> Result:
    """Norms of ∂h_T/∂h_t for every t, their bound, and what one step passes on average."""
    flow = run_cell(p)
    ratio = float(flow.left[0])
    per_step = ratio ** (1 / p.steps) if math.isfinite(ratio) else ratio
    numbers: dict[str, float] = {"T": p.steps, "ratio": ratio, "per_step": per_step, "bound": float(flow.bound[0])}
    # A gradient that shrinks has a half-life; one that grows has a time in which it doubles.
    numbers["half_life"] = _steps_until(0.5, per_step)
    numbers["doubling"] = _steps_until(2.0, per_step)
    if flow.direct is not None:
        numbers["cell_ratio"] = float(flow.direct[0])
    if flow.cells is not None:
        numbers["cell_whole"] = flow.cells

    numbers |= _ends(p, flow)

    warnings = _warnings(p, numbers)
    other = _left_beside(p.model_copy(update={"gain": p.beside})) if p.compares else None
    if other is not None:
        numbers |= _beside(p, float(other[0]))
    told = fill(_verdict(numbers) + _second(numbers), numbers)
    series = [Series("left", LEFT, "gradient left", flow.left)]
    if other is not None:
        series.append(
            Series(
                "beside", f"compared with a gain of {show(p.beside)}", "gradient left of the RNN to compare with", other
            )
        )
    if not np.allclose(flow.bound, flow.left, rtol=1e-6, atol=0):  # at rest they are one line
        series.append(Series("bound", BOUND[p.cell == "rnn"], "bound", flow.bound, "dashed"))
    if flow.direct is not None:
        series.append(Series("direct", DIRECT[p.cell], "direct path through the gates", flow.direct, "dotted"))
    title, steps = "The gradient on its way back", np.arange(p.steps + 1.0)
    places = [Spot(Handle("gain"), x=0, y=float(flow.left[0]))]
    if other is not None:
        places.append(Spot(Handle("beside"), x=0, y=float(other[0])))
    noted = _noted(p.steps, numbers)
    curve = Curve("flow", title, told, "step t", "gradient left", steps, series, True, places, noted=noted)
    return Result(numbers, (curve, _trace(p, flow)), warnings, NO_RESET_BEFORE * (p.cell == "gru"))


@lru_cache(maxsize=64)
def _left_beside(p: GradientFlow) -> Values:
    """What is left of the gradient; cached, because it stays the same while a slider moves the other gain."""
    return run_cell(p).left


def _beside(p: GradientFlow, ratio: float) -> dict[str, float]:
    """The numbers of the second plain RNN, of whose gradient `ratio` is left."""
    per_step = ratio ** (1 / p.steps) if math.isfinite(ratio) else ratio
    times = {"beside_half_life": _steps_until(0.5, per_step), "beside_doubling": _steps_until(2.0, per_step)}
    return {"beside": p.beside, "beside_ratio": ratio} | times


def _noted(T: int, numbers: dict[str, float]) -> list[Noted]:
    """Where half of a gradient is gone, and where it has doubled."""
    found = []
    for name in ("", "beside_"):
        for kind, share, says in (("half_life", 0.5, "half gone"), ("doubling", 2.0, "doubled")):
            back = numbers.get(name + kind, math.inf)
            if 0 < back <= T:
                found.append(Noted(T - back, share, f"{says} after {show(round(back, 1))} steps", share > 1))
    return found


def _second(numbers: dict[str, float]) -> str:
    if "beside" not in numbers:
        return ""
    grown = numbers["beside_ratio"] >= 1
    return " With the second gain, {beside}, " + (
        "it becomes {beside_ratio} times as large." if grown else "{beside_ratio} of it is left."
    )


LEFT = r"$\lVert \partial h_T / \partial h_t \rVert$"
BOUND = {True: r"bound $(\gamma \sigma_1)^{T-t}$", False: r"bound $\prod \sigma_1(J_k)$"}
DIRECT = {"lstm": r"direct path $\prod f_k$", "gru": r"direct path $\prod z_k$"}


def _steps_until(share: float, per_step: float) -> float:
    """The k with per_step^k = share; infinite if no number of steps gets there."""
    if per_step == 0 or math.isinf(per_step):
        return 0.0 if (per_step == 0) == (share < 1) else math.inf
    growth = math.log(per_step)
    return math.log(share) / growth if growth * math.log(share) > 0 else math.inf


VERDICTS = ((100, "It explodes"), (2, "It grows"), (0.5, "It holds"), (0.01, "It fades"), (0, "It vanishes"))


def _verdict(numbers: dict[str, float]) -> str:
    ratio = numbers["ratio"]
    back = "{T steps} back"
    if not math.isfinite(ratio):
        return f"It explodes: {back} the gradient is beyond what a number can hold."
    rate = "; it halves every {half_life steps}" if numbers["per_step"] < 1 else ""
    rate = "; it doubles every {doubling steps}" if numbers["per_step"] > 1 else rate
    name = next(name for least, name in VERDICTS if ratio >= least)
    rate = rate if numbers["per_step"] and abs(numbers["per_step"] - 1) > 1e-9 else ""
    left = "{ratio} of the gradient is left" if ratio <= 1 else "the gradient is {ratio} times what it was"
    left = "the gradient has grown {ratio}-fold" if ratio >= 2 else left
    return f"{name}: {back} {left}. A step passes {{per_step}} on average{rate}."


def _never_starts(p: GradientFlow) -> bool:
    return p.cell == "rnn" and p.phi == "relu" and p.input == 0


def _ends(p: GradientFlow, flow: Flow) -> dict[str, float]:
    """The steps at which the state or the gradient overflowed, or the gradient underflowed."""
    found: dict[str, float] = {}
    if not np.isfinite(flow.states).all():
        found["state_overflow_at"] = int(np.argmin(np.isfinite(flow.states).all(axis=1))) + 1
    if not np.isfinite(flow.left).all():
        found["overflow_at"] = int(np.flatnonzero(~np.isfinite(flow.left)).max())
    elif (large := np.flatnonzero(flow.left > FLOAT32_MOST)).size:
        found["float32_overflow_at"] = int(large.max())
    if (gone := np.flatnonzero(flow.left == 0)).size and p.gain > 0 and not _never_starts(p):
        found["underflow_at"] = int(gone.max())
    return found


def _warnings(p: GradientFlow, numbers: dict[str, float]) -> list[str]:
    """Warnings of what overflowed or underflowed, and at which step, and of chaotic states."""
    told = []
    if "state_overflow_at" in numbers:
        told.append("The state overflowed at step {state_overflow_at}.")
    if "overflow_at" in numbers:
        told.append("The gradient overflowed at step {overflow_at}, counted from the start.")
    elif "float32_overflow_at" in numbers:
        told.append("In float32, as in training, it would have overflowed at step {float32_overflow_at}.")
    if _never_starts(p):
        told.append("With inputs of size 0 every ReLU sits at 0, where its slope is 0: give it inputs.")
    elif "underflow_at" in numbers:
        told.append("At step {underflow_at} and earlier the gradient is too small for a float64: exactly 0.")
    if p.gain > 1 and p.input > 0 and (p.cell != "rnn" or p.phi in ("tanh", "sigmoid")):
        told.append("Such strong feedback can be chaotic: on another machine the digits may differ.")
    return [fill(warning, numbers) for warning in told]


def _trace(p: GradientFlow, flow: Flow) -> Trace:
    before, after = flow.left[:-1], flow.left[1:]
    passed = np.where(after == 0, 0.0, before / np.where(after == 0, 1.0, after))
    earlier, later = r"\lVert \partial h_T / \partial h_{t-1} \rVert", r"\lVert \partial h_T / \partial h_t \rVert"
    size = 2 * p.units if p.cell == "lstm" else p.units

    what = f"The most that this step can pass: the largest singular value of its {size} × {size} Jacobian."
    ratio = Formula(f"{earlier} / {later}", "The share of the incoming gradient that this step passes on.")
    no_ratio = given(f"{earlier} / {later}", "Nothing, or almost nothing, arrives at this step.")
    times = rf"{earlier} = \text{{passed}}_t \cdot {later}"
    product = Formula(times, "What is left once this step has passed its share on.")
    no_product = given(earlier, "The gradient is beyond what a number can hold.")

    def share(t: int) -> Formula:  # 0 / 0 is not a number, and what is nearly 0 has lost its digits
        return no_ratio if after[t - 1] < FLOAT64_LEAST else ratio

    def left(t: int) -> Formula:  # the share of ∞ is not known
        return no_product if math.isinf(after[t - 1]) else product

    bound = Formula(r"\sigma_1(J_t) \cdot \text{bound}_t")
    if p.cell == "rnn":
        bound = Formula(r"(\gamma \, \sigma_1(W_h))^{T-t+1}", "γ is the largest slope of φ.")
    symbols: Symbols = {earlier: before, later: after, r"\text{passed}_t": passed, r"\text{bound}_t": flow.bound[1:]}
    symbols |= {
        r"\gamma": ACTIVATIONS[p.phi].gamma,
        r"\sigma_1(W_h)": p.gain,
        "T-t+1": np.arange(float(p.steps), 0, -1),
    }
    rows = (
        Row(
            "most",
            r"at most $\sigma_1(J_t)$",
            flow.most_per_step,
            given(r"\sigma_1(J_t)", what),
            words="most that the step can pass",
        ),
        Row("passed", "passed on", passed, share, words="share passed on"),
        Row("left", rf"left ${earlier}$", before, left, words="gradient left"),
        Row("bound", "bound", flow.bound[:-1], bound),
    )
    caption = "Each column is one step back, from $h_t$ to $h_{t-1}$. The product of the shares is what is left."
    return Trace("steps", "What each step passes", caption, rows, ("left", 0), symbols)


def _instance(rng: random.Random) -> dict[str, str]:
    return {
        "steps": str(rng.choice([10, 15, 20, 30, 40, 50, 60, 80, 100])),
        "gain": str(rng.choice([0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.05, 1.1, 1.2, 1.5, 2])),
        "phi": rng.choice(["linear", "tanh"]),
        "units": "8",
    }


def _question(p: GradientFlow) -> Question:
    return Question(
        rf"How much of the gradient is left {p.steps} steps back, $\lVert \partial h_T / \partial h_0 \rVert$?",
        "ratio",
        (
            f"a plain RNN, {p.phi}, with inputs of 0, so that the state stays at 0, where the slope is 1",
            f"$W_h$ is {latex(p.gain)} times an orthogonal matrix, which keeps every length",
        ),
    )


def _steps(p: GradientFlow, result: Result) -> list[Arithmetic]:
    one_back = given(r"\lVert \partial h_T / \partial h_{T-1} \rVert = g", "One step back:")
    all_back = Formula(
        r"\lVert \partial h_T / \partial h_0 \rVert = g^T", f"{p.steps} back:", "g^{T}", {"g": p.gain, "T": p.steps}
    )
    return [one_back.worked_out(p.gain, {}), all_back.worked_out(result.numbers["ratio"], {})]


def _slips(p: GradientFlow, result: Result) -> Slips:
    g, T = p.gain, p.steps
    return [
        (g * T, parting(2, "That is $g \\cdot T$: steps multiply, they do not add.")),
        (1 - T * (1 - g), parting(2, "That subtracts the same amount at every step; each step keeps the same share.")),
        (g, parting(2, "That is one step back only: every further step multiplies again.")),
        (g ** (T / 2), parting(2, "That is the square root: half of the steps.")),
        (1.0, parting(1, "An orthogonal matrix alone would keep it, but this one is scaled by $g$.")),
    ]


def _layers(p: GradientFlow) -> Layered:
    gates = {"rnn": 1, "lstm": 4, "gru": 3}[p.cell]
    W_x, turn = draw(p.seed, p.units, gates)
    b = np.zeros(gates * p.units)
    if p.cell != "rnn":
        b[p.units * (p.cell == "lstm") :][: p.units] = p.forget_bias
    values = {"cell": p.cell, "W_x": W_x, "turn": turn, "b": b, "gain": p.gain, "phi": p.phi, "units": p.units}
    values |= {"steps": p.steps, "size": p.input, "seed": p.seed, "beside": p.beside if p.compares else 0}
    return Layered(values, NO_RESET_BEFORE * (p.cell == "gru"))


DEMO = Demo(
    __file__,
    GradientFlow,
    compute,
    Prediction(_instance, _question, _steps, _slips, Tolerance(times=2)),
    shows=(jacobian.products, jacobian.spectral_norms, jacobian.rnn_bound, rnn.step_jacobian),
    layers=_layers,
)
