"""One series, and forecasts of its last steps: naive, seasonal naive, an MLP's, a CNN's and an RNN's."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from app.demos.machine.figures import Values
from app.demos.machine.parameters import Parameters, choice, flag, number
from app.nn import forecast
from app.nn.least_squares import fit

TIME, TRAIN, START = 180, 150, 24  # steps; the last 30 are forecast; from 24 on even the longest window is full
UNITS, KERNELS, KEEPS, PENALTY = 24, 6, 0.95, 0.1


class MlpCnnRnn(Parameters):
    """A series, and the window that the MLP and the CNN see of it."""

    series: Literal["pulse", "season", "trend", "walk"] = choice(
        "pulse", title="Series", says="A spike each period, a wave, a rising line, or a random walk."
    )
    window: int = number(6, 1, 24, step=1, title="Window", says="Steps that the MLP and the CNN see; the RNN has none.")
    period: int = number(10, 2, 24, step=1, title="Period", says="Steps from spike to spike or from crest to crest.")
    noise: float = number(0.02, 0, 2, slide=(0, 0.5), step=0.01, title="Noise", says="Its standard deviation.")
    pool: bool = flag(
        True, title="CNN pools", says="Keep each kernel's largest and mean output, or its output at every position."
    )
    show: Literal["mlp", "cnn", "rnn"] = choice("rnn", title="Draw", says="The forecast drawn beside the naive one.")
    seed: int = number(0, 0, 9999, slide=(0, 20), step=1, title="Seed", says="Draws the noise and the random weights.")


def make_series(p: MlpCnnRnn) -> Values:
    """The series (time), noise included."""
    rng, t = np.random.default_rng(p.seed), np.arange(TIME)
    noise = p.noise * rng.standard_normal(TIME)
    match p.series:
        case "pulse":
            clean = np.where(t % p.period == 0, 1.0, 0.0)
        case "season":
            clean = np.sin(2 * np.pi * t / p.period + 0.5)
        case "trend":
            clean = 0.05 * t
        case "walk":
            clean = np.cumsum(0.3 * rng.standard_normal(TIME))
    return clean + noise


@dataclass(frozen=True)
class Forecasts:
    """Forecasts of the last steps by each model, in the units of the series, and how many weights each has.

    Shapes: x (time), forecasts (30) each; weights are (fitted, fixed)
    """

    x: Values
    forecasts: dict[str, Values]
    weights: dict[str, tuple[int, int]]


def run_all(p: MlpCnnRnn) -> Forecasts:
    """Fit each readout on the past, forecast what follows. The scale, too, is learned from the past alone.

    Each network is drawn from a seed of its own, so the RNN is the same whatever the window.
    """
    x, rngs = make_series(p), [np.random.default_rng([p.seed, k]) for k in (1, 2, 3)]
    z = (x - x[:TRAIN].mean()) / x[:TRAIN].std()
    seen = forecast.windows(z, p.window)[START - p.window :]
    (W, b), kernels, core = (
        forecast.draw_mlp(rngs[0], p.window, UNITS),
        forecast.draw_cnn(rngs[1], min(3, p.window), KERNELS),
        forecast.draw_rnn(rngs[2], UNITS, KEEPS),
    )
    features = {
        "mlp": forecast.mlp_features(seen, W, b),
        "cnn": forecast.cnn_features(seen, kernels, p.pool),
        "rnn": forecast.rnn_features(z[:-1], core)[START - 1 :],
    }
    fixed = {"mlp": W.size + b.size, "cnn": kernels.W.size + kernels.b.size, "rnn": core.W_xh.size + core.W_hh.size}
    change, past = np.diff(z)[START - 1 :], TRAIN - START
    forecasts = {"naive": x[TRAIN - 1 : -1], "seasonal": x[TRAIN - p.period : TIME - p.period]}
    weights = {"naive": (0, 0), "seasonal": (0, 0)}
    for name, F in features.items():
        readout = fit(F[:past], change[:past], PENALTY)
        forecasts[name] = x[TRAIN - 1 : -1] + readout(F[past:]) * x[:TRAIN].std()
        weights[name] = (F.shape[1] + 1, fixed[name])
    return Forecasts(x, forecasts, weights)
