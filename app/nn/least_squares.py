"""A linear readout fitted in closed form: the w that minimises ‖F w + b − y‖² + λ‖w − w₀‖².

Source: Hoerl & Kennard, "Ridge regression", 1970; pulled towards earlier weights w₀ in place of 0, it is fine-tuning as
Li, Grandvalet & Davoine describe it (L2-SP, 2018). The caller chooses the features F.
Letters: n examples, f features; … any number of independent fits at once, each with its own data.
"""

from dataclasses import dataclass

import numpy as np

from app.nn.shapes import Array


@dataclass(frozen=True)
class Readout:
    """y = F w + b. Shapes: w (…, f), b (…)"""

    w: Array
    b: Array

    def __call__(self, F: Array) -> Array:
        """Shapes: F (…, n, f) → y (…, n)"""
        y: Array = np.matmul(F, self.w[..., None])[..., 0] + self.b[..., None]
        return y


def fit(F: Array, y: Array, penalty: float, start: Array | None = None) -> Readout:
    """The readout whose derivative is 0: (FᵀF + λI)(w − w₀) = Fᵀ(y − F w₀), with F and y centred.

    The bias is not penalised: it absorbs the means. A penalty of 0 is plain least squares, an infinite one keeps w₀.

    Shapes: F (…, n, f), y (…, n), start w₀ (…, f), by default 0
    """
    w = np.zeros((*F.shape[:-2], F.shape[-1])) if start is None else start
    if F.ndim < 2 or y.shape != F.shape[:-1] or w.shape != (*F.shape[:-2], F.shape[-1]):
        raise ValueError(f"F {F.shape}, y {y.shape} and start {w.shape} do not fit: wanted (…, n, f), (…, n), (…, f).")
    F_mean, y_mean = F.mean(axis=-2), np.asarray(y.mean(axis=-1))
    if np.isfinite(penalty):
        centred = F - F_mean[..., None, :]
        across = centred.swapaxes(-1, -2)
        normal = across @ centred + penalty * np.eye(F.shape[-1])
        wanted = across @ ((y - y_mean[..., None])[..., None] - centred @ w[..., None])
        # With little or no penalty the columns may be linearly dependent: then take the shortest step that fits.
        step = np.linalg.solve(normal, wanted) if penalty > 1e-6 else np.linalg.pinv(normal, hermitian=True) @ wanted
        w = w + step[..., 0]
    return Readout(w, y_mean - (F_mean * w).sum(axis=-1))
