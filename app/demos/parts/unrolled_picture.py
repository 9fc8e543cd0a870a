"""The picture of a recurrence: the loop on top, its copies in a row below it, each with y above and x below."""

from collections.abc import Mapping

import numpy as np

from app.demos.machine.figures import Diagram, Edge, Handle, Node, Values
from app.demos.machine.numbers import heat, short, show

LOOP, SIZE, FIRST, APART = 64.0, 44.0, 62.0, 46.0


def unrolled(caption: str, steps: Mapping[str, Values], looked_at: int, weight: str, size: float) -> Diagram:
    """Draw inputs x (T), states h (T, units) and outputs y (T), with step `looked_at` (from 1) lit.

    `weight` stands on the arrows from copy to copy, whose width shows its `size`: it is the same each time, and that is
    the point.
    """
    x, h, y = (steps[name] for name in "xhy")
    one, tall = h.shape[1] == 1, APART * (h.shape[1] - 1)
    gap = 62.0 if one else 78.0
    top = 132.0
    middle = top + 70 + tall / 2
    bottom = middle + tall / 2 + 66
    largest = float(np.abs(h[np.isfinite(h)]).max(initial=0.0))
    line = heat(size, 2.0)

    def state_of(unit: int, t: int, high: float, size: float) -> Node:
        value, cell = float(h[t, unit]), f"h{unit + 1},{t + 1}"
        lit = one and t + 1 == looked_at
        return Node(FIRST + gap * t, high, short(value), "circle", size, size, heat(value, largest), lit, at=cell)

    nodes = [
        Node(FIRST - 44, LOOP, "x_t", "text", 24, 24),
        Node(FIRST + 22, LOOP, "h_t", "circle", SIZE, SIZE),
        Node(FIRST + 94, LOOP, "y_t", "text", 24, 24),
        Node(FIRST + 214, LOOP - 4, "one cell", "text", strong=True, note="below, one copy for each step"),
        Node(FIRST - 48, middle, "0", "text", 14, 16, note="h_0"),
    ]
    edges = [Edge(0, 1), Edge(1, 2), Edge(1, 1, "W_h", True, line, Handle("W_h") if one else None)]
    previous = 4
    for t in range(len(x)):
        at, lit, state = FIRST + gap * t, t + 1 == looked_at, len(nodes)
        nodes.append(state_of(0, t, middle, SIZE) if one else Node(at, middle, "", "box", 52, tall + 56, lit=lit))
        nodes.append(Node(at, bottom, short(float(x[t])), "text", 40, 24, lit=lit, at=f"x,{t + 1}"))
        nodes.append(Node(at, top, short(float(y[t])), "text", 50, 24, lit=lit, at=f"y,{t + 1}"))
        edges.append(Edge(previous, state, weight, recurrent=True, weight=line))
        edges += [Edge(state + 1, state), Edge(state, state + 2)]
        if not one:
            nodes += [state_of(unit, t, middle - tall / 2 + APART * unit, 42) for unit in range(h.shape[1])]
        previous = state

    copies = f"{len(x)} copies of it in a row, each passing its state to the next" if len(x) > 1 else "one copy of it"
    alt = (
        f"On top one cell with an arrow from itself to itself; below {copies}. "
        f"States of unit 1: {', '.join(show(float(v)) for v in h[:, 0])}. "
        f"Outputs: {', '.join(show(float(v)) for v in y)}."
    )
    width = max(FIRST + gap * (len(x) - 1) + 30, FIRST + 316)
    return Diagram("unrolled", "The loop and its copies", caption, alt, width, bottom + 18, nodes, edges)
