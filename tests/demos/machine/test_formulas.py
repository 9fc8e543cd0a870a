"""Every number of every table is the value of the formula that the page shows for it.

The kernels compute the number; here the formula is read as LaTeX and worked out with the numbers filled in.
"""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from app.demos.machine.arithmetic import Arithmetic, Formula, products, set_index
from app.demos.machine.figures import Row, Trace
from app.demos.machine.numbers import plain
from app.demos.registry import all_demos, find
from tests.demos.latex import exactly, rounded, shape, worth
from tests.examples import examples

DEMOS = sorted(all_demos())


def check(shown: Arithmetic) -> None:
    """The formula gives the result: with every digit, and as printed within what the printed digits allow."""
    if not shown.filled:
        assert shown.says, f"{shown.symbols} is given, but nothing says so"
        return
    assert shown.write, f"{shown.symbols} = {shown.filled} was filled in by hand"
    where = f"{shown.symbols} = {shown.filled} = {shown.result!r}"
    for text, number in ((shown.exact, exactly), (shown.filled, rounded)):
        found = worth(text, number)
        if shown.digits:
            found = replace(found, error=found.error + 10.0 ** (1 - shown.digits) * abs(found.value))
        assert found.holds(shown.result), f"{where}, but {text} is {found}"
    assert shape(shown.filled) == shape(shown.exact), where


def check_all(name: str, parameters: Any) -> None:
    result = find(name).compute(parameters)
    for trace in result.traces():
        for row in trace.rows:
            for column in range(len(trace.columns)):
                check(trace.arithmetic(row.key, column))


@pytest.mark.parametrize("name", DEMOS)
def test_the_default_and_what_to_try(name: str) -> None:
    demo = find(name)
    for change in ({}, *(one.change for one in demo.try_this)):
        check_all(name, demo.changed(change))


@pytest.mark.parametrize("name", DEMOS)
@given(data=st.data())
@examples(15, suppress_health_check=list(HealthCheck))
def test_any_state(name: str, states: Any, data: st.DataObject) -> None:
    demo = find(name)
    parameters = data.draw(states(demo))
    if demo.training:  # what it has learned by then is not asked for here
        least = next(field.low for field in demo.fields if field.name == demo.training.updates)
        parameters = demo.parse(demo.texts(parameters) | {demo.training.updates: plain(max(least, 5))})
    check_all(name, parameters)


NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        (r"2 \cdot 3 + 4 \cdot (-0.5)", 4.0),
        (r"-2^2", -4.0),
        (r"(-2)^2 - -1", 5.0),
        (r"2^{3 - 1} \cdot 10^{-3}", 0.004),
        (r"\frac{1 + 2}{4} \cdot \sqrt{9}", 2.25),
        (r"\sigma(0) + \tanh(0) + \mathrm{relu}(-3) + \exp(0) + \ln(e^{2})", 3.5),
        (r"\min(1, 2 / 8) \cdot \max(-1, 3, 2)", 0.75),
        (r"\lVert 3, -4 \rVert + \lvert -2 \rvert + |-1|", 8.0),
        (r"\exp(1) / (\exp(1) + \exp(1))", 0.5),
        (r"1 / 2 \cdot 4", 2.0),
        (r"\lceil (7 - 1) / (3 - 1) \rceil + \lceil 5 / 2 \rceil + \mathrm{round}(1.7)", 8.0),
        (r"0.9^{200}", 0.9**200),
        (r"[2 \le 3] + [3 \le 3] + [4 \le 3] + [1 \ne 2] + \mathrm{sign}(-3)", 2.0),
        (r"\infty - 1", INF),
        (r"0 \cdot \infty", NAN),
    ],
)
def test_a_formula_is_read_as_it_is_written(formula: str, value: float) -> None:
    found = worth(formula)
    assert found.value == pytest.approx(value, rel=1e-12, nan_ok=True)
    assert found.holds(value)
    if math.isfinite(value):
        assert not found.holds(value * (1 + 1e-9) + 1e-9)


@pytest.mark.parametrize(
    "formula", ["x + 1", r"2 3", r"2 \tanh(1)", r"\tanh 2", "(1 + 2", "1 +", "", r"q k^\top", r"\sum 1"]
)
def test_what_is_no_formula_of_numbers_is_refused(formula: str) -> None:
    with pytest.raises(ValueError, match="was not expected"):
        worth(formula)


def test_printed_digits_allow_for_their_rounding_alone() -> None:
    assert worth(r"0.1235 \cdot 2", rounded).holds(0.24697)
    assert not worth(r"0.1235 \cdot 2", rounded).holds(0.2472)
    assert not worth(r"0.123 \cdot 2", rounded).holds(0.2461), "three decimals are exact"
    assert worth(r"1.24 \cdot 10^{-5}", rounded).holds(1.2361e-5)
    assert not worth("0.25", exactly).holds(0.2500001)


def test_the_index_is_set_in_subscripts_alone() -> None:
    formula = r"h_t = \tanh(W_{xt} \, x_{t-1,t} + b^t) / t_{t+1}"
    assert set_index(formula, "t", 3) == r"h_{3} = \tanh(W_{xt} \, x_{2,3} + b^t) / t_{4}"


def test_a_sum_over_an_index_is_written_out() -> None:
    text, values = products("j", ("w_j", [1, 2]), ("x_{t,j}", [3, 4]))
    assert text == r"w_{1} \, x_{t,1} + w_{2} \, x_{t,2}"
    assert values == {"w_{1}": 1, "w_{2}": 2, "x_{t,1}": 3, "x_{t,2}": 4}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        (r"a \, b", r"-2 \cdot 0.00001"),
        (r"b + a \, b", r"b + (-2) \cdot b"),
        (r"a^2 + b^2", r"(-2)^2 + (b)^2"),
        (r"1 / b", r"1 / (b)"),
        (r"\sqrt{b} \, \max(a, -a)", r"\sqrt{b} \cdot \max(-2, -(-2))"),
        (r"\tanh(a \, W_{ab}) + \sigma(a)", r"\tanh(-2 \cdot 3) + \sigma(-2)"),
        (r"short = long = a + W_{ab}", "-2 + 3"),
    ],
)
def test_numbers_are_bracketed_where_they_would_be_misread(text: str, filled: str) -> None:
    found = Formula(text).worked_out(0.0, {"a": -2.0, "b": 0.00001, "W_{ab}": 3.0}).filled
    assert found == filled.replace("0.00001", "b").replace("b", r"1.00 \cdot 10^{-5}")


def test_a_row_takes_its_formula_from_its_label_and_its_symbols_from_all_labels() -> None:
    x, h = np.array([1.0, 2.0]), np.array([0.5, 1.5])
    rows = (Row("x", "input $x_t$", x), Row("h", "state $h_t$", h), Row("s", r"both $x_t \, h_{t-1}$", x * h))
    trace = Trace("t", "T", "caption", rows, ("s", 0), {"h_{t-1}": np.array([0.0, 0.5])})
    shown = trace.arithmetic("s", 1)
    assert (shown.symbols, shown.filled) == (r"x_{2} \, h_{1}", r"2 \cdot 0.5")
    assert trace.columns == ["t = 1", "t = 2"]
    assert [row.says for row in rows] == ["input", "state", "both"]
