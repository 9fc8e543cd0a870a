"""How many parameters a layer has: one statement gives the formula, the formula with numbers, and the total.

Source: Keras; these are its layers' `count_params`. PyTorch's recurrent layers have two biases where Keras has one.
The projection: Sak, Senior & Beaufays, 2014, as PyTorch's `proj_size` has it.
x inputs (or features), y outputs, h units, p of them after a projection.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod


@dataclass(frozen=True)
class Count:
    """`times` the sum of `terms`; a term is a product of sizes, each named by its letter, or a plain number."""

    times: int
    terms: tuple[tuple[str | int, ...], ...]
    sizes: Mapping[str, int]

    def __post_init__(self) -> None:
        for letter, size in self.sizes.items():
            if size < 1:
                raise ValueError(f"{letter} is {size}; wanted a size of at least 1.")

    @property
    def total(self) -> int:
        """The number of parameters."""
        return self.times * sum(prod(self._size(factor) for factor in term) for term in self.terms)

    @property
    def formula(self) -> str:
        """The count in letters: '4 · (x·h + h·h + h)'."""
        return self._written([[str(factor) for factor in term] for term in self.terms])

    @property
    def filled(self) -> str:
        """The formula with sizes in place of letters: '4 · (2·32 + 32·32 + 32)'."""
        return self._written([[str(self._size(factor)) for factor in term] for term in self.terms])

    def _size(self, factor: str | int) -> int:
        return self.sizes[factor] if isinstance(factor, str) else factor

    def _written(self, terms: list[list[str]]) -> str:
        text = " + ".join("·".join(factors) for factors in terms)
        return text if self.times == 1 else f"{self.times} · ({text})"


def dense(x: int, y: int) -> Count:
    """A Dense layer: one weight from each input to each output, and one bias for each output."""
    return Count(1, (("x", "y"), ("y",)), {"x": x, "y": y})


def rnn(x: int, h: int, two_biases: bool = False, times: int = 1) -> Count:
    """A plain recurrent layer: W_xh, W_hh and b, and in PyTorch a second bias."""
    return Count(times, (("x", "h"), ("h", "h"), (2, "h") if two_biases else ("h",)), {"x": x, "h": h})


def lstm(x: int, h: int, two_biases: bool = False) -> Count:
    """An LSTM layer: four times the plain one, for i, f, g and o."""
    return rnn(x, h, two_biases, times=4)


def gru(x: int, h: int, two_biases: bool = True) -> Count:
    """A GRU layer: three times the plain one, for z, r and the candidate. Reset after the product takes two biases."""
    return rnn(x, h, two_biases, times=3)


def projected_lstm(x: int, h: int, p: int, two_biases: bool = False) -> Count:
    """An LSTM whose state is projected from h to p numbers: W_rh reads p of them, and W_hr has h times p weights."""
    bias = 8 if two_biases else 4
    return Count(1, ((4, "x", "h"), (4, "p", "h"), (bias, "h"), ("h", "p")), {"x": x, "h": h, "p": p})


def embedding(x: int, y: int) -> Count:
    """An embedding: a row of y numbers for each of x tokens, and no bias."""
    return Count(1, (("x", "y"),), {"x": x, "y": y})


def most_units(counted: Callable[[int], Count], budget: int) -> int:
    """The largest h with at most `budget` parameters, or 0: `most_units(lambda h: lstm(8, h), 1000)`."""
    h = 0
    while counted(h + 1).total <= budget:
        h += 1
    return h
