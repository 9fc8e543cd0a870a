"""A small network trains on the smallest task that needs memory; a symptom names what goes wrong."""

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Formula, given
from app.demos.machine.demo import Demo, Training
from app.demos.machine.figures import Curve, Row, Series, Trace, Values
from app.demos.machine.numbers import fill, latex
from app.demos.machine.parameters import Parameters, choice, number
from app.demos.machine.prediction import Prediction, Question, Slips, Tolerance, parting
from app.demos.machine.result import Result, Verdict
from app.nn import clipping, optimise, remembering
from app.nn.remembering import FORGETS_NOTHING, Model, Pass

UNITS, BATCH, REPORTS, ROOM = 6, 8, 20, (0.01, 10)


class TrainingSymptoms(Parameters):
    """Plain gradient descent on a cell of six units, which must repeat at the end the number it read at the start."""

    cell: Literal["rnn", "lstm", "gru"] = choice("rnn", title="Cell", says="A plain RNN, or one with gates.")
    gap: int = number(25, 1, 30, step=1, title="Gap", says="Steps between reading and repeating the number.")
    rate: float = number(0.1, 0, 100, slide=(0, 2), step=0.05, title=r"Learning rate $\eta$", says="Scales the update.")
    gain: float = number(
        0.7, 0, 5, slide=(0, 2.5), step=0.05, title=r"Gain $\sigma_1(W_h)$", says="Of the initial recurrent weights."
    )
    clip: float = number(
        0, 0, 100, slide=(0, 2), step=0.1, title="Clip at $c$", says="Largest gradient norm; 0 means no clipping."
    )
    updates: int = number(200, 0, 300, step=10, title="Updates", says="How often the weights change.")
    seed: int = number(0, 0, 9999, slide=(0, 20), step=1, title="Seed", says="Draws the weights and the sequences.")


@dataclass(frozen=True)
class TrainedSoFar:
    """The model of all draws after some updates and before the last, and what led to it.

    `used` are the gradients of the last update, clipped if clipping is on; none before the first. `done` is the pass
    of the model as it is now. `losses` and `norms` of the gradient have an entry for each update, and one for now, each
    (draws). `first_steps` is the gradient at each step before training (draws, gap + 1).
    """

    model: Model
    before: Model
    used: Sequence[Values]
    done: Pass
    losses: list[Values]
    norms: list[Values]
    first_steps: Values


def train(p: TrainingSymptoms, seeds: Sequence[int]) -> Iterator[tuple[int, TrainedSoFar]]:
    """For each update, run one batch forward and backward, clip, and descend: one draw for each seed, side by side.

    Yields at every report and at the end.
    """
    rngs = [np.random.default_rng(seed) for seed in seeds]
    model = before = remembering.side_by_side([remembering.draw(rng, p.cell, UNITS, p.gain) for rng in rngs])
    losses: list[Values] = []
    norms: list[Values] = []
    used: Sequence[Values] = ()
    first = np.empty(0)
    every = max(1, math.ceil(p.updates / REPORTS))
    for update in range(p.updates + 1):
        done = remembering.forward_backward(model, *remembering.examples_of_draws(rngs, BATCH, p.gap))
        losses.append(done.loss)
        norms.append(clipping.global_norms(done.gradients))
        if update == 0:
            first = remembering.gradient_by_step(model, done)
        if update == p.updates or (update % every == 0 and update > 0):
            yield update, TrainedSoFar(model, before, used, done, losses, norms, first)
        if update < p.updates:
            used = clipping.by_norms(done.gradients, p.clip) if p.clip else done.gradients
            before, model = model, model.with_arrays(optimise.descend(model.arrays(), used, p.rate))


def progress(p: TrainingSymptoms) -> Iterator[tuple[int, Result]]:
    """The result at every report: what `compute` gives for this number of updates."""
    for update, run in train(p, [p.seed]):
        yield update, shown(p, update, run)


def compute(p: TrainingSymptoms) -> Result:
    """Train to the end, and name the symptom."""
    for update, run in train(p, [p.seed]):
        result = shown(p, update, run)
    return result


def compute_all(p: TrainingSymptoms, seeds: Sequence[int]) -> list[Mapping[str, float]]:
    """The numbers of every seed, trained side by side."""
    *_, (update, run) = train(p, seeds)
    by_step = remembering.gradient_by_step(run.model, run.done)
    return [numbers_of(update, run, draw, by_step[draw])[0] for draw in range(len(seeds))]


def numbers_of(update: int, run: TrainedSoFar, draw: int, by_step: Values) -> tuple[dict[str, float], str]:
    """The numbers of one draw, and its symptom in a sentence. `by_step` is its gradient at each step now."""
    losses = np.array([of_all[draw] for of_all in run.losses])
    numbers = {
        "updates": float(update),
        "loss_first": float(losses[0]),
        "loss": float(losses[-max(1, len(losses) // 10) :].mean()),
        "worst": float(np.max(losses)) if np.isfinite(losses).all() else math.inf,
        "norm": float(run.norms[-1][draw]),
        "reaches": _share(by_step),
        "reached_first": _share(run.first_steps[draw]),
        "guess": FORGETS_NOTHING,
    }
    name, told = _symptom(losses, numbers)
    numbers["symptom"] = float(SYMPTOMS.index(name))
    numbers["explodes"] = float(numbers["reached_first"] > 1)
    numbers["ran_away"] = float(name in ("NaN", "Diverged"))
    numbers["stalled"], numbers["learned"] = float(name == "Stalled"), float(name == "Learned")
    return numbers, f"{name}: {told}"


def shown(p: TrainingSymptoms, update: int, run: TrainedSoFar) -> Result:
    """Of one draw: losses so far, the gradient's way back now and at the start, and the weights' last update."""
    losses, by_step = np.array(run.losses)[:, 0], remembering.gradient_by_step(run.model, run.done)[0]
    numbers, told = numbers_of(update, run, 0, by_step)
    caption = fill(told, numbers)
    lines = (
        Series("loss", "loss $L$", "loss", losses),
        Series("guess", "saying 0 always", "saying 0 always", np.full(update + 1, FORGETS_NOTHING), "dashed"),
    )
    loss = Curve("loss", "Loss", caption, "update", "loss", np.arange(update + 1.0), lines, True, room=ROOM)
    back = "Of the gradient at the last step, {reaches} reaches the first"
    back += "; before training it was {reached_first}." if update else "."
    flows = (
        Series("now", r"$\lVert \partial L / \partial s_t \rVert$ now", "now", by_step),
        Series("start", "before training", "before training", run.first_steps[0], "dashed"),
    )
    title, steps = "The gradient on its way back", np.arange(1.0, p.gap + 2)
    flow = Curve("back", title, fill(back, numbers), "step t", "gradient", steps, flows, log=True)
    verdict = VERDICTS[int(numbers["symptom"])]
    return Result(numbers, (loss, flow, _weights(p, run)), _warnings(numbers), verdict=verdict)


SYMPTOMS = ("Not trained yet", "NaN", "Diverged", "Stalled", "Still learning", "Learned", "No better than a guess yet")
VERDICTS: Sequence[Verdict] = ("open", "bad", "bad", "poor", "open", "good", "poor")


def _symptom(losses: Values, numbers: dict[str, float]) -> tuple[str, str]:
    """The name of the symptom, and a sentence with the numbers that show it; adds when it began to the numbers."""
    finite = np.isfinite(losses)
    if not finite.all():
        numbers["nan_at"] = float(np.argmin(finite))
        return "NaN", "from update {nan_at} on the loss is NaN, and the weights are lost."
    if len(losses) == 1:
        return "Not trained yet", "the loss is {loss}; always answering 0 costs {guess}."
    if numbers["worst"] > 10 * max(numbers["loss_first"], FORGETS_NOTHING):
        numbers["worst_at"] = float(np.argmax(losses))
        away = "the loss rose from {loss_first} at the start to {worst} at update {worst_at}. Before training "
        if numbers["reached_first"] > 1:
            away += "the gradient grew {reached_first}-fold on its way back: it explodes. "
            return "Diverged", away + "Clip it, or clip it lower."
        why = "it does not explode. Suspect the learning rate: try a third of it."
        return "Diverged", away + "{reached_first} of the gradient reached the first step, so " + why
    if np.ptp(losses) == 0:
        return "Stalled", "in {updates updates} the loss has not moved from {loss}."
    if numbers["loss"] < 0.1:
        return "Learned", "after {updates updates} the loss is {loss}; always answering 0 costs {guess}."
    if numbers["loss"] > 0.8 and numbers["reaches"] < 0.01:
        better = "hardly" if numbers["loss"] < FORGETS_NOTHING else "no"
        return "Stalled", (
            f"after {{updates updates}} the loss is {{loss}}, {better} better than always answering 0 ({{guess}}), and "
            "{reaches} of the gradient reaches the step that matters."
        )
    name = "Still learning" if numbers["loss"] < FORGETS_NOTHING else "No better than a guess yet"
    return name, "after {updates updates} the loss is {loss}; always answering 0 costs {guess}."


def _share(by_step: Values) -> float:
    return float(by_step[0] / by_step[-1]) if by_step[-1] > 0 else (0.0 if by_step[-1] == 0 else math.nan)


def _warnings(numbers: dict[str, float]) -> list[str]:
    told = []
    if not math.isfinite(numbers["norm"]):
        told.append("The gradient is not finite: every further update turns all weights into NaN.")
    elif numbers["reaches"] == 0:
        told.append("No gradient comes back to the first step: it is too small for a float64.")
    return told


def _weights(p: TrainingSymptoms, run: TrainedSoFar) -> Trace:
    """The weights into the candidate of the state and out of it, a row a unit, and the last update of each."""
    h = UNITS
    block = {"rnn": slice(0, h), "lstm": slice(2 * h, 3 * h), "gru": slice(2 * h, 3 * h)}[p.cell]

    def rows_of(arrays: Sequence[Values]) -> list[Values]:
        W_xh, W_hh, _b, W_o = (of_all[0] for of_all in arrays)
        return [W_xh[0, block], *W_hh[:, block], W_o]

    note = f"g is the gradient{' as clipped' if p.clip else ''}."

    def updated(old: Values, used: Values) -> Callable[[int], Formula]:
        return lambda j: Formula(
            r"W - \eta \, g", note, values={"W": float(old[j - 1]), r"\eta": p.rate, "g": float(used[j - 1])}
        )

    made: list[Formula | Callable[[int], Formula]] = (
        [updated(old, used) for old, used in zip(rows_of(run.before.arrays()), rows_of(run.used), strict=True)]
        if run.used
        else [given("W", "Drawn from the seed; nothing has changed it yet.")] * (h + 2)
    )
    units = range(1, h + 1)
    names = ["x", *(f"h{i}" for i in units), "o"]
    says = ["from the input", *(f"from unit {i}" for i in units), "to the output"]
    labels = ["$W_x$", *(f"$W_h$ from unit {i}" for i in units), "$W_o$"]
    rows = [
        Row(name, label, values, formula, words=said)
        for name, label, values, formula, said in zip(
            names, labels, rows_of(run.model.arrays()), made, says, strict=True
        )
    ]
    caption = "The weights into the new state and out of it, one column per unit. Choose one to see its last update."
    columns = [f"unit {j}" for j in units]
    title = "The weights and their last update"
    return Trace("weights", title, caption, rows, ("h1", 0), {}, "j", columns=columns, column_word="unit")


def _instance(rng: random.Random) -> dict[str, str]:
    gap, gain = rng.randint(4, 30), rng.choice([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    return {"gap": str(gap), "gain": str(gain), "updates": "0"}


def _question(p: TrainingSymptoms) -> Question:
    return Question(
        "Before training: how much of the gradient at the last step reaches the first?",
        "reaches",
        (
            f"a plain RNN with tanh, and {p.gap} steps between the first and the last",
            f"$W_h$ is {latex(p.gain)} times an orthogonal matrix; the states are small, so the slopes are near 1",
        ),
    )


def _steps(p: TrainingSymptoms, result: Result) -> list[Arithmetic]:
    most = Formula("g^{T-1}", "If all slopes were 1:", values={"g": p.gain, "T-1": p.gap})
    share = r"\lVert \partial L / \partial h_1 \rVert / \lVert \partial L / \partial h_T \rVert"
    reaches = given(share, "With the slopes of tanh, a little below 1:")
    return [most.worked_out(p.gain**p.gap, {}), reaches.worked_out(result.numbers["reaches"], {})]


def _slips(p: TrainingSymptoms, result: Result) -> Slips:
    return [
        (p.gain, parting(1, "That is one step back only: every further step multiplies again.")),
        (p.gain * p.gap, parting(1, "Steps multiply, they do not add.")),
        (1.0, parting(1, "An orthogonal matrix alone would keep it, but this one is scaled by the gain.")),
        (p.gain ** (p.gap / 2), parting(1, "That is half of the steps.")),
    ]


DEMO = Demo(
    __file__,
    TrainingSymptoms,
    compute,
    Prediction(_instance, _question, _steps, _slips, Tolerance(times=2), compute),  # before training: no turn
    shows=(remembering.forward_backward, clipping.by_norms, optimise.descend, train),
    training=Training("updates", "loss", progress),
    run_all=compute_all,
)
