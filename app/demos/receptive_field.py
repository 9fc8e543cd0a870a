"""How far back a stack of convolutions sees, and what each input weighs in one output, beside a linear RNN."""

import random
from collections.abc import Iterator

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Formula, given
from app.demos.machine.demo import Demo
from app.demos.machine.figures import Curve, Diagram, Edge, Handle, Node, Row, Series, Spot, Symbols, Trace, Values
from app.demos.machine.numbers import STRONGEST, counted, fill, latex, show
from app.demos.machine.parameters import Parameters, flag, number
from app.demos.machine.prediction import EXACT, Prediction, Question, Slips, first_apart, parting
from app.demos.machine.result import Result
from app.nn import receptive_field as rf

WIDEST = 2**20
DRAWN = 24  # columns of the diagram
SAMPLED = 240  # points of the curve


class ReceptiveField(Parameters):
    """A stack of equal convolutions, and a linear recurrent unit to compare it with."""

    kernel: int = number(2, 1, 8, step=1, title="Kernel $k$", says="Steps read by one kernel.")
    layers: int = number(4, 1, 20, slide=(1, 10), step=1, title="Layers", says="Stacked, each on the one below.")
    dilation: int = number(1, 1, 8, step=1, title="Dilation $d$", says="Distance between the steps that it reads.")
    doubling: bool = flag(True, title="Doubling", says="Each layer's dilation is twice that of the one below.")
    stride: int = number(1, 1, 3, step=1, title="Stride $s$", says="Steps from one output to the next.")
    keeps: float = number(
        0.9, 0, 0.99, slide=(0.5, 0.99), step=0.01, title="RNN keeps", says="Recurrent weight of a linear unit."
    )

    def stack(self) -> list[rf.ConvLayer]:
        """The layers from the bottom up."""
        return [
            rf.ConvLayer(self.kernel, self.stride, self.dilation * (2**i if self.doubling else 1))
            for i in range(self.layers)
        ]

    def misfits(self) -> Iterator[tuple[str, str, str]]:
        """More layers than the widest field that is computed allows."""
        fit = sum(field <= WIDEST for field in rf.fields(self.stack())[1:])
        if fit < self.layers:
            yield "layers", f"at most {fit} with these values, so that the field is at most {WIDEST:,}", str(fit)


def compute(p: ReceptiveField) -> Result:
    """The field layer by layer, and each input's weight in one output if every kernel takes the mean."""
    stack = p.stack()
    fields, jumps, share = rf.fields(stack), rf.jumps(stack), rf.footprint(stack)
    field = fields[-1]
    numbers: dict[str, float] = {
        "field": field,
        "reached": int(np.count_nonzero(share)),
        "steps_cnn": p.layers,
        "steps_rnn": field,
        "weights": p.kernel * p.layers,
        "jump": jumps[-1],
        "share": float(share.max()),
        "newest": float(share[0] / share.max()),
        "rnn_oldest": p.keeps ** (field - 1),
        "rnn_beyond": p.keeps**field,
    }
    return Result(numbers, (_diagram(p, stack, share, numbers), _curve(p, share, numbers), _trace(stack, numbers)))


def _diagram(p: ReceptiveField, stack: list[rf.ConvLayer], share: Values, numbers: dict[str, float]) -> Diagram:
    """Inputs at the bottom, the newest at the right, and all arrows that lead to the newest output."""
    field, high = len(share), 46 if p.layers <= 8 else 30
    columns = min(max(field, 4), DRAWN)
    apart = 24
    reached, jumps = rf.offsets(stack, columns), rf.jumps(stack)
    nodes, edges, place = list[Node](), list[Edge](), dict[tuple[int, int], int]()
    for level, jump in enumerate(jumps):
        y = 22 + high * (p.layers - level)
        for back in range(0, columns, jump):
            on = back in reached[level]
            heat = round(STRONGEST * share[back] / share.max()) if on and level == 0 else 5 * on
            label = {field - 1: f"−{back}", 0: "now"}.get(back, "") if level == 0 else ""
            at = f"field,{level}" if level and on else None
            x = 24 + apart * (columns - 1 - back)
            place[level, back] = len(nodes)
            nodes.append(Node(x, y, "", "circle", 17, 17, heat, level == p.layers and back == 0, label, at))
    for level, layer in enumerate(stack):
        for above in sorted(reached[level + 1]):
            for i in range(layer.k):
                below = place.get((level, above + i * layer.d * jumps[level]))
                if below is not None:
                    edges.append(Edge(below, place[level + 1, above]))
    missed = "" if numbers["reached"] == field else ", but only {reached} of them reach it: the others fall in gaps"
    shown = f" (the newest {columns} are drawn)" if field > columns else ""
    some, other = (", one after another" * (count > 1) for count in (p.layers, field))
    told = (
        f"One output sees {{field steps}}, {'including ' * (field > 1)}the present{missed}{shown}. "
        f"That takes {{weights weights}} in {{steps_cnn layers}}{some}; an RNN takes {{steps_rnn steps}}{other}."
    )
    alt = (
        f"{counted(p.layers, 'rows')} of neurons above a row of inputs. Arrows lead from the inputs up to the newest "
        f"output at the top right. By layer the field is {', '.join(map(show, rf.fields(stack)[1:]))}."
    )
    width, height = 48 + apart * (columns - 1), 22 + high * p.layers + 42
    return Diagram("stack", "What reaches one output", fill(told, numbers), alt, width, height, nodes, edges)


def _curve(p: ReceptiveField, share: Values, numbers: dict[str, float]) -> Curve:
    """What each input weighs; each line is divided by its largest weight."""
    span = max(24, len(share) + len(share) // 4)
    back = np.unique(np.linspace(0, span, min(span + 1, SAMPLED)).round())
    at = back.astype(int)
    conv = np.where(at < len(share), share[np.minimum(at, len(share) - 1)], 0.0) / share.max()
    if numbers["newest"] < 1 - 1e-9:
        told = "The newest input weighs {newest} times as much as the heaviest one"
    else:
        told = "The newest input is among the heaviest, which weigh {share} each"
    told = told if numbers["field"] > 1 else "The only input has all the weight"
    told += (
        "; nothing beyond the field counts. The linear RNN has no such limit: the field's oldest step weighs "
        "{rnn_oldest} times as much as its newest, and {rnn_beyond} of its total weight is beyond the field."
        if p.keeps
        else "; nothing beyond the field counts. The linear RNN keeps nothing, so only the newest input counts there."
    )
    series = (
        Series("conv", "convolutions, kernels of equal weights", "weight in the convolutions' output", conv),
        Series("rnn", rf"RNN, ${latex(p.keeps)}^j$", "weight in the RNN's state", p.keeps**back, "dashed"),
    )
    half = float(back[len(back) // 2])
    keeps = [Spot(Handle("keeps"), x=half, y=p.keeps**half)]
    title, told = "The weight of each input", fill(told, numbers)
    return Curve("weight", title, told, "steps back", "weight, the largest is 1", back, series, places=keeps)


def _trace(stack: list[rf.ConvLayer], numbers: dict[str, float]) -> Trace:
    fields, jumps = np.array(rf.fields(stack), dtype=float), np.array(rf.jumps(stack)[:-1], dtype=float)

    def apart(layer: int) -> Formula:
        text = r"\prod_{m<l} s_m"
        if layer == 1:
            return given(text, "The bottom layer reads the input itself.")
        strides = {f"s_{{{m}}}": float(below.s) for m, below in enumerate(stack[: layer - 1], start=1)}
        told = "The strides of the layers below spread out what this layer reads."
        return Formula(text, told, r" \cdot ".join(strides), strides, origins=dict.fromkeys(strides, "stride"))

    kernel = given("k_l", "A kernel of k steps reaches back k − 1 steps.")
    dilation = given("d_l", "Between two steps that it reads, it skips d − 1.")
    adds = r"(k_l - 1) \, d_l \, \prod_{m<l} s_m"
    further = Formula(adds, "How much further back than the layer below.")
    total = Formula(f"R_l = R_{{l-1}} + {adds}", "What the layer below sees, plus what this one adds.")
    rows = (
        Row("k", "kernel $k_l$", np.array([float(layer.k) for layer in stack]), kernel),
        Row("d", "dilation $d_l$", np.array([float(layer.d) for layer in stack]), dilation),
        Row("jump", r"apart $\prod_{m<l} s_m$", jumps, apart, words="input steps between neighbours"),
        Row("adds", r"adds $(k_l - 1) \, d_l \prod s_m$", np.diff(fields), further, words="adds to the field"),
        Row("field", "field $R_l$", fields[1:], total),
    )
    told = fill("It starts at 1, the present step, and ends at {field}. Choose a number to see its formula.", numbers)
    symbols: Symbols = {r"\prod_{m<l} s_m": jumps, "R_{l-1}": fields[:-1]}
    return Trace(
        "layers",
        "The field, layer by layer",
        told,
        rows,
        ("field", len(stack) - 1),
        symbols,
        "l",
        columns=[f"layer {n}" for n in range(1, len(stack) + 1)],
        column_word="layer",
        coloured=False,
    )


def _instance(rng: random.Random) -> dict[str, str]:
    return {
        "kernel": str(rng.choice([2, 3, 4, 5, 7])),
        "layers": str(rng.choice([2, 3, 4, 5])),
        "dilation": str(rng.choice([1, 1, 2])),
        "doubling": rng.choice("01"),
        "stride": str(rng.choice([1, 1, 2])),
    }


def _question(p: ReceptiveField) -> Question:
    dilations = ", ".join(str(layer.d) for layer in p.stack())
    return Question(
        "How many steps does one output of the top layer see?",
        "field",
        (
            f"{p.layers} convolutions, each with a kernel of {p.kernel} steps and a stride of {p.stride}",
            f"their dilations, from the bottom up: {dilations}",
        ),
    )


def _steps(p: ReceptiveField, result: Result) -> list[Arithmetic]:
    return result.worked(*(f"field,{layer}" for layer in range(1, p.layers + 1)))


def _slips(p: ReceptiveField, result: Result) -> Slips:
    field = result.numbers["field"]
    told = []
    if p.stride > 1:
        bottom = rf.fields([layer._replace(s=1) for layer in p.stack()])[-1]
        told += [(bottom, parting(2, "The strides of the layers below are left out."))]
    plainly = [1 + layer * (p.kernel - 1) for layer in range(1, p.layers + 1)]
    if field != plainly[-1]:
        line = first_apart((line.result for line in _steps(p, result)), plainly)
        told += [(plainly[-1], parting(line, "That leaves out dilation and stride, as if each layer added k − 1."))]
    return (
        *told,
        (field - 1, parting(1, "The present step counts too: the sum starts at 1.")),
        (p.layers * p.kernel, parting(1, "Kernels overlap: each layer adds k − 1 steps, not k.")),
        (p.kernel**p.layers, parting(2, "That multiplies the kernel sizes. They add; only strides multiply.")),
        (
            1 + sum(layer.k * layer.d * jump for layer, jump in zip(p.stack(), rf.jumps(p.stack()), strict=False)),
            parting(1, "A kernel of k steps has k − 1 gaps."),
        ),
    )


DEMO = Demo(
    __file__,
    ReceptiveField,
    compute,
    Prediction(_instance, _question, _steps, _slips, EXACT),
    shows=(rf.jumps, rf.fields, rf.footprint),
)
