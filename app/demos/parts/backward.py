"""The picture of a backward pass: states run to the right, errors come back to the left, and none passes a cut."""

from collections.abc import Sequence

import numpy as np

from app.demos.machine.figures import Diagram, Edge, Node, Values
from app.demos.machine.numbers import heat, short, show

GAP, FIRST, STATES, ERRORS, LOSS = 92.0, 96.0, 34.0, 140.0, 208.0


def backward_picture(
    caption: str, h: Values, delta: Values, losses: Values, starts: Sequence[bool], weight: str, looked_at: int
) -> Diagram:
    """States h and errors δ of one unit (T), the steps with a loss of their own, and where a piece starts."""
    T = len(h)
    most_h, most_delta = (float(np.abs(v[np.isfinite(v)]).max(initial=0.0)) for v in (h, delta))
    nodes = [Node(24, STATES, "0", "text", 16, 18), Node(24, STATES + 26, "h_0", "text", 24, 16)]
    edges, state, error = [], 0, None
    for t in range(T):
        at, lit = FIRST + GAP * t, t + 1 == looked_at
        value, back = float(h[t]), float(delta[t])
        nodes.append(Node(at, STATES, short(value), "circle", 46, 46, heat(value, most_h), lit, at=f"h,{t + 1}"))
        edges.append(Edge(state, len(nodes) - 1))
        state = len(nodes) - 1
        nodes.append(Node(at, ERRORS, short(back), "circle", 46, 46, heat(back, most_delta), lit, at=f"delta,{t + 1}"))
        if error is not None and not starts[t]:
            edges.append(Edge(len(nodes) - 1, error, weight, recurrent=True))
        elif error is not None:
            nodes.append(Node(at - GAP / 2, ERRORS - 14, "cut", "text", 26, 18))
            nodes.append(Node(at - GAP / 2, ERRORS + 4, "¦", "text", 10, 20, strong=True))
        error = next(i for i in range(len(nodes) - 1, -1, -1) if nodes[i].at == f"delta,{t + 1}")
        if losses[t]:
            nodes.append(Node(at, LOSS, f"L_{t + 1}", "text", 26, 18))
            edges.append(Edge(len(nodes) - 1, error))
    nodes.append(Node(24, ERRORS, "δ_t", "text", 24, 18, strong=True))
    alt = (
        f"Above, {T} states in a row, each passed to the next: {', '.join(show(float(v)) for v in h)}. Below, the "
        f"errors on their way back from the loss, step 1 to {T}: {', '.join(show(float(v)) for v in delta)}."
    )
    if sum(starts) > 1:
        alt += f" Cut before step {', '.join(str(t + 1) for t in range(1, T) if starts[t])}."
    return Diagram(
        "backward", "States forward, errors back", caption, alt, FIRST + GAP * (T - 1) + 34, 222, nodes, edges
    )
