"""Curves as they are drawn: where the lines go, and what the axes say."""

import math
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.machine.chart import MOST_X, MOST_Y, picture, small_picture, x_axis, y_axis
from app.demos.machine.figures import Curve, Noted, Series

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def curve_of(*lines: list[float], log: bool = False, x: list[float] | None = None) -> Curve:
    series = [Series(f"y{i}", "y", "y", np.array(values)) for i, values in enumerate(lines)]
    places = np.arange(float(len(lines[0]))) if x is None else np.array(x)
    return Curve("c", "C", "caption", "x & y", "y", places, series, log)


def image_of(curve: Curve) -> str:
    return picture(curve).image


def lines_in(drawn: str) -> list[str]:
    return re.findall(r'<path class="line [^"]*" d="([^"]*)"', drawn)


def points_in(path: str) -> list[tuple[int, int]]:
    """All points of a path, whose steps are relative within a run."""
    points = []
    for run in path.split("M")[1:]:
        x = y = 0
        numbers = [int(number) for number in re.findall(r"-?\d+", run)]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            points.append((x, y))
    return points


def texts_in(drawn: str, axis: str) -> list[str]:
    found = re.search(rf'<g class="{axis}">(.*?)</g>', drawn)
    assert found
    return re.findall(r">([^<]+)</text>", found[1])


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ([0, 1, 2, 3], "M0 1000l333 -333 334 -334 333 -333"),
        ([0, 1, math.nan, 3], "M0 1000l333 -333M1000 0z"),
        ([math.inf, 1, 0, math.nan], "M333 0l334 1000"),
        ([0, math.nan, 2, 1], "M0 1000zM667 0l333 500"),
        ([math.nan, 2, math.nan, 0], "M333 0zM1000 1000z"),
    ],
)
def test_what_is_not_finite_is_a_gap_and_not_bridged(values: list[float], path: str) -> None:
    assert lines_in(image_of(curve_of(values))) == [path]
    assert lines_in(small_picture(curve_of(values))) == [path]


def test_on_a_log_scale_what_is_not_positive_is_a_gap() -> None:
    assert lines_in(image_of(curve_of([1, 0, 100, 10], log=True))) == ["M0 1000zM667 0l333 500"]


@pytest.mark.parametrize("log", [False, True])
def test_where_nothing_can_be_drawn_the_x_axis_stands_alone(log: bool) -> None:
    drawn = image_of(curve_of([math.nan, math.inf, -math.inf], log=log))
    assert lines_in(drawn) == []
    assert texts_in(drawn, "x") == ["0", "1", "2"]
    assert '<g class="y"></g>' in drawn


def test_all_lines_share_one_axis() -> None:
    a, b = lines_in(image_of(curve_of([0.5, 0.0, math.inf], [-1.0, 3.0, math.nan])))
    assert points_in(a) == [(0, 625), (500, 750)]  # the axis goes from −1 to 3
    assert points_in(b) == [(0, 1000), (500, 0)]


def test_each_row_of_the_table_has_its_place() -> None:
    curve = curve_of([1.0] * 4, x=[0.0, 5.0, 5.0, 20.0])
    steps = re.search(r'data-steps="([^"]*)"', image_of(curve))
    assert steps
    assert np.cumsum([int(step) for step in steps[1].split()]).tolist() == [0, 250, 250, 1000]
    assert [x for x, _ in points_in(lines_in(image_of(curve))[0])] == [0, 250, 250, 1000]


def test_the_table_says_the_numbers_of_the_picture() -> None:
    drawn = picture(curve_of([0.5, math.nan], [1e-7, -math.inf], x=[0.0, 2.5]))
    assert drawn.rows.splitlines() == [
        '<tr><th scope="row">0</th><td>0.5</td><td>1.00×10⁻⁷</td></tr>',
        '<tr><th scope="row">2.5</th><td>NaN</td><td>−∞</td></tr>',
    ]
    assert drawn.last == 1


def test_a_long_curve_is_drawn_where_its_table_has_rows() -> None:
    curve = curve_of(list(range(5000)))
    (line,) = lines_in(image_of(curve))
    assert len(points_in(line)) == len(curve.shown()) == 400
    assert points_in(line)[0] == (0, 1000)
    assert points_in(line)[-1] == (1000, 0)


@pytest.mark.parametrize(
    ("low", "high", "log", "numbers"),
    [
        (0, 1, False, "0.0 0.2 0.4 0.6 0.8 1.0"),
        (-1.0, 1.0, False, "−1.0 −0.5 0.0 0.5 1.0"),
        (-1.21, -1.02, False, "−1.25 −1.20 −1.15 −1.10 −1.05 −1.00"),
        (3, 14, False, "2 4 6 8 10 12 14"),
        (0, 9500, False, "0 2,000 4,000 6,000 8,000 10⁴"),
        (0, 3e-5, False, "0 5×10⁻⁶ 10⁻⁵ 1.5×10⁻⁵ 2×10⁻⁵ 2.5×10⁻⁵ 3×10⁻⁵"),
        (0.5, 0.5, False, "0.2 0.3 0.4 0.5 0.6 0.7 0.8"),
        (0, 0, False, "−1.0 −0.5 0.0 0.5 1.0"),
        (0, 3e-308, False, "−1.0 −0.5 0.0 0.5 1.0"),
        (3e-308, 3e-308, True, "10⁻³⁰⁸ 10⁻³⁰⁷"),
        (1, 1e60, True, "1 10¹⁰ 10²⁰ 10³⁰ 10⁴⁰ 10⁵⁰ 10⁶⁰"),
        (0.00515, 1, True, "0.01 0.1 1"),
        (0.107, 1, True, "0.2 0.5 1"),
        (0.8574, 1, True, "0.9 0.95 1"),
        (1, 1, True, "0.1 1 10"),
        (2e5, 7e6, True, "2×10⁵ 5×10⁵ 10⁶ 2×10⁶ 5×10⁶"),
        (1e-12, 1, True, "10⁻¹² 10⁻¹⁰ 10⁻⁸ 10⁻⁶ 10⁻⁴ 0.01 1"),
    ],
)
def test_the_y_axis_names_round_numbers(low: float, high: float, log: bool, numbers: str) -> None:
    assert texts_in(image_of(curve_of([low, high], log=log)), "y") == numbers.split()


@pytest.mark.parametrize(
    ("x", "numbers"),
    [
        (range(51), "0 5 10 15 20 25 30 35 40 45 50"),
        (range(4), "0 1 2 3"),
        (range(1, 151), "20 40 60 80 100 120 140"),
        ([1, 2], "1 2"),
        ([1, 1.5, 2], "1.0 1.1 1.2 1.3 1.4 1.5 1.6 1.7 1.8 1.9 2.0"),
        ([3], "3"),
        ([0, 1000], "0 100 200 300 400 500 600 700 800 900 1,000"),
        ([-6, 6], "−6 −5 −4 −3 −2 −1 0 1 2 3 4 5 6"),
    ],
)
def test_the_x_axis_names_round_numbers_and_counts_whole_ones(x: list[float], numbers: str) -> None:
    curve = curve_of([1.0] * len(x), x=list(map(float, x)))
    assert texts_in(image_of(curve), "x") == numbers.split()


@pytest.mark.parametrize(
    ("last", "kept", "everywhere"),
    [
        (50, "0 10 20 30 40 50", "0 20 40"),
        (150, "20 40 60 80 100 120 140", "40 80 120"),
        (10, "1 2 3 4 5 6 7 8 9 10", "2 4 6 8 10"),
        (6, "1 2 3 4 5 6", "1 2 3 4 5 6"),
        (1000, "0 200 400 600 800 1,000", "0 400 800"),
        (3000, "1,000 2,000 3,000", "1,000 3,000"),
        (4, "0 1 2 3 4", "0 1 2 3 4"),
    ],
)
def test_a_narrow_picture_can_do_without_some_numbers(last: int, kept: str, everywhere: str) -> None:
    """Those that are left are evenly apart."""
    first = 1.0 if last in (6, 10, 150, 3000) else 0.0
    drawn = image_of(curve_of([1.0] * 2, x=[first, last]))
    texts = re.findall(r'<text(?: class="(\w+)")? x="[^"]*" y="100%">([^<]+)<', drawn)
    assert [text for kind, text in texts if kind != "wide"] == kept.split()
    assert [text for kind, text in texts if not kind] == everywhere.split()


@given(st.lists(FINITE | st.sampled_from([5e-324, -2.3e-308, 1e-300, 1.7e308]), min_size=1, max_size=6), st.booleans())
def test_every_finite_number_is_drawn_within_the_box(values: list[float], log: bool) -> None:
    drawn = image_of(curve_of(values, log=log))
    drawable = [value for value in values if value > 0 or not log]
    points = [point for line in lines_in(drawn) for point in points_in(line)]
    assert len(points) == len(drawable)
    assert all(0 <= x <= 1000 and 0 <= y <= 1000 for x, y in points)
    assert "nan" not in drawn
    assert "inf" not in drawn


@given(FINITE, FINITE)
def test_a_linear_axis_holds_its_numbers_and_names_a_few(one: float, other: float) -> None:
    low, high = sorted((one, other))
    axis = y_axis(low, high, is_log=False)
    assert axis.low <= low <= high <= axis.high
    assert 2 <= len(axis.numbers) <= MOST_Y + 2
    assert all(a < b for a, b in pairwise(axis.numbers))


@given(st.floats(5e-324, 1.79e308), st.floats(5e-324, 1.79e308))
def test_a_log_axis_names_no_number_outside_it(one: float, other: float) -> None:
    low, high = sorted((one, other))
    axis = y_axis(low, high, is_log=True)
    assert axis.low <= low <= high <= axis.high
    assert len(axis.numbers) <= 8
    assert all(axis.low * 0.999 <= number <= axis.high * 1.001 for number in axis.numbers)


@given(st.integers(0, 5000), st.integers(1, 5000))
def test_an_x_axis_of_whole_numbers_has_whole_ticks(first: int, length: int) -> None:
    axis = x_axis(float(first), float(first + length), whole=True)
    assert all(number.is_integer() for number in axis.numbers)
    assert 2 <= len(axis.numbers) <= MOST_X + 1


def test_words_of_a_demo_are_escaped() -> None:
    assert "A line over x &amp; y from 0 to 1" in image_of(curve_of([1.0, 2.0]))


def test_long_numbers_on_the_y_axis_get_a_wider_margin() -> None:
    assert 'class="chart far"' in image_of(curve_of([0.0897971, 0.0897979]))
    assert 'class="chart"' in image_of(curve_of([0.1, 0.9]))


def test_a_note_stands_where_there_is_room_and_over_no_other() -> None:
    plain = curve_of([0.0, 1.0, 2.0, 100.0])
    for point, is_above in ((Noted(1, 2, "low", False), True), (Noted(3, 99, "high", True), False)):
        foot = re.search(rf'y="(-?\d+)">{point.says}<', image_of(replace(plain, noted=[point])))
        assert foot
        assert (int(foot[1]) < 0) == is_above
    two = image_of(replace(plain, noted=[Noted(1, 40, "one", True), Noted(1, 30, "other", False)]))
    found = re.findall(r'<svg y="([\d.]+)%" overflow="visible"><text[^>]* y="(-?\d+)">', two)
    assert found[0][0] == found[1][0], "both are measured from the higher point"
    assert int(found[0][1]) - int(found[1][1]) == 16
