"""What clipping does to one gradient, and to a whole descent that runs into a cliff in the error surface."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Formula, given
from app.demos.machine.demo import Demo
from app.demos.machine.figures import Curve, Diagram, Edge, Handle, Node, Row, Series, Spot, Trace, Values, each_of
from app.demos.machine.numbers import fill, latex, show
from app.demos.machine.parameters import Numbers, Parameters, choice, entries, number
from app.demos.machine.prediction import HUNDREDTH, Prediction, Question, Slips, parting
from app.demos.machine.result import Result
from app.nn import clipping
from app.nn.cliff import loss_and_gradient

CLIPPED = "clipped gradient"
MIDDLE, HALF = 200.0, 172.0
BOUNDS = (6, 10, 100, 1000)  # few: a drag past one changes the scale under the hand
CLIP = {"norm": clipping.by_norm, "value": clipping.by_value}


class GradientClipping(Parameters):
    """One gradient to clip, and a start for a descent in two weights."""

    g: Numbers = entries((3, 4), title="Gradient $g$", says="Up to 12 entries.")
    threshold: float = number(
        1, 0.001, 1000, slide=(0.1, 6), step=0.1, title="Threshold $c$", says="The largest norm, or entry, that passes."
    )
    by: Literal["norm", "value"] = choice("norm", title="Clip by", says="The whole gradient, or entry by entry.")
    w: float = number(4.5, -10, 10, slide=(3, 7), step=0.1, title="Start $w$", says="Where the descent starts.")
    b: float = number(-2, -10, 10, slide=(-4, -1), step=0.1, title="Start $b$", says="Where the descent starts.")
    rate: float = number(0.5, 0, 10, slide=(0.05, 2), step=0.05, title=r"Learning rate $\eta$", says="For the descent.")
    updates: int = number(40, 1, 60, step=1, title="Updates", says="How often the weights change.")
    steps: int = number(50, 1, 100, step=1, title="Steps $T$", says="Length of the recurrence.")


@dataclass(frozen=True)
class Descent:
    """Gradient descent in the weights (w, b), from update 0 to the last.

    Shapes: weights (updates+1, 2), loss (updates+1), gradient (updates+1, 2), used (updates+1, 2)
    """

    weights: Values
    loss: Values
    gradient: Values
    used: Values

    @property
    def norm(self) -> Values:
        """The gradient's norm before clipping (updates+1)."""
        return np.hypot(self.gradient[:, 0], self.gradient[:, 1])


def descend(p: GradientClipping, clipped: bool) -> Descent:
    """Gradient descent on the cliff's loss. With `clipped`, each gradient is clipped before it is used."""
    at, walked = np.array([p.w, p.b]), []
    for _ in range(p.updates + 1):
        loss, *gradient = loss_and_gradient(float(at[0]), float(at[1]), p.steps)
        g = np.array(gradient)
        used = CLIP[p.by]([g], p.threshold)[0] if clipped else g
        walked.append((at, loss, g, used))
        at = at - p.rate * used
    return Descent(*(np.array(column) for column in zip(*walked, strict=True)))


def compute(p: GradientClipping) -> Result:
    """Clip the one gradient; then walk down the surface twice from the same start, with and without clipping."""
    g = np.array(p.g, dtype=float)
    after = CLIP[p.by]([g], p.threshold)[0]
    norm, norm_after = clipping.global_norm([g]), clipping.global_norm([after])
    along = float(g @ after) / (norm * norm_after) if norm and norm_after else 1.0
    numbers: dict[str, float] = {"norm": norm, "norm_after": norm_after, "threshold": p.threshold}
    numbers["factor"] = 1.0 if norm <= p.threshold else p.threshold / norm
    numbers["angle"] = 0.0 if p.by == "norm" or (after == g).all() else math.degrees(math.acos(min(1.0, along)))
    numbers |= {f"after{j}": float(value) for j, value in enumerate(after, start=1)}

    plain, clipped = descend(p, clipped=False), descend(p, clipped=True)
    numbers |= {"updates": p.updates, "loss_start": float(plain.loss[0])}
    for name, walk in (("plain", plain), ("clipped", clipped)):
        moved = p.rate * np.hypot(walk.used[:-1, 0], walk.used[:-1, 1])
        numbers[f"loss_{name}"] = float(walk.loss[-1])
        numbers[f"largest_{name}"] = float(walk.norm[:-1].max())
        numbers[f"thrown_{name}"] = float(moved.max())
    numbers["wall_at"] = int(np.argmax(np.nan_to_num(plain.norm[:-1], nan=np.inf)))
    numbers["clips"] = int((clipped.used[:-1] != clipped.gradient[:-1]).any(axis=1).sum())

    told, updates = fill(_descent_told(numbers), numbers), np.arange(p.updates + 1.0)
    lines = (
        Series("clipped", f"clipped by {p.by}", f"clipped by {p.by}", clipped.loss),
        Series("plain", "not clipped", "not clipped", plain.loss, "dashed"),
    )
    places = [Spot(Handle("rate"), x=p.updates, y=float(clipped.loss[-1]))]
    curve = Curve("descent", "The loss on the way down", told, "update", "loss", updates, lines, True, places)
    warnings = []
    if not (np.isfinite(plain.weights).all() and np.isfinite(clipped.weights).all()):
        warnings.append("The weights of a descent overflowed: from there on they are NaN.")
    way_down = _walk(p, plain, clipped, int(numbers["wall_at"]))
    arrows, vector = _arrows(p, g, after, numbers), _vector(p, g, after, numbers)
    return Result(numbers, (curve, arrows, vector, way_down), warnings)


def _descent_told(numbers: dict[str, float]) -> str:
    told = (
        "In {updates updates} the loss goes from {loss_start} to {loss_clipped} with clipping and to {loss_plain} "
        "without. "
    )
    if numbers["clips"] == 0:
        return told + "No gradient was above the threshold, so the two are the same."
    return told + (
        "Unclipped, the largest gradient, {largest_plain} at update {wall_at}, moves the weights by {thrown_plain}; "
        "clipped, no update moves them by more than {thrown_clipped}."
    )


def _arrows(p: GradientClipping, g: Values, after: Values, numbers: dict[str, float]) -> Diagram:
    """The first two entries as an arrow, before and after, and what passes: a circle of radius c, or a square."""
    scale = HALF / next(one for one in BOUNDS if one >= max(p.threshold, *np.abs(g[:2])))
    first, second = (each_of("g")(n) if n <= len(g) else Handle() for n in (1, 2))
    held, reach = Handle(second.up, across=first.up, pitch=scale), 2 * scale * p.threshold

    def tip(v: Values, text: str, wide: float, **kind: Any) -> Node:
        x, y = float(v[0]), float(v[1]) if len(v) > 1 else 0.0
        return Node(MIDDLE + scale * x, MIDDLE - scale * y, text, "circle", wide, wide, **kind)

    nodes = (
        Node(MIDDLE, MIDDLE, "", "circle" if p.by == "norm" else "box", reach, reach),
        Node(MIDDLE, MIDDLE, "", "text", 0, 0),
        tip(after, "", 8, lit=True, at="after,1"),
        tip(g, "g", 26, handle=held),
    )
    told = f"{'The first two entries. ' * (len(g) > 2)}What is left of $g$, the thick arrow, ends within the "
    turned = "the whole gradient has" if len(g) > 2 else "it has"
    turned += " turned by {angle degrees}" if numbers["angle"] else " not turned"
    told += "circle of radius {threshold}." if p.by == "norm" else f"square; {turned}."
    caption = fill(told, numbers)
    before, then = (f"({', '.join(map(show, one[:2].tolist()))})" for one in (g, after))
    alt = f"Two arrows from 0: the gradient to {before}, and a thick one to {then}, what is left of it."
    edges = (Edge(1, 3), Edge(1, 2, recurrent=True, weight=4))
    return Diagram("arrows", "Before and after", caption, alt, 2 * MIDDLE, 2 * MIDDLE, nodes, edges)


def _vector(p: GradientClipping, g: Values, after: Values, numbers: dict[str, float]) -> Trace:
    if (after == g).all():
        told = "The gradient passes unchanged: its norm is {norm} and the threshold {threshold}."
    elif p.by == "norm":
        told = "The norm goes from {norm} to {norm_after}. Every entry is multiplied by {factor}: the direction stays."
    else:
        told = "The norm goes from {norm} to {norm_after}, and the direction turns by {angle degrees}."
    clipped = Formula(r"\min(c, \max(-c, g_j))", "Each entry on its own.")
    if p.by == "norm":
        clipped = Formula(r"g_j \cdot \min(1, c / \lVert g \rVert)", "One factor for all entries.")
        if numbers["norm"] <= p.threshold:
            clipped = Formula("g_j", "The norm is within the threshold, so nothing changes.")
    rows = (
        Row("before", "gradient $g_j$", g, given("g_j"), handle=each_of("g")),
        Row("after", "clipped", after, clipped, words=CLIPPED),
    )
    symbols = {"c": p.threshold, r"\lVert g \rVert": numbers["norm"]}
    columns = [f"entry {j}" for j in range(1, len(g) + 1)]
    title, chosen = "One gradient, clipped", ("after", 0)
    return Trace("vector", title, fill(told, numbers), rows, chosen, symbols, "j", columns=columns, column_word="entry")


def _walk(p: GradientClipping, plain: Descent, clipped: Descent, wall_at: int) -> Trace:
    rows = [*_descent_rows(p, "c", f"clipped by {p.by}", clipped), *_descent_rows(p, "p", "not clipped", plain)]
    caption = r"The same start, twice: $h_t = w \, \sigma(h_{t-1}) + b$. Choose a number to see where it comes from."
    columns, chosen = [f"update {k}" for k in range(p.updates + 1)], ("pnorm", wall_at)
    return Trace("walk", "The way down", caption, rows, chosen, {}, "k", 0, columns, column_word="update")


def _descent_rows(p: GradientClipping, mark: str, group: str, walk: Descent) -> Iterator[Row]:
    """The rows of one descent; `mark` begins their keys."""
    for axis, (name, label) in enumerate({"w": "weight $w$", "b": "bias $b$"}.items()):
        used = rf"\partial L / \partial {name}"
        used = rf"\mathrm{{clip}}({used})" if mark == "c" else used

        def moved(k: int, axis: int = axis, name: str = name, used: str = used) -> Formula:
            if k == 0:
                return given(f"{name}_0", "Given: the start.")
            now = {name: float(walk.weights[k - 1, axis]), r"\eta": p.rate, used: float(walk.used[k - 1, axis])}
            return Formula(rf"{name} - \eta \, {used}", values=now, origins={name: f"{mark}{name},{k}"})

        yield Row(f"{mark}{name}", label, walk.weights[:, axis], moved, group=group)

    def length(k: int) -> Formula:
        slopes = {rf"(\partial L / \partial {name})": float(walk.gradient[k, axis]) for axis, name in enumerate("wb")}
        squares = " + ".join(f"{slope}^2" for slope in slopes)
        return Formula(rf"\sqrt{{{squares}}}", "Before clipping.", values=slopes)

    loss = given(r"(\sigma(h_T) - 0.7)^2", f"How far the output is from 0.7 after {p.steps} steps.")
    yield Row(f"{mark}loss", "loss $L$", walk.loss, loss)
    yield Row(f"{mark}norm", r"gradient $\lVert g \rVert$", walk.norm, length, words="norm of the gradient")


def _instance(rng: random.Random) -> dict[str, str]:
    sides = rng.choice([(3, 4), (6, 8), (1, 2, 2), (2, 3, 6), (1, 4, 8), (2, 4, 4), (4, 4, 7)])
    entries = [side * rng.choice([1, -1]) for side in rng.sample(sides, len(sides))]
    return {
        "g": ",".join(map(str, entries)),
        "threshold": rng.choice(["1", "2", "2.5", "4", "20"]),
        "by": rng.choice(["norm", "norm", "value"]),
        "updates": "1",
    }


def _question(p: GradientClipping) -> Question:
    return Question(
        "What is the first entry of the gradient after clipping?",
        "after1",
        (f"$g = ({', '.join(map(latex, p.g))})$", f"clipped by {p.by}, with the threshold $c = {latex(p.threshold)}$"),
    )


def _steps(p: GradientClipping, result: Result) -> list[Arithmetic]:
    first = result.worked("after,1")
    if p.by == "value":
        return first
    entries = {f"g_{{{j}}}": entry for j, entry in enumerate(p.g, start=1)}
    squares = " + ".join(f"{entry}^2" for entry in entries)
    norm = Formula(r"\lVert g \rVert", written=rf"\sqrt{{{squares}}}", values=entries)
    return [norm.worked_out(result.numbers["norm"], {}), *first]


def _slips(p: GradientClipping, result: Result) -> Slips:
    first, norm, c = p.g[0], result.numbers["norm"], p.threshold
    by_norm, by_value = first * min(1.0, c / norm), max(-c, min(c, first))
    told = [(first / norm, "That makes the norm 1. It should become $c$, and only if it was larger.")]
    if norm <= c or (p.by == "value" and abs(first) <= c):
        told += [(first * c / norm, "That changes an entry that needs no clipping.")]
    else:
        told += [(first, "That is the unclipped entry, but the gradient exceeds the threshold.")]
    if p.by == "value":
        told += [(by_norm, "That is clipping by norm. By value, each entry is clipped on its own.")] if norm > c else []
    elif norm > c:
        told += [(by_value, parting(1, "That is clipping by value. By norm, all entries shrink together."))]
    sign = "The size is right, but clipping keeps the sign."
    return [*told, (-result.numbers["after1"], sign), (c, "That is the threshold, not the entry.")]


DEMO = Demo(
    __file__,
    GradientClipping,
    compute,
    Prediction(_instance, _question, _steps, _slips, HUNDREDTH),
    shows=(clipping.by_norm, clipping.by_value, descend, loss_and_gradient),
)
