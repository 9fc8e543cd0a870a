"""A forecaster in use: covariate shift and concept drift, the rolling error, an alarm, and a retrained model."""

import math
import random

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Formula, given
from app.demos.machine.demo import Demo
from app.demos.machine.figures import Curve, Handle, Row, Series, Spot, Symbols, Trace, Values
from app.demos.machine.numbers import fill, latex
from app.demos.machine.prediction import EXACT, Prediction, Question, Slips, parting
from app.demos.machine.result import Result
from app.demos.parts.drifting_world import AGAIN, BEFORE, CHECK, NOISE, USE, DriftMonitor, Watch, make_world, watch
from app.nn.least_squares import fit
from app.nn.monitor import rolling_mean, smoothed


def compute(p: DriftMonitor) -> Result:
    """Errors as multiples of the reference: before the shift, after it, without it, and after retraining."""
    w, calm = watch(p), watch(p.model_copy(update={"shift": "none"}))
    in_use = w.errors[CHECK:] / w.reference
    numbers: dict[str, float] = {
        "reference": w.reference,
        "threshold": p.threshold,
        "since": p.since,
        "late": p.late,
        "error_before": float(in_use[: p.since - 1].mean()) if p.since > 1 else 1.0,
        "error_after": float(in_use[p.since - 1 :].mean()),
        "error_calm": float(calm.errors[CHECK + p.since - 1 :].mean() / calm.reference),
        "rolling_most": float(w.rolling.max()),
        "rolling_calm": float(calm.rolling.max()),
        "alarm": float(w.alarm is not None),
        "alarm_day": math.inf if w.alarm is None else w.alarm,
        "expected": _expected(p),
        "days": math.inf if w.alarm is None else w.alarm - p.since,
        "inputs_most": float(np.abs(w.inputs).max()),
        # 4.5 standard deviations of a rolling mean of inputs that do not move.
        "input_limit": 4.5 * math.sqrt((1 + AGAIN) / (1 - AGAIN) / p.window),
        "fresh": p.fresh,
    }
    after = None
    if w.again is not None and w.retrained is not None:
        from_day = BEFORE + w.retrained - 1
        after = np.abs(w.y - w.again(w.h))[from_day:] / w.reference
        numbers["retrained_day"] = w.retrained
        numbers["error_old"] = float(in_use[w.retrained - 1 :].mean())
        numbers["error_retrained"] = float(after.mean())
    return Result(numbers, (_errors(p, w, after, numbers), _inputs(w, numbers), _days(p, w)))


def _verdict(p: DriftMonitor, w: Watch, numbers: dict[str, float]) -> str:
    harmless = p.shift == "none" or p.size == 0
    bent = "a linear model is wrong for inputs so far out" if p.bend else "small errors in the weights count for more"
    why = f" The relation is the same, but {bent}." if p.shift == "inputs" else ""
    if w.alarm is None:
        if numbers["rolling_most"] > p.threshold:
            return "No alarm yet: the error is up to {rolling_most} times the reference; labels are {late days} late."
        told = "No alarm: the rolling error reaches at most {rolling_most} times the reference"
        return f"{told}, and there is no shift." if harmless else f"{told}; without the shift, {{rolling_calm}}.{why}"
    if harmless or w.alarm - p.late < p.since:
        held = "the window held a few bad days" if p.window > 1 else "one bad day is enough for so short a window"
        told = f"A false alarm on day {{alarm_day}}: nothing had changed, but {held}."
    else:
        told = f"The alarm goes off on day {{alarm_day}}, {{days days}} after the shift.{why}"
    if w.again is None:
        return told + " The record ends before enough days are collected to retrain."
    told += " Retrained on {fresh days}, the model's error is {error_retrained} times the reference"
    if numbers["error_retrained"] > numbers["error_old"]:
        few = " On so few days it fits their noise." if p.fresh < 20 else ""
        worse = " There was nothing to repair." if harmless else few
        return f"{told}: worse than the old model's {{error_old}}.{worse}"
    fault = " But the sensor is still off: the model has learned its fault." if p.shift == "sensor" else ""
    return f"{told}; the old model's would be {{error_old}}.{fault}"


def _errors(p: DriftMonitor, w: Watch, after: Values | None, numbers: dict[str, float]) -> Curve:
    told = fill(_verdict(p, w, numbers), numbers)
    lines = [
        Series("rolling", "the model as released", "rolling error over the reference", w.rolling),
        Series("limit", "threshold", "threshold", np.full(USE, p.threshold), "dashed"),
    ]
    if after is not None and w.retrained is not None:
        # The new model's record starts empty: its first rolling means are over the days that it has.
        renewed = np.full(USE, np.nan)
        renewed[w.retrained - 1 :] = [float(after[max(0, n - p.window) : n].mean()) for n in range(1, len(after) + 1)]
        lines.append(Series("renewed", "retrained", "rolling error of the retrained model", renewed, "dotted"))
    places = [
        Spot(Handle(across="since"), x=numbers["since"], unit=1),
        Spot(Handle("threshold"), y=p.threshold, unit=1),
    ]
    days = np.arange(1.0, USE + 1)
    return Curve("error", "The rolling error", told, "day in use", "error / reference", days, lines, places=places)


def _inputs(w: Watch, numbers: dict[str, float]) -> Curve:
    limit = numbers["input_limit"]
    moved = numbers["inputs_most"] > limit
    told = fill(
        "The rolling mean of the inputs is off by up to {inputs_most} standard deviations of the training inputs: "
        + (
            "they have moved, and no label was needed to see it."
            if moved
            else "within the limit of {input_limit}, so they look as they did in training."
        ),
        numbers,
    )
    return Curve(
        "inputs",
        "The inputs",
        told,
        "day in use",
        "standard deviations",
        np.arange(1.0, USE + 1),
        (
            Series("mean", "rolling mean of the inputs", "rolling mean of the inputs", w.inputs),
            Series("upper", "upper limit", "upper limit", np.full(USE, limit), "dashed"),
            Series("lower", "lower limit", "lower limit", np.full(USE, -limit), "dotted"),
        ),
    )


def _days(p: DriftMonitor, w: Watch) -> Trace:
    h, y = w.h[BEFORE:], w.y[BEFORE:]
    u = h[:, 0]
    weighted = "The last input and two smoothed versions of the past, with the weights of the released model."
    mean = f"The mean error of the last {p.window} days over that of the {CHECK} days before release."
    sum_of_three = r"\hat{y}_t = w_{1} \, h_{t,1} + w_{2} \, h_{t,2} + w_{3} \, h_{t,3} + b"
    rows = (
        Row("u", "input $u_t$", u, given("u_t", "Measured: it is given.")),
        Row("f", r"forecast $\hat{y}_t$", w.deployed(w.h)[BEFORE:], sum_of_three, weighted),
        Row("y", "target $y_t$", y, given("y_t", f"The true value, known {p.late} days later."), words="target"),
        Row("e", "error", w.errors[CHECK:], r"\lvert y_t - \hat{y}_t \rvert", "The absolute error.", "absolute error"),
        Row(
            "r",
            "rolling / reference",
            w.rolling,
            Formula(r"\text{rolling} / \text{reference}", mean, "m / s"),
            words="rolling error over the reference",
        ),
    )
    symbols: Symbols = {"m": w.rolling * w.reference, "s": w.reference, "b": w.deployed.b[()]}
    for j, weight in enumerate(w.deployed.w.tolist(), start=1):
        symbols |= {f"w_{{{j}}}": weight, f"h_{{t,{j}}}": h[:, j - 1] if j > 1 else u}
    chosen = ("r", (w.alarm - p.late if w.alarm else p.since) - 1)
    caption = "Day by day: the input, the forecast, the target and the error."
    days = [f"day {t}" for t in range(1, USE + 1)]
    return Trace("days", "The record", caption, rows, chosen, symbols, columns=days, column_word="day")


def _instance(rng: random.Random) -> dict[str, str]:
    return {
        "size": str(rng.choice([1, 1.2, 1.5, 2, 3])),
        "window": str(rng.choice([20, 24, 30, 40, 50, 60])),
        "threshold": str(rng.choice([1.5, 2, 2.5])),
        "late": str(rng.choice([0, 5, 10])),
    }


def _question(p: DriftMonitor) -> Question:
    return Question(
        "How many days after the shift does the alarm go off, if every day's error is exactly average?",
        "expected",
        (
            f"before the shift a day's error is the reference; from then on, {_error_grows(p)} times the reference",
            f"the alarm goes off when the mean error of the last {p.window} days is above {p.threshold} times the "
            "reference",
            f"the true value is known {p.late} days later" if p.late else "the true value is known at once",
        ),
    )


def _expected(p: DriftMonitor) -> float:
    """The first day k whose mean 1 + k (r − 1) / n is above the threshold, plus the wait for labels; or infinity."""
    ratio = _error_grows(p)
    bad = math.floor(round(p.window * (p.threshold - 1) / (ratio - 1), 9)) + 1 if ratio > 1 else math.inf
    return bad + p.late if bad <= p.window else math.inf


def _error_grows(p: DriftMonitor) -> float:
    """The error after the shift by that before it: both errors are normal, so their sizes tell. One decimal."""
    return round(math.sqrt(1 + (p.size / NOISE) ** 2), 1)


def _working(p: DriftMonitor, result: Result) -> list[Arithmetic]:
    ratio, expected = _error_grows(p), result.numbers["expected"]
    rises = rf"1 + \frac{{k}}{{{p.window}}} ({latex(ratio)} - 1) > {latex(p.threshold)} \text{{ once }} k"
    values = {"n": p.window, "c": p.threshold, "r": ratio}
    reached = p.window * (p.threshold - 1) / (ratio - 1)
    days = Formula(
        r"k + \mathrm{late}", "The next whole day's label:", values={"k": expected - p.late, r"\mathrm{late}": p.late}
    )
    return [
        Formula(rises, written=r"n \cdot (c - 1) / (r - 1)", values=values).worked_out(reached, {}),
        days.worked_out(expected, {}),
    ]


def _slips(p: DriftMonitor, result: Result) -> Slips:
    expected = result.numbers["expected"]
    told = [(expected - p.late, "The labels are late, and the alarm has to wait for them.")] if p.late else []
    return [
        *told,
        (
            p.window + p.late,
            parting(1, "The window need not be full of bad days: a few large errors are enough to raise its mean."),
        ),
        (
            p.window // 2 + p.late,
            parting(1, "Half a window is right only if errors grow by twice the threshold's excess."),
        ),
        (expected - 1, parting(1, "On that day the mean is not yet above the threshold.")),
        (1.0 + p.late, parting(1, "One bad day is not enough: the mean still includes the good days before.")),
    ]


DEMO = Demo(
    __file__,
    DriftMonitor,
    compute,
    Prediction(_instance, _question, _working, _slips, EXACT, lambda p: Result({"expected": _expected(p)}, ())),
    shows=(smoothed, fit, rolling_mean, make_world, watch),
)
