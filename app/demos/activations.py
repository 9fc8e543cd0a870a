"""Activations and their slopes: one unit, and what a chain of slopes leaves of a gradient."""

import math
import random

import numpy as np

from app.demos.machine.arithmetic import Formula, activated, first_then, given
from app.demos.machine.demo import Demo
from app.demos.machine.figures import Curve, Handle, Row, Series, Spot, Trace
from app.demos.machine.numbers import fill, latex
from app.demos.machine.parameters import Parameters, Phi, choice, number
from app.demos.machine.prediction import Prediction, Question, Slips, Tolerance
from app.demos.machine.result import Result
from app.nn import activations, chain
from app.nn.activations import ACTIVATIONS

PRIME = r"\varphi'(z_k)"
SLOPE = {
    "tanh": Formula(PRIME, "It follows from the output alone.", "1 - a_k^2"),
    "sigmoid": Formula(PRIME, "It follows from the output alone; at most one quarter.", r"a_k \cdot (1 - a_k)"),
    "relu": given(PRIME, "1 where the sum is positive, else 0."),
    "linear": given(PRIME, "A straight line: 1 everywhere."),
}


class Activations(Parameters):
    """A chain of units, each with the same activation and the same weight to the next."""

    phi: Phi = choice("sigmoid", title=r"Activation $\varphi$", says="Of every unit of the chain.")
    z: float = number(0, -10, 10, slide=(-5, 5), step=0.1, title="First sum $z_1$", says="It goes into the first unit.")
    depth: int = number(10, 1, 100, slide=(1, 50), step=1, title="Depth $n$", says="Layers, or steps in time.")
    w: float = number(1, -5, 5, slide=(0, 4), step=0.1, title="Weight $w$", says="From each unit to the next.")


def compute(p: Activations) -> Result:
    """The unit's value and slope, then the product of the slopes along the chain."""
    phi = ACTIVATIONS[p.phi]
    z, a = chain.forward(p.z, p.w, p.depth, phi)
    slopes, products = chain.slope_products(a, phi)
    gradients = chain.gradients(slopes, p.w)
    layers = np.arange(1.0, p.depth + 1)
    bound = phi.gamma**layers
    numbers = {"z": p.z, "value": float(a[0]), "slope": float(slopes[0]), "gamma": phi.gamma}
    numbers |= {"depth": p.depth, "product": float(products[-1]), "bound": float(bound[-1])}
    numbers |= {"gradient": float(gradients[-1]), "value_last": float(a[-1]), "slope_last": float(slopes[-1])}
    numbers["per_layer"] = float(products[-1] ** (1 / p.depth))

    over_z = np.arange(-60, 61) / 60.0 * max(6, math.ceil(abs(p.z)))
    values = phi.f(over_z)
    unit = [Series("phi", r"$\varphi(z)$", "the activation", values)]
    unit.append(Series("slope", r"slope $\varphi'(z)$", "its slope", phi.slope(values), "dashed"))
    passed = [Series("product", r"product of the slopes $\prod \varphi'$", "product of the slopes", products)]
    passed.append(Series("bound", r"at most $\gamma^k$", "the largest possible product of slopes", bound, "dashed"))
    if p.w != 1:
        passed.append(Series("gradient", "with the weights", "with the weights", np.abs(gradients), "dotted"))
    unit_told, chain_told = fill(_unit_told(p, numbers), numbers), fill(_chain_told(p, numbers), numbers)
    here = [Spot(Handle(across="z"), x=p.z, y=float(phi.f(np.array(p.z))), unit=1)]
    one = Curve("unit", "The activation and its slope", unit_told, "z", "value, slope", over_z, unit, places=here)
    title, left = "The product of the slopes", "left of the gradient"
    many = Curve("chain", title, chain_told, "layer k", left, layers, passed, log=True)

    so_far, felt = r"\textstyle\prod_{j < k} \varphi'(z_j)", r"\partial a_{k-1} / \partial z_1"
    first = Formula(PRIME, "The first unit's slope.")
    product = first_then(first, Formula(rf"{so_far} \cdot {PRIME}", "Slope by slope."))
    gradient = first_then(first, Formula(rf"{felt} \cdot w \cdot {PRIME}"))
    sums, weighted = first_then(given("z_k"), Formula(r"z_k = w \, a_{k-1}")), "gradient with the weights"
    rows = (
        Row("z", "sum $z_k$", z, sums),
        Row("a", r"output $a_k = \varphi(z_k)$", a, "a_k = " + activated(p.phi, "z_k")),
        Row("slope", rf"slope ${PRIME}$", slopes, SLOPE[p.phi]),
        Row("product", r"product $\prod \varphi'$", products, product, words="product of the slopes"),
        Row("gradient", r"gradient $\partial a_k / \partial z_1$", gradients, gradient, words=weighted),
    )
    before = {"a_{k-1}": a, so_far: products, felt: gradients}
    symbols = {"w": p.w} | {symbol: np.append(math.nan, values[:-1]) for symbol, values in before.items()}
    caption = "The chain, unit by unit. Choose a number to see its formula."
    trace = Trace("trace", "The chain", caption, rows, ("slope", 0), symbols, "k", column_word="layer")
    return Result(numbers, (one, many, trace))


def _unit_told(p: Activations, numbers: dict[str, float]) -> str:
    told = "At a sum of {z} the unit gives {value}, and its slope is {slope}"
    if p.phi == "linear":
        return told + ", as everywhere: it is a straight line."
    if numbers["slope"] == 0:
        return told + ": the unit is silent, and no gradient passes."
    if numbers["slope"] < 0.05:
        return told + ": it is saturated, and hardly any gradient passes."
    return told + ". Its largest slope is {gamma}."


def _chain_told(p: Activations, numbers: dict[str, float]) -> str:
    told = "The slopes of {depth layers} multiply to {product}; at most it could be {bound}."
    if p.depth == 1:
        told = "The slope of the one layer is {product}; at most it could be {bound}."
    if numbers["product"] == 0:
        told = "After {depth layers} nothing is left, {product}: a slope was 0. At most it could be {bound}."
    return told + (" With the weights the gradient is {gradient}." if p.w != 1 and p.depth > 1 else "")


def _instance(rng: random.Random) -> dict[str, str]:
    phi = rng.choice(["tanh", "sigmoid"])
    a = rng.randint(3, 48) / 50
    z = math.atanh(a * rng.choice([1, -1])) if phi == "tanh" else math.log(a / (1 - a))
    return {"phi": phi, "z": repr(z), "depth": "1"}


def _question(p: Activations) -> Question:
    a = round(float(ACTIVATIONS[p.phi].f(np.array(p.z))), 6)
    known = (f"the activation is {p.phi}", f"the unit gives $a = {latex(a)}$")
    return Question(r"What is its slope there, $\varphi'(z)$?", "slope", known)


def _slips(p: Activations, result: Result) -> Slips:
    a = result.numbers["value"]
    own = {
        "tanh": (
            (a * (1 - a), "That is the sigmoid's slope: tanh has $1 - a^2$."),
            (1 + a * a, "The square is subtracted, not added."),
            (1.0, "The slope of tanh is 1 only at $z = 0$, and this unit is not there."),
            (0.25, "A quarter is the sigmoid's largest slope; this is tanh."),
        ),
        "sigmoid": (
            (1 - a * a, "That is tanh's slope: the sigmoid has $a (1 - a)$."),
            (0.25, "A quarter is the largest slope, at $a = 0.5$, and this unit is not there."),
            (1.0, "The slope of the sigmoid is never more than 1/4."),
        ),
    }
    return [(a, "That is the output itself."), (1 - a, "That is $1 - a$: a factor is missing."), *own[p.phi]]


ASK = Prediction(_instance, _question, ("a,1", "slope,1"), _slips, Tolerance(near=0.005))
SHOWS = (chain.forward, chain.slope_products, chain.gradients, activations.sigmoid)
DEMO = Demo(__file__, Activations, compute, ASK, SHOWS)
