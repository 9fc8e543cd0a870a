"""The programs of layers print the demo's numbers: Keras' as the test runs them, PyTorch's as they were recorded."""

import json
import math
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.demos.machine.demo import Demo
from app.demos.program.layered import NoProgramError, layered
from app.demos.registry import find
from tests.demos.program.layer_states import RUN_ALL, Tried, layer_demos, printed, states, tried
from tests.examples import some
from tests.frameworks.record_programs import RECORDED, sha256

DEMOS = (
    "attention bidirectional bptt gradient-flow gru-gates layer-norm-and-dropout layer-shapes lstm-gates order-matters "
    "padding-and-masking positional-invariance self-attention sequence-shapes simple-rnn-options stacked-rnn "
    "stateful-or-stateless unrolled-rnn"
)
"""The demos of layers. The others compute with something else, train, or set weights that no layer would have."""
AGAIN = (
    "Record it again: .venv/bin/python -m tests.frameworks.record_programs PYTHON, a python that has torch and numpy"
)


def test_these_are_the_demos_of_layers() -> None:
    assert sorted(demo.name for demo in layer_demos()) == DEMOS.split()
    for demo in layer_demos():
        assert list(demo.words.programs) == ["keras", "pytorch"]


def drawn(demo: Demo[Any], framework: str) -> list[Tried]:
    """States that the demo asks about, with random weights and inputs."""
    found = []
    for seed in range(3 if demo.prediction else 0):
        change = demo.prediction.change(random.Random(seed)) if demo.prediction else {}
        found.append(tried(demo, demo.parse(change), framework))
    return found


@pytest.mark.slow
@pytest.mark.server
@pytest.mark.proof
def test_keras_prints_the_numbers_of_the_demo(tmp_path: Path) -> None:
    """In make proof all states; in make test a few, others at each run."""
    every = [one for demo in layer_demos() for one in (*states(demo, "keras"), *drawn(demo, "keras"))]
    every = some(every, 5)
    for index, one in enumerate(every):
        (tmp_path / f"{index}.py").write_text(one.program)
    paths = [str(tmp_path / f"{index}.py") for index in range(len(every))]
    done = subprocess.run([sys.executable, "-c", RUN_ALL, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for one, numbers in zip(every, printed(done.stdout), strict=True):
        # Where a gradient explodes, so does float32's error.
        assert_same(one, numbers, 1e-2 if one.address.startswith("gradient-flow") else 1e-5)


def assert_same(one: Tried, numbers: dict[str, float], within: float) -> None:
    """float32 has six digits, float64 fifteen: `within` is relative, and for numbers near 0 a tenth of it absolute."""
    assert numbers, one.address
    for name, value in numbers.items():
        assert math.isclose(value, one.numbers[name], rel_tol=within, abs_tol=within / 10), (one.address, name)


@pytest.mark.parametrize("name", DEMOS.split())
def test_pytorch_printed_the_numbers_of_the_demo(name: str) -> None:
    recorded = json.loads(RECORDED.read_text())["programs"]
    for one in states(find(name), "pytorch"):
        found = recorded.get(one.address)
        assert found is not None, f"{one.address} is not recorded. {AGAIN}"
        assert found["sha256"] == sha256(one.program), f"The program of {one.address} has changed. {AGAIN}"
        assert_same(one, found["printed"], 1e-9)


def test_a_state_that_pytorch_has_no_layer_for_says_so() -> None:
    demo = find("simple-rnn-options")
    linear = demo.parse("activation=linear")
    with pytest.raises(NoProgramError, match="linear activation, only tanh and relu"):
        layered(demo, linear, "pytorch")
    with pytest.raises(NoProgramError, match="not for torch"):
        layered(demo, linear, "torch")
    with pytest.raises(NoProgramError, match="only one for NumPy"):
        layered(find("activations"), find("activations").parse({}), "keras")


@pytest.mark.parametrize("name", DEMOS.split())
def test_a_result_knows_whether_pytorch_has_its_layers(name: str) -> None:
    demo = find(name)
    choices = [{one.name: value} for one in demo.fields if one.kind in ("choice", "flag") for value in one.choices]
    for change in ({}, *choices, *({"units": "2"} | one for one in choices if name == "gru-gates")):
        parameters = demo.parse(change)
        lacks = demo.compute(parameters).lacks
        if lacks:
            with pytest.raises(NoProgramError, match=re.escape(lacks)):
                layered(demo, parameters, "pytorch")
        else:
            assert "import torch" in layered(demo, parameters, "pytorch")


def test_a_loop_stands_for_nn_rnn_where_the_activation_is_another() -> None:
    demo = find("unrolled-rnn")
    assert "torch.nn.RNN(" in layered(demo, demo.parse({}), "pytorch")
    assert "torch.nn.RNN(" not in layered(demo, demo.parse("phi=sigmoid"), "pytorch")
