"""The picture of a backward pass: states run to the right, errors come back to the left up to a cut."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.demos.machine.figures import Diagram, Edge, Node, Values
from app.demos.machine.numbers import counted, heat, short, show

GAP, FIRST, STATES, ERRORS, LOSS = 62.0, 64.0, 34.0, 132.0, 196.0


@dataclass(frozen=True)
class BackwardPass:
    """One unit's states and the errors on their way back.

    `g` is 1 where a step has a loss of its own, else 0. `starts` is true where a piece starts, before which the error
    is cut.

    Shapes: h (T), delta (T), g (T), starts (T)
    """

    h: Values
    delta: Values
    g: Values
    starts: Sequence[bool]


def backward_picture(caption: str, back: BackwardPass, weight: str, looked_at: int) -> Diagram:
    """States in a row, their errors below. `weight` labels the arrows of the errors; `looked_at` counts from 1."""
    h, delta, starts, T = back.h, back.delta, back.starts, len(back.h)
    most_h, most_delta = (float(np.abs(v[np.isfinite(v)]).max(initial=0.0)) for v in (h, delta))
    nodes = [Node(24, STATES, "0", "text", 16, 18), Node(24, STATES + 26, "h_0", "text", 24, 16)]
    edges, state, error = [], 0, None
    for t in range(T):
        at, lit = FIRST + GAP * t, t + 1 == looked_at
        state_t, error_t = float(h[t]), float(delta[t])
        nodes.append(Node(at, STATES, short(state_t), "circle", 42, 42, heat(state_t, most_h), lit, at=f"h,{t + 1}"))
        edges.append(Edge(state, len(nodes) - 1))
        state = len(nodes) - 1
        nodes.append(
            Node(at, ERRORS, short(error_t), "circle", 42, 42, heat(error_t, most_delta), lit, at=f"delta,{t + 1}")
        )
        if error is not None and not starts[t]:
            edges.append(Edge(len(nodes) - 1, error, weight, recurrent=True))
        elif error is not None:
            nodes.append(Node(at - GAP / 2, ERRORS - 14, "cut", "text", 26, 18))
            nodes.append(Node(at - GAP / 2, ERRORS + 4, "¦", "text", 10, 20, strong=True))
        error = next(i for i in range(len(nodes) - 1, -1, -1) if nodes[i].at == f"delta,{t + 1}")
        if back.g[t]:
            nodes.append(Node(at, LOSS, f"L_{t + 1}", "text", 26, 18))
            edges.append(Edge(len(nodes) - 1, error))
    nodes.append(Node(24, ERRORS, "δ_t", "text", 24, 18, strong=True))
    alt = (
        f"Above, {counted(T, 'states')} in a row, each passed to the next: {', '.join(show(float(v)) for v in h)}. "
        f"Below, the errors on their way back from the loss, step 1 to {T}: {', '.join(show(float(v)) for v in delta)}."
    )
    if sum(starts) > 1:
        alt += f" Cut before step{'s' * (sum(starts) > 2)} {', '.join(str(t + 1) for t in range(1, T) if starts[t])}."
    return Diagram(
        "backward", "States forward, errors back", caption, alt, FIRST + GAP * (T - 1) + 26, 210, nodes, edges
    )
