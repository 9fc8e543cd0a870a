"""The picture of a beam: each step's candidates in a column, best on top; what is kept is lit, greedy stands below."""

from collections.abc import Sequence

from app.demos.machine.figures import Diagram, Edge, Node
from app.demos.machine.numbers import short
from app.nn.beam import Candidate

ACROSS, DOWN, LEFT, TOP = 88, 64, 28, 52
MOST_SHOWN = 8
END = "∎"


def named(tokens: Sequence[int], V: int) -> str:
    """Tokens as letters, "A B"; the end mark as a box."""
    return " ".join(END if token == V else chr(ord("A") + token) for token in tokens)


def beam_tree(
    caption: str, steps: Sequence[Sequence[Candidate]], width: int, at: int, greedy: Candidate, V: int
) -> Diagram:
    """Draw at most eight candidates a step with their probabilities; step `at` (from 0) leads to its table."""
    winner = steps[-1][0].tokens
    rows = max(min(len(found), MOST_SHOWN) for found in steps)
    middle = TOP + DOWN * (rows - 1) / 2
    nodes, edges = [Node(LEFT, middle, "start", "text", 42, 20)], []
    places: dict[tuple[int, ...], int] = {(): 0}
    rest = 0  # stands for the candidates of a step that are not drawn one by one
    for t, found in enumerate(steps):
        shown, before, places = found[:MOST_SHOWN], places, {}
        x = LEFT + ACROSS * (t + 1)
        for rank, one in enumerate(shown):
            kept = rank < width
            cell = f"sum,{rank + 1}" if t == at else None
            letter = named(one.tokens[-1:], V)
            y = TOP + DOWN * rank
            places[one.tokens] = len(nodes)
            nodes.append(Node(x, y - 6, letter, "circle", 30, 30, 5 if kept else 0, kept, at=cell))
            parent = one.tokens if len(one.tokens) <= t else one.tokens[:-1]
            from_node = before.get(parent, rest)
            edges.append(Edge(from_node, len(nodes) - 1, recurrent=winner[: len(one.tokens)] == one.tokens))
            nodes.append(Node(x, y + 19, short(one.p), "text", 40, 14))
        if len(found) > MOST_SHOWN:
            rest = len(nodes)
            nodes.append(Node(x, TOP + DOWN * rows - 14, f"{len(found) - MOST_SHOWN} more", "text", 60, 14))
        nodes.append(Node(x, 16, f"step {t + 1}", "text", 50, 14))
    low = TOP + DOWN * rows + 18
    nodes.append(Node(LEFT + 4, low, "greedy", "text", 52, 20))
    previous = len(nodes) - 1
    for t, token in enumerate(greedy.tokens):
        nodes.append(Node(LEFT + ACROSS * (t + 1), low, named((token,), V), "circle", 30, 30))
        edges.append(Edge(previous, len(nodes) - 1))
        previous = len(nodes) - 1
    told = ""
    for t, found in enumerate(steps, start=1):
        those = ", ".join(f"{named(one.tokens, V)} ({short(one.p)})" for one in found[:width])
        told += f"Step {t} keeps {those} and drops {max(0, len(found) - width) or 'none'}. "
    alt = f"A tree that grows to the right, one column for each step. {told}Greedy goes {named(greedy.tokens, V)}."
    return Diagram("tree", "The beam", caption, alt, LEFT + ACROSS * len(steps) + 40, low + 24, nodes, edges)
