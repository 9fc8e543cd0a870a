"""Activations and their slopes: one unit, and what a chain of slopes leaves of a gradient."""

import math
import random
from functools import lru_cache
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Arithmetic
from app.demos.machine.demo import Demo
from app.demos.machine.figures import Curve, Row, Series, Trace, Values
from app.demos.machine.numbers import factor, fill, latex
from app.demos.machine.parameters import Parameters, choice, number
from app.demos.machine.prediction import Prediction, Question, Slips, Tolerance
from app.demos.machine.result import Result
from app.nn import activations, chain
from app.nn.activations import ACTIVATIONS

NAME = {"tanh": r"\tanh", "relu": r"\mathrm{relu}", "sigmoid": r"\sigma", "linear": ""}
SLOPE = {"tanh": "1 - {a}^2", "sigmoid": r"{a} \cdot (1 - {a})", "relu": "", "linear": ""}
SAYS_SLOPE = {
    "tanh": "Told from the output alone.",
    "sigmoid": "Told from the output alone; at most one quarter.",
    "relu": "1 where the sum is positive, else 0.",
    "linear": "A straight line: 1 everywhere.",
}


class Activations(Parameters):
    """A chain of units, each with the same activation and the same weight to the next."""

    phi: Literal["tanh", "relu", "sigmoid", "linear"] = choice(
        "sigmoid", title=r"Activation $\varphi$", says="Of every unit of the chain."
    )
    z: float = number(0, -10, 10, slide=(-5, 5), step=0.1, title="First sum $z_1$", says="What the first unit gets.")
    depth: int = number(10, 1, 100, slide=(1, 50), step=1, title="Depth $n$", says="Layers, or steps in time.")
    w: float = number(1, -5, 5, slide=(0, 4), step=0.1, title="Weight $w$", says="From each unit to the next.")


@lru_cache(maxsize=8)
def shape_of(phi: str) -> tuple[Values, Values, Values]:
    """φ and φ′ for z from −6 to 6: z (121), φ(z) (121), φ′(z) (121)."""
    z = np.arange(-60, 61) / 10.0
    a = ACTIVATIONS[phi].f(z)
    return z, a, ACTIVATIONS[phi].slope(a)


def compute(p: Activations) -> Result:
    """The unit's value and slope, then the slopes of the whole chain multiplied up."""
    phi = ACTIVATIONS[p.phi]
    z, a = chain.forward(p.z, p.w, p.depth, phi)
    slopes, products = chain.slope_products(a, phi)
    gradients = chain.gradients(slopes, p.w)
    layers = np.arange(1.0, p.depth + 1)
    bound = phi.gamma**layers

    numbers: dict[str, float] = {"z": p.z, "value": float(a[0]), "slope": float(slopes[0]), "gamma": phi.gamma}
    numbers |= {"depth": p.depth, "product": float(products[-1]), "bound": float(bound[-1])}
    numbers |= {"gradient": float(gradients[-1]), "value_last": float(a[-1]), "slope_last": float(slopes[-1])}
    numbers["per_layer"] = float(products[-1] ** (1 / p.depth))

    told, chain_told = fill(_unit_told(p, numbers), numbers), fill(_chain_told(p, numbers), numbers)
    over_z, values, steepness = shape_of(p.phi)
    unit = Curve(
        "unit",
        "The activation and its slope",
        told,
        "z",
        "value, slope",
        over_z,
        (
            Series("phi", r"$\varphi(z)$", "the activation", values),
            Series("slope", r"slope $\varphi'(z)$", "its slope", steepness, "dashed"),
        ),
    )
    series = [
        Series("product", r"product of the slopes $\prod \varphi'$", "product of the slopes", products),
        Series("bound", r"at most $\gamma^k$", "the most that slopes could pass", bound, "dashed"),
    ]
    if p.w != 1:
        series.append(Series("gradient", "with the weights", "with the weights", np.abs(gradients), "dotted"))
    curve = Curve(
        "chain", "What the slopes let through", chain_told, "layer k", "left of the gradient", layers, series, log=True
    )
    return Result(numbers, (unit, curve, _trace(p, z, a, slopes, products, gradients)))


def _unit_told(p: Activations, numbers: dict[str, float]) -> str:
    told = "At a sum of {z} the unit gives {value}, and its slope is {slope}"
    if p.phi == "linear":
        return told + ": a straight line passes all."
    if numbers["slope"] == 0:
        return told + ": the unit is silent, and no gradient comes through."
    if numbers["slope"] < 0.05:
        return told + ": it is saturated, and hardly any gradient comes through."
    return told + "; nowhere is it steeper than {gamma}."


def _chain_told(p: Activations, numbers: dict[str, float]) -> str:
    layers = "1 layer" if p.depth == 1 else "{depth} layers"
    told = f"After {layers} the slopes let {{product}} of a gradient through; the most they could is {{bound}}."
    if numbers["product"] == 0:
        told = f"After {layers} nothing is left, {{product}}: a slope was 0. The most could have been {{bound}}."
    if p.w != 1 and p.depth > 1:
        told += " With the weights it is {gradient}."
    return told


def _trace(p: Activations, z: Values, a: Values, slopes: Values, products: Values, gradients: Values) -> Trace:
    rows = [
        Row("z", "sum $z_k$", z),
        Row("a", r"output $a_k = \varphi(z_k)$", a),
        Row("slope", r"slope $\varphi'(z_k)$", slopes),
        Row("product", r"product $\prod \varphi'$", products, words="product of the slopes"),
        Row("gradient", r"gradient $\partial a_k / \partial z_1$", gradients, words="gradient with the weights"),
    ]

    def arithmetic(key: str, column: int) -> Arithmetic:
        k = column + 1
        value = float(next(row for row in rows if row.key == key).values[column])
        if key == "z" and column == 0:
            return Arithmetic("z_1", latex(value), value, "It is given.")
        if key == "z":
            filled = rf"{latex(p.w)} \cdot {factor(a[column - 1])}"
            return Arithmetic(rf"z_{{{k}}} = w \, a_{{{k - 1}}}", filled, value)
        if key == "a":
            inside, name = latex(z[column]), NAME[p.phi]
            symbols = rf"a_{{{k}}} = {name or ' '}(z_{{{k}}})"
            return Arithmetic(symbols, f"{name}({inside})", value)
        if key == "slope":
            shown = factor(a[column])
            shown = f"({shown})" if r"\cdot" in shown else shown
            filled = SLOPE[p.phi].replace("{a}", shown)
            return Arithmetic(rf"\varphi'(z_{{{k}}})", filled, value, SAYS_SLOPE[p.phi])
        row = products if key == "product" else gradients
        if column == 0:
            return Arithmetic(r"\varphi'(z_1)", latex(value), value, "The first unit's slope.")
        own = factor(slopes[column])
        if key == "product":
            symbols = rf"\textstyle\prod_{{j < {k}}} \varphi'(z_j) \cdot \varphi'(z_{{{k}}})"
            return Arithmetic(symbols, rf"{latex(row[column - 1])} \cdot {own}", value, "Slope by slope.")
        symbols = rf"\partial a_{{{k - 1}}} / \partial z_1 \cdot w \cdot \varphi'(z_{{{k}}})"
        return Arithmetic(symbols, rf"{latex(row[column - 1])} \cdot {factor(p.w)} \cdot {own}", value)

    caption = "The chain, unit by unit. Choose a number to see where it comes from."
    columns = [f"k = {k}" for k in range(1, p.depth + 1)]
    return Trace(
        "trace", "The chain", caption, rows, ("slope", 0), columns=columns, column_word="layer", by_hand=arithmetic
    )


def _instance(rng: random.Random) -> dict[str, str]:
    phi = rng.choice(["tanh", "sigmoid"])
    a = rng.choice([0.2, 0.4, 0.6, 0.7, 0.9, 0.95])
    if phi == "tanh":
        a *= rng.choice([1, -1])
    z = math.atanh(a) if phi == "tanh" else math.log(a / (1 - a))
    return {"phi": phi, "z": repr(z), "depth": "1"}


def _question(p: Activations) -> Question:
    a = round(float(ACTIVATIONS[p.phi].f(np.array(p.z))), 6)
    return Question(
        r"What is its slope there, $\varphi'(z)$?",
        "slope",
        (f"the activation is {p.phi}", f"the unit gives $a = {latex(a)}$"),
    )


def _steps(p: Activations, result: Result) -> list[Arithmetic]:
    trace = result.traces()[0]
    return [trace.arithmetic("a", 0), trace.arithmetic("slope", 0)]


def _slips(p: Activations, result: Result) -> Slips:
    a = result.numbers["value"]
    told = [
        (a, "That is the output itself."),
        (1 - a, "That is $1 - a$: a factor is missing."),
        (1.0, "The slope is 1 at $z = 0$ at the most, and this unit is not there."),
        (0.25, "A quarter is the sigmoid's largest slope, at $a = 0.5$."),
        (1 + a * a, "The square is taken off, not added."),
    ]
    if p.phi == "tanh":
        told.append((a * (1 - a), "That is the sigmoid's slope: tanh has $1 - a^2$."))
    else:
        told.append((1 - a * a, "That is tanh's slope: the sigmoid has $a (1 - a)$."))
    return told


DEMO = Demo(
    __file__,
    Activations,
    compute,
    Prediction(_instance, _question, _steps, _slips, Tolerance("Within 0.005 is right.", near=0.005)),
    shows=(chain.forward, chain.slope_products, chain.gradients, activations.sigmoid),
    miniature="unit",
)
