"""The NumPy kernels, forward and backward, against PyTorch's eager ones at the demos' sizes, one thread, float64."""

import statistics
from collections.abc import Callable
from typing import Any

import numpy as np

from app.nn import gru, lstm, rnn
from app.nn.activations import TANH
from bench.figures import Timing, heading, ratio, row, timed

SIZES = [(time, units, batch) for time in (5, 50, 200) for units in (1, 8, 64) for batch in (1, 8)]
FEATURES = 2
RUNS = 7


def _ours(cell: str, time: int, units: int, batch: int) -> Callable[[], object]:
    chance = np.random.default_rng(0)
    blocks = {"rnn": 1, "lstm": 4, "gru": 3}[cell]
    scale = 1 / np.sqrt(units)
    arrays = [
        chance.uniform(-scale, scale, (FEATURES, blocks * units)),
        chance.uniform(-scale, scale, (units, blocks * units)),
        chance.uniform(-scale, scale, blocks * units),
    ]
    x = chance.normal(size=(batch, time, FEATURES))
    h0, dhs = np.zeros((batch, units)), np.ones((batch, time, units))
    if cell == "rnn":
        plain = rnn.RNNWeights(*arrays)
        return lambda: rnn.backward(dhs, rnn.forward(x, h0, plain, TANH)[1])
    if cell == "gru":
        gated = gru.GRUWeights(arrays[0], arrays[1], arrays[2], np.zeros(3 * units))
        return lambda: gru.backward(dhs, gru.forward(x, h0, gated)[1])
    long = lstm.LSTMWeights(*arrays)
    ends = lstm.State(dhs, np.zeros_like(dhs))
    return lambda: lstm.backward(ends, lstm.forward(x, lstm.State(h0, h0), long)[1])


def _theirs(torch: Any, cell: str, time: int, units: int, batch: int) -> Callable[[], object]:
    torch.manual_seed(0)
    layer = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell]
    net = layer(FEATURES, units, batch_first=True, dtype=torch.float64)
    x = torch.randn(batch, time, FEATURES, dtype=torch.float64, requires_grad=True)

    def run() -> object:
        net.zero_grad()
        return net(x)[0].sum().backward()

    return run


def run() -> None:
    """Print the ratio of each cell: the median over the sizes, and the worst."""
    heading("Kernels, forward and backward, against PyTorch eager (one thread, float64)")
    try:
        import torch
    except ImportError:
        print("  PyTorch is not installed here, so there is nothing to compare with: pip install torch, and run again")
        return
    torch.set_num_threads(1)
    for cell in ("rnn", "lstm", "gru"):
        ratios = []
        for size in SIZES:
            ours, theirs = _ours(cell, *size), _theirs(torch, cell, *size)
            ours(), theirs()
            pairs = [(timed(ours), timed(theirs)) for _ in range(RUNS)]
            mine, other = Timing("", [a for a, _ in pairs]), Timing("", [b for _, b in pairs])
            ratios.append(mine.median / other.median)
            if size == (50, 8, 1):
                row(Timing(f"{cell}, 50 steps, 8 units: ours", mine.seconds))
                row(Timing(f"{cell}, 50 steps, 8 units: PyTorch", other.seconds))
        ratio(f"{cell}: median over {len(SIZES)} sizes", statistics.median(ratios), 1)
        ratio(f"{cell}: worst size", max(ratios), 1)
