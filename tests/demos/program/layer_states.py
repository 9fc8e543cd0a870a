"""The states whose programs of layers are tried: every demo of layers at its default and at the states it proposes."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from app.demos.machine.demo import Demo
from app.demos.machine.parameters import Parameters
from app.demos.program.layered import NoProgramError, in_framework, layered
from app.demos.registry import all_demos


class Tried(NamedTuple):
    """A state, its program, and the demo's own numbers there."""

    address: str
    program: str
    numbers: dict[str, float]


def layer_demos() -> list[Demo[Any]]:
    return [demo for demo in all_demos().values() if demo.layers]


def tried(demo: Demo[Any], parameters: Parameters, framework: str) -> Tried:
    state = in_framework(parameters, framework)
    numbers = {name: float(value) for name, value in demo.compute(state).numbers.items()}
    return Tried(f"{demo.name}?{demo.query(state)}", layered(demo, parameters, framework), numbers)


def states(demo: Demo[Any], framework: str) -> Iterator[Tried]:
    """The default first, then what it proposes. A state that the framework's layers lack is left out."""
    for parameters in (demo.parse({}), *(demo.changed(one.change) for one in demo.try_this)):
        try:
            yield tried(demo, parameters, framework)
        except NoProgramError:
            continue


RUN_ALL = """
import runpy, sys
for path in sys.argv[1:]:
    print("#", path, flush=True)
    runpy.run_path(path)
"""
"""A program that runs others in one process, since the frameworks take long to import."""


def printed(output: str) -> list[dict[str, float]]:
    """What each program of RUN_ALL has printed."""
    found: list[dict[str, float]] = []
    for line in output.splitlines():
        if line.startswith("# "):
            found.append({})
        else:
            name, _, value = line.partition(" = ")
            found[-1][name] = float(value)
    return found
