"""Two networks over one time axis: above, one that answers at each step; below, one that reads first, then writes."""

from collections.abc import Sequence

from app.demos.machine.figures import Diagram, Edge, Handle, Node
from app.demos.machine.numbers import counted

APART, LEFT, HIGH = 50, 26, 170


def two_lanes(caption: str, inputs: Sequence[str], plain: Sequence[str], full: Sequence[str]) -> Diagram:
    """Words in and words out of both networks; "?" is a guess. What is known is coloured."""
    T = len(inputs)
    nodes, edges, state = list[Node](), list[Edge](), 0
    for lane, (answers, wait) in enumerate(((plain, 0), (full, T))):
        y = 24 + HIGH * lane
        for step in range(T + wait):
            x = LEFT + APART * step
            before, state = state, len(nodes)
            nodes.append(Node(x, y + 66, "", "circle", 26, 26))
            if step:
                edges.append(Edge(before, state, recurrent=True))
            if step < T:
                nodes.append(Node(x, y + 112, inputs[step], "text", 50, 18, handle=Handle(f"x,{step + 1}", pitch=16)))
                edges.append(Edge(len(nodes) - 1, state))
            if step >= wait:
                t, known = step - wait, answers[step - wait] != "?"
                cell = f"{('plain', 'full')[lane]},{t + 1}"
                nodes.append(Node(x, y, answers[t], "circle", 44, 44, 5 if known else 0, known, at=cell))
                edges.append(Edge(state, len(nodes) - 1))
        name, does = ("encoder–decoder", "reads first, then writes") if wait else ("plain", "answers at each step")
        if T > 3:  # beside its answers, or above what it reads, as far as there is room
            nodes.append(Node(LEFT + APART * ((T - 1) / 2 if wait else T + 1), y - 6, name, "text", 0, 0, note=does))
    said = [", ".join("a guess" if answer == "?" else answer for answer in answers) for answers in (plain, full)]
    alt = (
        f"Two rows over time. Above, a network reads {', '.join(inputs)} and answers at each step: {said[0]}. "
        f"Below, one first reads {counted(T, 'words')} and then answers: {said[1]}."
    )
    width = LEFT + APART * (2 * T - 1) + 26
    return Diagram("lanes", "Which network answers when", caption, alt, width, 2 * HIGH - 16, nodes, edges)
