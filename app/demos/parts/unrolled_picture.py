"""The picture of a recurrence: the loop on the left, its copies in a row on the right, y above and x below."""

from collections.abc import Mapping

import numpy as np

from app.demos.machine.figures import Diagram, Edge, Handle, Node, Values
from app.demos.machine.numbers import heat, short, show

GAP, LOOP, FIRST, APART = 86, 78, 204, 46


def unrolled(caption: str, steps: Mapping[str, Values], looked_at: int, weight: str) -> Diagram:
    """Draw inputs x (T), states h (T, units) and outputs y (T), with step `looked_at` (from 1) lit.

    `weight` stands on the arrows from copy to copy: it is the same each time, and that is the point.
    """
    x, h, y = (steps[name] for name in "xhy")
    one, tall = h.shape[1] == 1, APART * (h.shape[1] - 1)
    top, middle = 18, 92 + tall / 2
    bottom = middle + tall / 2 + 66
    largest = float(np.abs(h[np.isfinite(h)]).max(initial=0.0))

    def state_of(unit: int, t: int, high: float, size: float) -> Node:
        value, cell = float(h[t, unit]), f"h{unit + 1},{t + 1}"
        lit = one and t + 1 == looked_at
        return Node(FIRST + GAP * t, high, short(value), "circle", size, size, heat(value, largest), lit, at=cell)

    nodes = [
        Node(LOOP, bottom, "x_t", "text", 24, 24),
        Node(LOOP, middle, "h_t", "circle", 50, 50),
        Node(LOOP, top, "y_t", "text", 24, 24),
        Node((LOOP + FIRST) / 2 - 18, middle, "=", "text", strong=True),
        Node(FIRST - 62, middle, "0", "text", 14, 16, note="h_0"),
    ]
    edges = [Edge(0, 1), Edge(1, 2), Edge(1, 1, "W_h", recurrent=True, handle=Handle("W_h") if one else None)]
    previous = 4
    for t in range(len(x)):
        at, lit, state = FIRST + GAP * t, t + 1 == looked_at, len(nodes)
        nodes.append(state_of(0, t, middle, 50) if one else Node(at, middle, "", "box", 62, tall + 58, lit=lit))
        handle = Handle(f"x,{t + 1}")
        nodes.append(Node(at, bottom, short(float(x[t])), "text", 40, 24, lit=lit, at=f"x,{t + 1}", handle=handle))
        nodes.append(Node(at, top, short(float(y[t])), "text", 50, 24, lit=lit, at=f"y,{t + 1}"))
        edges += [Edge(previous, state, weight, recurrent=True), Edge(state + 1, state), Edge(state, state + 2)]
        if not one:
            nodes += [state_of(unit, t, middle - tall / 2 + APART * unit, 42) for unit in range(h.shape[1])]
        previous = state

    copies = f"{len(x)} copies" if len(x) > 1 else "one copy"
    alt = (
        f"On the left one cell with an arrow from itself to itself; on the right {copies} of it in a row, each passing "
        f"its state to the next. States of unit 1: {', '.join(show(float(v)) for v in h[:, 0])}. "
        f"Outputs: {', '.join(show(float(v)) for v in y)}."
    )
    width = FIRST + GAP * (len(x) - 1) + 50
    return Diagram("unrolled", "The loop and its copies", caption, alt, width, bottom + 18, nodes, edges)
