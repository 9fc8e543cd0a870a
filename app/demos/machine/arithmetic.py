"""How one number came about, with the numbers filled in."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.demos.machine.numbers import factor, latex


@dataclass(frozen=True)
class Arithmetic:
    """How one number came about: `symbols = filled = result`, in LaTeX, and what to say beside it."""

    symbols: str
    filled: str
    result: float
    says: str = ""


@dataclass(frozen=True)
class Term:
    """A product of a weight and a value, each with its symbol in LaTeX."""

    weight_symbol: str
    weight: float
    value_symbol: str
    value: float


def sum_of_products(
    name: str, terms: Sequence[Term], result: float, bias: tuple[str, float] | None = None, says: str = ""
) -> Arithmetic:
    """`name = w v + … + bias`, where name and bias may be left out."""
    symbols = [rf"{term.weight_symbol} \, {term.value_symbol}" for term in terms]
    filled = [rf"{factor(term.weight)} \cdot {factor(term.value)}" for term in terms]
    if terms[0].weight < 0:  # nothing stands before the first factor, so its sign needs no brackets
        filled[0] = rf"{latex(terms[0].weight)} \cdot {factor(terms[0].value)}"
    if bias:
        symbols.append(bias[0])
        filled.append(factor(bias[1]))
    return Arithmetic((f"{name} = " if name else "") + " + ".join(symbols), " + ".join(filled), result, says)
