"""The picture of a gradient in two dimensions: its arrow, what clipping leaves of it, and the bound."""

import math

import numpy as np

from app.demos.machine.figures import Diagram, Edge, Handle, Node, Values
from app.demos.machine.numbers import short, show

ACROSS, DOWN, REACH = 200.0, 122.0, 84.0
A_LETTER, A_SIDE = 3.9, 16.0  # half of a letter's width; how far a label is from its arrow


def arrows(caption: str, g: Values, clipped: Values, bound: float, by_norm: bool) -> Diagram:
    """Draw g (2) and the clipped gradient (2) from one point, with the circle (or square) that none may leave."""
    norm = math.hypot(*g)
    scale = 2 * REACH / (max(norm, bound) + bound)
    along = g / norm if norm else np.array([0.0, 1.0])
    side = (along[1], -along[0])
    start = -along * max(0, norm - bound) / 2  # so that the arrow and the bound together are in the middle
    border = bound / (1 if by_norm else float(abs(along).max()))

    def point(v: Values) -> tuple[float, float]:
        return ACROSS + scale * float(v[0] + start[0]), DOWN - scale * float(v[1] + start[1])

    def label(text: str, at: Values, way: Values | tuple[float, float], apart: float) -> Node:
        x, y = point(at)
        reach = apart + A_LETTER * len(text)
        return Node(x + reach * float(way[0]), y - (apart + 6) * float(way[1]), text, "text", strong=apart > A_SIDE)

    words = [f"({short(float(v[0]))}, {short(float(v[1]))})" for v in (g, clipped)]
    grip = Handle(up="g,2", across="g,1", pitch=scale)
    size = max(6, 2 * scale * bound)
    nodes = [
        Node(*point(0 * g), "", "text", 2, 2),
        Node(*point(g), "", "text", 2, 2, handle=grip),
        Node(*point(clipped), "", "text", 2, 2),
        Node(*point(0 * g), "", "ring" if by_norm else "frame", size, size),
        label("g", g, along, 20),
        label(f"c = {show(bound)}", -along * border, -along, 6),
    ]
    edges = [Edge(0, 1)]
    if (clipped != g).any():
        nodes.append(label("clipped", clipped, side, A_SIDE))
        edges.append(Edge(0, 2, recurrent=True, weight=6))
    alt = f"An arrow to {words[0]}, the clipped one to {words[1]}, and the bound at {show(bound)} around their start."
    return Diagram("arrows", "The gradient and its bound", caption, alt, 2 * ACROSS, 2 * DOWN, nodes, edges)
