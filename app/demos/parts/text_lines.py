"""A text in lines of circles, each coloured by the probability with which its character was drawn."""

from collections.abc import Sequence

from app.demos.machine.figures import Diagram, Node
from app.demos.machine.numbers import heat, show

APART, DOWN, LEFT, TOP = 30, 44, 22, 24
A_LINE = 13


def text_lines(caption: str, start: str, drawn: Sequence[str], chances: Sequence[float], at: int) -> Diagram:
    """The seed text without circles, then the drawn characters; `at` (from 0) is lit. A space is drawn as ␣."""
    nodes = []
    for place, character in enumerate((*start, *drawn)):
        x, y, t = LEFT + APART * (place % A_LINE), TOP + DOWN * (place // A_LINE), place - len(start)
        if t < 0:
            nodes.append(Node(x, y, character.replace(" ", "␣"), "text", 20, 20, strong=True))
        else:
            nodes.append(
                Node(
                    x, y, character.replace(" ", "␣"), "circle", 26, 26, heat(chances[t], 1.0), t == at, at=f"p,{t + 1}"
                )
            )
    lines = -(-len(nodes) // A_LINE)
    told = ", ".join(
        f"{character if character != ' ' else 'space'} {show(p)}" for character, p in zip(drawn, chances, strict=True)
    )
    alt = f"After the seed text {start!r} come {len(drawn)} characters, each with its probability: {told}."
    width = LEFT + APART * (min(len(nodes), A_LINE) - 1) + 22
    return Diagram("lines", "The text", caption, alt, width, TOP + DOWN * (lines - 1) + 24, nodes)
