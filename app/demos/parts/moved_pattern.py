"""A pattern at every place, as a convolution with max-pool and a dense layer answer it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.demos.machine.figures import Values
from app.demos.machine.parameters import Numbers, Parameters, entries, number
from app.nn import conv1d


class PositionalInvariance(Parameters):
    """A pattern in a row of zeros, one kernel, and a dense layer that holds the same kernel at one place."""

    position: int = number(8, 1, 20, slide=(1, 11), step=1, title="Place of the pattern", says="Where it begins now.")
    learned: int = number(
        2, 1, 20, slide=(1, 11), step=1, title="Learned at", says="Where it began when the dense layer learned it."
    )
    stride: int = number(1, 1, 4, step=1, title="Stride $s$", says="Of the convolution: it looks at each s-th place.")
    pattern: Numbers = entries((1, 3, -2), title="Pattern", says="Up to 12 numbers; all else is 0.")
    kernel: Numbers = entries((1, 3, -2), title="Kernel", says="What both layers look for; as a rule the pattern.")
    length: int = number(13, 2, 20, step=1, title="Length", says="Steps of the input.")

    def misfits(self) -> Iterator[tuple[str, str, str]]:
        """What does not fit into the length."""
        for name in ("pattern", "kernel"):
            given: tuple[float, ...] = getattr(self, name)
            if len(given) > self.length:
                yield name, f"at most {self.length} numbers, the length", ",".join(map(repr, given[: self.length]))
        for name, size in (("position", len(self.pattern)), ("learned", max(len(self.kernel), len(self.pattern)))):
            last = max(1, self.length - size + 1)
            if getattr(self, name) > last:
                yield name, f"a place from 1 to {last}, so that it fits into the length", str(last)


@dataclass(frozen=True)
class Run:
    """What both layers say, with the pattern at every place.

    Shapes: x (places, time), maps (places, windows), pooled (places), W (time), dense (places)
    """

    x: Values
    maps: Values
    pooled: Values
    W: Values
    dense: Values


def run_both(p: PositionalInvariance) -> Run:
    """One batch, in which each sequence has the pattern at a place of its own."""
    size = len(p.pattern)
    x = np.zeros((p.length - size + 1, p.length))
    for place in range(len(x)):
        x[place, place : place + size] = p.pattern
    kernel = np.array(p.kernel)
    maps = conv1d.forward(x[:, :, None], conv1d.ConvWeights(kernel[:, None, None], np.zeros(1)), p.stride)[:, :, 0]
    W = np.zeros(p.length)
    W[p.learned - 1 : p.learned - 1 + len(kernel)] = kernel
    return Run(x, maps, maps.max(axis=1), W, x @ W)
