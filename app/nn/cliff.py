"""One recurrent unit whose error surface has a cliff: a small step in its two weights changes where it settles.

    h_t = w σ(h_{t−1}) + b,   h_0 = 1/2          L = (σ(h_T) − 0.7)²

Source: Pascanu, Mikolov & Bengio, "On the difficulty of training recurrent neural networks", 2013, figure 6. The paper
does not give h_0. Where the unit has two stable fixed points, the cliff separates the weights that lead to each.
Plain floats: for single numbers they are ten times as fast as arrays.
"""

import math

H0, TARGET = 0.5, 0.7


def _sigmoid(z: float) -> float:
    e = math.exp(-abs(z))
    return (e if z < 0 else 1.0) / (1.0 + e)


def loss_and_gradient(w: float, b: float, steps: int) -> tuple[float, float, float]:
    """L, ∂L/∂w and ∂L/∂b. With only two weights, ∂h_t/∂w and ∂h_t/∂b are carried forward along with h_t.

    Shapes: w (), b (), steps → L (), dw (), db ()
    """
    h, dh_dw, dh_db = H0, 0.0, 0.0
    for _ in range(steps):
        s = _sigmoid(h)
        slope = w * s * (1.0 - s)  # ∂h_t/∂h_{t−1}
        h, dh_dw, dh_db = w * s + b, s + slope * dh_dw, 1.0 + slope * dh_db
    y = _sigmoid(h)
    dL_dh = 2.0 * (y - TARGET) * y * (1.0 - y)
    return (y - TARGET) ** 2, dL_dh * dh_dw, dL_dh * dh_db
