"""The tree against a recursion over its brackets, the chain against the unrolled RNN, depths and slopes by formula."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos import unrolled_rnn
from app.demos.machine.demo import BadParametersError
from app.demos.machine.figures import Curve, Diagram, Trace
from app.demos.recursive_tree import DEMO, PARSE, SENTENCE, RecursiveTree
from tests.ask.answers import judged
from tests.examples import examples

PHI: dict[str, Callable[[float], float]] = {"tanh": math.tanh, "relu": lambda z: max(z, 0.0), "linear": lambda z: z}


def drawn(states: Any, data: st.DataObject) -> RecursiveTree:
    """A state whose weights need no more than three decimals."""
    p: RecursiveTree = data.draw(states(DEMO))
    return p.model_copy(update={name: round(getattr(p, name) / 8, 3) for name in ("W_l", "W_r", "b")})


def value(node: Any, p: RecursiveTree) -> float:
    if isinstance(node, int):
        return p.x[node % len(p.x)]
    return PHI[p.phi](p.W_l * value(node[0], p) + p.W_r * value(node[1], p) + p.b)


@given(data=st.data())
@examples(80)
def test_the_root_is_the_recursion_over_the_brackets(states: Any, data: st.DataObject) -> None:
    p = drawn(states, data)
    assert DEMO.compute(p).numbers["root"] == pytest.approx(value(p.nested, p), rel=1e-9, abs=1e-9)


@given(x=st.lists(st.integers(-3, 3), min_size=2, max_size=11), phi=st.sampled_from(["tanh", "relu", "linear"]))
@examples(60)
def test_a_chain_equals_the_rnn(x: list[int], phi: str) -> None:
    chain = DEMO.result(f"tree=chain&words={len(x)}&x={','.join(map(str, x))}&phi={phi}&W_l=0.8&W_r=0.5")
    assert chain.numbers["root"] == pytest.approx(chain.numbers["rnn"], rel=1e-12, abs=1e-12)
    # A linear first step with weight 1 would start the RNN at x_1; here it is started by a loop of its own.
    h = float(x[0])
    for word in x[1:]:
        h = PHI[phi](0.5 * word + 0.8 * h)
    assert chain.numbers["root"] == pytest.approx(h, rel=1e-12, abs=1e-12)


def test_a_chain_behind_a_zero_is_the_unrolled_rnn_of_the_cards() -> None:
    chain = DEMO.result("tree=chain&words=7&x=0,1,2,3,0,-1,2&W_l=0.8&W_r=0.5").numbers["root"]
    assert chain == pytest.approx(unrolled_rnn.DEMO.result({}).numbers["h_last"], abs=1e-12)


@pytest.mark.parametrize(
    ("tree", "words", "depth"),
    [("chain", 64, 63), ("balanced", 64, 6), ("balanced", 8, 3), ("balanced", 9, 4), ("parse", 8, 5), ("chain", 2, 1)],
)
def test_depths(tree: str, words: int, depth: int) -> None:
    numbers = DEMO.result(f"tree={tree}&words={words}").numbers
    assert numbers["depth"] == depth
    assert (numbers["depth_chain"], numbers["depth_balanced"]) == (words - 1, math.ceil(math.log2(words)))
    assert numbers["parameters"] == 3


def test_the_slopes_that_the_card_compares() -> None:
    query = "words=64&x=1&W_l=0.9&W_r=0.9&phi=linear"
    assert DEMO.result(f"tree=balanced&{query}").numbers["felt_first"] == pytest.approx(0.9**6)
    assert DEMO.result(f"tree=chain&{query}").numbers["felt_first"] == pytest.approx(0.9**63)


def row(trace: Trace, key: str) -> list[float]:
    found = trace.row(key)
    assert found
    values: list[float] = found.values.tolist()
    return values


@given(data=st.data())
@examples(30)
def test_what_the_root_feels_of_a_word_is_the_central_difference(states: Any, data: st.DataObject) -> None:
    p = drawn(states, data)
    p = p.model_copy(update={"phi": "tanh", "words": 8, "x": (*p.x, *[0.5] * 8)[:8]})
    felt, eps = row(DEMO.compute(p).traces()[1], "felt"), 1e-5
    for i in range(8):
        more, less = (
            value(p.nested, p.model_copy(update={"x": (*p.x[:i], p.x[i] + e, *p.x[i + 1 :])})) for e in (eps, -eps)
        )
        assert felt[i] == pytest.approx((more - less) / (2 * eps), rel=1e-5, abs=1e-7)


def test_the_depths_over_all_lengths_are_their_formulas() -> None:
    curve = next(figure for figure in DEMO.result("").figures if isinstance(figure, Curve))
    by = {series.key: series.values.tolist() for series in curve.series}
    assert by["deep_chain"] == [n - 1 for n in range(1, 65)]
    assert by["deep_balanced"] == [math.ceil(math.log2(n)) for n in range(1, 65)]


def test_the_parse_is_of_its_sentence_alone() -> None:
    def spoken(node: Any) -> str:
        return SENTENCE[node] if isinstance(node, int) else f"({spoken(node[0])} {spoken(node[1])})"

    assert spoken(PARSE) == "((the (hungry cat)) (chased (a ((very small) mouse))))"
    with pytest.raises(BadParametersError, match="balanced or chain, as the parse is that of 8 words") as caught:
        DEMO.parse("tree=parse&words=5")
    assert DEMO.parse(caught.value.nearest).tree == "balanced"


@given(data=st.data())
@examples(30)
def test_the_diagram_draws_every_node_once_above_its_children(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    diagram = DEMO.compute(p).figures[0]
    assert isinstance(diagram, Diagram)
    circles = [node for node in diagram.nodes if node.shape == "circle"]
    assert len(circles) == 2 * p.words - 1
    assert len(diagram.edges) == 2 * p.words - 2
    for edge in diagram.edges:
        assert diagram.nodes[edge.start].y > diagram.nodes[edge.end].y
    for node in diagram.nodes:
        assert node.x - node.width / 2 >= 0
        assert node.x + node.width / 2 <= diagram.width
        assert node.y - node.height / 2 >= 0
        assert node.y + node.height / 2 <= diagram.height


def test_to_take_the_chain_for_the_tree_is_told() -> None:
    p = DEMO.parse("tree=balanced&words=4&x=1,2,3,4&W_l=2&W_r=1&phi=linear")
    result = DEMO.compute(p)
    assert result.numbers["root"] == 2 * (2 + 2) + (6 + 4)
    slip = judged(DEMO, p, 2 * (2 * (2 + 2) + 3) + 4).says
    assert slip == "That is the chain. Here the brackets say another order."
