"""The unrolled RNN against hand-worked numbers and a loop of its own."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.machine.figures import Diagram, Trace
from app.demos.machine.numbers import short, show
from app.demos.machine.result import Result
from app.demos.unrolled_rnn import DEMO, UnrolledRNN
from tests.examples import examples

FUNCTIONS: dict[str, Callable[[float], float]] = {
    "tanh": math.tanh,
    "relu": lambda z: z if z > 0 else 0.0,
    "sigmoid": lambda z: math.exp(z) / (1 + math.exp(z)) if z < 0 else 1 / (1 + math.exp(-z)),
    "linear": lambda z: z,
}


def trace_of(result: Result) -> Trace:
    return result.traces()[0]


def diagram_of(result: Result) -> Diagram:
    return next(figure for figure in result.figures if isinstance(figure, Diagram))


def test_one_neuron_worked_by_hand() -> None:
    # h1 = tanh 0.5, h2 = tanh(1 + 0.8 h1), h3 = tanh(1.5 + 0.8 h2): 0.9759, not the 0.9993 found on the web.
    numbers = DEMO.result("x=1,2,3&W_x=0.5&W_h=0.8").numbers
    assert [round(numbers[name], 4) for name in ("h1", "h2", "h3")] == [0.4621, 0.8786, 0.9759]
    assert numbers["z3"] == pytest.approx(1.5 + 0.8 * math.tanh(1 + 0.8 * math.tanh(0.5)), abs=1e-12)
    assert numbers["h_last"] == numbers["h_max"] == numbers["h3"]


def test_the_defaults_are_those_that_cards_quote() -> None:
    numbers = DEMO.result("").numbers
    assert [round(numbers[f"h{t}"], 4) for t in range(1, 7)] == [0.4621, 0.8786, 0.9759, 0.6531, 0.0225, 0.7690]


def by_hand(p: UnrolledRNN, shown: list[list[float]]) -> tuple[list[list[float]], list[float]]:
    """States and outputs by plain loops over plain lists, each step from the state that is shown before it.

    With large weights a whole second run would part from the first by what one of them rounds.
    """
    n = p.units

    def each(given: tuple[float, ...]) -> list[float]:
        return list(given) if len(given) == n else [given[0]] * n

    one = len(p.W_h) == 1 and len(p.W_h[0]) == 1
    w = [[(p.W_h[0][0] if i == j else 0.0) if one else p.W_h[i][j] for j in range(n)] for i in range(n)]
    state, states = [0.0] * n, list[list[float]]()
    outputs: list[float] = []
    for t, x in enumerate(p.x):
        sums = [x * each(p.W_x)[j] + sum(state[i] * w[i][j] for i in range(n)) + each(p.b)[j] for j in range(n)]
        states.append([FUNCTIONS[p.phi](z) for z in sums])
        state = shown[t]
        outputs.append(sum((h * o for h, o in zip(state, each(p.W_o), strict=True)), 0.0))
    return states, outputs


@given(data=st.data())
@examples(80)
def test_each_step_is_a_plain_one_from_the_state_before(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    result = DEMO.compute(p)
    rows = [trace_of(result).row(f"h{j + 1}") for j in range(p.units)]
    shown = [list(state) for state in zip(*(row.values.tolist() for row in rows if row), strict=True)]
    expected, outputs = by_hand(p, shown)
    for got, want in zip(shown, expected, strict=True):
        assert got == pytest.approx(want, rel=1e-9, abs=1e-9)
    assert [result.numbers[f"y{t + 1}"] for t in range(len(p.x))] == pytest.approx(outputs, rel=1e-9, abs=1e-9)
    assert result.numbers["y_last"] == result.numbers[f"y{len(p.x)}"]


def test_every_product_sum_and_phi_has_its_row() -> None:
    result = DEMO.result("units=2&W_x=1,-1&W_h=0.5,0.25;-0.5,1&W_o=2,3&phi=linear&x=1,1")
    trace = trace_of(result)
    keys = [row.key for row in trace.rows]
    assert keys == ["x", "wx1", "wh11", "wh21", "z1", "h1", "wx2", "wh12", "wh22", "z2", "h2", "y"]
    # h1 = (1, −1); into unit 1 at step 2: 0.5·1 from itself and (−0.5)·(−1) from unit 2.
    at_two = {row.key: row.values[1] for row in trace.rows}
    assert (at_two["wh11"], at_two["wh21"], at_two["z1"]) == (0.5, 0.5, 2.0)
    assert (at_two["wh12"], at_two["wh22"], at_two["z2"]) == (0.25, -1.0, -1.75)
    assert at_two["y"] == 2 * 2.0 + 3 * -1.75
    assert trace.arithmetic("wh21", 1).filled == r"-0.5 \cdot (-1)"


def test_without_the_loop_a_step_sees_its_own_input_alone() -> None:
    result = DEMO.result("W_h=0")
    assert result.numbers["h4"] == 0
    assert "keeps nothing of the past" in result.figures[0].caption


def test_memory_is_told_where_the_input_is_zero() -> None:
    caption = DEMO.result("").figures[0].caption
    assert caption == (
        "The state is highest, **0.9759**, at step **3**. At step **4**, where the input is 0, it is "
        "**0.6531**: it remembers earlier inputs."
    )


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("x=-5,0,-5", "at step **2**, where the input is 0: it remembers earlier inputs."),
        ("x=0,0,0&b=1", "The state is highest, **0.9400**, at step **3**."),
        ("x=0,0", "The state is **0** at every step."),
        ("x=1", "The state is **0.4621**."),
    ],
)
def test_no_step_is_told_twice_and_nothing_is_remembered_that_was_not_read(query: str, said: str) -> None:
    assert DEMO.result(query).figures[0].caption.endswith(said)


def test_equal_units_are_told_to_be_equal() -> None:
    assert "equal weights" in DEMO.result("units=3").figures[0].caption
    assert "equal weights" not in DEMO.result("units=3&W_x=1,2,3").figures[0].caption


def test_rotation_keeps_the_length_of_a_linear_state() -> None:
    result = DEMO.result(DEMO.query(DEMO.changed(DEMO.try_this[2].change)))
    first, second = (trace_of(result).row(key) for key in ("h1", "h2"))
    assert first is not None
    assert second is not None
    assert (first.values**2 + second.values**2).tolist() == pytest.approx([1.0] * 10)


@pytest.mark.parametrize("units", [1, 2, 3, 4])
def test_the_diagram_shows_the_loop_and_a_copy_for_each_step(units: int) -> None:
    result = DEMO.result(f"units={units}&step=2")
    diagram, trace = diagram_of(result), trace_of(result)
    loops = [edge for edge in diagram.edges if edge.start == edge.end]
    assert [edge.label for edge in loops] == ["W_h"]
    shown = {node.at: node.text for node in diagram.nodes if node.at}
    for row in trace.rows:
        if row.key[0] in "xhy":
            for t, value in enumerate(row.values.tolist(), start=1):
                assert shown[f"{row.key},{t}"] == short(value)
    copies = [edge for edge in diagram.edges if edge.recurrent and edge.start != edge.end]
    assert len(copies) == 6
    assert sum(node.lit for node in diagram.nodes if node.shape != "text") == 1
    for node in diagram.nodes:
        assert node.x - node.width / 2 >= 0
        assert node.x + node.width / 2 <= diagram.width
        assert node.y + node.height / 2 <= diagram.height
    for value in trace.row("h1").values.tolist():  # type: ignore[union-attr]
        assert show(value) in diagram.alt


def test_a_step_past_the_end_is_the_last_one() -> None:
    assert trace_of(DEMO.result("x=1,2&step=9")).chosen == ("h1", 1)
