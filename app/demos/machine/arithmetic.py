r"""How a number came about: a formula that is written once, with its index set and its numbers filled in.

A demo writes `h_t = \tanh(W_x \, x_t + W_h \, h_{t-1})` and says which numbers the symbols have. The machine makes of
it what the page shows: `h_3 = \tanh(W_x \, x_3 + W_h \, h_2)`, then `\tanh(0.5 \cdot 1 + 0.8 \cdot 0.4)`.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.demos.machine.numbers import latex

Write = Callable[[float], str]


@dataclass(frozen=True)
class Arithmetic:
    """How one number came about: `symbols = filled = result`, in LaTeX, and what to say beside it.

    `filled` is empty where the number is given. `write` makes it with another way to write a number. `digits` is how
    many digits of the result are kept, 0 for all.
    """

    symbols: str
    filled: str
    result: float
    says: str = ""
    write: Callable[[Write], str] | None = None
    digits: int = 0

    @property
    def exact(self) -> str:
        """`filled` with every number to its last digit, for tests."""
        return self.write(_to_the_last_digit) if self.write else ""


@dataclass(frozen=True)
class Formula:
    r"""A formula in LaTeX, `name = right side` or the right side alone.

    `note` stands beside the number on the page. `values` are numbers of symbols that only this formula has. Where the
    text is short for more (`q k^\top`), `written` writes it out, and is what the numbers are filled into.
    `origins` say which of them are on the page: a cell ("e,2"), or a parameter.
    The number is rounded to `digits`, if any.
    Write a product as `a \, b` or `a \cdot b`: what stands beside each other without a sign is not filled in as one.
    """

    text: str
    note: str = ""
    written: str = ""
    values: Mapping[str, float] = field(default_factory=dict)
    is_given: bool = False
    digits: int = 0
    origins: Mapping[str, str] = field(default_factory=dict)

    def symbols_in(self, names: Iterable[str]) -> Sequence[str]:
        """The symbols, of these names and its own, in the order in which their numbers are filled in."""
        return () if self.is_given else self._pieces(tuple({*names, *self.values}))[1::2]

    def _pieces(self, names: tuple[str, ...]) -> Sequence[str]:
        return _pieces((self.written or self.text.rpartition(" = ")[2]).strip(), names)

    def worked_out(self, result: float, values: Mapping[str, float], index: str = "", at: int = 0) -> Arithmetic:
        """The arithmetic of `result`, with `values` for the symbols; the index letter becomes the number `at`."""
        symbols = set_index(self.text, index, at) if index else self.text
        if self.is_given:
            return Arithmetic(symbols, "", result, self.note)
        values = {**values, **self.values} if self.values else values
        pieces = self._pieces(tuple(values))

        def write(number: Write) -> str:
            numbers = [values[symbol] for symbol in pieces[1::2]]
            texts = [number(value) for value in numbers]
            filled = list(pieces)
            filled[1::2] = [
                _placed(text, value < 0, before, after)
                for text, value, before, after in zip(texts, numbers, pieces[::2], pieces[2::2], strict=False)
            ]
            return "".join(filled)

        return Arithmetic(symbols, write(latex), result, self.note, write, self.digits)


def given(symbol: str, note: str = "It is given.", origin: str = "") -> Formula:
    """For a number that no formula of the page makes: it is typed, drawn, measured or counted. `note` says so.

    `origin` is the parameter that holds it, or another cell that shows it.
    """
    return Formula(symbol, note, is_given=True, origins={symbol: origin} if origin else {})


PHI = {"tanh": r"\tanh", "relu": r"\mathrm{relu}", "sigmoid": r"\sigma"}


def activated(phi: str, inside: str) -> str:
    """φ(inside) in LaTeX; a linear activation leaves what is inside as it is."""
    return inside if phi == "linear" else f"{PHI[phi]}({inside})"


def first_then(first: Formula, rest: Formula) -> Callable[[int], Formula]:
    """For a row whose first number, at index 1, comes about in another way than the rest."""
    return lambda index: first if index == 1 else rest


@lru_cache(maxsize=4096)
def set_index(text: str, index: str, at: int) -> str:
    """Replace an index letter in all subscripts: with t at 3, `h_{t-1}` becomes `h_{2}`."""
    one, shifted = _index_patterns(index)
    return one.sub(lambda sub: "_{" + shifted.sub(lambda i: str(at + int(i[1] or 0)), sub[1] or sub[2]) + "}", text)


@lru_cache(maxsize=4096)
def shifted(symbol: str, index: str, by: int) -> str:
    """A symbol so many steps on, without braces: `h_{t}` one step back is `h_t-1`."""
    plain = re.sub(r"[{} ]", "", symbol)
    return re.sub(rf"(?<![A-Za-z\\]){index}(?![\w+-])", f"{index}{by:+d}", plain) if by and index else plain


def products(index: str, *factors: tuple[str, Sequence[float] | NDArray[np.float64]]) -> tuple[str, dict[str, float]]:
    r"""A sum over an index, written out, and the values of its symbols.

    `products("j", ("w_j", w), ("x_{t,j}", x))` is `w_{1} \, x_{t,1} + w_{2} \, x_{t,2} + …`.
    """
    terms, values = [], dict[str, float]()
    for j in range(1, len(factors[0][1]) + 1):
        names = [set_index(name, index, j) for name, _ in factors]
        values |= {name: float(numbers[j - 1]) for name, (_, numbers) in zip(names, factors, strict=True)}
        terms.append(r" \, ".join(names))
    return " + ".join(terms), values


@lru_cache(maxsize=64)
def _index_patterns(index: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    return re.compile(rf"_(?:({index})(?!\w)|\{{([^{{}}]*)\}})"), re.compile(rf"(?<!\w){index}(?!\w)([-+]\d+)?")


@lru_cache(maxsize=4096)
def _pieces(text: str, names: tuple[str, ...]) -> Sequence[str]:
    """The text cut at its symbols: text, symbol, text, …, text. Products get a sign."""
    known = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    # A symbol is no part of a longer one, of a command or of another's subscript, and no function's name.
    pieces = re.split(rf"(?<![\\\w])(?<!_\{{)({known})(?![\w{{_'(])", text) if names else [text]
    return [piece if i % 2 else piece.replace(r"\,", r"\cdot") for i, piece in enumerate(pieces)]


_OPENS = re.compile(r"(?:^|[({\[,|]|\\l[vV]ert)\s*$")


def _placed(text: str, is_negative: bool, before: str, after: str) -> str:
    """A number between two texts, in brackets where its sign or its power of ten would be misread."""
    is_power, is_below = after.startswith("^"), before.rstrip().endswith("/")
    signed = is_negative and (is_power or not _OPENS.search(before))
    return f"({text})" if signed or ((is_power or is_below) and r"\cdot" in text) else text


def _to_the_last_digit(value: float) -> str:
    return repr(float(value)) if value else "0"
