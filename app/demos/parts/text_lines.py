"""A text in lines of circles, each coloured by a number of its character: a probability, or what is remembered then."""

from collections.abc import Mapping, Sequence

from app.demos.machine.figures import Diagram, Edge, Handle, Node
from app.demos.machine.numbers import counted, heat, plain, short, show

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
    alt = f"After the seed text “{start}” come {counted(len(drawn), 'characters')}, each with its probability: {told}."
    width = LEFT + APART * (min(len(nodes), A_LINE) - 1) + 22
    return Diagram("lines", "The text", caption, alt, width, TOP + DOWN * (lines - 1) + 24, nodes)


def two_readers(
    caption: str, prefix: str, memory: Sequence[float], w: float, ends: Mapping[str, Sequence[tuple[str, float, str]]]
) -> Diagram:
    """The text as the RNN remembers it, and below what each model sees at its end and expects as its last mark.

    `ends` are by row of the table of probabilities: (mark, probability, its cell).
    """
    nodes = [
        Node(
            LEFT + APART * (t % A_LINE), TOP + DOWN * (t // A_LINE), character.replace(" ", "␣"), "circle", 26, 26
        )._replace(heat=heat(memory[t], 1.0), lit=t == 0, at=f"m,{t + 1}")
        for t, character in enumerate(prefix)
    ]
    edges, y, last = list[Edge](), TOP + DOWN * ((len(prefix) - 1) // A_LINE), len(prefix)
    for (row, marks), name, sees in zip(ends.items(), ("bigram", "RNN"), ("one letter", "its memory"), strict=True):
        y += 62 if row == "bigram" else 112
        source, seen = len(nodes) + 1, Node(166, y, prefix[-1].replace(" ", "␣"), width=44, height=44, strong=True)
        if row == "rnn":
            seen = Node(166, y, short(memory[-1]), "circle", 44, 44, heat(memory[-1], 1.0), at=f"m,{last}")
            edges.append(Edge(source, source, f"×{plain(w)}", recurrent=True, handle=Handle("w")))
        nodes += [Node(60, y, name, "text", 80, 20, note=f"sees {sees}", strong=True), seen]
        whole = sum(chance for _, chance, _ in marks)
        for up, (mark, chance, cell) in zip((-23, 23), marks, strict=True):
            share = heat(chance, whole)
            edges.append(Edge(source, len(nodes), weight=share))
            nodes += [Node(272, y + up, mark, "circle", 36, 36, share, at=cell or None, strong=True)]
            nodes += [Node(340, y + up, show(chance), "text", 72, 18)]
    alt = f"“{prefix}” in circles, coloured by the memory after each character. Below, both predictions."
    return Diagram("readers", "What each model sees", caption, alt, 400, y + 50, nodes, edges)
