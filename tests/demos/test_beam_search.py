"""The beam's demo: its published case, the shown examples, and captions, tables and tree that agree."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.beam_search import DEMO
from app.demos.machine.demo import BadParametersError
from app.demos.machine.figures import Curve, Diagram
from app.demos.machine.numbers import short
from app.demos.machine.result import Result
from tests.ask.answers import judged
from tests.examples import examples


def tried(index: int, **change: str) -> Result:
    return DEMO.compute(DEMO.changed({**DEMO.try_this[index].change, **change}))


def curve_of(result: Result) -> Curve:
    return next(figure for figure in result.figures if isinstance(figure, Curve))


def test_greedy_commits_and_a_beam_of_two_finds_the_better_one() -> None:
    numbers = DEMO.result("").numbers
    assert (numbers["p"], numbers["greedy_p"], numbers["best_p"]) == (0.36, 0.3, 0.36)
    assert DEMO.result("width=1").numbers["p"] == 0.3
    caption = DEMO.result("").figures[0].caption
    assert "ends with B A" in caption
    assert "greedy ends with A A" in caption
    assert "It missed the best, B A" in DEMO.result("width=1").figures[0].caption


def test_the_score_never_falls_on_the_example_that_opens() -> None:
    scores = curve_of(DEMO.result("")).series[0].values
    assert (np.diff(scores) >= 0).all()
    assert "a wider beam never scores worse" in curve_of(DEMO.result("")).caption


def test_but_it_may_fall_as_the_second_example_shows() -> None:
    result = tried(0)
    assert DEMO.result(DEMO.query(DEMO.changed({**DEMO.try_this[0].change, "width": "1"}))).numbers["p"] == 0.15
    assert result.numbers["p"] == 0.12
    assert "Wider is worse here: at width **2**" in curve_of(result).caption
    assert result.numbers["worse_score"] < result.numbers["narrower_score"]


def test_ending_wins_until_the_length_is_divided_out() -> None:
    short_one, long_one = tried(1), tried(1, penalty="1")
    assert (short_one.numbers["length"], long_one.numbers["length"]) == (2, 6)
    assert short_one.numbers["p"] > long_one.numbers["p"]


def test_a_width_of_all_sequences_is_exhaustive() -> None:
    result = tried(2)
    assert result.numbers["sequences"] == 16
    p = DEMO.changed(DEMO.try_this[2].change)
    best = max(
        p.first[tokens[0]] * math.prod(p.next[a][b] for a, b in itertools.pairwise(tokens))
        for tokens in itertools.product(range(2), repeat=4)
    )
    assert result.numbers["p"] == pytest.approx(best, rel=1e-11)


def test_a_candidate_whose_parent_is_not_drawn_grows_from_those_that_are_summed_up() -> None:
    query = "width=14&steps=4&penalty=0.247&first=6.323,0,0,1.05&next=2.122,0,0,0;0,1,0,0;0,0,1,0;1,1,1,1"
    diagram = DEMO.result(query).figures[0]
    assert isinstance(diagram, Diagram)
    summed = {i for i, node in enumerate(diagram.nodes) if node.text.endswith(" more")}
    assert summed
    parents = {edge.end for edge in diagram.edges}
    assert all(i in parents for i, node in enumerate(diagram.nodes) if node.shape == "circle")


@given(data=st.data())
@examples(40)
def test_the_tree_shows_the_candidates_of_the_table(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    result = DEMO.compute(p)
    diagram, trace = result.figures[0], result.traces()[0]
    assert isinstance(diagram, Diagram)
    kept = trace.row("kept")
    assert kept is not None
    assert kept.values.sum() == min(p.width, len(trace.columns))
    for i, node in enumerate(diagram.nodes):
        if node.at:
            column = int(node.at.partition(",")[2]) - 1
            assert node.text == trace.columns[column].rpartition(" ")[2]
            assert node.lit == bool(kept.values[column])
            total = trace.row("sum").values[column]  # type: ignore[union-attr]
            assert diagram.nodes[i + 1].text == short(float(f"{math.exp(total):.12g}"))
        assert node.x - node.width / 2 >= -2
        assert node.x + node.width / 2 <= diagram.width
        assert node.y + node.height / 2 <= diagram.height
    parents = {edge.end for edge in diagram.edges}
    assert all(i in parents for i, node in enumerate(diagram.nodes) if node.shape == "circle")


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("first=1", "first"),
        ("first=-1,2", "first"),
        ("next=1,0", "next"),
        ("next=0,0;1,1", "next"),
        ("first=0,0", "first"),
    ],
)
def test_weights_that_are_no_distribution_are_named(query: str, parameter: str) -> None:
    with pytest.raises(BadParametersError) as caught:
        DEMO.parse(query)
    assert parameter in {problem.parameter for problem in caught.value.problems}
    DEMO.parse(caught.value.nearest)


def test_a_greedy_guess_is_told_what_it_dropped() -> None:
    p = DEMO.parse("")
    assert judged(DEMO, p, 0.3).says == "That is greedy: it never tries $B$."
