"""A state as a program of layers, in Keras or in PyTorch, that prints the numbers which the layers compute.

Its text is in the demo's Markdown file; its inputs, weights and options are those of the state.
"""

from sys import maxsize
from typing import Any

import numpy as np

from app.demos.machine.demo import Demo
from app.demos.machine.parameters import InFramework, Parameters
from app.nn.framework import NAMES

_START: dict[str, str] = {
    "keras": """import os

os.environ.setdefault("KERAS_BACKEND", "jax")

{jax}import keras
import numpy as np
""",
    "pytorch": """{numpy}import torch

torch.set_default_dtype(torch.float64)  # as the demo computes; PyTorch has float32 by default
""",
}
_PARTS: dict[str, dict[str, str]] = {
    "keras": {
        "with_weights": '''
def with_weights(layer, features, *weights, batch=None):
    """The layer, built for so many features, with these weights."""
    layer.build((batch, None, features))
    layer.set_weights(list(weights))
    return layer
'''
    },
    "pytorch": {
        "rnn_layer": '''
def rnn_layer(W_x, W_h, b, phi):
    """nn.RNN with these weights."""
    layer = torch.nn.RNN(*W_x.shape, nonlinearity=phi, batch_first=True)
    store(layer, W_x, W_h, b)
    return layer
''',
        "store": '''
def store(layer, W_x, W_h, *biases, end="_l0"):
    """Give a layer these weights. PyTorch stores them transposed, and adds a second bias, which is 0 unless given."""
    biases = (*biases, torch.zeros_like(biases[0]))[:2] if biases else ()
    with torch.no_grad():
        for name, value in zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), (W_x.T, W_h.T, *biases)):
            getattr(layer, name + end).copy_(value)
''',
    },
}
_END: dict[str, str] = {
    "keras": """for number, value in numbers.items():
    print(f"{number} = {float(value):.6g}")  # Keras computes in float32, which has about six digits
""",
    "pytorch": """for number, value in numbers.items():
    print(f"{number} = {torch.as_tensor(value).item()}")
""",
}
_LOOPED = ("linear", "sigmoid")
_LOOP = '''
def rnn_layer(W_x, W_h, b, phi):
    """What nn.RNN would do, but nn.RNN has tanh and relu alone: phi here is another function."""
    phi = {"linear": lambda z: z, "sigmoid": torch.sigmoid}[phi]

    def run(x, h_n):
        h, states = h_n[0], []
        for x_t in x.unbind(1):
            h = phi(x_t @ W_x + h @ W_h + b)
            states.append(h)
        return torch.stack(states, 1), h[None]

    return run
'''


class NoProgramError(ValueError):
    """This state has no such program; the message says why."""


def layered(demo: Demo[Any], parameters: Parameters, framework: str) -> str:
    """The whole program of a demo's state, in this framework even if the state chooses the other one.

    Raises NoProgramError for a demo that is not about layers, an unknown framework, or a state that its layers lack.
    """
    if framework not in NAMES:
        raise NoProgramError(f"There are programs for {' and '.join(NAMES)}, not for {framework}.")
    if demo.layers is None:
        raise NoProgramError(f"{demo.name} has no program of layers, only one for NumPy.")
    state = demo.layers(in_framework(parameters, framework))
    body, parts = demo.words.programs[framework], _PARTS[framework]
    if framework == "pytorch":
        if state.lacks:
            raise NoProgramError(state.lacks)
        if state.values.get("phi") in _LOOPED:
            parts = parts | {"rnn_layer": _LOOP}
    used: list[str] = []
    for name, part in parts.items():
        if f"{name}(" in "".join((body, *used)):
            used.append(part)
    imports = {"jax": "import jax\n" * ("jax." in body), "numpy": "import numpy as np\n" * ("np." in body)}
    made = "torch.tensor" if framework == "pytorch" else "np.array"
    values = "".join(f"{name} = {_written(value, made)}\n" for name, value in state.values.items())
    title = f'"""{demo.title}: numbers of one state, by layers of {NAMES[framework]}."""'
    functions = "".join(f"\n\n{part.strip()}\n" for part in reversed(used)) + "\n" * bool(used)
    gap = "\n" if body.startswith("def ") else ""
    start = _START[framework].format_map(imports)
    return f"{title}\n\n{start}{functions}\n{values}\n{gap}{body}\n{_END[framework]}"


def in_framework(parameters: Parameters, framework: str) -> Parameters:
    """The state with the framework's defaults, names and shapes, where the demo has a switch for it."""
    return parameters.model_copy(update={"framework": framework}) if isinstance(parameters, InFramework) else parameters


def _written(value: Any, made: str) -> str:
    """A value as Python: an array as a call of `made`, a list item by item."""
    if isinstance(value, np.ndarray):
        text = np.array2string(
            value, 100, separator=", ", formatter={"float": lambda number: repr(float(number))}, threshold=maxsize
        )
        return f"{made}({text})"
    if isinstance(value, list):
        return f"[{', '.join(_written(one, made) for one in value)}]"
    if isinstance(value, tuple):
        return f"({', '.join(_written(one, made) for one in value)},)"
    return repr(value)
