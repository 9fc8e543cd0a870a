"""Pictures of attention: to the inputs of another layer, or to the words of the same sentence."""

from collections.abc import Sequence

from app.demos.machine.figures import Diagram, Edge, Node, Values
from app.demos.machine.numbers import heat, short, show


def look_back(caption: str, output: int, alpha: Values, context: float) -> Diagram:
    """The keys below, the weight of each above it, the context on top, and the query to the left.

    `alpha` (T) are the weights of this output (from 1), `context` the first number of its context.
    """
    T, apart, left = len(alpha), 68, 108
    middle, largest = left + apart * (T - 1) / 2, float(alpha.max())
    nodes = [
        Node(40, 118, f"q_{output}", "box", 48, 40, lit=True),
        Node(middle, 30, short(context), "circle", 52, 52, strong=True, at=f"c{output},1"),
    ]
    edges = []
    for t, value in enumerate(alpha.tolist()):
        x, most = left + apart * t, value >= largest * (1 - 1e-9)
        nodes.append(Node(x, 118, short(value), "circle", 46, 46, heat(value, 1.0), most, at=f"a{output},{t + 1}"))
        nodes.append(Node(x, 204, f"k_{t + 1}", "box", 48, 34))
        edges += [Edge(3 + 2 * t, 2 + 2 * t), Edge(2 + 2 * t, 1, recurrent=value > 1 / T)]
    edges.append(Edge(0, 2))
    alt = f"The weights of output {output} for its {T} inputs: {', '.join(map(show, alpha.tolist()))}. "
    alt += f"They give the context {show(context)}."
    width = max(left + apart * (T - 1) + 44, middle + 60)
    return Diagram("look", "What the output attends to", caption, alt, width, 230, nodes, edges)


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
            edges.append(Edge(3 * j, 3 * one + 2, recurrent=value > 1 / len(words)))
    weights = ", ".join(f"{word} {show(value)}" for word, value in zip(words, alpha.tolist(), strict=True))
    alt = f"A row of {len(words)} words, and an output above each. The weights of the words for output {place}: "
    alt += f"{weights}."
    width = left + apart * (len(words) - 1) + 34
    return Diagram("look", "What the word attends to", caption, alt, width, 190, nodes, edges)
