"""A glimpse: patches of an image around one place, small and sharp to wide and coarse, and the network that moves it.

Source: Mnih et al., "Recurrent models of visual attention", 2014, figure 1. Here the
glimpse network and the location head are set by hand to look where the ink is; in the paper both are learned, the
head by reinforcement.
"""

from dataclasses import dataclass

import numpy as np

from app.nn import rnn
from app.nn.activations import TANH
from app.nn.shapes import Array, expect


def mean_pool(image: Array, k: int) -> Array:
    """The mean of each square of k × k pixels. Shapes: image (k·rows, k·columns) → pooled (rows, columns)"""
    expect("image", image, ("height", "width"))
    rows, columns = (side // k for side in image.shape)
    if (rows * k, columns * k) != image.shape:
        raise ValueError(f"image has shape {image.shape}, which squares of {k} do not fill.")
    pooled: Array = image.reshape(rows, k, columns, k).mean(axis=(1, 3))
    return pooled


def sensor(image: Array, row: int, column: int, size: int, scales: int) -> Array:
    """Windows of size, 2·size, 4·size, … pixels around a corner between pixels, each pooled to size × size.

    (0, 0) is the image's top left corner; outside the image everything is 0.

    Shapes: image (height, width), an even size → patches (scales, size, size)
    """
    expect("image", image, ("height", "width"))
    reach = size * 2 ** (scales - 1) // 2
    padded = np.pad(image, reach)
    patches = np.empty((scales, size, size))
    for scale in range(scales):
        half = size * 2**scale // 2
        top, left = row + reach - half, column + reach - half
        patches[scale] = mean_pool(padded[top : top + 2 * half, left : left + 2 * half], 2**scale)
    return patches


def moments(patch: Array) -> Array:
    """How far the ink lies below and to the right of the middle: the mean of value times offset, offsets in −1 … 1.

    Shapes: patch (size, size) → moments (2): down, right
    """
    size = len(patch)
    offsets = (np.arange(size) + 0.5) / size * 2 - 1
    return np.array([offsets @ patch.sum(axis=1), offsets @ patch.sum(axis=0)]) / size**2


@dataclass(frozen=True)
class Look:
    """One step: the place, the patches seen there, the glimpse vector g, the state h after it.

    Shapes: place (2), patches (scales, size, size), g (2), h (2)
    """

    place: tuple[int, int]
    patches: Array
    g: Array
    h: Array


def looks(
    image: Array, start: tuple[int, int], size: int, scales: int, count: int, keeps: float, gain: float, home: float
) -> list[Look]:
    """The loop: sensor, glimpse network, recurrent core, location head.

    g = what + where: moments of the widest patch, and a pull by `home` to the middle. The core is a plain RNN of two
    units, h = tanh(gain · g + keeps · h). The head goes h times half of the widest window further, within the image.

    Shapes: image (height, width), start (2) → count looks
    """
    core = rnn.RNNWeights(gain * np.eye(2), keeps * np.eye(2), np.zeros(2))
    middle, reach = np.array(image.shape) / 2, size * 2 ** (scales - 1) / 2
    place, h, made = np.array(start), np.zeros((1, 2)), []
    for _ in range(count):
        patches = sensor(image, int(place[0]), int(place[1]), size, scales)
        g = moments(patches[-1]) + home * (middle - place) / middle
        h, _ = rnn.step(g[None], h, core, TANH)
        made.append(Look((int(place[0]), int(place[1])), patches, g, h[0]))
        place = np.clip(np.rint(place + reach * h[0]).astype(int), 0, image.shape)
    return made
