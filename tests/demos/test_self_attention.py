"""Self-attention's demo: what words can and cannot tell apart, the counts, and formulas that give their cells."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.demos.machine.figures import Curve, Diagram, Trace
from app.demos.machine.numbers import show
from app.demos.machine.result import Result
from app.demos.self_attention import DEMO, SENTENCE
from tests.ask.answers import judged
from tests.examples import examples


def table_of(result: Result) -> Trace:
    return next(trace for trace in result.traces() if trace.name == "table")


def weights(result: Result) -> np.ndarray[Any, Any]:
    return np.array([row.values for row in table_of(result).rows if row.key != "e"])


def test_equal_words_come_out_equal_until_something_tells_them_apart() -> None:
    assert "its output is the same: nothing tells which came first" in DEMO.result("").figures[0].caption
    assert DEMO.result("").numbers["twin_difference"] < 1e-12
    assert DEMO.result("positions=1").numbers["twin_difference"] > 0.01
    assert "the position codes tell them apart" in DEMO.result("positions=1").figures[0].caption
    assert "each sees other words before it" in DEMO.result("causal=1").figures[0].caption
    assert DEMO.result("word=4&causal=1").numbers["twin"] == 1


def test_words_look_for_their_like() -> None:
    alpha = weights(DEMO.result("length=16&width=64"))
    for i in range(16):
        assert SENTENCE[int(alpha[i].argmax())] == SENTENCE[i]


@given(data=st.data())
@examples(40)
def test_rows_sum_to_one_and_the_mask_leaves_the_future_out(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    result = DEMO.compute(p)
    alpha = weights(result)
    assert alpha.shape == (p.length, p.length)
    np.testing.assert_allclose(alpha.sum(axis=1), 1.0, rtol=1e-12)
    ahead = np.triu(np.ones(alpha.shape, dtype=bool), k=1)
    assert (alpha[ahead] == 0).all() if p.causal else (alpha > 0).all()


def test_the_counts_that_cards_quote() -> None:
    numbers = DEMO.result("far=1000").numbers
    assert (numbers["scores"], numbers["rnn_steps"], numbers["rnn_path"]) == (1_000_000, 1000, 999)
    assert (numbers["attention_path"], numbers["attention_steps"]) == (1, 1)
    assert numbers["dilated_path"] == 7
    assert DEMO.result("far=1000&heads=4").numbers["scores"] == 4_000_000
    assert DEMO.result("far=1000&causal=1").numbers["scores"] == 500_500
    assert DEMO.result("far=100").numbers["rnn_path"] == 99


def test_on_a_short_sequence_the_projections_cost_more_than_the_scores() -> None:
    short_and_wide = DEMO.result(DEMO.query(DEMO.changed(DEMO.try_this[2].change))).numbers
    counts = [short_and_wide[name] for name in ("mixing_work", "projection_work", "attention_work", "rnn_work")]
    assert counts == [640_000, 3_276_800, 3_916_800, 1_638_400]
    assert DEMO.result("").numbers["mixing_work"] > DEMO.result("").numbers["projection_work"]


def test_the_picture_and_the_curve_have_the_numbers_of_the_tables() -> None:
    result = DEMO.result("word=3&causal=1&length=6")
    diagram, alpha = result.figures[0], weights(result)
    assert isinstance(diagram, Diagram)
    shown = {node.at: node.text for node in diagram.nodes if node.at}
    for j, value in enumerate(alpha[2].tolist(), start=1):
        assert shown[f"a3,{j}"] == show(round(value, 2))
        assert show(value) in diagram.alt
    assert len(diagram.edges) == 3  # itself and the two before it
    for node in diagram.nodes:
        assert node.x - node.width / 2 >= 0
        assert node.x + node.width / 2 <= diagram.width
        assert node.y + node.height / 2 <= diagram.height
    curve = next(figure for figure in result.figures if isinstance(figure, Curve))
    assert [series.values[-1] for series in curve.series] == [
        result.numbers[name] for name in ("rnn_path", "dilated_path", "attention_path")
    ]


def test_heads_that_were_left_out_are_recognised() -> None:
    p = DEMO.parse("far=10&heads=4")
    assert judged(DEMO, p, 100).says == "That is one head: each head has its own scores."
