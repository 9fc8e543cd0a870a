"""The Python of a state, run in a process of its own, prints the numbers of the page."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from app.demos.machine.state import State, snippet, state_of
from app.demos.registry import all_demos

RUN_ALL = "import runpy, sys\nfor path in sys.argv[1:]:\n    print('#', path)\n    runpy.run_path(path)"


def states() -> list[State]:
    """Every demo at its default, and at a state drawn with a fixed seed."""
    found = []
    for demo in all_demos().values():
        found.append(state_of(demo, {}))
        if demo.prediction:
            found.append(state_of(demo, demo.prediction.change(random.Random(5))))
    return found


@pytest.mark.server
def test_a_program_prints_the_numbers_of_its_state(tmp_path: Path) -> None:
    wanted, paths = [], []
    for index, state in enumerate(states()):
        path = tmp_path / f"{index}.py"
        path.write_text(snippet(state))
        paths.append(str(path))
        wanted += [f"# {path}", *(f"{name} = {value}" for name, value in state.result.numbers.items())]
    done = subprocess.run([sys.executable, "-c", RUN_ALL, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.splitlines() == wanted
