"""A world that changes, a linear forecaster in use in it, and the record of its errors."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from app.demos.machine.figures import Values
from app.demos.machine.parameters import Parameters, choice, number
from app.nn.least_squares import Readout, fit
from app.nn.monitor import first_above, rolling_mean, smoothed

TRAIN, CHECK, USE = 140, 100, 150  # days to fit on, to take the reference from, and in use
BEFORE = TRAIN + CHECK
KEEPS = np.array([0.0, 0.5, 0.8])  # the last input, and two memories of it
AGAIN, NOISE, RAMP = 0.3, 0.3, 60  # an input's share of the one before; of the noise, the standard deviation; days


class DriftMonitor(Parameters):
    """What changes and when, and how it is monitored. Days are counted from the day of release."""

    shift: Literal["none", "inputs", "sensor", "relation", "gradual"] = choice(
        "relation",
        title="Shift",
        says="The inputs (covariate shift), a sensor's zero, or the relation (concept drift).",
    )
    size: float = number(1, 0, 5, slide=(0, 3), step=0.1, title="Size", says="In standard deviations of the input.")
    since: int = number(60, 1, 140, step=1, title="Day of the shift", says="The first day of the changed world.")
    bend: float = number(0, 0, 1, step=0.05, title="Bend", says="How curved the relation is; the model is linear.")
    window: int = number(30, 1, 60, step=1, title="Window", says="Days in the rolling error.")
    threshold: float = number(
        1.8, 1, 5, slide=(1, 3), step=0.05, title="Threshold", says="Alarm above this multiple of the reference."
    )
    late: int = number(0, 0, 60, step=1, title="Label delay", says="Days until the true value is known.")
    fresh: int = number(30, 4, 60, step=1, title="Retrain on", says="Days collected after the alarm.")
    seed: int = number(0, 0, 9999, slide=(0, 20), step=1, title="Seed", says="Draws inputs and noise.")


def make_world(p: DriftMonitor) -> tuple[Values, Values]:
    """The inputs as measured, smoothed (days, 3), and the target (days): y = a u + bend u² + 0.8 h₃ + noise."""
    e, noise = np.random.default_rng(p.seed).standard_normal((2, BEFORE + USE))
    u = np.empty(len(e))
    u[0] = e[0]
    for t in range(1, len(e)):
        u[t] = AGAIN * u[t - 1] + math.sqrt(1 - AGAIN**2) * e[t]
    days = np.arange(1 - BEFORE, USE + 1)
    shifted = p.size * (days >= p.since)
    if p.shift == "inputs":
        u = u + shifted
    h = smoothed(u, KEEPS)
    a = np.ones(len(u))
    if p.shift == "relation":
        a -= shifted
    elif p.shift == "gradual":
        a -= p.size * np.clip((days - p.since + 1) / RAMP, 0, 1)
    y = a * u + p.bend * u**2 + 0.8 * h[:, 2] + NOISE * noise
    return (smoothed(u + shifted, KEEPS) if p.shift == "sensor" else h), y


@dataclass(frozen=True)
class Watch:
    """What is on record. Errors (CHECK + USE) begin with the days of the reference; the rest are days in use.

    `alarm` and `retrained` are days from 1, or None.
    """

    h: Values
    y: Values
    deployed: Readout
    errors: Values
    reference: float
    rolling: Values
    inputs: Values
    alarm: int | None
    retrained: int | None
    again: Readout | None


def watch(p: DriftMonitor) -> Watch:
    """Fit on the first days, take the reference from the next, then watch: alarm, collect, fit again."""
    h, y = make_world(p)
    deployed = fit(h[:TRAIN], y[:TRAIN], 0)
    errors = np.abs(y - deployed(h))[TRAIN:]
    reference = float(errors[:CHECK].mean())
    rolling = rolling_mean(errors[CHECK - p.window + 1 :], p.window) / reference
    mean, std = h[:TRAIN, 0].mean(), h[:TRAIN, 0].std()
    inputs = (rolling_mean(h[BEFORE - p.window + 1 :, 0], p.window) - mean) / std
    first = first_above(rolling, p.threshold)
    alarm = None if first is None or first + 1 + p.late > USE else first + 1 + p.late
    again, retrained = None, None
    if alarm is not None and alarm + p.fresh + p.late <= USE:
        retrained = alarm + p.fresh + p.late
        from_day = BEFORE + alarm - 1
        again = fit(h[from_day : from_day + p.fresh], y[from_day : from_day + p.fresh], 0)
    return Watch(h, y, deployed, errors, reference, rolling, inputs, alarm, retrained, again)
