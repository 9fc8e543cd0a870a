"""The picture of two layers on one input: a feature map and its largest above it, a dense layer below."""

import numpy as np

from app.demos.machine.figures import Diagram, Edge, Node
from app.demos.machine.numbers import fill, heat, short, show
from app.demos.parts.moved_pattern import PositionalInvariance, Run

APART = 44


def two_layers(p: PositionalInvariance, run: Run, winner: int, numbers: dict[str, float]) -> Diagram:
    """The input in the middle; above it the feature map and its largest; below it the dense layer."""
    now, k = p.position - 1, len(p.kernel)
    left = 26.0
    nodes, edges, largest = [], [], max(1e-300, float(np.abs(run.x[now]).max()))
    for t, value in enumerate(run.x[now].tolist()):
        lit = p.position <= t + 1 < p.position + len(p.pattern)
        at = left + APART * t
        nodes.append(Node(at, 172, short(value), "circle", 34, 34, heat(value, largest), lit, at=f"x,{t + 1}"))
    most = float(np.abs(run.maps[now]).max())
    for j, value in enumerate(run.maps[now].tolist()):
        centre = left + APART * (j * p.stride + (k - 1) / 2)
        lit = j == winner
        nodes.append(Node(centre, 92, short(value), "circle", 38, 38, heat(value, most), lit, at=f"y,{j + 1}"))
    top, below = len(nodes), len(nodes) + 1
    pooled, dense = numbers["pooled"], numbers["dense"]
    big = max(abs(pooled), abs(dense))
    high = nodes[p.length + winner].x
    nodes.append(Node(high, 20, short(pooled), "circle", 38, 38, heat(pooled, big), True, at="now,1"))
    low = left + APART * (p.learned - 1 + (k - 1) / 2)
    nodes.append(Node(low, 252, short(dense), "circle", 38, 38, heat(dense, big), True, at="now,2"))
    sides = ((high, 20, "max-pool"), (low, 252, "dense layer"))
    room = max(left + APART * (p.length - 1) + 26, 260)
    for x, y, name in sides:
        to_right = x < room - 140
        nodes.append(Node(x + (78 if to_right else -78), y, name, "text", 90, 20, strong=True))
    first = winner * p.stride
    for i, weight in enumerate(p.kernel):
        edges.append(Edge(first + i, p.length + winner, "", recurrent=True))
        edges.append(Edge(p.learned - 1 + i, below, short(weight)))
    edges.append(Edge(p.length + winner, top, "", recurrent=True))
    alt = (
        f"In the middle the input: {', '.join(map(show, run.x[now].tolist()))}. Above it the feature map: "
        f"{', '.join(map(show, run.maps[now].tolist()))}, whose largest is {show(pooled)}. Below it the dense layer, "
        f"with weights from step {p.learned} on, answers {show(dense)}."
    )
    where = "is where it was learned" if p.position == p.learned else "has moved from {learned} to {position}"
    agreed = numbers["pooled_learned"] == numbers["dense_learned"]
    there = "both said {pooled_learned}" if agreed else "they said {pooled_learned} and {dense_learned}"
    told = f"The pattern {where}: convolution and max-pool answer {{pooled}}, the dense layer {{dense}}."
    told += f" Where it was learned {there}."
    return Diagram("layers", "Two layers, one pattern", fill(told, numbers), alt, room, 280, nodes, edges)
