"""One to one, one to many, many to one, many to many: which steps read, which write, and what each output has seen."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Formula, first_then, given, products
from app.demos.machine.demo import Demo, Layered
from app.demos.machine.figures import Diagram, Edge, Handle, Node, Row, Symbols, Trace, Values
from app.demos.machine.numbers import fill, heat, short
from app.demos.machine.parameters import Numbers, Parameters, choice, entries, flag, number
from app.demos.machine.prediction import EXACT, Prediction, Question, Slips, parting
from app.demos.machine.result import Result
from app.demos.parts.task_steps import TaskRun, TaskStep, run_steps, steps_of
from app.nn import rnn

TASKS = {
    "one-to-one": "One vector in, one answer out, as in plain classification",
    "one-to-many": "One input, many outputs, as in captioning an image",
    "many-to-one": "Many inputs, one answer, as in the sentiment of a review",
    "aligned": "One output for each input, as in tagging words",
    "unaligned": "Everything is read, then everything is written, as in translation",
}
FELT, FELT_BEFORE = r"\frac{\partial h_t}{\partial x_1}", r"\frac{\partial h_{t-1}}{\partial x_1}"


class SequenceShapes(Parameters):
    """One unit whose output is its state."""

    reads: Literal["one", "many"] = choice("many", title="Reads", says="One input, or a sequence of them.")
    writes: Literal["one", "many"] = choice("many", title="Writes", says="One output, or a sequence of them.")
    aligned: bool = flag(False, title="Aligned", says="For many to many only: each output answers its own input.")
    x: Numbers = entries((1, 2, 3), title="Inputs", says="Up to 12 numbers; a task with one input reads the first.")
    outputs: int = number(3, 1, 12, step=1, title="Outputs", says="Number of outputs, where the kind leaves it open.")
    output: int = number(1, 1, 12, step=1, title="Output to show", says="If there are fewer, the last.")
    W_x: float = number(0.5, -10, 10, slide=(-2, 2), step=0.05, title="Input weight $W_x$", says="Of the one unit.")
    W_h: float = number(0.8, -10, 10, slide=(-2, 2), step=0.05, title="Recurrent weight $W_h$", says="Of the one unit.")

    @property
    def kind(self) -> str:
        """The kind of task, a key of TASKS."""
        if self.reads == self.writes == "many":
            return "aligned" if self.aligned else "unaligned"
        return f"{self.reads}-to-{self.writes}"


def compute(p: SequenceShapes) -> Result:
    """Lay out the steps, run them, and count what each output has seen."""
    steps = steps_of(p.kind, len(p.x), p.outputs)
    w = rnn.RNNWeights(np.array([[p.W_x]]), np.array([[p.W_h]]), np.zeros(1))
    run = run_steps(steps, np.array(p.x, dtype=float), w)
    writing = [t for t, step in enumerate(steps, start=1) if step.writes]
    seen = np.cumsum([step.reads > 0 for step in steps])
    at = writing[min(p.output, len(writing)) - 1]
    numbers: dict[str, float] = {
        "steps": len(steps),
        "inputs": int(seen[-1]),
        "outputs": len(writing),
        "output": min(p.output, len(writing)),
        "wait": writing[0] - 1,
        "written_at": at,
        "seen": int(seen[at - 1]),
        "y": float(run.h[at - 1]),
        "felt": float(run.felt[at - 1]),
        "path": writing[-1] - 1,
    }
    return Result(numbers, (_diagram(p, steps, run, at, numbers), _trace(p, steps, run, seen, at)))


def _caption(p: SequenceShapes, numbers: dict[str, float]) -> str:
    told = f"{TASKS[p.kind]}. Output {{output}} is written at step {{written_at}} of {{steps}}"
    some = "{seen} of {inputs} inputs" if numbers["inputs"] > 1 else "the one input"
    told += f" and has seen {some}"
    if p.kind == "unaligned" and numbers["inputs"] == numbers["outputs"]:
        return told + ": as many outputs as inputs, and yet not aligned."
    if p.kind == "one-to-one":
        return told + ". There is no sequence, so $W_h$ has nothing to act on."
    return told + "; its derivative with respect to the first input is {felt}."


def _diagram(p: SequenceShapes, steps: list[TaskStep], run: TaskRun, at: int, numbers: dict[str, float]) -> Diagram:
    """The states in a row, with what each step is fed below and what it writes above."""
    gap, first, top, middle, bottom = 64.0, 32.0, 26.0, 108.0, 186.0
    largest = float(np.abs(run.h).max())
    nodes: list[Node] = []
    edges, before = [], 0
    for t, step in enumerate(steps, start=1):
        x, state, value = first + gap * (t - 1), len(nodes), float(run.h[t - 1])
        nodes.append(Node(x, middle, short(value), "circle", 44, 44, heat(value, largest), t == at, at=f"h,{t}"))
        if t > 1:
            edges.append(Edge(before, state, recurrent=True))
        if step.writes:
            nodes.append(Node(x, top, f"y_{step.writes}", "text", 30, 26, lit=t == at, strong=True))
            edges.append(Edge(state, len(nodes) - 1))
        if step.reads:
            name, note = f"x_{step.reads}", short(float(run.fed[t - 1]))
        else:
            name, note = (f"y_{step.fed_back}", "fed back") if step.fed_back else ("start", "mark")
        nodes.append(Node(x, bottom, name, "text", 44, 26, note=note, strong=step.reads > 0, at=f"fed,{t}"))
        edges.append(Edge(len(nodes) - 1, state))
        before = state
    width = first + max(gap * (len(steps) - 1), 180) + 32
    if p.kind == "unaligned":
        n = int(numbers["inputs"])
        nodes.append(Node(max(40, first + gap * (n - 1) / 2), 240, "encoder", "text", 80, 20))
        nodes.append(Node(min(width - 40, first + gap * (n + (p.outputs - 1) / 2)), 240, "decoder", "text", 80, 20))
    caption = fill(_caption(p, numbers), numbers)
    said = " ".join(f"Step {t}: {step.says}." for t, step in enumerate(steps, start=1))
    return Diagram("roles", "Which steps read and which write", caption, said, width, 256, nodes, edges)


def _trace(p: SequenceShapes, steps: list[TaskStep], run: TaskRun, seen: Values, at: int) -> Trace:
    is_read, is_written = (np.array([float(getattr(step, act) > 0) for step in steps]) for act in ("reads", "writes"))

    def act(verb: str, symbol: str) -> Callable[[int], Formula]:
        def formula(t: int) -> Formula:
            which = getattr(steps[t - 1], verb)
            what = f"${symbol}_{{{which}}}$" if which else "nothing"
            return given(rf"\text{{{verb}}}_t", f"It {verb} {what}.")

        return formula

    def fed(t: int) -> Formula:
        step = steps[t - 1]
        if step.reads:
            return Formula(f"u_t = x_{{{step.reads}}}", "An input.", "x", {"x": p.x[step.reads - 1]})
        if step.fed_back:
            return Formula(f"u_t = y_{{{step.fed_back}}}", "The previous output, fed back.", "h_{t-1}")
        return Formula("u_t = 0", "The start mark.")

    def entered(t: int) -> Handle | None:
        return Handle(f"x,{steps[t - 1].reads}") if steps[t - 1].reads else None

    def inputs_seen(t: int) -> Formula:
        text = r"\text{seen}_t = \sum_{k \le t} \text{reads}_k"
        return Formula(text, "Inputs read at this step or earlier.", *products("k", (r"\text{reads}_k", is_read[:t])))

    def felt(t: int) -> Formula:
        if t == 1:
            return Formula(rf"{FELT} = (1 - h_t^2) \cdot W_x")
        if steps[t - 1].fed_back:
            by_both = "Through the state, and through the output that is fed back."
            return Formula(rf"{FELT} = (1 - h_t^2) \cdot (W_h + W_x) \cdot {FELT_BEFORE}", by_both)
        return Formula(rf"{FELT} = (1 - h_t^2) \cdot W_h \cdot {FELT_BEFORE}", "Through the state only.")

    state = Formula(r"h_t = \tanh(W_x \, u_t + W_h \, h_{t-1})")
    start = replace(state, note="Before the first step the state is 0.")
    feels = r"derivative $\partial h_t / \partial x_1$"
    rows = (
        Row("reads", "reads an input", is_read, act("reads", "x")),
        Row("fed", "is fed $u_t$", run.fed, fed, words="what the step is fed", handle=entered),
        Row("h", "state $h_t$", run.h, first_then(start, state)),
        Row("writes", "writes an output", is_written, act("writes", "y")),
        Row("seen", "inputs seen", seen.astype(float), inputs_seen),
        Row("felt", feels, run.felt, felt, words="derivative with respect to the first input"),
    )
    before, felt_before = np.append(0.0, run.h[:-1]), np.append(0.0, run.felt[:-1])
    symbols: Symbols = {"W_x": p.W_x, "W_h": p.W_h, "h_{t-1}": before, FELT_BEFORE: felt_before}
    caption = "Each column is one step. An output cannot depend on an input that is not read yet."
    columns = [f"step {t}" for t in range(1, len(steps) + 1)]
    return Trace("steps", "Every step", caption, rows, ("seen", at - 1), symbols, columns=columns)


def _instance(rng: random.Random) -> dict[str, str]:
    reads, writes = rng.choice([("one", "many"), ("many", "one"), ("many", "many"), ("many", "many")])
    return {
        "reads": reads,
        "writes": writes,
        "aligned": rng.choice(["0", "0", "1"]),  # one in three
        "x": ",".join(["1"] * rng.randint(2, 7)),
        "outputs": str(rng.randint(2, 7)),
        "output": str(rng.randint(1, 4)),
    }


def _question(p: SequenceShapes) -> Question:
    numbers = compute(p).numbers
    inputs, outputs, k = (int(numbers[name]) for name in ("inputs", "outputs", "output"))

    def named(letter: str, many: int) -> str:
        return f"${letter}_1, \\ldots, {letter}_{{{many}}}$" if many > 1 else f"${letter}_1$ alone"

    return Question(
        f"At which step is $y_{{{k}}}$ written?",
        "written_at",
        (
            TASKS[p.kind],
            f"it reads {named('x', inputs)} and writes {named('y', outputs)}",
            "the first step is number one",
        ),
    )


def _steps(p: SequenceShapes, result: Result) -> list[Arithmetic]:
    n = result.numbers
    read = {"unaligned": n["inputs"], "many-to-one": n["inputs"] - 1}.get(p.kind, 0)
    return [
        given(r"\text{before}", "Steps that only read, before the first output:").worked_out(read, {}),
        Formula(r"\text{step} = \text{before} + k").worked_out(
            n["written_at"], {r"\text{before}": read, "k": n["output"]}
        ),
    ]


def _slips(p: SequenceShapes, result: Result) -> Slips:
    inputs, k = result.numbers["inputs"], result.numbers["output"]
    aligned, decoder = (k, parting(1, "That would be aligned. Here everything is read first.")), inputs + k
    from_0 = (result.numbers["written_at"] - 1, "That counts the steps from 0. The first step is number one.")
    match p.kind:
        case "unaligned":
            early = parting(1, "That lets the last reading step write. A decoder starts one step later.")
            return (aligned, (decoder - 1, early), (inputs, "That is when the last input is read."), from_0)
        case "many-to-one":
            return (aligned, (decoder, parting(1, "The last reading step also writes: there is no decoder.")), from_0)
        case "aligned":
            late = parting(1, "That would be unaligned. Here each reading step also writes.")
            return ((decoder, late), (inputs, "That is when the last input is read."), from_0)
    return (
        (1.0, parting(1, "That is when the input is read and $y_1$ written.")),
        (decoder, parting(1, "The reading step also writes.")),
        from_0,
    )


def _layers(p: SequenceShapes) -> Layered:
    steps = steps_of(p.kind, len(p.x), p.outputs)
    writing = [t for t, step in enumerate(steps, start=1) if step.writes]
    values = {"x": np.array(p.x, dtype=float), "steps": [(step.reads, step.fed_back > 0) for step in steps]}
    values |= {"written_at": writing[min(p.output, len(writing)) - 1]}
    return Layered(values | {"W_x": np.array([[p.W_x]]), "W_h": np.array([[p.W_h]])})


DEMO = Demo(
    __file__,
    SequenceShapes,
    compute,
    Prediction(_instance, _question, _steps, _slips, EXACT),
    shows=(steps_of, run_steps, rnn.step),
    layers=_layers,
)
