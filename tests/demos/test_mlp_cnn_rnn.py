"""The forecasters: the naive one first, no look ahead, and each network blind to what its structure cannot see."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.demos.mlp_cnn_rnn import DEMO
from app.demos.parts import four_forecasts
from app.demos.parts.four_forecasts import TIME, TRAIN, MlpCnnRnn, make_series, run_all
from tests.examples import examples

SEEDS = range(20)


@given(data=st.data())
@examples(40)
def test_the_naive_forecast_comes_first_and_is_the_last_value(states: Any, data: st.DataObject) -> None:
    p: MlpCnnRnn = data.draw(states(DEMO))
    result, x = DEMO.compute(p), make_series(p)
    errors = result.traces()[0]
    assert errors.columns[0] == "naive"
    assert result.numbers["naive"] == pytest.approx(np.mean([abs(x[t] - x[t - 1]) for t in range(TRAIN, TIME)]))
    ratios = errors.row("ratio")
    assert ratios is not None
    assert ratios.values[0] == 1


@given(data=st.data(), step=st.integers(TRAIN, TIME - 1))
@examples(40)
def test_no_forecast_depends_on_what_is_still_to_come(states: Any, data: st.DataObject, step: int) -> None:
    p: MlpCnnRnn = data.draw(states(DEMO))
    before = run_all(p)
    changed = make_series(p).copy()
    changed[step:] += 5
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(four_forecasts, "make_series", lambda p: changed)
        after = run_all(p)
    for name, forecasts in before.forecasts.items():
        ahead = step - TRAIN + 1
        np.testing.assert_allclose(after.forecasts[name][:ahead], forecasts[:ahead], rtol=1e-9, atol=1e-9)


@given(data=st.data())
@examples(40)
def test_mlp_and_cnn_are_blind_beyond_the_window_and_the_rnn_is_not(states: Any, data: st.DataObject) -> None:
    p: MlpCnnRnn = data.draw(states(DEMO))
    assume(p.series != "trend")  # without noise it has nothing to learn: the readouts are 0
    run, step = run_all(p), TRAIN + 3  # after the readouts were fitted
    changed = make_series(p).copy()
    changed[step] += 3
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(four_forecasts, "make_series", lambda p: changed)
        after = run_all(p)
    moved = {name: np.flatnonzero(after.forecasts[name] != run.forecasts[name]) + TRAIN for name in run.forecasts}
    assert moved["naive"].tolist() == [step + 1]
    for name in ("mlp", "cnn"):
        assert moved[name].size == 0 or moved[name].max() <= step + p.window
    assert moved["rnn"].max() > step + 20


@pytest.mark.parametrize("seed", SEEDS)
def test_the_rnn_remembers_a_beat_that_the_window_does_not_hold(seed: int) -> None:
    numbers = DEMO.result(f"seed={seed}").numbers
    assert numbers["rnn_ratio"] < 0.6 * numbers["mlp_ratio"]
    assert numbers["rnn_ratio"] < 0.6 * numbers["cnn_ratio"]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_window_that_holds_the_beat_is_enough_for_the_mlp_but_not_for_a_pooling_cnn(seed: int) -> None:
    numbers = DEMO.result(f"window=12&seed={seed}").numbers
    assert numbers["mlp_ratio"] < 0.5 < numbers["cnn_ratio"]
    assert DEMO.result(f"window=12&pool=0&seed={seed}").numbers["cnn_ratio"] < 0.5


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_walk_is_not_forecast_much_better_than_by_its_last_value(seed: int) -> None:
    numbers = DEMO.result(f"series=walk&noise=0&seed={seed}").numbers
    assert min(numbers[f"{name}_ratio"] for name in ("mlp", "cnn", "rnn")) > 0.8


def test_the_weights_are_counted() -> None:
    numbers = DEMO.result("").numbers
    assert numbers["mlp_weights"] == 6 * 24 + 24 + 25
    assert numbers["cnn_weights"] == 3 * 6 + 6 + 13
    assert numbers["rnn_weights"] == 24 + 24 * 24 + 25
    assert DEMO.result("window=12").numbers["rnn_weights"] == numbers["rnn_weights"]
