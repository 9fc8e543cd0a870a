"""What all kernels share: float64 arrays, one check of shapes, and how overflow is treated.

Many draws run at once in the cells (rnn.py, lstm.py, gru.py), in what trains them (remembering.py, losses.py,
optimise.py), and in the Jacobians and gradient norms of jacobian.py: every array there, weights too, may have an
axis of draws before the axes that its docstring names.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# An exploding run is part of the lesson: it ends as inf or nan, without an error or a warning.
overflow_is_a_result: Final = np.errstate(over="ignore", invalid="ignore")


class LayerSizes:
    """The sizes of a recurrent layer, from its weights.

    Shapes: W_xh (n, gates·h), W_hh (h, gates·h)
    """

    W_xh: Array
    W_hh: Array

    @property
    def n(self) -> int:
        """How many inputs a step reads."""
        return int(self.W_xh.shape[-2])

    @property
    def h(self) -> int:
        """How many units the state has."""
        return int(self.W_hh.shape[-2])

    @property
    def draws(self) -> tuple[int, ...]:
        """The axes of draws before the others: none, or one."""
        return self.W_hh.shape[:-2][:1]


def expect(name: str, array: Array, wanted: tuple[int | str, ...]) -> None:
    """Raise ValueError unless `array` has the shape `wanted`: a number is exact, a name is any length of at least 1."""
    got: tuple[int, ...] = array.shape if isinstance(array, np.ndarray) else np.shape(array)
    if len(got) == len(wanted):
        # A loop, because every step of every cell calls this: all() over a generator takes four times as long.
        for size, axis in zip(got, wanted, strict=True):
            if size != axis and (size < 1 or not isinstance(axis, str)):
                break
        else:
            return
    axes = ", ".join(map(str, wanted)) + ("," if len(wanted) == 1 else "")
    at_least = " with every named length at least 1" if 0 in got else ""
    raise ValueError(f"{name} has shape {got}; wanted ({axes}){at_least}.")


def diag(rows: Array) -> Array:
    """Each row as a factor: diag(rows) * matrix is the matrix product diag(row) matrix, for every row of the batch.

    Shapes: rows (batch, h) → factors (batch, h, 1)
    """
    return rows[..., None]


def blocks(matrix: Array, count: int) -> Array:
    """A matrix's columns cut into equal blocks, one a gate; views, not copies.

    Shapes: matrix (rows, count·h) → blocks (count, rows, h)
    """
    return np.moveaxis(matrix.reshape(*matrix.shape[:-1], count, -1), -2, 0)


def steps_as_batch(steps: Array) -> Array:
    """All steps as one large batch, in order of time.

    Shapes: steps (time, batch, h) → rows (time·batch, h)
    """
    rows = np.moveaxis(steps, 0, -3)
    return rows.reshape(*rows.shape[:-3], -1, rows.shape[-1])
