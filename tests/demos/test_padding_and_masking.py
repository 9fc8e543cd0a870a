"""A padded batch against each sequence run alone, the cards' numbers, Keras' masks and PyTorch's packed sequences."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.machine.demo import BadParametersError
from app.demos.machine.figures import Diagram, Trace
from app.demos.padding_and_masking import DEMO
from tests.ask.answers import judged
from tests.demos.machine.test_every_demo import check_labels
from tests.examples import examples
from tests.frameworks.recorded import PYTORCH

PHI: dict[str, Callable[[float], float]] = {"tanh": math.tanh, "relu": lambda z: max(z, 0.0), "linear": lambda z: z}
sequence = st.lists(st.integers(-9, 9), min_size=1, max_size=12).map(lambda s: ",".join(map(str, s)))
queries = st.fixed_dictionaries(
    {
        "batch": st.lists(sequence, min_size=1, max_size=4).map(";".join),
        "mask": st.sampled_from("01"),
        "padding": st.sampled_from(["pre", "post"]),
        "value": st.integers(-5, 5).map(str),
        "row": st.integers(1, 4).map(str),
        "W_h": st.sampled_from(["0.8", "-0.5", "1", "0"]),
        "b": st.sampled_from(["0", "0.5"]),
        "phi": st.sampled_from(sorted(PHI)),
    }
)


def row(trace: Trace, key: str) -> list[float]:
    found = trace.row(key)
    assert found
    values: list[float] = found.values.tolist()
    return values


def alone(inputs: tuple[float, ...], p: object) -> float:
    h = 0.0
    for x in inputs:
        h = PHI[p.phi](p.W_x * x + p.W_h * h + p.b)  # type: ignore[attr-defined]
    return h


def test_the_numbers_of_the_cards() -> None:
    numbers = DEMO.result("batch=1,2,3;2,0,1,-1,1").numbers
    assert (round(numbers["alone"], 4), round(numbers["last"], 4)) == (0.9759, 0.4796)
    assert DEMO.result("mask=1").numbers["last"] == numbers["alone"]
    in_front = DEMO.result("padding=pre")
    assert in_front.numbers["gap"] == pytest.approx(0, abs=1e-15)
    biased = DEMO.result("padding=pre&b=0.5")
    assert round(row(biased.traces()[0], "h")[1], 4) == 0.7012
    assert round(biased.numbers["found"], 4) == 0.7012
    assert DEMO.result("padding=pre&b=0.5&mask=1").numbers["found"] == DEMO.result("b=0.5").numbers["found"] == 0


@given(given_=queries)
@examples(100)
def test_masked_equals_each_sequence_run_alone(given_: dict[str, str]) -> None:
    p = DEMO.parse(given_)
    result = DEMO.compute(p)
    wanted = [alone(inputs, p) for inputs in p.batch]
    ends = result.traces()[1]
    assert row(ends, "alone") == pytest.approx(wanted, rel=1e-12, abs=1e-12)
    assert row(ends, "masked") == pytest.approx(wanted, rel=1e-12, abs=1e-12)
    longest = max(map(len, p.batch))
    for r, inputs in enumerate(p.batch):
        fill = (p.value,) * (longest - len(inputs))
        padded = inputs + fill if p.padding == "post" else fill + inputs
        assert row(ends, "unmasked")[r] == pytest.approx(alone(padded, p), rel=1e-9, abs=1e-12)
    assert result.numbers["real"] == sum(map(len, p.batch))
    assert result.numbers["wasted"] == pytest.approx(1 - result.numbers["real"] / (longest * len(p.batch)))


@given(given_=queries)
@examples(40)
def test_the_neighbours_change_nothing_behind_a_mask(given_: dict[str, str]) -> None:
    longer = given_ | {"mask": "1", "row": "1"}
    other = longer | {"batch": longer["batch"].split(";")[0] + ";" + ",".join(["3"] * 12)}
    one, two = (DEMO.result(query).numbers for query in (longer, other))
    assert one["last"] == pytest.approx(two["last"], rel=1e-12, abs=1e-12)
    assert one["mean_real"] == pytest.approx(two["mean_real"], rel=1e-12, abs=1e-12)


@given(given_=queries)
@examples(40)
def test_the_diagram_tells_padding_from_real_steps(given_: dict[str, str]) -> None:
    p = DEMO.parse(given_)
    result = DEMO.compute(p)
    diagram = result.figures[0]
    assert isinstance(diagram, Diagram)
    shapes = [node.shape for node in diagram.nodes]
    assert shapes.count("circle") == result.numbers["real"]
    assert shapes.count("box") == result.numbers["cells"] - result.numbers["real"]
    assert len(diagram.edges) == result.numbers["cells"] - len(p.batch)
    for node in diagram.nodes:
        assert node.x - node.width / 2 >= 0
        assert node.x + node.width / 2 <= diagram.width
        assert node.y + node.height / 2 <= diagram.height
    for edge in diagram.edges:
        assert diagram.nodes[edge.start].y == diagram.nodes[edge.end].y


def test_five_sequences_are_one_too_many() -> None:
    with pytest.raises(BadParametersError, match="at most 4 sequences") as caught:
        DEMO.parse("batch=1;2;3;4;5")
    assert DEMO.parse(caught.value.nearest).batch == ((1,), (2,), (3,), (4,))


def test_the_mean_of_the_steps_is_another_with_padding() -> None:
    numbers = DEMO.result("batch=1,1;1,1,1,1&W_x=1&W_h=0&phi=linear").numbers
    assert (numbers["mean_real"], numbers["mean_all"]) == (1, 0.5)


def test_who_forgets_the_padded_steps_is_told() -> None:
    p = DEMO.parse("batch=4,8;1,1,1,1&W_x=1&W_h=0.5&phi=linear")
    result = DEMO.compute(p)
    assert result.numbers["last"] == (8 + 2) / 4
    slip = judged(DEMO, p, 10).says
    assert slip
    assert "Without a mask the padded steps are steps" in slip
    assert np.isfinite(result.numbers["gap"])


def texts(case: dict[str, Any]) -> dict[str, str]:
    """A recorded batch as the demo's parameters, in PyTorch."""
    batch = ";".join(",".join(map(str, one)) for one in case["batch"])
    return {"framework": "pytorch", "batch": batch} | {name: str(case[name]) for name in ("b", "value", "padding")}


@pytest.mark.parametrize("case", PYTORCH["packed"])
@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_pytorch_returned_these_outputs_and_states(case: dict[str, Any], direction: str) -> None:
    half = ("forward", "backward").index(direction)
    for mask, recorded in (("0", "tensor"), ("1", "packed")):
        for r in range(len(case["batch"])):
            p = DEMO.parse(texts(case) | {"mask": mask, "direction": direction, "row": str(r + 1)})
            result = DEMO.compute(p)
            wanted = [step[half] for step in case[recorded][r]]
            assert row(result.traces()[0], "out") == pytest.approx(wanted, rel=1e-12, abs=1e-15)
            assert result.numbers["last"] == pytest.approx(case[f"{recorded}_h_n"][half][r], rel=1e-12)
            assert result.numbers["out_last"] == wanted[-1] or result.numbers["out_last"] == pytest.approx(wanted[-1])
            misread = mask == "1" and case["padding"] == "pre" and result.numbers["padded"] > 0
            assert bool(result.warnings) == misread


@pytest.mark.slow
@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("by_value", [False, True])
@pytest.mark.parametrize("padding", ["post", "pre"])
def test_keras_gives_these_outputs_and_states(direction: str, by_value: bool, padding: str) -> None:
    from tests.frameworks import keras_on_jax as keras

    query = f"mask=1&value=0&b=0.5&padding={padding}&by_value={int(by_value)}&direction={direction}"
    p = DEMO.parse(query)
    x, real = p.padded()
    mask = keras.numbers(keras.new("Masking", 0).compute_mask(x[:, :, None])) if by_value else real
    assert (p.taken() == mask).all()
    weights: list[Any] = [[[0.5]], [[0.8]], [0.5]]
    options = {"return_sequences": True, "return_state": True}
    layer = keras.new("rnn", 1, **options)
    if direction == "backward":
        layer, weights = keras.both_ways(layer), weights * 2
    out, *states = keras.with_weights(layer, weights, 1)(x[:, :, None], mask=keras.tensor(mask))
    for r in range(len(x)):
        result = DEMO.compute(p.model_copy(update={"row": r + 1}))
        np.testing.assert_allclose(row(result.traces()[0], "out"), keras.numbers(out)[r, :, -1], rtol=1e-6)
        assert result.numbers["last"] == pytest.approx(float(keras.numbers(states[-1])[r, 0]), rel=1e-6)


def test_masking_by_value_skips_a_real_zero() -> None:
    result = DEMO.result("batch=1,0,3;1,1,1,1,1&mask=1&by_value=1")
    assert (round(result.numbers["last"], 4), round(result.numbers["alone"], 4)) == (0.9536, 0.945)
    assert result.numbers["skipped"] == 1
    assert "1** of **3** here" in result.warnings[0]


def test_what_stands_at_masked_steps() -> None:
    keras, pytorch = (DEMO.result(f"mask=1&framework={one}").numbers for one in ("keras", "pytorch"))
    assert keras["last"] == pytorch["last"] == keras["out_last"]
    assert pytorch["out_last"] == 0
    assert round(keras["mean_all"], 4) == 0.8537
    assert pytorch["mean_all"] == pytest.approx(3 / 5 * keras["mean_real"])


@pytest.mark.parametrize("value", ["-0.0078125", "-0.008", "-1e-300", "1e-9"])
def test_long_padding_values_are_not_written_over_each_other(value: str) -> None:
    check_labels(next(one for one in DEMO.result({"value": value}).figures if isinstance(one, Diagram)))


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("batch=1;1,2&mask=1", "the **1** padded step is masked"),
        ("batch=0,1;1,2&mask=1&by_value=1", "the **1** real step is masked"),
        ("batch=1;1,2,3&mask=1", "the **2** padded steps are masked"),
    ],
)
def test_what_is_masked_is_named(query: str, told: str) -> None:
    assert told in DEMO.result(query).figures[0].caption


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_the_numbers_of_the_sequence_shown_light_what_an_end_is_made_of(direction: str) -> None:
    steps, ends = DEMO.result(f"batch=1,2,3;2,0,1,-1,1&mask=1&direction={direction}").traces()
    rows = dict(zip([row.key for row in ends.rows], ends.origins(range(2)), strict=True))
    assert rows["mean_real"] == ["out,1 out,2 out,3", ""]
    assert rows["mean_all"] == [" ".join(f"out,{t}" for t in range(1, 6)), ""]
    told = rows["masked"][0].split()
    assert told[-1:] == ["h,3"] if direction == "forward" else not [one for one in told if one.startswith("h,")]
    assert steps.row("h")
