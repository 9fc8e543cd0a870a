"""Which questions there are."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from app.ask.question import Question
from app.ask.questions import (
    applications,
    attention,
    counts,
    from_demos,
    gradients,
    language,
    sequences,
    speech,
    states,
)
from app.nearest import UnknownNameError, nearest


class UnknownQuestionError(UnknownNameError):
    what = "question"


@cache
def all_questions() -> Mapping[str, Question]:
    """Every question by its name, those of the demos first."""
    found = from_demos.of_all_demos()
    for module in (counts, states, gradients, attention, language, speech, sequences, applications):
        found += [one for one in vars(module).values() if isinstance(one, Question)]
    return MappingProxyType({question.name: question for question in found})


@cache
def topics_asked() -> frozenset[str]:
    """The names of the topics that have a question."""
    return frozenset(question.topic for question in all_questions().values())


def about(demo: str) -> Question:
    """The question that a demo's page asks: that of its own numbers, or else one about the same thing."""
    return next(question for question in all_questions().values() if question.demo == demo)


def find(name: str) -> Question:
    """The question of this name. Raises UnknownQuestionError, which knows the nearest."""
    questions = all_questions()
    if name not in questions:
        raise UnknownQuestionError(name, nearest(name.lower(), questions, cutoff=0) or "")
    return questions[name]
