"""The picture of one call of a recurrent layer: inputs in their places, states as they are read, what comes out."""

import numpy as np

from app.demos.machine.figures import Diagram, Edge, Node, Values
from app.demos.machine.numbers import heat, short, show, words

GAP, FIRST, TOP, MIDDLE, BOTTOM = 92.0, 196.0, 28.0, 118.0, 202.0


def layer_call(
    caption: str, reading: Values, h: Values, start: float, backwards: bool, every: bool, calls: int
) -> Diagram:
    """Draw the inputs in the order of `reading` (time), the states h (time, units) and which of them are returned.

    A layer that reads backwards runs from right to left, so that each input stays in its place. `calls` says which call
    this is, the last, for the cells of the trace that hold the same numbers.
    """
    time, units = h.shape
    largest = float(np.abs(h[np.isfinite(h)]).max(initial=0.0))
    shape_in, shape_out = f"[1, {time}, 1]", f"[1, {time}, {units}]" if every else f"[1, {units}]"
    nodes = [
        Node(54, BOTTOM - 4, shape_in, "text", 96, 20, note="goes in", strong=True),
        Node(54, TOP, shape_out, "text", 96, 20, note="comes out", strong=True),
        Node(FIRST + GAP * (time if backwards else -1), MIDDLE, short(start), "text", 44, 20, note="start"),
    ]
    edges, before = [], 2
    for k in range(time):
        x, column, value = FIRST + GAP * (time - 1 - k if backwards else k), (calls - 1) * time + k + 1, float(h[k, 0])
        state, returned = len(nodes), every or k == time - 1
        nodes.append(Node(x, MIDDLE, short(value), "circle", 50, 50, heat(value, largest), returned, at=f"h1,{column}"))
        nodes.append(Node(x, BOTTOM, short(float(reading[k])), "text", 44, 20, at=f"x,{column}"))
        edges += [Edge(before, state, recurrent=True), Edge(state + 1, state)]
        if returned:
            note = f"output {k + 1}" if every else "output"
            nodes.append(Node(x, TOP, short(value), "text", 56, 54, note=note, lit=True))
            edges.append(Edge(state, state + 2))
        before = state
    of = "" if units == 1 else f" of unit 1 of {units}"
    alt = (
        f"A sequence of shape {shape_in} is read in the order {', '.join(show(float(x)) for x in reading)}; what comes "
        f"out has the shape {shape_out}. States{of}: {', '.join(show(float(v)) for v in h[:, 0])}. {words(caption)}"
    )
    width = FIRST + GAP * (time if backwards else time - 1) + 56
    return Diagram("layer", "The layer's last call", caption, alt, width, 228, nodes, edges)
