"""The kinds of task against their counts of inputs and outputs, and what each output can feel of each input."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.machine.figures import Diagram
from app.demos.parts.task_steps import steps_of
from app.demos.sequence_shapes import DEMO, SequenceShapes
from tests.ask.answers import judged
from tests.examples import examples

QUERIES = {
    "one-to-one": "reads=one&writes=one",
    "one-to-many": "reads=one&writes=many",
    "many-to-one": "reads=many&writes=one",
    "aligned": "reads=many&writes=many&aligned=1",
    "unaligned": "reads=many&writes=many&aligned=0",
}


@pytest.mark.parametrize(
    ("kind", "inputs", "outputs", "steps"),
    [("one-to-one", 1, 1, 1), ("one-to-many", 1, 4, 4), ("many-to-one", 3, 1, 3), ("aligned", 3, 3, 3),
     ("unaligned", 3, 4, 7)],
)  # fmt: skip
def test_the_number_of_inputs_outputs_and_steps(kind: str, inputs: int, outputs: int, steps: int) -> None:
    numbers = DEMO.result(f"{QUERIES[kind]}&x=1,2,3&outputs=4").numbers
    assert (numbers["inputs"], numbers["outputs"], numbers["steps"]) == (inputs, outputs, steps)


@given(kind=st.sampled_from(sorted(QUERIES)), n=st.integers(1, 12), m=st.integers(1, 12))
@examples(100)
def test_inputs_and_outputs_come_once_each_and_in_order(kind: str, n: int, m: int) -> None:
    steps = steps_of(kind, n, m)
    reads, writes = ([v for v in (getattr(s, name) for s in steps) if v] for name in ("reads", "writes"))
    assert reads == list(range(1, (1 if kind.startswith("one") else n) + 1))
    assert writes == list(range(1, {"one-to-one": 1, "many-to-one": 1, "aligned": n}.get(kind, m) + 1))
    assert all(step.reads or step.writes for step in steps)


def by_hand(p: SequenceShapes, shown: Sequence[float] = ()) -> list[float]:
    """The states, kind by kind, in plain loops: each from the state before it, or from the one `shown` before it."""
    states: list[float] = []

    def go(u: float | None) -> None:
        """One step that is fed u, or what it has just written."""
        h = (shown or states)[len(states) - 1] if states else 0.0
        states.append(math.tanh(p.W_x * (h if u is None else u) + p.W_h * h))

    for u in p.x[:1] if p.kind.startswith("one") else p.x:
        go(u)
    if p.kind == "unaligned":
        go(0.0)
    if p.kind in ("one-to-many", "unaligned"):
        for _ in range(p.outputs - 1):
            go(None)
    return states


@given(data=st.data())
@examples(80)
def test_each_step_is_a_plain_one_from_the_state_before(states: Any, data: st.DataObject) -> None:
    # Not a second run: with large weights two runs part by what one of them rounds.
    p = data.draw(states(DEMO))
    got = DEMO.compute(p).traces()[0].row("h")
    assert got
    shown = got.values.tolist()
    assert shown == pytest.approx(by_hand(p, shown), rel=1e-12, abs=1e-12)


@given(data=st.data())
@examples(40)
def test_what_is_felt_of_the_first_input_is_the_central_difference(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO)).model_copy(update={"W_x": 0.5, "W_h": 0.4})
    eps = 1e-6
    more, less = (by_hand(p.model_copy(update={"x": (p.x[0] + e, *p.x[1:])})) for e in (eps, -eps))
    wanted = [(a - b) / (2 * eps) for a, b in zip(more, less, strict=True)]
    felt = DEMO.compute(p).traces()[0].row("felt")
    assert felt
    assert felt.values.tolist() == pytest.approx(wanted, abs=1e-8)


@given(data=st.data())
@examples(60)
def test_an_output_does_not_move_with_inputs_that_it_has_not_seen(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    result = DEMO.compute(p)
    seen = int(result.numbers["seen"])
    other = p.model_copy(update={"x": p.x[:seen] + tuple(5 - v for v in p.x[seen:])})
    assert DEMO.compute(other).numbers["y"] == result.numbers["y"]


@given(data=st.data())
@examples(30)
def test_the_diagram_names_every_input_and_output(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    result = DEMO.compute(p)
    diagram = result.figures[0]
    assert isinstance(diagram, Diagram)
    strong = [node.text for node in diagram.nodes if node.strong]
    assert sorted(text for text in strong if text.startswith("x")) == sorted(
        f"x_{i + 1}" for i in range(int(result.numbers["inputs"]))
    )
    assert len([text for text in strong if text.startswith("y")]) == result.numbers["outputs"]
    for node in diagram.nodes:
        assert node.x - node.width / 2 >= 0
        assert node.x + node.width / 2 <= diagram.width
        assert node.y + node.height / 2 <= diagram.height


def test_to_take_unaligned_for_aligned_is_told() -> None:
    p = DEMO.parse("x=1,1,1,1&outputs=3&output=2")
    result = DEMO.compute(p)
    assert result.numbers["written_at"] == 6
    slip = judged(DEMO, p, 2).says
    assert slip
    assert "aligned" in slip
