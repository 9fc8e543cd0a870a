"""The drift monitor: silent where nothing shifts, quick where something does, and blind to nothing it should see."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.drift_monitor import DEMO
from app.demos.parts.drifting_world import BEFORE, CHECK, TRAIN, USE, DriftMonitor, make_world, watch
from tests.examples import examples

SEEDS = range(21)  # those that the slider offers


@pytest.mark.parametrize("seed", SEEDS)
def test_no_alarm_without_a_shift(seed: int) -> None:
    for query in ("shift=none", "size=0", "shift=gradual&size=0"):
        result = DEMO.result(f"{query}&seed={seed}")
        assert result.numbers["alarm_day"] == math.inf
        assert result.figures[0].caption.startswith("No alarm")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_shift_of_the_relation_is_noticed_and_mended(seed: int) -> None:
    numbers = DEMO.result(f"seed={seed}").numbers
    assert 0 <= numbers["days"] <= 20
    assert numbers["error_before"] < 1.5
    assert numbers["error_old"] > 2.5
    assert numbers["error_retrained"] < 1.5
    assert numbers["inputs_most"] < numbers["input_limit"], "the inputs did not move"


@pytest.mark.parametrize("seed", SEEDS)
def test_inputs_that_move_are_seen_without_labels_and_do_little_harm(seed: int) -> None:
    harmless = DEMO.result(f"shift=inputs&size=2&seed={seed}").numbers
    broken = DEMO.result(f"shift=sensor&size=2&seed={seed}").numbers
    assert harmless["inputs_most"] == pytest.approx(broken["inputs_most"], rel=0.5)
    assert min(harmless["inputs_most"], broken["inputs_most"]) > harmless["input_limit"]
    assert harmless["error_after"] < 2 < 5 < broken["error_after"]


@pytest.mark.parametrize("seed", SEEDS)
def test_inputs_that_move_hurt_a_straight_line_where_the_relation_bends(seed: int) -> None:
    bent, calm = (DEMO.result(f"shift={shift}&size=2&bend=0.3&seed={seed}") for shift in ("inputs", "none"))
    assert bent.numbers["error_after"] > 1.5 * calm.numbers["error_after"]
    assert bent.numbers["error_calm"] == pytest.approx(calm.numbers["error_after"])
    assert bent.numbers["rolling_calm"] == pytest.approx(calm.numbers["rolling_most"])
    assert bent.numbers["alarm"] == 1


@given(data=st.data())
@examples(60)
def test_the_alarm_is_the_first_day_above_the_threshold_written_as_a_loop(states: Any, data: st.DataObject) -> None:
    p: DriftMonitor = data.draw(states(DEMO))
    w = watch(p)
    h, y = make_world(p)
    F = np.hstack([h, np.ones((len(h), 1))])
    theta = np.linalg.lstsq(F[:TRAIN], y[:TRAIN], rcond=None)[0]
    error = [abs(y[t] - F[t] @ theta) for t in range(len(y))]
    reference = sum(error[TRAIN:BEFORE]) / CHECK
    alarm = None
    for day in range(1, USE + 1):
        last = error[BEFORE + day - p.window : BEFORE + day]
        assert w.rolling[day - 1] == pytest.approx(sum(last) / p.window / reference, rel=1e-6)
        if alarm is None and w.rolling[day - 1] > p.threshold:
            alarm = day + p.late
    assert w.alarm == (alarm if alarm is not None and alarm <= USE else None)
    if w.again is not None:
        assert w.alarm is not None
        assert w.retrained == w.alarm + p.fresh + p.late <= USE


@given(data=st.data(), day=st.integers(1, USE))
@examples(40)
def test_the_world_before_the_shift_is_the_world_without_one(states: Any, data: st.DataObject, day: int) -> None:
    p: DriftMonitor = data.draw(states(DEMO))
    h, y = make_world(p)
    calm_h, calm_y = make_world(p.model_copy(update={"shift": "none"}))
    until = BEFORE + p.since - 1
    np.testing.assert_array_equal(h[:until], calm_h[:until])
    np.testing.assert_array_equal(y[:until], calm_y[:until])
    if p.shift in ("relation", "gradual"):
        np.testing.assert_array_equal(h, calm_h)


def test_late_labels_delay_the_alarm_by_as_much() -> None:
    at_once, late = DEMO.result("").numbers, DEMO.result("late=20").numbers
    assert late["alarm_day"] == at_once["alarm_day"] + 20


def test_what_is_learned_from_four_days_is_their_noise() -> None:
    result = DEMO.result("fresh=4")
    assert result.numbers["error_retrained"] > result.numbers["error_old"]
    assert "fits their noise" in result.figures[0].caption
