"""The glimpse demo: pooled images at full scale, and an eye that goes where its core sends it."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.glimpse_sensor import DEMO
from app.demos.machine.demo import BadParametersError
from app.demos.machine.figures import Diagram, Trace
from app.demos.machine.result import Result
from app.demos.parts.glimpse_images import IMAGES
from tests.examples import examples


def trace_of(result: Result, name: str) -> Trace:
    return next(trace for trace in result.traces() if trace.name == name)


@pytest.mark.parametrize("image", sorted(IMAGES))
@pytest.mark.parametrize(("size", "scales"), [(2, 4), (4, 3), (8, 2)])
def test_at_full_scale_the_patch_is_the_mean_pooled_image(image: str, size: int, scales: int) -> None:
    patches = trace_of(DEMO.result(f"image={image}&row=8&column=8&size={size}&scales={scales}"), "patches")
    widest = np.array([row.values for row in patches.rows if row.key.startswith(f"s{scales}r")])
    k = 16 // size
    wanted = [
        [IMAGES[image][i * k : (i + 1) * k, j * k : (j + 1) * k].mean() for j in range(size)] for i in range(size)
    ]
    np.testing.assert_allclose(widest, wanted, rtol=1e-12)


@given(data=st.data())
@examples(40)
def test_the_picture_shows_the_pixels_and_the_patches(states: Any, data: st.DataObject) -> None:
    result = DEMO.compute(data.draw(states(DEMO)))
    cells = {f"{key},{column}": value for _, key, column, value in result.table()}
    diagram = next(figure for figure in result.figures if isinstance(figure, Diagram))
    drawn = [node for node in diagram.nodes if node.at and re.match(r"[is]\d", node.at)]
    assert len(drawn) == 256 + result.numbers["read_once"]
    for node in drawn:
        assert node.at is not None
        assert node.heat == round(9 * cells[node.at])


def test_the_sharp_patch_alone_finds_nothing_where_three_scales_find_the_seven() -> None:
    alone, three = DEMO.result("scales=1").numbers, DEMO.result("").numbers
    assert alone["ink_last"] == 0
    assert (alone["end_row"], alone["end_column"]) == (12, 3)
    assert three["ink_first"] == 0 < 0.7 < three["ink_last"]
    assert DEMO.result("scales=1&home=0.2&looks=8").numbers["ink_last"] > 0, "a pull to the middle helps it out"


def test_memory_adds_up_what_is_too_faint_for_one_look() -> None:
    start = "image=two&row=3&column=13&gain=5&looks=8"
    assert DEMO.result(f"{start}&keeps=0").numbers["end_row"] == 3
    assert DEMO.result(f"{start}&keeps=0.3").numbers["ink_last"] > 0.5


def test_counts() -> None:
    numbers = DEMO.result("").numbers
    assert numbers["read_once"] == 3 * 16
    assert numbers["read"] == 4 * 48
    assert DEMO.result("looks=6").warnings


def test_an_odd_patch_is_answered_with_an_even_one() -> None:
    with pytest.raises(BadParametersError) as caught:
        DEMO.parse("size=5")
    assert DEMO.parse(caught.value.nearest).size == 4
