"""A demo's number to predict, as a question of the same name."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from app.ask.question import ESTIMATE, HAND, HEAD, Effort, Parameters, Question, Task
from app.demos.machine.arithmetic import Formula
from app.demos.machine.demo import Demo
from app.demos.machine.prediction import Prediction
from app.demos.registry import all_demos

OF: Mapping[str, tuple[str, Effort]] = {
    "activations": ("computing-the-output", HEAD),
    "attention": ("encoder-decoder-and-attention", HAND),
    "beam-search": ("decoding", HEAD),
    "bidirectional": ("bidirectional-and-stacked", HEAD),
    "bptt": ("backpropagation-through-time", HEAD),
    "drift-monitor": ("from-training-to-production", HEAD),
    "glimpse-sensor": ("applications", HEAD),
    "gradient-clipping": ("vanishing-and-exploding-gradients", HEAD),
    "gradient-flow": ("vanishing-and-exploding-gradients", ESTIMATE),
    "gru-gates": ("lstm-and-gru", HAND),
    "initialisation": ("initialisation-and-regularisation", HAND),
    "layer-norm-and-dropout": ("initialisation-and-regularisation", HAND),
    "layer-shapes": ("shapes-and-parameters", HAND),
    "long-memory": ("lstm-and-gru", ESTIMATE),
    "lstm-gates": ("lstm-and-gru", HAND),
    "order-matters": ("what-recurrence-is", HEAD),
    "padding-and-masking": ("padding-and-masking", HAND),
    "positional-invariance": ("beside-the-rnn", HEAD),
    "receptive-field": ("beside-the-rnn", HEAD),
    "recursive-tree": ("beside-the-rnn", HEAD),
    "self-attention": ("encoder-decoder-and-attention", HAND),
    "sequence-shapes": ("kinds-of-sequence-task", HEAD),
    "simple-rnn-options": ("keras-simple-rnn", HAND),
    "stacked-rnn": ("bidirectional-and-stacked", HEAD),
    "stateful-or-stateless": ("state-across-windows", HAND),
    "training-symptoms": ("vanishing-and-exploding-gradients", ESTIMATE),
    "transfer-learning": ("transfer-learning", HAND),
    "unrolled-rnn": ("computing-the-output", HAND),
}
"""The topic of each demo's question, and how its answer is found."""


def of_demo(demo: Demo[Any], prediction: Prediction[Any]) -> Question:
    """The question that a demo asks of its own numbers."""

    def ask(parameters: Parameters) -> Task:
        p = demo.parse(parameters)
        result, question = (prediction.compute or demo.compute)(p), prediction.question(p)
        answer = result.numbers[question.number]
        slips = [(value, says) for value, says in prediction.slips(p, result) if math.isfinite(value)]
        task = Task(question.asks, question.givens, answer, slips, prediction.worked(p, result))
        return in_orders(task) if prediction.tolerance.times > 1 else task

    def same(parameters: Parameters) -> object:
        question = prediction.question(demo.parse(parameters))
        return question.asks, *question.givens

    return Question(
        demo.name, demo.title, *OF[demo.name], prediction.tolerance, prediction.change, ask, same, demo=demo.name
    )


def in_orders(task: Task) -> Task:
    """The same question, of the order of size of its answer."""
    size = cast("float", task.answer)
    log = Formula(r"\log_{10} a", "Its order of size:", r"\log_{10}(a)", {"a": size}).worked_out(math.log10(size), {})
    slips = [(math.log10(value), says) for value, says in task.slips if isinstance(value, float | int) and value > 0]
    asks = f"{task.asks} Give its order of size, $\\log_{{10}}$."
    return replace(task, asks=asks, answer=math.log10(size), slips=slips, working=(*task.working, log))


def of_all_demos() -> list[Question]:
    """The question of every demo that has one of its own."""
    return [of_demo(demo, demo.prediction) for demo in all_demos().values() if demo.prediction]
