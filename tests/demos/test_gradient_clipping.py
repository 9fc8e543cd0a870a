"""Clipping: the card's numbers, direction and angle, and a descent written out again."""

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.gradient_clipping import DEMO, descend
from app.demos.machine.drawing import arrows
from app.demos.machine.figures import Curve, Diagram
from app.demos.machine.result import Result
from tests.examples import examples


def row(result: Result, trace: int, key: str) -> Any:
    found = result.traces()[trace].row(key)
    assert found is not None
    return found.values


def test_the_defaults_are_those_that_a_card_works_by_hand() -> None:
    numbers = DEMO.result("").numbers
    assert (numbers["norm"], numbers["norm_after"], numbers["after1"], numbers["after2"]) == (5, 1, 0.6, 0.8)
    by_value = DEMO.result("by=value").numbers
    assert (by_value["after1"], by_value["after2"]) == (1, 1)
    assert round(by_value["angle"], 1) == 8.1


@given(
    g=st.lists(st.floats(-10, 10).map(lambda value: round(value, 3)), min_size=2, max_size=12),
    c=st.floats(0.01, 100),
    by=st.sampled_from(["norm", "value"]),
)
@examples(80)
def test_angle_and_length_are_those_of_the_vectors(g: list[float], c: float, by: str) -> None:
    result = DEMO.result(f"g={','.join(map(str, g))}&threshold={c!r}&by={by}&updates=1")
    before, after = np.array(g), row(result, 0, "after")
    assert result.numbers["norm"] == pytest.approx(math.hypot(*g))
    assert result.numbers["norm_after"] == pytest.approx(math.hypot(*after))
    if by == "norm":
        assert result.numbers["angle"] == 0
        assert result.numbers["norm_after"] <= c * (1 + 1e-12)
    elif before.any():
        cosine = before @ after / (np.linalg.norm(before) * np.linalg.norm(after))
        assert math.cos(math.radians(result.numbers["angle"])) == pytest.approx(cosine, abs=1e-9)
        assert np.abs(after).max() <= c


@given(data=st.data())
@examples(30)
def test_each_update_follows_from_the_one_before(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    for clipped in (False, True):
        walk = descend(p, clipped)
        moved = walk.weights[:-1] - walk.weights[1:]
        np.testing.assert_allclose(moved, p.rate * walk.used[:-1], atol=1e-9 * (1 + np.abs(walk.weights).max()))
        if not clipped:
            np.testing.assert_array_equal(walk.used, walk.gradient)
        elif p.by == "norm":
            assert (np.hypot(*walk.used.T) <= p.threshold * (1 + 1e-9)).all()
        else:
            assert (np.abs(walk.used) <= p.threshold).all()


def test_the_wall_throws_the_one_and_not_the_other() -> None:
    result = DEMO.result("")
    numbers = result.numbers
    assert numbers["largest_plain"] > 10
    assert numbers["thrown_plain"] > 5
    assert numbers["thrown_clipped"] == pytest.approx(0.5)  # learning rate times threshold
    assert numbers["loss_plain"] > 0.05 > numbers["loss_clipped"]
    assert row(result, 1, "pw")[-1] > 7
    assert row(result, 1, "cw").max() < 5
    curve = next(figure for figure in result.figures if isinstance(figure, Curve))
    assert curve.series[0].values[0] == curve.series[1].values[0]


def test_a_threshold_above_all_gradients_changes_nothing() -> None:
    result = DEMO.result("threshold=25")
    assert result.numbers["clips"] == 0
    assert result.numbers["loss_clipped"] == result.numbers["loss_plain"]
    assert "the two are the same" in next(figure for figure in result.figures if figure.name == "descent").caption


def test_a_vanished_gradient_passes_unchanged() -> None:
    numbers = DEMO.result("g=0.003,0.004").numbers
    assert (numbers["after1"], numbers["after2"], numbers["factor"]) == (0.003, 0.004, 1)


@pytest.mark.parametrize("query", ["", "by=value", "g=-7,2", "g=0.2,0.1", "g=4", "g=1,-2,3&threshold=20"])
def test_the_arrows_end_where_their_vectors_do(query: str) -> None:
    result = DEMO.result(query)
    figure = next(one for one in result.figures if isinstance(one, Diagram))
    limit, start, after, before = figure.nodes
    scale = limit.width / 2 / result.numbers["threshold"]
    for node, key in ((before, "before"), (after, "after")):
        x, y = (*row(result, 0, key), 0.0)[:2]
        assert (node.x - start.x, start.y - node.y) == pytest.approx((scale * x, scale * y))
    held = before.handle
    assert held
    assert (held.across, held.up) == ("g,1", "g,2" if row(result, 0, "before").size > 1 else "")


@pytest.mark.parametrize("query", ["g=0,0", "g=0", "threshold=1000", "by=value&threshold=1000"])
def test_a_gradient_too_small_to_be_drawn_has_no_arrow(query: str) -> None:
    figure = next(one for one in DEMO.result(query).figures if isinstance(one, Diagram))
    assert re.findall(r' d="(.*?)"', arrows(figure)) == ["", ""]
