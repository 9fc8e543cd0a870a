"""Pictures of attention: to the inputs of another layer, or to the words of the same sentence."""

from collections.abc import Sequence
from typing import NamedTuple

from app.demos.machine.figures import Diagram, Edge, Node, Values
from app.demos.machine.numbers import counted, heat, short, show

MOST_WITH_ROOM = 3  # inputs whose vectors fit beside each other on a phone
A_CHARACTER = 7.0  # of a note, in units


class Read(NamedTuple):
    """What one output reads: its query (d), the keys (T, d), the values (T, n), its weights (T), its context (n)."""

    query: Values
    keys: Values
    values: Values
    alpha: Values
    context: Values


def look_back(caption: str, output: int, read: Read) -> Diagram:
    """From below: the query of this output (from 1), the keys, the weights, the values, and the context on top.

    The arrows to the context are as wide as the weights.
    """
    T, alpha = len(read.alpha), read.alpha
    apart = 104.0 if T <= MOST_WITH_ROOM else 80.0
    wide, left = apart - 14, apart / 2
    middle, largest = left + apart * (T - 1) / 2, float(alpha.max())

    def box(x: float, y: float, name: str, numbers: Values, lit: bool = False) -> Node:
        return Node(x, y, name, "box", wide, 44, lit=lit, note=_listed(numbers, wide), strong=True)

    nodes = [
        box(middle, 374, f"q_{output}", read.query, lit=True),
        Node(middle, 32, _listed(read.context, 54), "circle", 56, 56, strong=True, at=f"c{output},1"),
        Node(middle + 48, 32, f"c_{output}", "text", 24, 20),
    ]
    edges = []
    for t, value in enumerate(alpha.tolist()):
        x, most, at = left + apart * t, value >= largest * (1 - 1e-9), len(nodes)
        nodes.append(box(x, 300, f"k_{t + 1}", read.keys[t]))
        nodes.append(Node(x, 224, short(value), "circle", 46, 46, heat(value, 1.0), most, at=f"a{output},{t + 1}"))
        nodes.append(box(x, 142, f"v_{t + 1}", read.values[t]))
        edges += [Edge(0, at), Edge(at, at + 1), Edge(at + 1, at + 2)]
        edges.append(Edge(at + 2, 1, recurrent=True, weight=heat(value, 1.0)))
    alt = f"The weights of output {output} for its {counted(T, 'inputs')}: {', '.join(map(show, alpha.tolist()))}. "
    alt += f"With them the values are added up to the context {show(float(read.context[0]))}."
    width = max(apart * T, 2 * middle, 160.0)
    return Diagram("look", "What the output attends to", caption, alt, width, 400, nodes, edges)


def _listed(numbers: Values, wide: float) -> str:
    """The numbers, as many as fit into a box so wide."""
    texts = [short(value) for value in numbers.tolist()]
    while len(texts) - (texts[-1] == "…") > 1 and A_CHARACTER * len(", ".join(texts)) > wide:
        texts = [*texts[: -2 if texts[-1] == "…" else -1], "…"]
    return ", ".join(texts).replace(", …", "…")


def look_around(caption: str, words: Sequence[str], place: int, alpha: Values, seen: int) -> Diagram:
    """The words below, their outputs above, and an arrow to output `place` (from 1) from each of the first `seen`."""
    apart, left, one = 58, 34, place - 1
    nodes, edges = [], []
    for j, (word, value) in enumerate(zip(words, alpha.tolist(), strict=True)):
        x = left + apart * j
        nodes.append(Node(x, 132, short(round(value, 2)), "circle", 44, 44, heat(value, 1.0), at=f"a{place},{j + 1}"))
        nodes.append(Node(x, 172, word, "text", 40, 16))
        nodes.append(Node(x, 32, word, "circle", 44, 44, lit=j == one))
        if j < seen:
            edges.append(Edge(3 * j, 3 * one + 2, recurrent=value > 1 / len(words), weight=heat(value, 1.0)))
    weights = ", ".join(f"{word} {show(value)}" for word, value in zip(words, alpha.tolist(), strict=True))
    alt = f"A row of {len(words)} words, and an output above each. The weights of the words for output {place}: "
    alt += f"{weights}."
    width = left + apart * (len(words) - 1) + 34
    return Diagram("look", "What the word attends to", caption, alt, width, 190, nodes, edges)
