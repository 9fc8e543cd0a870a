"""The picture of a binary tree: words below in their order, each node above the middle of its children."""

from collections.abc import Sequence

import numpy as np

from app.demos.machine.figures import Diagram, Edge, Node, Values
from app.demos.machine.numbers import heat, short

TALLEST, MOST_WIDE, MOST = 480.0, 640.0, 64


def tree_picture(
    caption: str, values: Values, tree: Sequence[tuple[int, int]], depths: Sequence[int], labels: Sequence[str]
) -> Diagram:
    """Draw leaves and nodes with their values; `depths` are each node's merges to the root, `labels` name the leaves.

    With many leaves the circles shrink, so that the tree fits, and their numbers are in the table alone.
    """
    n = len(values) - len(tree)
    gap = max(MOST_WIDE / MOST, min(50.0, MOST_WIDE / n))
    size = min(44.0, 0.88 * gap)
    small = size < 40  # too small to hold a number
    heights = [0] * n
    for left, right in tree:
        heights.append(1 + max(heights[left], heights[right]))
    step = min(40.0 if small else 54.0, TALLEST / heights[-1])
    bottom = 34 + step * heights[-1]
    across = [30 + gap * i for i in range(n)]
    for left, right in tree:
        across.append((across[left] + across[right]) / 2)
    largest = float(np.abs(values[np.isfinite(values)]).max(initial=0.0))

    nodes = []
    for i, value in enumerate(values.tolist()):
        cell, is_root = f"x,{i + 1}" if i < n else f"p,{i - n + 1}", i == len(values) - 1
        text, y = "" if small else short(value), bottom - step * heights[i]
        nodes.append(Node(across[i], y, text, "circle", size, size, heat(value, largest), is_root, at=cell))
    edges = [Edge(child, n + k, recurrent=True) for k, pair in enumerate(tree) for child in pair]
    nodes += [Node(across[i], bottom + 40, label, "text", 58, 18) for i, label in enumerate(labels)]
    alt = f"A tree over {n} words, {max(depths)} deep, drawn with its root on top. Root {short(float(values[-1]))}."
    return Diagram("tree", "The tree", caption, alt, 60 + gap * (n - 1), bottom + (58 if labels else 34), nodes, edges)
