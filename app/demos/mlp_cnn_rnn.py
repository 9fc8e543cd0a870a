"""One series, three networks and two naive forecasts: errors side by side, and what each structure can see."""

from collections.abc import Callable, Sequence

import numpy as np

from app.demos.machine.arithmetic import Formula, given
from app.demos.machine.demo import Demo
from app.demos.machine.figures import Curve, Row, Series, Trace
from app.demos.machine.numbers import fill
from app.demos.machine.result import Result
from app.demos.parts.four_forecasts import KERNELS, TIME, TRAIN, UNITS, Forecasts, MlpCnnRnn, run_all
from app.nn import forecast
from app.nn.least_squares import fit

NETWORKS = ("mlp", "cnn", "rnn")
MODELS = ("naive", "seasonal", *NETWORKS)
NAMES = {"naive": "naive", "seasonal": "seasonal naive", "mlp": "MLP", "cnn": "CNN", "rnn": "RNN"}


def compute(p: MlpCnnRnn) -> Result:
    """The mean absolute error of each, its ratio to that of the naive forecast, and who beats whom (1 or 0)."""
    run = run_all(p)
    truth = run.x[TRAIN:]
    numbers: dict[str, float] = {"window": p.window, "period": p.period, "steps": TIME - TRAIN}
    for name in MODELS:
        numbers[name] = float(np.abs(truth - run.forecasts[name]).mean())
        numbers[f"{name}_weights"] = sum(run.weights[name])
        numbers[f"{name}_fitted"] = run.weights[name][0]
    for name in MODELS[1:]:
        numbers[f"{name}_ratio"] = numbers[name] / numbers["naive"]
    for name in NETWORKS:
        numbers[f"{name}_beats_naive"] = float(numbers[name] < numbers["naive"])
        numbers[f"{name}_beats_seasonal"] = float(numbers[name] < numbers["seasonal"])
    numbers["rnn_beats_mlp"] = float(numbers["rnn"] < numbers["mlp"])
    return Result(numbers, (_curve(p, run, numbers), _errors(p, run, numbers), _steps_trace(run)))


def _verdict(p: MlpCnnRnn, numbers: dict[str, float]) -> str:
    """Which forecast is best, and why another cannot be."""
    told = (
        "The naive forecast, the last value, has a mean error of {naive}. Relative to it, the seasonal naive forecast, "
        "the value one period ago, has {seasonal_ratio}, the MLP {mlp_ratio}, the CNN {cnn_ratio}, and the RNN "
        "(an echo state network) {rnn_ratio}."
    )
    ratios = {name: numbers[f"{name}_ratio"] for name in MODELS[1:]}
    best = min(ratios, key=lambda name: ratios[name])
    if ratios[best] > 0.9:
        return told + f" None is {'much ' * (ratios[best] < 1)}better than the naive forecast."
    if p.series == "pulse" and p.window < p.period and ratios["rnn"] < 0.75 * min(ratios["mlp"], ratios["cnn"]):
        return told + " The last spike is {period steps} back, outside the window of {window}, but in the RNN's state."
    if ratios["cnn"] > 1.5 * ratios["mlp"] and p.pool:
        return told + " After pooling, the CNN can tell that there was a spike or a crest, but not when."
    name = NAMES[best] if best in NETWORKS else f"{NAMES[best]} forecast"
    return f"{told} The {name} is the best here."


def _curve(p: MlpCnnRnn, run: Forecasts, numbers: dict[str, float]) -> Curve:
    told = fill(_verdict(p, numbers), numbers)
    return Curve(
        "forecasts",
        "One step ahead",
        told,
        "step",
        "value",
        np.arange(TRAIN + 1.0, TIME + 1),
        (
            Series("truth", "the series", "the series", run.x[TRAIN:]),
            Series("naive_line", "naive forecast", "naive forecast", run.forecasts["naive"], "dashed"),
            Series(
                "shown_line", f"{NAMES[p.show]}", f"the {NAMES[p.show]}'s forecast", run.forecasts[p.show], "dotted"
            ),
        ),
    )


def _errors(p: MlpCnnRnn, run: Forecasts, numbers: dict[str, float]) -> Trace:
    steps, errors = TIME - TRAIN, np.array([numbers[name] for name in MODELS])
    k = min(3, p.window)
    fitted = {"mlp": "h + 1", "cnn": r"m \cdot p + 1", "rnn": "h + 1"}
    fixed = {"mlp": r"w \cdot h + h", "cnn": r"k \cdot m + m", "rnn": r"h + h \cdot h"}
    sees = {"naive": 1, "seasonal": 1, "mlp": p.window, "cnn": p.window, "rnn": TIME - 1}

    def error(column: int) -> Formula:
        text = rf"\text{{{NAMES[MODELS[column - 1]]}}} = \frac{{1}}{{{steps}}} \sum_t \lvert x_t - \hat{{x}}_t \rvert"
        return Formula(text, f"The mean over the last {steps} steps.", "S / n")

    def ratio(column: int) -> Formula:
        text = rf"\text{{{NAMES[MODELS[column - 1]]}}} / \text{{naive}}"
        cells = {"e": f"error,{column}", "e_{naive}": "error,1"}
        return Formula(text, "Above 1 it is worse than repeating the last value.", "e / e_{naive}", origins=cells)

    def weights(counted: dict[str, str]) -> Callable[[int], Formula]:
        def formula(column: int) -> Formula:
            name = MODELS[column - 1]
            return Formula(r"\text{weights}", f"{WHAT[name]} {SHARED[name]}", counted.get(name, "0"))

        return formula

    def seen(column: int) -> Formula:
        return given(r"\text{steps}", SEES[MODELS[column - 1]])

    def row(key: str, label: str, values: Sequence[float], formula: Callable[[int], Formula], words: str) -> Row:
        return Row(key, label, np.array(values, dtype=float), formula, words=words)

    ways = [run.weights[name] for name in MODELS]
    rows = (
        row("error", "error", errors.tolist(), error, "mean absolute error"),
        row("ratio", "error / naive", (errors / errors[0]).tolist(), ratio, "error by that of the naive forecast"),
        row("fitted", "weights fitted", [way[0] for way in ways], weights(fitted), "fitted weights"),
        row("fixed", "weights as drawn", [way[1] for way in ways], weights(fixed), "weights that stay as drawn"),
        row("sees", "steps seen at the end", [sees[name] for name in MODELS], seen, "steps that it can see"),
    )
    symbols = {"S": errors * steps, "n": steps, "e": errors, "e_{naive}": errors[0], "h": UNITS, "m": KERNELS, "k": k}
    symbols |= {"w": p.window, "p": 2 if p.pool else p.window - k + 1}
    return Trace(
        "errors",
        "Errors side by side",
        "The naive forecasts come first: they are what has to be beaten. No network here is trained as a whole: its "
        "features are random, and only a linear readout is fitted.",
        rows,
        ("ratio", 4),
        symbols,
        index="",
        columns=[NAMES[name] for name in MODELS],
        column_word="model",
        coloured=False,
    )


SEES = {
    "naive": "Only the last value.",
    "seasonal": "Only the value one period before.",
    "mlp": "The window, and nothing before it.",
    "cnn": "The window, and nothing before it.",
    "rnn": "All steps so far; older ones leave a weaker trace.",
}
WHAT = {
    "naive": "It has no weights:",
    "seasonal": "It has no weights:",
    "mlp": "A hidden layer of random tanh units, and a readout fitted by least squares:",
    "cnn": "Random kernels of up to 3 steps with tanh, and a readout fitted by least squares:",
    "rnn": "A random recurrence with tanh (an echo state network), and a readout fitted by least squares:",
}
SHARED = {
    "naive": "the next value equals the last one.",
    "seasonal": "the next value equals the one a period before.",
    "mlp": "each lag has weights of its own, so their number grows with the window.",
    "cnn": "one kernel is used at every position of the window.",
    "rnn": "the same weights are used at every step.",
}


def _steps_trace(run: Forecasts) -> Trace:
    truth, before = run.x[TRAIN:], run.x[TRAIN - 1 : -1]

    def forecasts(name: str) -> Callable[[int], Formula]:
        if name not in NETWORKS:
            lag = "The last value." if name == "naive" else "The value one period before."
            return lambda t: given(r"\hat{x}_t", lag)
        off = np.abs(run.forecasts[name] - truth)
        text = r"\hat{x}_t = x_{t-1} + \text{change}_t"
        return lambda t: Formula(
            text,
            f"Its error is {off[t - TRAIN - 1]:.3f}. The readout gives the change.",
            rf"x_{{t-1}} + \Delta_{{{name}}}",
        )

    rows = [Row("x", "series $x_t$", truth, given("x_t", "The observed value."))]
    rows += [
        Row(f"{name}_at", NAMES[name], run.forecasts[name], forecasts(name), words=f"{NAMES[name]} forecast")
        for name in MODELS
    ]
    symbols = {"x_{t-1}": before}
    symbols |= {rf"\Delta_{{{name}}}": run.forecasts[name] - before for name in NETWORKS}
    caption = "Each forecast is made one step ahead, from the values before it."
    return Trace("steps", "Every forecast", caption, rows, ("x", 0), symbols, first=TRAIN + 1)


DEMO = Demo(
    __file__,
    MlpCnnRnn,
    compute,
    None,
    shows=(fit, forecast.mlp_features, forecast.cnn_features, forecast.rnn_features, run_all),
)
