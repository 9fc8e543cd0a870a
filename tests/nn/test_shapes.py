"""Every shape that a docstring claims is run: inputs are built from it, and outputs are held to it."""

import ast
import dataclasses
import importlib
import inspect
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import app.nn
from app.nn import gru, jacobian, lstm, rnn
from app.nn.activations import TANH
from app.nn.shapes import expect

# All different, so that no two axes can be taken for each other.
SIZES = {"batch": 2, "time": 3, "n": 5, "h": 7, "s": 11, "r": 13, "rows": 17, "count": 4, "fan_in": 19, "fan_out": 23}
Shapes = dict[str, tuple[int, ...]]
# The cells, and what runs a cell as it is. Kernels whose arguments are trees, stacks or images are held to their shapes
# by the oracles that they are compared with.
NAMES = ("shapes", "initialise", "rnn", "lstm", "gru", "jacobian", "masking", "windows")
MODULES = [importlib.import_module(f"app.nn.{name}") for name in NAMES]


def read(doc: str | None) -> tuple[Shapes, Shapes]:
    """A docstring's "Shapes: a (batch, n), w → b (batch, h)" as inputs and outputs."""
    claim = re.search(r"Shapes:(.*?)(?:\n\s*\n|$)", inspect.cleandoc(doc or ""), re.S)
    assert claim, f"no shapes in {doc!r}"
    sides: list[Shapes] = []
    for side in (*claim[1].split("→"), "")[:2]:
        found = re.findall(r"([\w.]+) \(([^)]*)\)", side)
        sides.append({name: tuple(map(size, axes.split(","))) for name, axes in found})
    return sides[0], sides[1]


def size(axis: str) -> int:
    return int(eval(re.sub(r"(\d)([a-z])", r"\1*\2", axis.strip().replace("·", "*")), dict(SIZES)))


def test_the_reader_reads() -> None:
    assert read("x.\n\nShapes: a (batch, 4h), w\n→ b (time+1), c (count·h)\n\nmore (n)") == (
        {"a": (2, 28)},
        {"b": (4,), "c": (28,)},
    )


def is_public(module: ModuleType, name: str, thing: object) -> bool:
    return not name.startswith("_") and getattr(thing, "__module__", "") == module.__name__


FUNCTIONS: dict[str, tuple[ModuleType, Callable[..., Any]]] = {
    f"{module.__name__.removeprefix('app.nn.')}.{name}": (module, function)
    for module in MODULES
    for name, function in inspect.getmembers(module, inspect.isfunction)
    if is_public(module, name, function) and name not in ("expect", "other_convention", "pad")
}
KERNELS = {"rnn": (rnn, rnn.RNNWeights), "lstm": (lstm, lstm.LSTMWeights), "gru": (gru, gru.GRUWeights)}
rng = np.random.default_rng(0)


def weights_of(module: ModuleType, without: tuple[str, ...] = ()) -> Any:
    cls: Any = KERNELS.get(module.__name__.removeprefix("app.nn."), KERNELS["rnn"])[1]
    shapes, _ = read(cls.__doc__)
    return cls(**{name: rng.normal(size=shape) for name, shape in shapes.items() if name not in without})


def run(module: Any, w: Any) -> Any:
    """Caches of a run with the sizes above."""
    n, h = SIZES["n"], SIZES["h"]
    x, h0 = rng.normal(size=(SIZES["batch"], SIZES["time"], n)), rng.normal(size=(SIZES["batch"], h))
    if module is lstm:
        return lstm.forward(x, (h0, h0), w)[1]
    return gru.forward(x, h0, w)[1] if module is gru else rnn.forward(x, h0, w, TANH)[1]


def arguments(module: ModuleType, function: Callable[..., Any], w: Any) -> dict[str, Any]:
    """What to call a function with: arrays as its docstring says, the rest by name."""
    claimed, _ = read(function.__doc__)
    known = {
        "w": w,
        "phi": TANH,
        "rng": rng,
        "step_jacobian": rnn.step_jacobian,
        "window": 2,
        "carry": 1.0,
        "inherits": None,
        **{name: value for name, value in SIZES.items() if name in ("time", "count", "h", "fan_in", "fan_out")},
    }
    values: dict[str, Any] = {}
    for name in inspect.signature(function).parameters:
        if name in claimed:
            values[name] = rng.normal(size=claimed[name])
        elif f"{name}.h" in claimed:
            values[name] = lstm.State(*(rng.normal(size=claimed[f"{name}.{part}"]) for part in "hc"))
        elif name in ("cache", "caches"):
            caches = run(module, w)
            values[name] = caches if name == "caches" else caches[0]
        else:
            values[name] = known[name]
    return values


def flat(result: Any) -> list[tuple[int, ...]]:
    """The shapes of all arrays in a result, in order, caches left out."""
    if isinstance(result, np.ndarray):
        return [result.shape]
    if isinstance(result, tuple):
        return [shape for part in result for shape in flat(part)]
    if isinstance(result, (rnn.RNNWeights, lstm.LSTMWeights, gru.GRUWeights)):
        return [array.shape for array in vars(result).values() if array is not None]
    assert isinstance(result, (list, rnn.Cache, lstm.Cache, gru.Cache)), type(result)
    return []


@pytest.mark.parametrize(("module", "function"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_documented_shapes_are_the_shapes(module: ModuleType, function: Callable[..., Any]) -> None:
    inputs, outputs = read(function.__doc__)
    assert inputs or outputs
    assert {name.split(".")[0] for name in inputs} <= set(inspect.signature(function).parameters)
    if outputs.keys() & {"J", "jacobian"} and function.__name__ == "jacobians":
        outputs = {"J": (*outputs["J"][:2], SIZES["h"], SIZES["h"])}  # the plain RNN's state is h alone
    result = function(**arguments(module, function, weights_of(module)))
    assert flat(result) == list(outputs.values())


@pytest.mark.parametrize("name", ["step_backward", "backward"])
def test_without_a_second_bias_there_is_no_gradient_of_it(name: str) -> None:
    function = getattr(gru, name)
    *wanted, _ = read(function.__doc__)[1].values()
    assert flat(function(**arguments(gru, function, weights_of(gru, without=("b_hh",))))) == wanted


@pytest.mark.parametrize("name", KERNELS)
def test_documented_shapes_of_caches_and_states_are_the_shapes(name: str) -> None:
    module, _ = KERNELS[name]
    cache = run(module, weights_of(module))[0]
    shapes, _ = read(type(cache).__doc__)
    assert {field: value.shape for field, value in vars(cache).items() if isinstance(value, np.ndarray)} == shapes
    assert [field.name for field in dataclasses.fields(cache)][: len(shapes)] == list(shapes)


def test_the_documented_shape_of_a_state_is_its_shape() -> None:
    shapes, _ = read(lstm.State.__doc__)
    w = weights_of(lstm)
    state, _ = lstm.step(np.zeros((2, 5)), (np.zeros((2, 7)), np.zeros((2, 7))), w)
    assert {"h": state.h.shape, "c": state.c.shape} == shapes


WRONG = [
    pytest.param(module, function, argument, id=f"{name}-{argument}")
    for name, (module, function) in FUNCTIONS.items()
    if not name.startswith(("shapes.", "initialise."))
    for argument in read(function.__doc__)[0]
]


@pytest.mark.parametrize(("module", "function", "argument"), WRONG)
def test_a_wrong_shape_is_named_with_what_was_got(
    module: ModuleType, function: Callable[..., Any], argument: str
) -> None:
    values = arguments(module, function, weights_of(module))
    name, _, part = argument.partition(".")
    array = getattr(values[name], part) if part else values[name]
    for wrong in (array[..., None], array[0], array[:0]):
        values[name] = values[name]._replace(**{part: wrong}) if part else wrong
        with pytest.raises(
            ValueError, match=rf"^{re.escape(argument)} has shape {re.escape(str(wrong.shape))}; wanted \("
        ):
            function(**values)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: rnn.RNNWeights(np.ones((2, 3)), np.ones((3, 4)), np.ones(3)), "W_hh has shape (3, 4); wanted (3, 3)."),
        (lambda: rnn.RNNWeights(np.ones((2, 3)), np.ones((3, 3)), np.ones(2)), "b has shape (2,); wanted (3,)."),
        (lambda: rnn.RNNWeights(np.ones(3), np.ones((3, 3)), np.ones(3)), "W_xh has shape (3,); wanted (n, h)."),
        (
            lambda: lstm.LSTMWeights(np.ones((2, 12)), np.ones((3, 9)), np.ones(12)),
            "W_hh has shape (3, 9); wanted (3, 12).",
        ),
        (
            lambda: lstm.LSTMWeights(np.ones((2, 9)), np.ones((3, 12)), np.ones(12)),
            "W_xh has shape (2, 9); wanted (n, 12).",
        ),
        (lambda: gru.GRUWeights(np.ones((2, 9)), np.ones(()), np.ones(9)), "W_hh has shape (); wanted (h, 3h)."),
        (
            lambda: gru.GRUWeights(np.ones((2, 9)), np.ones((3, 9)), np.ones(9), np.ones(3)),
            "b_hh has shape (3,); wanted (9,).",
        ),
        (
            lambda: expect("x", np.ones((2, 0, 3)), ("batch", "time", 3)),
            "x has shape (2, 0, 3); wanted (batch, time, 3) with every named length at least 1.",
        ),
    ],
)
def test_messages_name_the_argument_what_was_got_and_what_was_wanted(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        make()


def test_the_batch_of_the_state_must_be_that_of_the_input() -> None:
    with pytest.raises(ValueError, match=r"^h_prev has shape \(1, 7\); wanted \(2, 7\)\.$"):
        rnn.step(np.zeros((2, 5)), np.zeros((1, 7)), weights_of(rnn), TANH)


def test_the_kernels_import_numpy_the_standard_library_and_each_other_only() -> None:
    for path in Path(app.nn.__path__[0]).glob("**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path.name}:{node.lineno}: a relative import"
                names = [node.module or ""]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                continue
            for name in names:
                allowed = name.partition(".")[0] in {"numpy", *sys.stdlib_module_names}
                assert allowed or name == "app.nn" or name.startswith("app.nn."), f"{path.name}:{node.lineno}: {name}"


@pytest.mark.parametrize("name", KERNELS)
def test_draws_side_by_side_are_the_single_runs(name: str) -> None:
    module: Any = KERNELS[name][0]
    n, h, s = SIZES["n"], SIZES["h"], SIZES["h"] * (2 if module is lstm else 1)
    draws = [weights_of(module) for _ in range(4)]
    both = {key: np.stack([vars(w)[key] for w in draws]) for key, value in vars(draws[0]).items() if value is not None}
    xs, starts = rng.normal(size=(4, 2, 3, n)), rng.normal(size=(4, 2, h))
    dhs, ds = rng.normal(size=(4, 2, 3, h)), rng.normal(size=(4, 2, s))

    def all_of(w: Any, x: Any, h0: Any, dh: Any, end: Any) -> list[Any]:
        """Every array that a pass forward and back gives."""
        state, given = ((h0, h0), (dh, dh)) if module is lstm else (h0, dh)
        run, caches = module.forward(x, state, w, *([TANH] if module is rnn else []))
        J = jacobian.jacobians(module.step_jacobian, caches)
        dx, dstart, dw = module.backward(given, caches)
        one = module.step_backward((h0, h0) if module is lstm else h0, caches[0])
        parts = [run, J, jacobian.gradient_norms(end, J), dx, dstart, dw, one]
        return [array for part in parts for array in arrays_of(part)]

    together = all_of(type(draws[0])(**both), xs, starts, dhs, ds)
    for draw, w in enumerate(draws):
        for batch, single in zip(together, all_of(w, xs[draw], starts[draw], dhs[draw], ds[draw]), strict=True):
            np.testing.assert_allclose(batch[draw], single, rtol=1e-12, atol=1e-12)


def arrays_of(result: Any) -> list[Any]:
    if isinstance(result, np.ndarray):
        return [result]
    parts = result if isinstance(result, tuple) else vars(result).values()
    return [array for part in parts if part is not None for array in arrays_of(part)]
