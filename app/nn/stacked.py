"""Plain RNNs on top of one another: layer l reads the states of layer l − 1, the first one the input.

    h_t^(l) = φ(h_t^(l−1) W_xh^(l) + h_{t−1}^(l) W_hh^(l) + b^(l)),   h_t^(0) = x_t

Source: Pascanu, Gulcehre, Cho & Bengio, "How to construct deep recurrent neural networks", 2014 (stacked RNN).
Convention: the lowest layer first, as in PyTorch's RNN(num_layers); h may differ by layer. Letters as in rnn.py.
"""

from collections.abc import Sequence

from app.nn import rnn
from app.nn.activations import Activation
from app.nn.shapes import Array


def forward(
    x: Array, h0s: Sequence[Array], ws: Sequence[rnn.RNNWeights], phi: Activation
) -> tuple[list[Array], list[list[rnn.Cache]]]:
    """One whole layer after another; each reads all states of the one below. The last is the top layer.

    Shapes: x (batch, time, n), h0s: one (batch, h) a layer → hs: one (batch, time, h) a layer
    """
    hs, caches, below = [], [], x
    for h0, w in zip(h0s, ws, strict=True):
        below, steps = rnn.forward(below, h0, w, phi)
        hs.append(below)
        caches.append(steps)
    return hs, caches


def backward(
    dhs: Sequence[Array], caches: Sequence[list[rnn.Cache]]
) -> tuple[Array, list[Array], list[rnn.RNNWeights]]:
    """From the top layer down. dhs[l][:, t] is what the loss at step t alone sends into layer l's state.

    A layer gets that and, from the layer above, the gradient of that layer's input.

    Shapes: dhs: one (batch, time, h) a layer → dx (batch, time, n), dh0s, dws: one a layer
    """
    dh0s: list[Array] = []
    dws: list[rnn.RNNWeights] = []
    above: Array | None = None
    for own, steps in zip(reversed(dhs), reversed(caches), strict=True):
        above, dh0, dw = rnn.backward(own if above is None else own + above, steps)
        dh0s.insert(0, dh0)
        dws.insert(0, dw)
    if above is None:
        raise ValueError("there are no layers; wanted at least one.")
    return above, dh0s, dws
