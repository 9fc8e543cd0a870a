"""What must hold for every demo, those still to be written included."""

import csv
import io
import json
import math
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from app.demos.machine.arithmetic import Formula
from app.demos.machine.chart import picture
from app.demos.machine.drawing import _border, _path
from app.demos.machine.drawing import cells as cells_of
from app.demos.machine.figures import MOST_BUTTONS, MOST_CELLS, Curve, Diagram, Trace
from app.demos.machine.markdown import IDEAS
from app.demos.machine.numbers import marks, show, words
from app.demos.machine.result import Result
from app.demos.machine.state import State, state_of
from app.demos.registry import UnknownDemoError, all_demos, find
from tests.examples import examples

DEMOS = sorted(all_demos())
CELL = re.compile(
    r'<td data-heat="(-?\d)"( class="odd")?><button name="at" value="(.+?)" form="knobs"(.*?)>(.+?)</button>'
)
VERBS = "attends|comes|contributes|does|ends|fills|gets|has|is|reaches|remembers|starts|times|was|weighs"
"""What ends in s after a number in some caption, and is not a number of things."""
ONE_OF_MANY = re.compile(rf"\*\*1\*\* (?!(?:{VERBS})\b)\w+s\b")
TWICE = re.compile(r"(?i)\b(at \w+ \*\*\d+\*\*)[.:;,] \1\b")
"""A place that is named twice in a row."""
ARROW = re.compile(r"(M[\d.,-]+[LC][\d.,-]+)?")
over_states = examples(60, suppress_health_check=[HealthCheck.too_slow])


def same(one: float, other: float) -> None:
    """Equal to the last bit, NaN to NaN."""
    assert one == other or (math.isnan(one) and math.isnan(other))


def quoted(sentence: str) -> set[str]:
    """The numbers that a sentence sets apart."""
    return set(re.findall(r"\*\*(.+?)\*\*", sentence))


def check(result: Result) -> None:
    known = {show(value) for value in result.numbers.values()}
    for figure in result.figures:
        assert quoted(figure.caption) <= known
        assert figure.caption
        assert not ONE_OF_MANY.search(figure.caption), figure.caption
        assert not TWICE.search(figure.caption), figure.caption
        if isinstance(figure, Trace):
            check_trace(figure)
        if isinstance(figure, Diagram):
            check_diagram(figure)
            check_labels(figure)
        if isinstance(figure, Curve):
            assert len(figure.shown()) * (len(figure.series) + 1) <= MOST_CELLS + 3 * 4
            paths = re.findall(r' d="([^"]*)"', picture(figure).image)
            assert all(re.fullmatch(r"[MHVlvz \d-]*", path) for path in paths)
    for sentence in result.warnings:
        assert quoted(sentence) <= known
    names = [row.key for trace in result.traces() for row in trace.rows]
    assert len(names) == len(set(names)), "a row's key must tell it apart on the page"


def check_diagram(diagram: Diagram) -> None:
    """Every node is within the drawing, its text included: a character is at most 8 units wide, a note's 7."""
    for node in diagram.nodes:
        named = 0.0 if node.shape == "box" and not node.text else 8.0 * len(node.text.replace("_", ""))
        half = max(node.width * (node.shape != "text"), named * (node.shape == "text"), 7.0 * len(node.note)) / 2
        assert node.x - half >= -2, node
        assert node.x + half <= diagram.width + 2, node
        if node.shape == "box":
            assert max(7.4 * len(node.text.replace("_", "")), 7.1 * len(node.note)) <= node.width, node
        high = node.height / 2 if node.shape != "text" else 10
        assert node.y - high >= -2, node
        assert node.y + high + (14 if node.note and node.shape != "box" else 0) <= diagram.height + 2, node
    for edge in diagram.edges:
        path, _, _ = _path(_border(diagram.nodes[edge.start]), _border(diagram.nodes[edge.end]))
        assert ARROW.fullmatch(path), edge


def labels(diagram: Diagram) -> list[tuple[str, float, float, float]]:
    """Each text beside a node or an arrow that is no part of another: the text, its middle, and half its width."""
    found = [(node.text, node.x, node.y - 4 * bool(node.note), 3.9 * len(node.text)) for node in diagram.nodes]
    found += [(node.note, node.x, node.y + 17, 3.3 * len(node.note)) for node in diagram.nodes if node.shape != "box"]
    for edge in diagram.edges:
        _, x, y = _path(*(_border(diagram.nodes[end]) for end in (edge.start, edge.end)))
        found.append((edge.label, x, y - 4, 3.9 * len(edge.label.replace("_", ""))))
    return [one for one in found if one[0]]


def check_labels(diagram: Diagram) -> None:
    """No text is written over another."""
    for (one, x, y, half), (other, at, level, wide) in combinations(labels(diagram), 2):
        assert abs(x - at) >= half + wide - 4 or abs(y - level) >= 7, f"{one} is over {other}"


def check_trace(trace: Trace) -> None:
    for chosen in (0, len(trace.columns) - 1, trace.chosen[1]):
        columns = trace.shown_columns(chosen)
        assert len(columns) * len(trace.rows) <= MOST_BUTTONS + len(trace.rows)
        assert {0, chosen, len(trace.columns) - 1} <= set(columns)
    for row in trace.rows:
        assert row.values.shape == (len(trace.columns),)
        every = range(len(trace.columns))
        cells = CELL.findall(cells_of(row, every, marks([row.values], every, trace.coloured)[0], 0))
        assert [at for _, _, at, _, _ in cells] == [f"{row.key},{i + 1}" for i in range(len(trace.columns))]
        for (colour, strange, _, _, text), value in zip(cells, row.values.tolist(), strict=True):
            assert text == show(value)
            assert text
            assert bool(strange) == (not math.isfinite(value))
            assert int(colour) * value >= 0 or not math.isfinite(value)
        assert ["aria-current" in kinds for _, _, _, kinds, _ in cells] == [i == 0 for i in range(len(cells))]
        for column in {0, len(trace.columns) // 2, len(trace.columns) - 1}:
            result = trace.arithmetic(row.key, column).result
            np.testing.assert_allclose(result, row.values[column], rtol=1e-9, err_msg=f"{row.key} {column}")
    assert trace.row(trace.chosen[0])
    assert 0 <= trace.chosen[1] < len(trace.columns)


@pytest.mark.parametrize("name", DEMOS)
@given(data=st.data())
@over_states
def test_any_state_computes_and_says_what_it_computed(name: str, states: Any, data: st.DataObject) -> None:
    demo = find(name)
    check(demo.compute(data.draw(states(demo))))


@pytest.mark.parametrize("name", DEMOS)
@given(data=st.data())
@examples(15)
def test_the_same_state_gives_the_same_numbers(name: str, states: Any, data: st.DataObject) -> None:
    demo = find(name)
    parameters = data.draw(states(demo))
    once, again = demo.compute(parameters), demo.result(demo.query(parameters))
    assert once.csv() == again.csv()
    assert once.json() == again.json()


@pytest.mark.parametrize("name", DEMOS)
@given(data=st.data())
@examples(15)
def test_csv_and_json_hold_the_table(name: str, states: Any, data: st.DataObject) -> None:
    demo = find(name)
    result = demo.compute(data.draw(states(demo)))
    rows = list(csv.DictReader(io.StringIO(result.csv())))
    told = json.loads(result.json())
    table = list(result.table())
    assert len(rows) == len(table) > 0
    for row, (figure, key, column, value) in zip(rows, table, strict=True):
        assert (row["figure"], row["row"], row["column"]) == (figure, key, str(column))
        same(float(row["value"]), value)
        same(float(told["figures"][figure][key][str(column)]), value)
    for number, value in result.numbers.items():
        same(float(told["numbers"][number]), value)


@pytest.mark.parametrize("name", DEMOS)
def test_what_to_try_is_three_states_that_differ(name: str) -> None:
    demo = find(name)
    wanted = 5 if name == "training-symptoms" else 3  # two illnesses, their two cures, and what has none
    queries = {demo.query(demo.changed(one.change)) for one in demo.try_this} | {demo.query(demo.parse({}))}
    assert len(demo.try_this) == wanted
    assert len(queries) == wanted + 1
    assert all(one.notice and re.sub(r"\$.*?\$", "", one.label).strip() for one in demo.try_this)


@pytest.mark.parametrize("name", DEMOS)
def test_the_code_panel_shows_compute_and_the_kernels(name: str) -> None:
    demo = find(name)
    code = dict(demo.code())
    assert f"{demo.run.__module__}.{demo.run.__qualname__}" in code
    assert any(dotted.startswith(("app.nn.", "app.demos.")) for dotted in code)
    assert all(f"def {dotted.rpartition('.')[2]}(" in source for dotted, source in code.items())


@pytest.mark.parametrize("name", DEMOS)
def test_a_demo_is_complete(name: str) -> None:
    demo = find(name)
    assert demo.idea in IDEAS
    assert demo.title
    assert demo.summary
    assert demo.sources
    figures = demo.result({}).figures
    assert not all(isinstance(figure, Trace) for figure in figures), "its picture in the list is its first drawing"


def test_an_unknown_demo_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownDemoError) as caught:
        find("gradientflow")
    assert caught.value.nearest == "gradient-flow"


def test_demos_come_in_the_order_of_ideas() -> None:
    ideas = [IDEAS.index(demo.idea) for demo in all_demos().values()]
    assert ideas == sorted(ideas)


@pytest.mark.parametrize("name", DEMOS)
@given(data=st.data())
@examples(8)
def test_a_parameter_that_the_form_hides_changes_no_number(name: str, states: Any, data: st.DataObject) -> None:
    demo = find(name)
    one, other = data.draw(states(demo)), data.draw(states(demo))
    for hidden in one.idle:
        moved = demo.parameters.model_validate(one.model_dump() | {hidden: getattr(other, hidden)})
        if not list(moved.misfits()):
            assert demo.compute(moved).numbers == pytest.approx(demo.compute(one).numbers, nan_ok=True)


def tried(name: str) -> Iterator[State]:
    """The default state of a demo and those to try, as a page has them; what trains is trained a little."""
    demo = all_demos()[name]
    for change in ({}, *(one.change for one in demo.try_this)):
        yield state_of(demo, {**change, **({demo.training.updates: "5"} if demo.training else {})})


@pytest.mark.parametrize("name", all_demos())
def test_what_a_number_comes_from_is_what_its_own_formula_says(name: str) -> None:
    for trace in (trace for state in tried(name) for trace in state.result.traces()):
        for row, origins in zip(trace.rows, trace.origins(range(len(trace.columns))), strict=True):
            for column, told in enumerate(origins):
                assert told.split() == list(dict.fromkeys(" ".join(trace.operands(row, column)).split()))


@pytest.mark.parametrize("name", all_demos())
def test_a_picture_is_described_without_its_title_and_caption(name: str) -> None:
    for figure in (figure for state in tried(name) for figure in state.result.figures if figure.kind != "trace"):
        said = figure.alt.lower()
        assert not said.startswith(figure.title.lower())
        assert not [one for one in re.split(r"[.:;] ", words(figure.caption).lower()) if len(one) > 20 and one in said]


MADE_OF = {
    "attention": "d S",
    "glimpse-sensor": "s",
    "self-attention": "d S",
    "recursive-tree": "f",
    "forgetting-curve": "G",
}
"""Symbols that are made of the number that lights: a score less the largest, a slope, FSRS's grade of a rating."""
ALONE = {
    "attention": "a",  # the scores of the outputs that are not shown
    "beam-search": "last p",  # the shares of one step each
    "drift-monitor": "r",  # a mean over days
    "encoder-decoder": "plain full y s",  # counts, distances between sums, and states before the first step
    "forgetting-curve": "stability",  # after a first review: one of FSRS's constants
    "glimpse-sensor": "gdown gright s3r",  # the widest patch of every look, and what lies outside the image
    "gradient-clipping": "cnorm pnorm",  # the slope at every update
    "initialisation": "rule kernel_rule",  # the shape of a layer
    "layer-shapes": "kernel recurrent bias total",  # the shape of a layer
    "long-memory": "rnn lstm gru",  # the norms before they are divided
    "mlp-cnn-rnn": "error fitted fixed mlp_at cnn_at rnn_at",  # a sum over the series, the networks' sizes and weights
    "order-matters": "P N",  # the states before the first word
    "padding-and-masking": "masked mean_real mean_all",  # the steps of the sequences that are not shown
    "recursive-tree": "below",  # a depth that is counted
    "self-attention": "a",  # the scores of the words that are not shown
    "sequence-shapes": "fed seen",  # a mark, and a count
    "text-generation": "upto choices",  # a number drawn, and an entropy
    "transfer-learning": "frozen tuned scratch features states",  # spreads, means and counts
    "unrolled-rnn": "wh",  # the state before the first step
}
"""Rows with numbers whose formula has no number of the page, without digits at the end, and why."""


def values_of(trace: Trace, formula: Formula, column: int) -> dict[str, float]:
    """The numbers that the arithmetic of a cell fills in, by symbol."""
    rows = {row.symbol: row.values for row in trace.rows if row.symbol}
    both = {**rows, **trace.symbols}
    return {name: float(np.asarray(v).reshape(-1)[column if np.ndim(v) else 0]) for name, v in both.items()} | {
        **formula.values
    }


def numbers_in(state: State, name: str) -> list[float]:
    """The numbers of a cell, or of a parameter."""
    key, _, column = name.partition(",")
    if column:
        row = next(row for trace in state.result.traces() for row in trace.rows if row.key == key)
        return [float(row.values[int(column) - 1])]
    texts = re.split("[,;]", state.demo.texts(state.parameters)[name])
    return [float(text) for text in texts if re.fullmatch(r"-?[\d.e+-]+", text)]


@pytest.mark.parametrize("name", all_demos())
def test_what_lights_are_the_numbers_of_the_arithmetic_and_each_number_lights_something(name: str) -> None:
    alone, made_of = set[str](), MADE_OF.get(name, "").split()
    for state in tried(name):
        cells = [(t, row, c) for t in state.result.traces() for row in t.rows for c in range(len(t.columns))]
        for trace, row, column in cells:
            formula = row.formula_at(trace.first + column)
            operands = trace.operands(row, column)
            if not formula.is_given and not "".join(operands).strip():
                alone |= {
                    one for one in (row.key, row.key.rstrip("0123456789")) if one in ALONE.get(name, "").split()
                } or {row.key}
            values = values_of(trace, formula, column)
            symbols = formula.symbols_in(trace._stands_for)
            if formula.is_given:
                symbols, values = list(formula.origins), dict.fromkeys(formula.origins, float(row.values[column]))
            for symbol, lit in zip(symbols, operands, strict=True):
                if symbol.partition("_")[0] not in made_of:
                    wanted = pytest.approx(values[symbol], rel=1e-4, nan_ok=True)
                    assert all(wanted in numbers_in(state, one) for one in lit.split()), (row.key, column, symbol, lit)
    assert alone == set(ALONE.get(name, "").split())
