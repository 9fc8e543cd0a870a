"""How initial weights decide what is left of a signal and a gradient, and how Keras and PyTorch draw a layer's."""

import math
import random
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Formula, given
from app.demos.machine.demo import Demo
from app.demos.machine.figures import Curve, Handle, Row, Series, Spot, Symbols, Trace, Values
from app.demos.machine.numbers import fill, show
from app.demos.machine.parameters import InFramework, Phi, choice, flag, number
from app.demos.machine.prediction import Prediction, Question, Slips, Tolerance, parting
from app.demos.machine.result import Result
from app.nn import initialise, signal
from app.nn.activations import ACTIVATIONS
from app.nn.framework import BLOCKS, NAMES, Cell, Framework, Start, start

BATCH = 32
FLAT = 0.05  # a slope below this counts as saturated or dead


class Initialisation(InFramework):
    """A stack of layers of equal width, on random inputs with a standard deviation of 1."""

    scheme: Literal["glorot", "he", "orthogonal", "identity", "framework"] = choice(
        "glorot", title="Initial weights", says="Glorot is also called Xavier. Framework: as its layer draws them."
    )
    cell: Cell = choice("lstm", title="Layer", says="Whose weights the framework draws.")
    gain: float = number(1, 0, 100, slide=(0, 3), step=0.05, title="Extra gain", says="Multiplies every weight.")
    phi: Phi = choice("tanh", title=r"Activation $\varphi$", says="Of every layer.")
    layers: int = number(20, 1, 30, step=1, title="Layers", says="Or steps in time.")
    shared: bool = flag(False, title="The same matrix again", says="As in an RNN, from the second layer on.")
    units: int = number(64, 1, 100, step=1, title="Units", says="Of each layer: the fan-out of the first.")
    inputs: int = number(64, 1, 512, slide=(1, 128), step=1, title="Inputs", says="The fan-in of the first layer.")
    seed: int = number(0, 0, 9999, slide=(0, 20), step=1, title="Seed", says="Draws the weights and the inputs.")


def identity(_: np.random.Generator, fan_in: int, fan_out: int) -> Values:
    """Ones on the diagonal."""
    return np.eye(fan_in, fan_out)


DRAW = {
    "glorot": initialise.glorot_uniform,
    "he": initialise.he_normal,
    "orthogonal": initialise.semi_orthogonal,
    "identity": identity,
}


def rule(p: Initialisation, layer: int) -> tuple[str, float]:
    """The mean square of a weight of this layer (from 1), by the scheme's paper or the framework: formula and value."""
    n, h, k = p.inputs if layer == 1 else p.units, p.units, len(BLOCKS[p.framework][p.cell])
    wide = rf"{k} \cdot h" if k > 1 else "h"
    match p.scheme:
        case "glorot":
            return "2 / (n + h)", 2 / (n + h)
        case "he":
            return "2 / n", 2 / n
        case "framework" if p.framework == "pytorch":
            return r"1 / (3 \cdot h)", 1 / (3 * h)
        case "framework" if layer == 1:
            return f"2 / (n + {wide})", 2 / (n + k * h)
        case "framework":
            return f"1 / ({wide})", 1 / (k * h)
    return r"1 / \max(n, h)", 1 / max(n, h)  # identity: min(n, h) ones among n·h entries


Key = tuple[str, Framework, Cell]
CANDIDATE: dict[Cell, str] = {"rnn": "h", "lstm": "g", "gru": "n"}


@lru_cache(maxsize=16)
def draw(key: Key, fans: tuple[int, ...], shared: bool, seed: int) -> tuple[Values, ...]:
    """The matrices of all layers, not scaled by the gain: (fans[l], fans[l + 1]) for each layer l.

    The key is the scheme, and the framework and cell whose candidate's weights "framework" draws. With `shared`, all
    layers after the first have the same matrix; their fans must be equal.
    """
    rng = np.random.default_rng(seed)
    first, *rest = pairwise(fans)
    scheme, framework, cell = key

    def drawn(fan_in: int, fan_out: int, *, is_first: bool = False) -> Values:
        if scheme != "framework":
            return DRAW[scheme](rng, fan_in, fan_out)
        made = start(rng, framework, cell, fan_in, fan_out)
        at = BLOCKS[framework][cell].index(CANDIDATE[cell]) * fan_out
        return (made.W_xh if is_first else made.W_hh)[:, at : at + fan_out]

    one = drawn(*first, is_first=True)
    if shared and rest:
        return (one, *[drawn(*rest[0])] * len(rest))
    return (one, *(drawn(*pair) for pair in rest))


@lru_cache(maxsize=16)
def drawn_start(framework: Framework, cell: Cell, n: int, h: int, seed: int) -> tuple[Start, Values]:
    """A new layer's weights, and the singular values of each block of its recurrent ones: (blocks, h)."""
    made = start(np.random.default_rng([seed, 2]), framework, cell, n, h)
    blocks = made.W_hh.reshape(h, -1, h).swapaxes(0, 1)
    return made, np.array(np.linalg.svd(blocks, compute_uv=False), dtype=float)


def compute(p: Initialisation) -> Result:
    """Send random inputs forward and a random gradient back; measure both at every layer."""
    phi, rng = ACTIVATIONS[p.phi], np.random.default_rng([p.seed, 1])
    fans = (p.inputs, *[p.units] * p.layers)
    weights = [p.gain * W for W in draw((p.scheme, p.framework, p.cell), fans, p.shared, p.seed)]
    x = rng.standard_normal((BATCH, p.inputs))
    zs, outputs = signal.forward(x, weights, phi)
    das = signal.backward(rng.standard_normal((BATCH, p.units)), outputs, weights, phi)

    rules = [p.gain * math.sqrt(rule(p, layer)[1]) for layer in range(1, p.layers + 1)]
    values = {
        "rule": np.array(rules),
        "weight": np.array([signal.spread(W) for W in weights]),
        "z": np.array([signal.spread(z) for z in zs]),
        "a": np.array([signal.spread(a) for a in outputs]),
        "grad": np.array([signal.spread(da) for da in das]) / signal.spread(das[-1]),
        "flat": np.array([float(np.mean(phi.slope(a) < FLAT)) for a in outputs]),
    }
    spread_in = signal.spread(x)
    numbers: dict[str, float] = {"layers": p.layers, "weight_std": rules[0], "weight_var": rules[0] ** 2}
    numbers |= {"spread_in": spread_in, "spread_first": float(values["a"][0]), "spread_last": float(values["a"][-1])}
    numbers |= {"gradient_first": float(values["grad"][0]), "flat_last": float(values["flat"][-1])}
    numbers |= {"sum_first": float(values["z"][0]), "flat_first": float(values["flat"][0])}

    parts = _new_layer(p)
    numbers |= {"kernel_std": float(parts["kernel_rule"][0])}
    numbers |= {"largest": float(parts["largest"].max()), "smallest": float(parts["smallest"].min())}
    if p.cell == "lstm":
        numbers["forget_bias"] = float(parts["bias_mean"][BLOCKS[p.framework][p.cell].index("f")])

    gates = _gates_trace(p, parts)
    told, layers = fill(_caption(p, numbers), numbers), np.arange(1.0, p.layers + 1)
    left = "gradient, against that at the last layer"
    lines = (
        Series("a", "outputs $a_l$", "root mean square of the outputs", values["a"]),
        Series("grad", left, "root mean square of the gradient", values["grad"], "dashed"),
    )
    places = [Spot(Handle("gain"), x=p.layers, y=float(values["a"][-1]))]
    curve = Curve(
        "spread", "Signal forward, gradient back", told, "layer", "root mean square", layers, lines, True, places
    )
    warnings = []
    if not np.isfinite(values["a"]).all():
        warnings.append("The signal overflowed: from some layer on it is not a number.")
    if (values["a"] == 0).any():
        warnings.append("Every output of a layer is 0: nothing goes on from there, and a log scale cannot show it.")
    return Result(numbers, (curve, _trace(p, weights, fans, values), gates), warnings)


def _caption(p: Initialisation, numbers: dict[str, float]) -> str:
    last, gradient = numbers["spread_last"], numbers["gradient_first"]
    word = "vanishes" if last < 0.01 else "fades" if last < 0.5 else "holds" if last < 3 else "grows"
    word = "explodes" if last > 100 or not math.isfinite(last) else word
    told = f"From a root mean square of {{spread_in}} the signal {word}: {{spread_last}} after {{layers layers}}. "
    if p.phi == "sigmoid":  # its mean, which says nothing of the input, is most of its size
        told = "After {layers layers} the root mean square is {spread_last}"
        told += "; a sigmoid gives about 0.5, whatever it reads. " if abs(last - 0.5) < 0.1 else ". "
    back = "is gone" if gradient < 1e-3 else "has faded" if gradient < 0.1 else "is still there"
    back = "has grown" if gradient > 10 or not math.isfinite(gradient) else back
    told += f"The gradient, back at the first layer, {back}: {{gradient_first}} times what it was."
    if numbers["flat_last"] > 0.5 and p.phi != "linear":
        told += " In the last layer {flat_last} of the units are flat: " + (
            "silent." if p.phi == "relu" else "saturated."
        )
    return told


def _as_in_framework(p: Initialisation) -> tuple[str, float]:
    """The framework's own rule for the first layer."""
    return rule(p.model_copy(update={"scheme": "framework"}), 1)


def _new_layer(p: Initialisation) -> dict[str, Values]:
    """What a new layer of the framework is measured by, one entry a block of its weights."""
    n, h, order = p.inputs, p.units, BLOCKS[p.framework][p.cell]
    made, singular = drawn_start(p.framework, p.cell, n, h, p.seed)
    bias = made.b.sum(axis=0).reshape(len(order), h)
    kernel = made.W_xh.reshape(n, len(order), h)
    return {
        "kernel_rule": np.full(len(order), math.sqrt(_as_in_framework(p)[1])),
        "kernel_drawn": np.array([signal.spread(kernel[:, k]) for k in range(len(order))]),
        "largest": singular[:, 0],
        "smallest": singular[:, -1],
        "bias_mean": bias.mean(axis=1),
        "bias_most": np.abs(bias).max(axis=1),
    }


def _gates_trace(p: Initialisation, values: dict[str, Values]) -> Trace:
    """A new layer of the framework, one column a block of its weights."""
    n, h, order, text = p.inputs, p.units, BLOCKS[p.framework][p.cell], _as_in_framework(p)[0]
    in_keras = p.framework == "keras"
    how = "Keras draws the input weights of all gates at once." if in_keras else "PyTorch draws all from ±1/√h."
    notes = {
        "kernel_drawn": f"Measured on {n * h:,} weights.",
        "largest": "Of this gate's block of recurrent weights.",
        "smallest": "Of this gate's block of recurrent weights.",
        "bias_mean": "unit_forget_bias=True sets f to 1."
        if in_keras
        else "bias_ih and bias_hh, added, over all units.",
        "bias_most": "The largest size over all units.",
    }
    labels = {
        "kernel_rule": "an input weight, by rule",
        "kernel_drawn": "an input weight, as drawn",
        "largest": "largest singular value",
        "smallest": "smallest singular value",
        "bias_mean": "bias, mean",
        "bias_most": "bias, largest size",
    }
    symbols = {"kernel_drawn": r"\sqrt{\overline{w^2}}", "largest": r"\sigma_1", "smallest": r"\sigma_h"}
    rows = [Row("kernel_rule", labels["kernel_rule"], values["kernel_rule"], Formula(rf"\sqrt{{{text}}}", how))]
    rows += [Row(key, labels[key], values[key], given(symbols.get(key, "b"), note)) for key, note in notes.items()]
    whole = "The recurrent matrix is orthogonal as a whole, and a gate's block of it is not: its "
    block = "The recurrent matrix is orthogonal: its " if p.cell == "rnn" else whole
    ends = {"smallest": float(values["smallest"].min()), "largest": float(values["largest"].max())}
    begins = block if in_keras else "The recurrent weights' "
    same = len({show(value) for value in ends.values()}) == 1
    told = fill(
        begins + "singular values " + ("are all {smallest}." if same else "go from {smallest} to {largest}."), ends
    )
    caption = f"How {NAMES[p.framework]} starts a new {p.cell.upper()} layer with these inputs and units. {told}"
    title, sizes = f"A new layer in {NAMES[p.framework]}", {"n": float(n), "h": float(h)}
    columns = [f"block {gate}" for gate in order] if p.cell != "rnn" else ["all units"]
    return Trace("start", title, caption, rows, ("kernel_rule", 0), sizes, "", 1, columns, "block")


def _trace(p: Initialisation, weights: list[Values], fans: Sequence[int], values: dict[str, Values]) -> Trace:
    def by_rule(layer: int) -> Formula:
        text = rf"\sqrt{{{rule(p, layer)[0]}}}"
        note = f"Fan-in {fans[layer - 1]}, fan-out {fans[layer]}."
        if p.scheme == "framework":
            note = f"As {NAMES[p.framework]} draws it."
        return Formula(text if p.gain == 1 else rf"g \cdot {text}", note)

    def as_drawn(layer: int) -> Formula:
        return given(r"\sqrt{\overline{w^2}}", f"Measured on {weights[layer - 1].size:,} weights.")

    measured = f"Measured on {BATCH} examples of {p.units} units."
    sums, outputs = given(r"\sqrt{\overline{z^2}}", measured), given(r"\sqrt{\overline{a^2}}", measured)
    flat = given(r"\varphi'(z) < 0.05", "Hardly any gradient passes these units.")
    gradient = given(r"\sqrt{\overline{(\partial L / \partial a_l)^2}}", "Against that at the last layer's output.")
    by_paper, drawn = "standard deviation of a weight by the rule", "standard deviation of a weight as drawn"
    slope = f"share with a slope below {FLAT}"
    rows = (
        Row("rule", "a weight, by rule", values["rule"], by_rule, words=by_paper, group="weights"),
        Row("weight", "a weight, as drawn", values["weight"], as_drawn, words=drawn),
        Row("z", "sums $z_l$", values["z"], sums, words="root mean square of the sums", group="signal"),
        Row("a", "outputs $a_l$", values["a"], outputs, words="root mean square of the outputs"),
        Row("flat", slope, values["flat"], flat, words="share of units that are flat"),
        Row("grad", "gradient left", values["grad"], gradient, group="back"),
    )
    fan = np.array(fans, dtype=float)
    symbols: Symbols = {"n": fan[:-1], "h": fan[1:], "g": p.gain}
    caption = "Each number is a root mean square: by the rule, as drawn, and as measured on the way."
    columns, chosen = [f"layer {k}" for k in range(1, p.layers + 1)], ("rule", 0)
    return Trace("layers", "Layer by layer", caption, rows, chosen, symbols, "k", columns=columns, column_word="layer")


def _instance(rng: random.Random) -> dict[str, str]:
    scheme, twice_a_square = rng.choice(["glorot", "he"]), rng.choice([8, 18, 32, 50, 72, 98])
    inputs = rng.randint(1, twice_a_square - 1) if scheme == "glorot" else twice_a_square
    units = twice_a_square - inputs if scheme == "glorot" else rng.choice([4, 10, 16, 20, 64, 100])
    return {"scheme": scheme, "inputs": str(inputs), "units": str(units), "layers": "2"}


def _question(p: Initialisation) -> Question:
    name = {"glorot": "Glorot (Xavier)", "he": "He"}[p.scheme]
    return Question(
        "What is the standard deviation of a weight?",
        "weight_std",
        (f"{name} initialisation of the input weights", f"{p.inputs} inputs, {p.units} units"),
    )


def _steps(p: Initialisation, result: Result) -> list[Arithmetic]:
    variance = Formula(rf"\mathrm{{variance}} = {rule(p, 1)[0]}", values={"n": p.inputs, "h": p.units})
    return [variance.worked_out(result.numbers["weight_var"], {}), *result.worked("rule,1")]


def _slips(p: Initialisation, result: Result) -> Slips:
    n, h, std = p.inputs, p.units, result.numbers["weight_std"]
    other = math.sqrt(2 / n) if p.scheme == "glorot" else math.sqrt(2 / (n + h))
    return (
        (std**2, "That is the variance. The standard deviation is its square root."),
        (other, parting(1, "That is the other rule. He uses the fan-in alone, Glorot both fan-in and fan-out.")),
        (math.sqrt(1 / n), parting(1, r"That is $\sqrt{1/n}$, which suits linear units in the forward pass alone.")),
        (math.sqrt(2 / h), parting(1, "That takes the fan-out for the fan-in.")),
        (math.sqrt(6 / (n + h)), "That is the limit of Glorot's uniform draw, not its standard deviation."),
        (1.0, parting(1, "It is the signal whose variance should stay about constant, not that of the weights.")),
    )


DEMO = Demo(
    __file__,
    Initialisation,
    compute,
    Prediction(_instance, _question, _steps, _slips, Tolerance(near=0.003)),
    shows=(
        initialise.glorot_uniform,
        initialise.he_normal,
        initialise.semi_orthogonal,
        start,
        signal.forward,
        signal.backward,
    ),
)
