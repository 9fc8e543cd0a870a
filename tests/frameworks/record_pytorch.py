"""Record what PyTorch computes, for the tests to compare with: `python -m tests.frameworks.record_pytorch`.

PyTorch is not a dependency: run this where it is installed. It writes pytorch.json beside itself, with the version.
"""

import itertools
import json
import math
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

RECORDED = Path(__file__).with_name("pytorch.json")
KINDS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
Case = dict[str, Any]


def shapes() -> list[Case]:
    """The shapes that a layer returns, and how many parameters it has."""
    found = []
    flags = (False, True)
    for (kind, make), layers, bidirectional, batch_first in itertools.product(KINDS.items(), (1, 2, 3), flags, flags):
        made = make(2, 32, num_layers=layers, bidirectional=bidirectional, batch_first=batch_first)
        output, states = made(torch.zeros((5, 10, 2) if batch_first else (10, 5, 2)))
        asked = {"layer": kind, "layers": layers, "bidirectional": bidirectional, "batch_first": batch_first}
        states = states if kind == "lstm" else (states,)
        found.append(
            asked
            | {"parameters": sum(p.numel() for p in made.parameters()), "output": list(output.shape)}
            | {f"{letter}_n": list(state.shape) for letter, state in zip("hc", states, strict=False)}
        )
    return found


def starts() -> list[Case]:
    """The parameters of new layers, by name: their shapes, and the size of 400 draws of each.

    `most` is the largest weight times √h, and `square` the mean square times 3h: uniform on ±1/√h, both are 1.
    """
    found = []
    for kind, make in KINDS.items():
        draws = [dict(make(3, 16).named_parameters()) for _ in range(400)]
        for name, parameter in draws[0].items():
            every = torch.stack([draw[name].detach() for draw in draws])
            found.append(
                {"layer": kind, "name": name, "shape": list(parameter.shape)}
                | {"most": float(every.abs().max()) * math.sqrt(16), "square": float((every**2).mean()) * 3 * 16}
            )
    return found


def layer(kind: str, weights: Case, **options: Any) -> Any:
    """A layer with these parameters; those not named are zero."""
    first = weights["weight_ih_l0"]
    units = len(weights["weight_hh_l0"][0])
    made = KINDS[kind](len(first[0]), units, batch_first=True, **options)
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            parameter.copy_(torch.tensor(weights[name]) if name in weights else torch.zeros_like(parameter))
    return made


def runs() -> list[Case]:
    """Layers with given weights over given inputs (batch, time, n): their output and last states."""
    x = [[one] for one in (1.0, 0.0, -2.0, 0.5, 1.0)]
    gru = {
        "weight_ih_l0": [[0.5], [1.0], [-6.0], [0.5], [2.0], [-1.0]],
        "weight_hh_l0": [[0.5, 1.0], [-1.0, 0.5], [0.5, 0.0], [0.0, 0.5], [0.5, -1.5], [1.5, 0.5]],
        "bias_ih_l0": [-1.0, 2.0, 3.0, 0.0, 0.1, -0.2],
        "bias_hh_l0": [0.0, 0.0, 0.0, 0.0, 1.0, -1.0],
    }
    lstm = {
        "weight_ih_l0": [[6.0], [0.25], [2.0], [-0.5]],
        "weight_hh_l0": [[0.5], [-0.5], [1.0], [0.25]],
        "bias_ih_l0": [-3.0, 1.0, 0.5, 0.0],
        "bias_hh_l0": [0.5, 2.0, -1.0, 0.75],
    }
    rnn = {
        "weight_ih_l0": [[0.5], [-1.0], [0.25]],
        "weight_hh_l0": [[0.8, 0.1, 0.0], [-0.2, 0.5, 0.3], [0.4, 0.0, -0.6]],
        "bias_ih_l0": [0.1, 0.2, 0.3],
        "bias_hh_l0": [0.4, -0.5, 0.6],
    }
    found = []
    for kind, weights in (("gru", gru), ("lstm", lstm), ("rnn", rnn)):
        for inputs in (x, x[::-1]):
            output, states = layer(kind, weights)(torch.tensor([inputs]))
            h, *c = states if kind == "lstm" else (states,)
            found.append(
                {"layer": kind, "weights": weights, "x": inputs, "output": output[0].tolist()}
                | {"h_n": h[0, 0].tolist(), "c_n": [one[0, 0].tolist() for one in c]}
            )
    return found


def packed() -> list[Case]:
    """A padded batch read both ways, as a tensor and packed: the output and the last state of each direction."""
    found = []
    sequences = [[1.0, 2.0, 3.0], [2.0, 0.0, 1.0, -1.0, 1.0], [-1.0]]
    for bias, value, padding in itertools.product((0.0, 0.5), (0.0, 2.0), ("post", "pre")):
        weights = {"weight_ih_l0": [[0.5]], "weight_hh_l0": [[0.8]], "bias_ih_l0": [bias]}
        weights |= {f"{name}_reverse": one for name, one in weights.items()}
        gaps = [[value] * (5 - len(one)) for one in sequences]
        rows = [one + gap if padding == "post" else gap + one for one, gap in zip(sequences, gaps, strict=True)]
        made, x = layer("rnn", weights, bidirectional=True), torch.tensor(rows)[:, :, None]
        lengths = [len(one) for one in sequences]
        as_tensor, h_tensor = made(x)
        bundle, h_packed = made(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
        as_packed, back = pad_packed_sequence(bundle, batch_first=True)
        assert back.tolist() == lengths
        found.append(
            {"batch": sequences, "b": bias, "value": value, "padding": padding, "W_x": 0.5, "W_h": 0.8}
            | {"tensor": as_tensor.tolist(), "tensor_h_n": h_tensor[:, :, 0].tolist()}
            | {"packed": as_packed.tolist(), "packed_h_n": h_packed[:, :, 0].tolist()}
        )
    return found


def both_ways() -> list[Case]:
    """A bidirectional layer over one sequence: out[:, -1] is not what h_n holds."""
    weights = {"weight_ih_l0": [[0.5]], "weight_hh_l0": [[0.8]]}
    weights |= {"weight_ih_l0_reverse": [[0.25]], "weight_hh_l0_reverse": [[-0.6]]}
    found = []
    for x in ([1.0, 2.0, 3.0], [3.0, -1.0, 0.5, 2.0]):
        output, h_n = layer("rnn", weights, bidirectional=True)(torch.tensor([x])[:, :, None])
        found.append({"x": x, "weights": weights, "last": output[0, -1].tolist(), "h_n": h_n[:, 0, 0].tolist()})
    return found


def dropped() -> Case:
    """How many different masks nn.RNN(dropout=0.5) draws over 20 steps between two layers that pass on their input.

    `single` counts them in a layer without another above it, and `warning` is what PyTorch says of it.
    """
    eye, zero = torch.eye(32).tolist(), torch.zeros(32, 32).tolist()
    weights = {f"weight_ih_l{k}": eye for k in (0, 1)} | {f"weight_hh_l{k}": zero for k in (0, 1)}
    ones = torch.ones(1, 20, 32)
    between, _ = layer("rnn", weights, num_layers=2, dropout=0.5, nonlinearity="relu")(ones)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        single, _ = layer("rnn", weights, dropout=0.5, nonlinearity="relu")(ones)
    kinds = [len({tuple(row) for row in one[0].tolist()}) for one in (between, single)]
    return {"between": kinds[0], "single": kinds[1], "values": sorted(set(between.flatten().tolist()))} | {
        "warning": str(told[0].message)
    }


def normalised() -> Case:
    """nn.LayerNorm of one row."""
    row = [1.0, 3.0, 5.0, 7.0]
    made = nn.LayerNorm(4)
    return {"row": row, "eps": made.eps, "n": made(torch.tensor(row)).tolist()}


def main() -> None:
    """Write pytorch.json."""
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    try:
        nn.RNN(1, 1, nonlinearity="sigmoid")
    except ValueError as error:
        refused = str(error)
    found = {
        "version": torch.__version__.partition("+")[0],
        "shapes": shapes(),
        "starts": starts(),
        "runs": runs(),
        "packed": packed(),
        "both_ways": both_ways(),
        "dropped": dropped(),
        "normalised": normalised(),
        "refused": refused,
    }
    cases = {name: [json.dumps(one) for one in cases] for name, cases in found.items() if isinstance(cases, list)}
    lines = [f'  "{name}": {json.dumps(one)}' for name, one in found.items() if name not in cases]
    lines += [f'  "{name}": [\n    ' + ",\n    ".join(each) + "\n  ]" for name, each in cases.items()]
    RECORDED.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
