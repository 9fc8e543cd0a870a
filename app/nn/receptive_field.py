"""How far a stack of convolutions sees: R = 1 + Σ_l (k_l − 1) · d_l · ∏_{m<l} s_m, and each input's weight in it.

Source: Araujo, Norris & Sim, "Computing receptive fields of convolutional neural networks", Distill, 2019; the weight
of an input, Luo et al., "Understanding the effective receptive field in deep convolutional networks", 2016.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from app.nn.shapes import Array


class ConvLayer(NamedTuple):
    """One convolution: kernel k, stride s, dilation d."""

    k: int
    s: int = 1
    d: int = 1


def jumps(layers: Sequence[ConvLayer]) -> list[int]:
    """∏_{m<l} s_m for each layer l, and for the output: how many input steps apart the neighbours in l's input are."""
    made = [1]
    for layer in layers:
        made.append(made[-1] * layer.s)
    return made


def fields(layers: Sequence[ConvLayer]) -> list[int]:
    """R after 0, 1, … all layers: each adds (k − 1) · d steps of its own input, which lie ∏ s apart."""
    made = [1]
    for layer, jump in zip(layers, jumps(layers), strict=False):
        made.append(made[-1] + (layer.k - 1) * layer.d * jump)
    return made


def offsets(layers: Sequence[ConvLayer], within: int) -> list[set[int]]:
    """The neurons on which the newest output depends, from the input (first) to the output (last).

    Each is given as the number of input steps it lies back; those `within` steps or more back are left out.
    """
    reached = [{0}]
    for layer, jump in reversed(list(zip(layers, jumps(layers), strict=False))):
        seen = {at + i * layer.d * jump for at in reached[-1] for i in range(layer.k)}
        reached.append({at for at in seen if at < within})
    return reached[::-1]


def footprint(layers: Sequence[ConvLayer]) -> Array:
    """∂y/∂x of one output of a linear stack whose kernels are all means: the share of each of the R inputs.

    Each layer distributes what arrives over the k positions that it read, 1/k to each. In input steps the order of the
    layers does not matter; from the bottom up the arrays stay small longest.

    Shapes: layers → share (R), the newest input first; it sums to 1
    """
    share = np.ones(1)
    for layer, jump in zip(layers, jumps(layers), strict=False):
        apart, arrived = layer.d * jump, share
        share = np.zeros(len(arrived) + (layer.k - 1) * apart)
        for i in range(layer.k):
            share[i * apart : i * apart + len(arrived)] += arrived / layer.k
    return share
