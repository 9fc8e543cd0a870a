"""A pattern moves: convolution and max-pool find it anywhere, a dense layer only at the position it was set for."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Formula, first_then, given
from app.demos.machine.demo import Demo, Layered
from app.demos.machine.figures import Curve, Diagram, Edge, Handle, Node, Row, Series, Spot, Trace, Values
from app.demos.machine.numbers import fill, heat, latex, short, show
from app.demos.machine.parameters import Numbers, Parameters, entries, number
from app.demos.machine.prediction import EXACT, Prediction, Question, Slips, parting
from app.demos.machine.result import Result
from app.nn import conv1d

APART = 31  # between the drawn steps


class PositionalInvariance(Parameters):
    """A pattern among zeros, one kernel, and a dense layer whose weights hold the same kernel at one position."""

    position: int = number(8, 1, 20, slide=(1, 11), step=1, title="Position of the pattern", says="Where it is now.")
    learned: int = number(2, 1, 20, slide=(1, 11), step=1, title="Learned at", says="Where the dense layer has it.")
    stride: int = number(1, 1, 4, step=1, title="Stride $s$", says="The convolution looks at every s-th position.")
    pattern: Numbers = entries((1, 3, -2), title="Pattern", says="Up to 12 numbers; all others are 0.")
    kernel: Numbers = entries((1, 3, -2), title="Kernel", says="What both layers look for; usually the pattern itself.")
    length: int = number(13, 2, 20, step=1, title="Length", says="Steps of the input.")

    def misfits(self) -> Iterator[tuple[str, str, str]]:
        """A pattern or kernel longer than the input, or a position from which it would not fit."""
        for name in ("pattern", "kernel"):
            given: tuple[float, ...] = getattr(self, name)
            if len(given) > self.length:
                yield name, f"at most {self.length} numbers, the length", ",".join(map(repr, given[: self.length]))
        for name, size in (("position", len(self.pattern)), ("learned", max(len(self.kernel), len(self.pattern)))):
            last = max(1, self.length - size + 1)
            if getattr(self, name) > last:
                yield (
                    name,
                    f"{f'a position from 1 to {last}' if last > 1 else '1'}, so that it fits into the length",
                    str(last),
                )


@dataclass(frozen=True)
class BothLayers:
    """The outputs of both layers, with the pattern at every position.

    Shapes: x (places, time), maps (places, windows), pooled (places), W (time), dense (places)
    """

    x: Values
    maps: Values
    pooled: Values
    W: Values
    dense: Values


def run_both(p: PositionalInvariance) -> BothLayers:
    """Both layers on one batch: in each of its sequences the pattern is at another position."""
    size = len(p.pattern)
    x = np.zeros((p.length - size + 1, p.length))
    for place in range(len(x)):
        x[place, place : place + size] = p.pattern
    kernel = np.array(p.kernel)
    maps = conv1d.forward(x[:, :, None], conv1d.ConvWeights(kernel[:, None, None], np.zeros(1)), p.stride)[:, :, 0]
    W = np.zeros(p.length)
    W[p.learned - 1 : p.learned - 1 + len(kernel)] = kernel
    return BothLayers(x, maps, maps.max(axis=1), W, x @ W)


def compute(p: PositionalInvariance) -> Result:
    """Both layers' outputs for the pattern where it is, where it was learned, and at every other position."""
    run, now, then = run_both(p), p.position - 1, p.learned - 1
    winner = int(np.argmax(run.maps[now]))
    numbers: dict[str, float] = {
        "pooled": float(run.pooled[now]),
        "pooled_learned": float(run.pooled[then]),
        "dense": float(run.dense[now]),
        "dense_learned": float(run.dense[then]),
        "position": p.position,
        "learned": p.learned,
        "found_at": winner * p.stride + 1,
        "moved": p.position - p.learned,
        "weights_conv": len(p.kernel),
        "weights_dense": p.length,
        "places": len(run.x),
        "same": int((run.pooled == run.pooled[then]).sum()),
        "dense_same": int((run.dense == run.dense[then]).sum()),
    }
    drawn = (_diagram(p, run, winner, numbers), _curve(run, numbers))
    return Result(numbers, (*drawn, _answers(p, run), _map(p, run, winner, numbers), _input(p, run)))


def _diagram(p: PositionalInvariance, run: BothLayers, winner: int, numbers: dict[str, float]) -> Diagram:
    """The input in the middle; above it the feature map and its largest; below it the dense layer."""
    x, feature_map, k, left = run.x[p.position - 1], run.maps[p.position - 1], len(p.kernel), 20.0
    nodes, edges, largest = [], [], max(1e-300, float(np.abs(x).max()))
    for t, value in enumerate(x.tolist(), start=1):
        lit, at = p.position <= t < p.position + len(p.pattern), left + APART * (t - 1)
        nodes.append(Node(at, 172, _tight(value), "circle", 29, 29, heat(value, largest), lit, at=f"x,{t}"))
    most = float(np.abs(feature_map).max())
    for j, value in enumerate(feature_map.tolist()):
        at, lit = left + APART * (j * p.stride + (k - 1) / 2), j == winner
        nodes.append(Node(at, 92, _tight(value), "circle", 30, 30, heat(value, most), lit, at=f"y,{j + 1}"))
    pooled, dense, top = numbers["pooled"], numbers["dense"], len(nodes)
    big, room = max(abs(pooled), abs(dense)), max(left + APART * (p.length - 1) + 20, 260)
    above, below = nodes[p.length + winner].x, left + APART * (p.learned - 1 + (k - 1) / 2)
    nodes.append(Node(above, 20, short(pooled), "circle", 38, 38, heat(pooled, big), True, at="now,1"))
    nodes.append(Node(below, 252, short(dense), "circle", 38, 38, heat(dense, big), True, at="now,2"))
    for at, y, name in ((above, 20, "max-pool"), (below, 252, "dense layer")):
        nodes.append(Node(at + (78 if at < room - 140 else -78), y, name, "text", 90, 20, strong=True))
    weights = [short(weight) for weight in p.kernel]
    fits = len(weights) <= 5 and max(map(len, weights)) <= 2
    for i, weight in enumerate(weights):
        edges.append(Edge(winner * p.stride + i, p.length + winner, recurrent=True))
        edges.append(Edge(p.learned - 1 + i, top + 1, weight * fits))
    edges.append(Edge(p.length + winner, top, recurrent=True))
    alt = (
        f"In the middle the input: {', '.join(map(show, x.tolist()))}. Above it the feature map: "
        f"{', '.join(map(show, feature_map.tolist()))}, whose largest is {show(pooled)}. Below it the dense layer, "
        f"with weights from step {p.learned} on, gives {show(dense)}."
    )
    where = "is where it was learned" if p.position == p.learned else "has moved from {learned} to {position}"
    agreed = numbers["pooled_learned"] == numbers["dense_learned"]
    there = "both give {pooled_learned}" if agreed else "they give {pooled_learned} and {dense_learned}"
    told = f"The pattern {where}: convolution and max-pool give {{pooled}}, the dense layer gives {{dense}}."
    told += f" At position {{learned}} {there}." if p.position != p.learned else ""
    return Diagram("layers", "Two layers, one pattern", fill(told, numbers), alt, room, 280, nodes, edges)


def _curve(run: BothLayers, numbers: dict[str, float]) -> Curve:
    told = (
        "At {same} of {places positions} max-pool gives the same output as at the learned one, the dense layer at "
        "{dense_same}."
    )
    series = (
        Series("dense_at", "dense layer", "the dense layer's output", run.dense),
        Series("pooled_at", "convolution, then max-pool", "the max-pool's output", run.pooled, "dashed"),
    )
    title, places = "The output for each position of the pattern", np.arange(1.0, len(run.x) + 1)
    at = [Spot(Handle(across="position"), x=numbers["position"], unit=1)]
    return Curve("places", title, fill(told, numbers), "position of the pattern", "output", places, series, places=at)


def _answers(p: PositionalInvariance, run: BothLayers) -> Trace:
    def answer(place: int) -> Callable[[int], Formula]:
        maps = {f"y_{{{j}}}": y for j, y in enumerate(run.maps[place].tolist(), start=1)}
        largest = "The largest is passed on; where it was is dropped."
        own = "Each position has its own weight; weights of 0 are left out here."
        learned = slice(p.learned - 1, p.learned - 1 + len(p.kernel))
        terms, values = _terms("W", run.W[learned].tolist(), p.learned, run.x[place, learned], p.learned)
        is_now = place == p.position - 1
        pooled = Formula(r"\max_j \, y_j", largest, rf"\max({', '.join(maps)})", maps, origins=_shown(maps, is_now))
        dense = Formula(rf"\mathrm{{dense}} = {terms}", own, values=values, origins=_shown(values, is_now))
        return first_then(pooled, dense)

    def row(key: str, label: str, place: int) -> Row:
        return Row(key, label, np.array([run.pooled[place - 1], run.dense[place - 1]]), answer(place - 1))

    rows = (
        row("then", f"pattern at {p.learned}, as learned", p.learned),
        row("now", f"pattern at {p.position}, now", p.position),
    )
    caption, columns = "The outputs of the two layers, there and here.", ("convolution + max-pool", "dense layer")
    return Trace("answers", "Outputs", caption, rows, ("now", 0), columns=columns, column_word="layer", coloured=False)


def _terms(weight: str, weights: Sequence[float], w: int, x: Values, first: int) -> tuple[str, dict[str, float]]:
    """The formula of Σ weight · input, and its symbols' values. Weights are numbered from `w`, inputs from `first`."""
    names = [(f"{weight}_{{{w + i}}}", f"x_{{{first + i}}}") for i in range(len(weights))]
    values = {a: float(v) for (a, _), v in zip(names, weights, strict=True)}
    values |= {b: float(v) for (_, b), v in zip(names, x, strict=True)}
    return " + ".join(rf"{a} \, {b}" for a, b in names), values


def _shown(symbols: Iterable[str], is_now: bool) -> dict[str, str]:
    """Where the page has the symbols of a sum: the inputs only of the pattern where it is now."""
    cells = {"k": "kernel", "W": "W,#", "x": "x,#" * is_now, "y": "y,#" if is_now else "was,#"}
    return {name: cells[name[0]].replace("#", name[3:-1]) for name in symbols}


def _map(p: PositionalInvariance, run: BothLayers, winner: int, numbers: dict[str, float]) -> Trace:
    def at(place: int) -> Callable[[int], Formula]:
        def formula(j: int) -> Formula:
            first = (j - 1) * p.stride
            terms, values = _terms("k", p.kernel, 1, run.x[place, first : first + len(p.kernel)], first + 1)
            told, origins = "The same weights at every window.", _shown(values, place == p.position - 1)
            return Formula(f"y_{{{j}}} = {terms}", told, values=values, origins=origins)

        return formula

    if numbers["moved"] % p.stride:
        told = (
            "The pattern moved by {moved}, which is not a multiple of the stride: the map holds other numbers now. "
            "A convolution with a stride is equivariant to moves by whole strides only."
        )
    else:
        told = (
            "Away from the edges the map moves with the pattern, number for number: that is equivariance. "
            "Its largest is at {found_at}."
        )
    then, now = p.learned - 1, p.position - 1
    rows = (
        Row("was", f"pattern at {p.learned}", run.maps[then], at(then), words="map for the learned position"),
        Row("y", f"pattern at {p.position}", run.maps[now], at(now), words="map for the position now"),
    )
    columns = [f"from {j * p.stride + 1}" for j in range(run.maps.shape[1])]
    title, told = "The feature map", fill(told, numbers)
    return Trace("map", title, told, rows, ("y", winner), columns=columns, column_word="window")


def _input(p: PositionalInvariance, run: BothLayers) -> Trace:
    x = run.x[p.position - 1]
    told = "The dense layer has {weights_dense weights}, one per step; the kernel has {weights_conv} for all steps."
    told = fill(told, {"weights_dense": p.length, "weights_conv": len(p.kernel)})

    def moved(t: int) -> Handle | None:
        return Handle(across="position", pitch=APART) if x[t - 1] else None

    rows = (
        Row("x", "input $x_t$", x, lambda t: given("x_t", "The pattern." if x[t - 1] else "No pattern."), handle=moved),
        Row("W", "dense weight $W_t$", run.W, given("W_t", "The weight of this position alone.")),
        Row("Wx", r"product $W_t \, x_t$", run.W * x),
    )
    return Trace("input", "What the dense layer reads", told, rows, ("x", p.position - 1))


def _instance(rng: random.Random) -> dict[str, str]:
    pattern = ",".join(map(str, rng.sample([-2, -1, 2, 3, 4], 3)))
    learned, position = rng.sample(range(1, 9), 2)
    return {"pattern": pattern, "kernel": pattern, "learned": str(learned), "position": str(position), "length": "11"}


def _question(p: PositionalInvariance) -> Question:
    pattern = r",\; ".join(map(latex, p.pattern))
    return Question(
        "What does the max-pool over the whole feature map give?",
        "pooled",
        (
            f"the pattern is $({pattern})$ and starts at position {p.position}; all else is 0",
            "the kernel is the pattern itself, its stride is 1",
            f"a dense layer holds the same weights at position {p.learned}",
        ),
    )


def _steps(p: PositionalInvariance, result: Result) -> list[Arithmetic]:
    winner = (result.numbers["found_at"] - 1) / p.stride + 1
    return result.worked(f"y,{winner:.0f}", "now,1")


def _slips(p: PositionalInvariance, result: Result) -> Slips:
    return [
        (result.numbers["dense"], parting(1, "That is the dense layer's output: its weights are at the old position.")),
        (sum(p.pattern), parting(1, "That is the sum of the pattern. First multiply each number by the kernel's.")),
        (max(p.pattern), parting(1, "That is the largest number of the pattern. The pool looks at the feature map.")),
        (float(result.numbers["found_at"]), "That is where it was found. The pool drops the position."),
        (float(np.sum(np.square(p.pattern)) / len(p.pattern)), "That is a mean. Max-pool takes the largest sum."),
    ]


def _layers(p: PositionalInvariance) -> Layered:
    run = run_both(p)
    values = {"x": run.x, "kernel": np.array(p.kernel, dtype=float), "W": run.W, "stride": p.stride}
    return Layered(values | {"position": p.position, "learned": p.learned})


DEMO = Demo(
    __file__,
    PositionalInvariance,
    compute,
    Prediction(_instance, _question, _steps, _slips, EXACT),
    shows=(run_both, conv1d.forward),
    layers=_layers,
)


def _tight(value: float) -> str:
    """A number of three characters at most beside its sign, as circles stand close here."""
    texts = (short(value), *(f"{value:.{digits}f}".replace("-", "−") for digits in (1, 0)))
    text = next(
        (text for text in texts if len(text.lstrip("−")) <= 3), f"{value:.0e}".replace("-", "−").replace("+0", "")
    )
    return "≈0" if value and text.strip("−0.") == "" else text
