"""Answers to questions, as tests give them."""

from typing import Any

from app.ask.judge import Judged, judge
from app.ask.questions.registry import find
from app.demos.machine.demo import Demo


def judged(demo: Demo[Any], parameters: Any, guess: float) -> Judged:
    """The judgement of a guess at the number that a demo asks about in this state."""
    return judge(find(demo.name).made(demo.texts(parameters)), repr(float(guess)))
