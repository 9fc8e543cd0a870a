"""Three cells trained side by side on the same task: which still knows at the end what it read at the start?"""

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Formula, given
from app.demos.machine.demo import Demo, Training
from app.demos.machine.figures import Curve, Row, Series, Trace, Values
from app.demos.machine.numbers import fill, latex
from app.demos.machine.parameters import Parameters, number
from app.demos.machine.prediction import Prediction, Question, Slips, Tolerance, parting
from app.demos.machine.result import Result
from app.nn import clipping, jacobian, lstm, optimise, remembering
from app.nn.activations import SIGMOID
from app.nn.remembering import FORGETS_NOTHING, GATES, Cell, Model, Pass

UNITS, BATCH, REPORTS, CLIP, KNOWS, ROOM = 4, 8, 20, 1.0, 0.1, (0.0001, 10)
CELLS: tuple[Cell, ...] = ("rnn", "lstm", "gru")
Dash = Literal["solid", "dashed", "dotted"]
NAMES = {"rnn": "the RNN", "lstm": "the LSTM", "gru": "the GRU"}


class LongMemory(Parameters):
    """An RNN, an LSTM and a GRU of four units each, trained with Adam on the same sequences."""

    gap: int = number(20, 1, 25, step=1, title="Gap", says="Noisy steps between reading and repeating the number.")
    noise: float = number(0.3, 0, 2, slide=(0, 1), step=0.1, title="Noise", says="Standard deviation in the gap.")
    gain: float = number(
        0.7,
        0,
        3,
        slide=(0, 1.5),
        step=0.05,
        title=r"Gain $\sigma_1(W_h)$",
        says="Size of the recurrent weights at the start.",
    )
    keep: float = number(
        2, -6, 6, slide=(-4, 4), step=0.5, title="Bias of the gate that keeps", says="At the start: LSTM's f, GRU's z."
    )
    rate: float = number(0.05, 0, 1, slide=(0, 0.1), step=0.005, title=r"Learning rate $\eta$", says="Of Adam.")
    updates: int = number(80, 0, 80, step=5, title="Updates", says="How often the weights change.")
    seed: int = number(0, 0, 9999, slide=(0, 20), step=1, title="Seed", says="Draws the weights and the sequences.")


@dataclass
class CellInTraining:
    """One cell in all draws, its optimiser, and its losses so far, each (draws); `done` is its last pass."""

    model: Model
    moments: optimise.Moments
    losses: list[Values] = field(default_factory=list)
    done: Pass = field(init=False)


def train(p: LongMemory, seeds: Sequence[int]) -> Iterator[tuple[int, dict[Cell, CellInTraining]]]:
    """Train all cells on the same sequences with Adam, clipped at 1, in one draw for each seed, side by side.

    Yields at every report and at the end.
    """
    cells: dict[Cell, CellInTraining] = {}
    for cell in CELLS:
        drawn = [remembering.draw(np.random.default_rng(seed), cell, UNITS, p.gain, p.keep) for seed in seeds]
        model = remembering.side_by_side(drawn)
        cells[cell] = CellInTraining(model, optimise.at_rest(model.arrays()))
    sequences = [np.random.default_rng([seed, 1]) for seed in seeds]
    every = max(1, math.ceil(p.updates / REPORTS))
    for update in range(p.updates + 1):
        x, target = remembering.examples_of_draws(sequences, BATCH, p.gap, p.noise)
        for one in cells.values():
            one.done = remembering.forward_backward(one.model, x, target)
            one.losses.append(one.done.loss)
        if update == p.updates or (update % every == 0 and update > 0):
            yield update, cells
        if update < p.updates:
            for one in cells.values():
                used = clipping.by_norms(one.done.gradients, CLIP)
                arrays, one.moments = optimise.adam(one.model.arrays(), used, one.moments, p.rate)
                one.model = one.model.with_arrays(arrays)


def progress(p: LongMemory) -> Iterator[tuple[int, Result]]:
    """The result at every report."""
    for update, cells in train(p, [p.seed]):
        yield update, shown(p, update, cells)


def compute(p: LongMemory) -> Result:
    """Train to the end, and show which cells remember."""
    for update, cells in train(p, [p.seed]):
        result = shown(p, update, cells)
    return result


def compute_all(p: LongMemory, seeds: Sequence[int]) -> list[Mapping[str, float]]:
    """The numbers of every seed, trained side by side."""
    *_, (update, cells) = train(p, seeds)
    return list(numbers_of(p, update, cells, _flows(cells)))


def _flows(cells: dict[Cell, CellInTraining]) -> dict[Cell, Values]:
    """The gradient at every step of each cell: (draws, gap + 1)."""
    return {cell: remembering.gradient_by_step(one.model, one.done) for cell, one in cells.items()}


def numbers_of(
    p: LongMemory, update: int, cells: dict[Cell, CellInTraining], flows: dict[Cell, Values]
) -> Iterator[dict[str, float]]:
    """For each draw the three losses, and how much of the gradient reaches the first step in each cell."""
    losses = {cell: np.mean(one.losses[-max(1, len(one.losses) // 8) :], axis=0) for cell, one in cells.items()}
    forget = np.stack([cache.f for cache in cells["lstm"].done.caches], axis=-2)
    draws, _batch, time, h = forget.shape
    kept = jacobian.cell_path(forget.reshape(-1, time, h))[:, 1].reshape(draws, -1).mean(axis=1)
    for draw in range(draws):
        numbers = {"gap": float(p.gap), "updates": float(update), "guess": FORGETS_NOTHING}
        for cell in cells:
            flow = flows[cell][draw]
            numbers[f"loss_{cell}"] = float(losses[cell][draw])
            numbers[f"learned_{cell}"] = float(numbers[f"loss_{cell}"] < KNOWS)
            numbers[f"reaches_{cell}"] = float(flow[0] / flow[-1]) if flow[-1] else 0.0
            numbers[f"weights_{cell}"] = float(GATES[cell] * (UNITS + UNITS * UNITS + UNITS))
        numbers["kept_lstm"] = float(kept[draw])
        yield numbers


def shown(p: LongMemory, update: int, cells: dict[Cell, CellInTraining]) -> Result:
    """What a training of one draw has come to."""
    all_flows = _flows(cells)
    (numbers,) = numbers_of(p, update, cells, all_flows)
    flows = {cell: flow[0] for cell, flow in all_flows.items()}
    caption = fill(_caption(update, numbers), numbers)
    dashes: tuple[Dash, ...] = ("solid", "dashed", "dotted")
    lines = [
        Series(cell, cell.upper(), cell.upper(), np.array(one.losses)[:, 0], dash)
        for (cell, one), dash in zip(cells.items(), dashes, strict=True)
    ]
    losses = Curve(
        "losses", "Loss of the three", caption, "update", "loss", np.arange(update + 1.0), lines, True, room=ROOM
    )
    return Result(numbers, (losses, _way_back(p, flows)))


def _caption(update: int, numbers: dict[str, float]) -> str:
    if update == 0:
        losses = "the losses are {loss_rnn}, {loss_lstm} and {loss_gru}"
        return f"Before training no cell remembers: {losses}; always answering 0 costs {{guess}}."
    know = [cell for cell in CELLS if numbers[f"loss_{cell}"] < KNOWS]
    lost = [cell for cell in CELLS if cell not in know]
    told = [f"{NAMES[cell]} with a loss of {{loss_{cell}}}" for cell in know]
    forgot = [f"{NAMES[cell]} at {{loss_{cell}}}" for cell in lost]
    if not lost:
        return f"Over a gap of {{gap}} all three remember: {', '.join(told)}."
    if not know:
        return f"Over a gap of {{gap}} none of them remembers: {', '.join(forgot)}; always answering 0 costs {{guess}}."
    verb = "remembers" if len(know) == 1 else "remember"
    others = f"{' and '.join(forgot)} {'does' if len(lost) == 1 else 'do'} not (always answering 0 costs {{guess}})"
    return f"Over a gap of {{gap}} {' and '.join(told)} {verb}; {others}."


def _way_back(p: LongMemory, flows: dict[Cell, Values]) -> Trace:
    """The gradient at every step, as a share of the one at the last step."""
    now = r"\lVert \partial L / \partial s_t \rVert"
    last = rf"\lVert \partial L / \partial s_{{{p.gap + 1}}} \rVert"

    def share(flow: Values) -> Callable[[int], Formula]:
        note = "The state s is h; for the LSTM h and c together."
        if not flow[-1]:
            return lambda t: given(f"{now} / {last}", note)
        return lambda t: Formula(f"{now} / {last}", note, values={now: float(flow[t - 1]), last: float(flow[-1])})

    rows = [
        Row(cell, cell.upper(), flow / flow[-1] if flow[-1] else np.zeros_like(flow), share(flow))
        for cell, flow in flows.items()
    ]
    caption = "The gradient of the loss at every step, as a share of that at the last. Step 1 is the one to remember."
    return Trace("back", "How much of the gradient comes back", caption, rows, ("rnn", 0))


def _instance(rng: random.Random) -> dict[str, str]:
    return {
        "gap": str(rng.randint(5, 25)),
        "keep": str(rng.choice([-2, -1, 0, 0.5, 1, 1.5, 2])),
        "gain": "0",
        "noise": "0",
        "updates": "0",
    }


def _gate(p: LongMemory) -> float:
    return float(SIGMOID.f(np.array(p.keep)))


def _question(p: LongMemory) -> Question:
    return Question(
        r"Before training: how much of the LSTM's first cell state is left at the end, $\partial c_T / \partial c_1$?",
        "kept_lstm",
        (
            f"from the first step to the last it is {p.gap} steps, with inputs of 0",
            f"the forget gate's bias is {latex(p.keep)}, and $\\sigma({latex(p.keep)}) = {latex(_gate(p))}$",
            "the recurrent weights are 0: the gate sees only its bias",
        ),
    )


def _left(p: LongMemory) -> Result:
    return Result({"kept_lstm": _gate(p) ** p.gap}, ())


def _steps(p: LongMemory, result: Result) -> list[Arithmetic]:
    gate = _gate(p)
    one = Formula(r"f = \sigma(b_f)", "One step keeps:", values={"b_f": p.keep})
    all_steps = Formula(r"\prod_{t=2}^{T} f", "Steps multiply:", "f^{T-1}", {"f": gate, "T-1": p.gap})
    return [one.worked_out(gate, {}), all_steps.worked_out(result.numbers["kept_lstm"], {})]


def _slips(p: LongMemory, result: Result) -> Slips:
    gate = _gate(p)
    return [
        (gate, parting(2, "That is one step only: every further step multiplies again.")),
        (1 - p.gap * (1 - gate), "That subtracts the same amount at every step; each step keeps the same share."),
        (gate * p.gap, parting(2, "Steps multiply, they do not add.")),
        ((1 - gate) ** p.gap, parting(1, "That uses the share that a step forgets; $f$ is the share it keeps.")),
        (gate ** (p.gap / 2), parting(2, "That is half of the steps.")),
        (1.0, parting(1, "Only a fully open gate keeps all; this one keeps a share at each step.")),
        (0.0, "Every step keeps a share: what is left is small, but not 0."),
    ]


DEMO = Demo(
    __file__,
    LongMemory,
    compute,
    Prediction(_instance, _question, _steps, _slips, Tolerance(times=2), _left),
    shows=(remembering.forward_backward, optimise.adam, lstm.step, train),
    training=Training("updates", "losses", progress),
    run_all=compute_all,
)
