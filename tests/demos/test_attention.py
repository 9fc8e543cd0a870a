"""Attention against plain loops, against the card's worked case, and against what a mean can and cannot be."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.attention import DEMO, Attention
from app.demos.machine.demo import BadParametersError
from app.demos.machine.figures import Diagram
from app.demos.machine.numbers import short, show
from app.demos.machine.result import Result
from tests.ask.answers import judged
from tests.examples import examples


def tried(index: int) -> Result:
    return DEMO.compute(DEMO.changed(DEMO.try_this[index].change))


def alignment(result: Result) -> np.ndarray[Any, Any]:
    trace = next(trace for trace in result.traces() if trace.name == "alignment")
    return np.array([row.values for row in trace.rows])


def by_hand(p: Attention) -> tuple[list[list[float]], list[list[float]]]:
    """Weights and contexts by plain loops over plain lists, without the shift by the largest score."""
    weights, contexts = [], []
    for q in p.queries:
        e = []
        for k in p.keys:
            pairs = list(zip(q, k, strict=True))
            match p.score:
                case "additive":
                    score = sum(p.v * math.tanh(p.W_q * a + p.W_k * b) for a, b in pairs)
                case "dot":
                    score = sum(a * b for a, b in pairs)
                case "scaled":
                    score = sum(a * b for a, b in pairs) / math.sqrt(len(q))
            e.append(p.beta * score)
        # 1 / Σ_k exp(e_k − e_t): another way to write the softmax, which overflows to a weight of 0.
        alpha = [1 / sum(math.exp(min(other - one, 700)) for other in e) for one in e]
        weights.append(alpha)
        contexts.append([sum(a * v[j] for a, v in zip(alpha, p.values, strict=True)) for j in range(len(p.values[0]))])
    return weights, contexts


@given(data=st.data())
@examples(60)
def test_weights_and_contexts_are_those_worked_out_by_loops(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    result = DEMO.compute(p)
    alpha, context = by_hand(p)
    np.testing.assert_allclose(alignment(result), alpha, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(alignment(result).sum(axis=1), 1.0, rtol=1e-12)
    i = min(p.output, len(p.queries)) - 1
    assert result.numbers["context"] == pytest.approx(context[i][0], rel=1e-9, abs=1e-10)
    contexts = next(trace for trace in result.traces() if trace.name == "contexts")
    np.testing.assert_allclose([row.values for row in contexts.rows], context, rtol=1e-9, atol=1e-9)
    low, high = np.min(p.values, axis=0), np.max(p.values, axis=0)
    for row in contexts.rows:
        assert (row.values >= low - 1e-9).all()
        assert (row.values <= high + 1e-9).all()


def test_the_case_that_cards_work_out() -> None:
    numbers = DEMO.result("score=dot&queries=1&keys=1;3;0&values=0.4621;0.8786;0.9759").numbers
    assert [round(numbers[name], 4) for name in ("a1", "a2", "a3", "context")] == [0.1142, 0.8438, 0.0420, 0.8351]


def test_the_default_reads_its_inputs_in_another_order() -> None:
    result = DEMO.result("")
    assert alignment(result).argmax(axis=1).tolist() == [0, 2, 1]
    assert "attends most to input **1**" in result.figures[0].caption


def test_a_query_of_zeros_gets_the_plain_mean() -> None:
    result = tried(0)
    assert alignment(result).tolist() == [[pytest.approx(1 / 3)] * 3]
    assert result.numbers["context"] == pytest.approx(2.0)
    assert result.numbers["effective"] == pytest.approx(3.0)
    assert "the plain mean" in result.figures[0].caption


def test_what_is_added_to_every_score_changes_no_weight() -> None:
    np.testing.assert_allclose(
        alignment(tried(1)), alignment(DEMO.result("score=dot&queries=1&keys=1;3;0&values=0;0;0")), rtol=1e-12
    )


def test_between_two_equal_inputs_attention_cannot_choose() -> None:
    result = tried(2)
    assert result.numbers["a1"] == result.numbers["a3"]
    assert abs(result.numbers["context"]) < 1e-12
    assert "cannot choose" in result.figures[0].caption


def test_dividing_by_the_root_of_the_width_keeps_the_softmax_soft() -> None:
    wide = "queries=" + ",".join(["1"] * 12) + "&keys=" + ";".join([",".join(["1"] * 12), ",".join(["0"] * 12)])
    assert DEMO.result(f"{wide}&values=0;1&score=dot").numbers["largest"] > 0.99999
    assert DEMO.result(f"{wide}&values=0;1&score=scaled").numbers["largest"] == pytest.approx(
        1 / (1 + math.exp(-math.sqrt(12)))
    )


def test_the_picture_has_the_numbers_of_the_table() -> None:
    result = DEMO.result("output=2")
    diagram = result.figures[0]
    assert isinstance(diagram, Diagram)
    shown = {node.at: node.text for node in diagram.nodes if node.at}
    for t, value in enumerate(alignment(result)[1].tolist(), start=1):
        assert shown[f"a2,{t}"] == short(value)
        assert show(value) in diagram.alt
    assert shown["c2,1"] == short(result.numbers["context"])
    for node in diagram.nodes:
        assert node.x - node.width / 2 >= 0
        assert node.x + node.width / 2 <= diagram.width
        assert node.y + node.height / 2 <= diagram.height


@pytest.mark.parametrize(
    ("query", "parameter"), [("keys=1,2;3", "keys"), ("queries=1,2", "queries"), ("values=1;2", "values")]
)
def test_rows_that_do_not_fit_are_named_and_the_nearest_state_fits(query: str, parameter: str) -> None:
    with pytest.raises(BadParametersError) as caught:
        DEMO.parse(query)
    assert parameter in {problem.parameter for problem in caught.value.problems}
    DEMO.parse(caught.value.nearest)


def test_a_forgotten_root_is_recognised() -> None:
    p = DEMO.parse("queries=1,1,0,0&keys=3,0,0,0;1,0,0,0;0,0,0,0&score=scaled")
    told = judged(DEMO, p, math.exp(3) / (math.exp(3) + math.e + 1))
    assert told.says == "You left out the division by $\\sqrt{d}$."


@pytest.mark.parametrize("values", ["-6.04,1;-6.04,1;-6.04,1", "0.5,0.25;0.5,0.25;0.5,0.25", "1,2;1,2;1,2"])
def test_the_context_of_several_numbers_fits_its_circle(values: str) -> None:
    figure = DEMO.result({"values": values}).figures[0]
    assert isinstance(figure, Diagram)
    context = next(node for node in figure.nodes if node.at == "c1,1")
    assert 7.8 * len(context.text) <= context.width
    assert context.text.rstrip("…")


def test_a_single_row_is_not_named_as_many() -> None:
    with pytest.raises(BadParametersError, match="must be 1 row of 1, one for each key"):
        DEMO.result({"queries": "1", "keys": "1", "values": "1;2"})
