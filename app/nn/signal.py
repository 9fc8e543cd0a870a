"""A signal going forward through a stack of layers, and a gradient going back.

    z_l = a_{l−1} W_l,   a_l = φ(z_l)                      da_{l−1} = (da_l φ′(z_l)) W_lᵀ

`spread` is the root mean square over all units and examples, √(mean a²): the standard deviation if the mean is 0.
Source: Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010; for ReLU,
He, Zhang, Ren & Sun, "Delving deep into rectifiers", 2015. The same matrix in every layer: a network in time.
"""

from collections.abc import Sequence

import numpy as np

from app.nn.activations import Activation
from app.nn.shapes import Array, expect, overflow_is_a_result


def spread(values: Array) -> float:
    """√(mean of squares), scaled so that squares neither over- nor underflow.

    Shapes: values (any, …) → spread ()
    """
    largest = float(np.abs(values).max())
    if largest == 0.0 or not np.isfinite(largest):
        return largest
    return largest * float(np.sqrt(np.mean((values / largest) ** 2)))


@overflow_is_a_result
def forward(x: Array, weights: Sequence[Array], phi: Activation) -> tuple[list[Array], list[Array]]:
    """The pre-activations and the outputs of every layer, from the first to the last.

    Shapes: x (batch, n), weights[l] (n_l, n_{l+1}) → z[l] (batch, n_{l+1}), a[l] (batch, n_{l+1})
    """
    zs, outputs, a = [], [], x
    for W in weights:
        expect("a", a, ("batch", W.shape[0]))
        z = a @ W
        a = phi.f(z)
        zs.append(z)
        outputs.append(a)
    return zs, outputs


@overflow_is_a_result
def backward(da: Array, outputs: Sequence[Array], weights: Sequence[Array], phi: Activation) -> list[Array]:
    """∂L/∂a of every layer, from the gradient at the last one's output.

    Shapes: da (batch, n_last), outputs[l] (batch, n_{l+1}), weights[l] (n_l, n_{l+1}) → das[l] (batch, n_{l+1})
    """
    expect("da", da, outputs[-1].shape)
    das = [da]
    for W, a in zip(reversed(weights[1:]), reversed(outputs[1:]), strict=True):
        das.append((das[-1] * phi.slope(a)) @ W.T)
    return das[::-1]
