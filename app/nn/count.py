"""How many parameters a layer has: one statement gives the formula, the formula with numbers, and the total.

Source: Keras; these are its layers' `count_params`. PyTorch's recurrent layers have two biases where Keras has one.
x inputs (or features), y outputs, h units.
"""

from collections.abc import Mapping
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
