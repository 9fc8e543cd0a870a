"""What is wrong in the demos' Markdown files: their form, their links and the formulas in them."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from app.cards.check.demo_links import demo_mistakes
from app.cards.file.mistake import Mistake
from app.cards.render.maths import MathsError, mathml
from app.demos.machine.demo import BadParametersError, Demo
from app.demos.machine.markdown import TryThis
from app.demos.machine.state import parameters_of
from app.demos.registry import all_demos
from app.nearest import did_you_mean

_FORMULA = re.compile(r"\$(.+?)\$")
_NUMBER = re.compile(r"(?<![\w.])−?\d+(?:\.\d+)?(?:e-?\d+)?")


def demo_words_mistakes(demos: Mapping[str, Demo[Any]] | None = None) -> list[Mistake]:
    """Every mistake in the Markdown files of these demos, or of all. Paths are absolute: the files are not content."""
    demos = all_demos() if demos is None else demos
    return sorted(mistake for demo in demos.values() for mistake in _of(demo, demos))


def _of(demo: Demo[Any], demos: Mapping[str, Demo[Any]]) -> list[Mistake]:
    found = list(demo.words.mistakes)
    for one in (*demo.tour, *demo.try_this):
        try:
            demo.parse(parameters_of(one.change))
        except BadParametersError as error:
            found.append((one.line, str(error)))
        else:
            if one.numbers:  # it is run only then
                problems = demo_mistakes(
                    demo.name, urlencode(parameters_of(one.change)), one.numbers, demos.__getitem__
                )
                found += [(one.line, problem) for problem in problems]
    for step in demo.tour:
        known = _NUMBER.findall(" ".join([step.numbers, *_texts(demo, step)]).replace("-", "−"))
        found += [
            (step.line, f"the number {number} must be computed: state it in the link, as in (?step=2#h2=0.5)")
            for number in _NUMBER.findall(_FORMULA.sub("", step.notice))
            if number not in known
        ]
    lines = demo.path.read_text(encoding="utf-8").split("\n")
    for name in demo.words.knobs:
        if name not in (names := [field.name for field in demo.fields]):
            line = next(number for number, text in enumerate(lines, start=1) if text.startswith("knobs: "))
            found.append((line, f"knobs: {name} is not a parameter.{did_you_mean(name, names)}"))
    for name, words in demo.words.next:
        if name not in demos:
            line = next(number for number, text in enumerate(lines, start=1) if f"[{words}](demo:{name})" in text)
            found.append((line, f"there is no demo {name!r}.{did_you_mean(name, demos)}"))
    for number, text in enumerate(lines, start=1):
        for formula in _FORMULA.findall(text):
            try:
                mathml(formula)
            except MathsError as error:
                found.append((number, f"formula ${formula}$: {error}"))
    return [Mistake(demo.path.as_posix(), line, message) for line, message in found]


def _texts(demo: Demo[Any], step: TryThis) -> list[str]:
    """The values of all parameters at a step of a tour; none if it cannot be computed."""
    try:
        return list(demo.texts(demo.parse(parameters_of(step.change))).values())
    except BadParametersError:
        return []
