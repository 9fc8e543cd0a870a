"""Runs the computed question of a line `Ask:`, and says what is wrong with it."""

from collections.abc import Sequence
from functools import lru_cache

from app.ask.judge import judge
from app.ask.question import Instance, Value, written
from app.ask.questions.line import BadLineError, read
from app.ask.remembered import recall, remember
from app.demos.machine.numbers import plain

SEEDS = 200
"""So many seeds in a row are asked: as a rule every instance, since seeds walk through them."""


@lru_cache(maxsize=1024)
def ask_mistakes(text: str, runs: bool = True) -> Sequence[str]:
    """What is wrong with the text behind `Ask:`, one sentence each: most often nothing.

    If it `runs`, every instance is asked and judged, which takes up to seconds, and is remembered. Else only what it
    names is looked up: a file that is saved while serving does not wait.
    """
    try:
        line = read(text)
        wrong = recall("mistakes", text) if runs else ""
        if wrong is None:
            wrong = next((problem for one in line.instances[:SEEDS] if (problem := _misjudged(one))), "")
            remember(wrong, "mistakes", text)
    except BadLineError as error:
        wrong = str(error)
    return (f"Ask: {wrong}",) if wrong else ()


def _misjudged(instance: Instance) -> str:
    """How the judge errs in this instance; empty if it knows the answer and every slip."""
    given = ", ".join(f"{name} = {value}" for name, value in instance.parameters.items())
    if not judge(instance, _typed(instance.task.answer)).is_right:
        return f"with {given} the right answer {written(instance.task.answer)} is not accepted: the question is broken"
    for slip, says in instance.task.slips:
        if judge(instance, _typed(slip)).verdict not in ("slip", "unreadable"):
            return f"with {given} the slip {written(slip)} ({says}) coincides with the answer: fix other parameters"
    return ""


def _typed(value: Value) -> str:
    """A value as it is typed, to its last digit."""
    return plain(value) if isinstance(value, int | float) else written(value)
