"""The picture of a padded batch: sequences in rows, steps in columns, real steps as circles and padding as boxes."""

import numpy as np
from numpy.typing import NDArray

from app.demos.machine.figures import Diagram, Edge, Node, Values
from app.demos.machine.numbers import counted, heat, short

GAP, APART, FIRST, TOP = 72.0, 94.0, 62.0, 34.0


def batch_grid(caption: str, x: Values, real: NDArray[np.bool_], out: Values, looked_at: int) -> Diagram:
    """Draw inputs x, whether they are real, and outputs, each (batch, time), with row `looked_at` (from 1) lit."""
    largest = float(np.abs(out[np.isfinite(out)]).max(initial=0.0))
    nodes, edges, state = [], [], 0
    for r in range(len(x)):
        y, lit = TOP + APART * r, r == looked_at - 1
        nodes.append(Node(28, y, f"{r + 1}", "text", 24, 24, lit=lit, strong=True))
        for t in range(real.shape[1]):
            at, before, state, value = FIRST + GAP * t, state, len(nodes), float(out[r, t])
            cell, given = f"out,{t + 1}" if lit else None, short(float(x[r, t]))
            if real[r, t]:
                nodes.append(Node(at, y, short(value), "circle", 46, 46, heat(value, largest), lit, at=cell))
            else:
                nodes.append(Node(at, y, short(value), "box", 56, 46, lit=lit, note="pad", at=cell))
            nodes.append(Node(at, y + 36, f"x = {given}" if len(given) < 5 else f"x={given}", "text", 60, 16))
            if t:
                edges.append(Edge(before, state, recurrent=True))
    alt = (
        f"A grid of {counted(len(x), 'sequences')} by {counted(real.shape[1], 'steps')}; "
        f"circles are real steps, boxes are padding."
    )
    width, height = FIRST + GAP * (real.shape[1] - 1) + 38, TOP + APART * (len(x) - 1) + 56
    return Diagram("grid", "The batch", caption, alt, width, height, nodes, edges)
