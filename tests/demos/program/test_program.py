"""The Python of a state, run in a process of its own without Recur, prints the numbers of the page."""

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.demos.machine.demo import Demo
from app.demos.machine.parameters import Parameters
from app.demos.program.program import program
from app.demos.registry import all_demos, find
from tests.examples import seeds

RUN_ALL = """
import runpy, sys
class NumPyAlone:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in sys.stdlib_module_names | {"numpy"}:
            raise ImportError(f"{name} is imported")
sys.meta_path.insert(0, NumPyAlone())
for path in sys.argv[1:]:
    print("#", path)
    runpy.run_path(path)
"""


def states() -> Iterator[tuple[Demo[Any], Parameters]]:
    """Every demo at its default, at the states that it proposes, and at random ones."""
    for demo in all_demos().values():
        yield demo, demo.parse({})
        for one in demo.try_this if demo.training is None else ():
            yield demo, demo.changed(one.change)
        for seed in seeds(4):
            if demo.prediction:
                yield demo, demo.parse(demo.prediction.change(random.Random(seed)))
            elif demo.training is None:
                yield demo, drawn(demo, random.Random(seed))


def drawn(demo: Demo[Any], rng: random.Random) -> Parameters:
    """A state with a choice or a switch changed."""
    fields = [field for field in demo.fields if field.choices and field.kind in ("choice", "flag")]
    for field in rng.sample(fields, len(fields)):
        made: Parameters = demo.parameters.model_validate({field.name: rng.choice(field.choices)})
        if not list(made.misfits()):
            return made
    default: Parameters = demo.parse({})
    return default


@pytest.mark.server
def test_a_program_prints_the_numbers_of_its_state_with_numpy_alone(tmp_path: Path) -> None:
    wanted, paths = [], []
    for index, (demo, parameters) in enumerate(states()):
        path = tmp_path / f"{index}.py"
        path.write_text(program(demo, parameters))
        paths.append(str(path))
        numbers = demo.compute(parameters).numbers
        wanted += [f"# {path}", *(f"{name} = {value}" for name, value in numbers.items())]
    done = subprocess.run([sys.executable, "-I", "-c", RUN_ALL, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.splitlines() == wanted


@pytest.mark.parametrize("name", sorted(all_demos()))
def test_a_program_has_the_kernels_and_no_figures(name: str) -> None:
    demo = find(name)
    text = program(demo, demo.parse({}))
    compile(text, name, "exec")
    assert "app." not in text
    for word in (" Trace(", " Curve(", " Diagram(", "Formula(", "caption"):
        assert word not in text
