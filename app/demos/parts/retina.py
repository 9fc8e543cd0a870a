"""The picture of glimpses: the image with the windows of one look and the way of all, and that look's patches."""

from collections.abc import Sequence
from itertools import pairwise

from app.demos.machine.figures import Diagram, Edge, Node
from app.demos.machine.numbers import STRONGEST, counted
from app.nn import glimpse
from app.nn.shapes import Array

SIDE, PITCH, LEFT, TOP = 16, 17, 14, 14


def retina(image: Array, made: Sequence[glimpse.Look], at: int, caption: str) -> Diagram:
    """The image with the windows of one look and the way of all of them; below it that look's patches."""
    seen = made[at - 1]
    scales, size = seen.patches.shape[:2]
    nodes: list[Node] = []
    for scale in reversed(range(scales)):
        half = size * 2**scale // 2
        (top, low), (left, right) = ((max(c - half, 0), min(c + half, SIDE)) for c in seen.place)
        x, y = LEFT + PITCH * (left + right) / 2, TOP + PITCH * (top + low) / 2
        nodes.append(Node(x, y, "", "box", PITCH * (right - left), PITCH * (low - top), lit=True))
    for r, line in enumerate(image.tolist()):
        for c, value in enumerate(line):
            x, y = LEFT + PITCH * (c + 0.5), TOP + PITCH * (r + 0.5)
            nodes.append(Node(x, y, "", "circle", 13, 13, round(STRONGEST * value), at=f"i{r + 1},{c + 1}"))
    first = len(nodes)
    shown: list[tuple[int, int]] = []
    for n, look in enumerate(made, start=1):
        if look.place not in shown:  # where the eye stays, its first number stands
            shown.append(look.place)
            x, y = LEFT + PITCH * look.place[1], TOP + PITCH * look.place[0]
            nodes.append(Node(x, y, str(n), "circle", 20, 20, 0, look.place == seen.place, at=f"down,{n}", strong=True))
    way = [first + shown.index(look.place) for look in made]
    edges = [Edge(a, b, recurrent=True) for a, b in pairwise(way) if a != b]
    apart = max(PITCH * size + 16.0, 100.0)
    low = TOP * 2 + PITCH * SIDE + 14
    for scale, patch in enumerate(seen.patches, start=1):
        k, middle = 2 ** (scale - 1), LEFT + apart * (scale - 0.5)
        nodes.append(Node(middle, low, f"{k} × {k}", "text", 90, 16, note="pixels a cell" if k > 1 else "pixel a cell"))
        for i, line in enumerate(patch.tolist()):
            for j, value in enumerate(line):
                x, down = middle + PITCH * (j + 0.5 - size / 2), low + 40 + PITCH * (i + 0.5)
                nodes.append(
                    Node(x, down, "", "circle", 15, 15, round(STRONGEST * value), at=f"s{scale}r{i + 1},{j + 1}")
                )
    places = ", ".join(f"row {look.place[0]} column {look.place[1]}" for look in made)
    alt = (
        f"The image, 16 by 16 pixels, with {counted(scales, 'windows')} around row {seen.place[0]}, column "
        f"{seen.place[1]}, and below it their patches of {size} by {size} cells. The looks go to {places}."
    )
    width, height = LEFT * 2 + max(apart * scales, PITCH * SIDE), low + 40 + PITCH * size + 10
    return Diagram("retina", "What the eye sees", caption, alt, width, height, nodes, edges)
