r"""The value of a formula in LaTeX, as a reader would work it out, and how far roundings can have moved it.

It knows nothing of the demos: it reads `\tanh(0.5 \cdot 1 + 0.8 \cdot (-0.4))` as it is printed. What it cannot read it
refuses (ValueError): a letter without a number, two numbers side by side, a power of ten that a division would split.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

EPSILON = 1e-13
"""What a number computed another way may differ by, of its size: some hundred roundings."""
ROUNDING = 1e-15
"""What a kernel may lose of the largest number in a sum: it has 1 − z where the formula has z."""

TOKEN = re.compile(r"\s*(\\mathrm\{\w+\}|\\[a-zA-Z]+|\d+(?:\.\d+)?(?:e[-+]?\d+)?|inf|nan|.)")
SPACES = re.compile(r"\\(?:left|right|textstyle|,|;|!)(?![a-zA-Z])")


@dataclass(frozen=True)
class About:
    """A value, and how far the true one may be from it."""

    value: float
    error: float

    def holds(self, number: float) -> bool:
        """True if the number can be the true value; NaN and infinities must be the same."""
        if not (math.isfinite(number) and math.isfinite(self.value)):
            return number == self.value or (math.isnan(number) and math.isnan(self.value)) or math.isinf(self.error)
        return bool(abs(number - self.value) <= self.error + EPSILON * abs(number) + 1e-300)


def exactly(text: str, is_of_power: bool = False) -> About:
    """A number to its last digit."""
    value = float(text)
    return About(value, EPSILON * abs(value) if math.isfinite(value) else 0.0)


def rounded(text: str, is_of_power: bool = False) -> About:
    """A number as a page prints it: at most three decimals are exact; more are rounded, as are those from 100 up and
    those before a power of ten.
    """
    value, decimals = float(text), len(text.partition(".")[2])
    is_exact = value == 0 or (decimals <= 3 and 0.001 <= value < 100) or (decimals == 0 and value < 1000)
    return About(value, EPSILON * value if is_exact and not is_of_power else 0.5 * 10.0**-decimals)


def _of(f: Callable[[Any], Any], *over: Callable[[Any], Any]) -> Callable[[About], About]:
    def applied(x: About) -> About:
        value = float(f(np.float64(x.value)))
        ends = [float(f(np.float64(x.value + way * x.error))) for way in (-1, 1)]
        errors = [abs(end - value) for end in ends if not math.isnan(end)]
        return About(value, max(errors, default=0.0) + EPSILON * abs(value))

    return applied


FUNCTIONS: dict[str, Callable[[About], About]] = {
    r"\tanh": _of(np.tanh),
    r"\sigma": _of(lambda z: 1 / (1 + np.exp(-z))),
    r"\exp": _of(np.exp),
    r"\ln": _of(np.log),
    r"\log": _of(np.log),
    r"\lg": _of(np.log10),
    r"\mathrm{relu}": _of(lambda z: np.maximum(z, 0.0)),
    r"\sin": _of(np.sin),
    r"\cos": _of(np.cos),
    r"\sqrt": _of(np.sqrt),
    r"\lvert": _of(np.abs),
    r"\mathrm{round}": _of(np.rint),
    r"\mathrm{sign}": _of(np.sign),
    r"\lceil": _of(lambda x: np.ceil(x - 1e-9)),  # a rounding above a whole number is that number
}
CLOSES = {"(": ")", "[": "]", "{": "}", r"\lvert": r"\rvert", r"\lVert": r"\rVert", r"\lceil": r"\rceil", "|": "|"}
CONSTANTS = {
    r"\infty": math.inf,
    "inf": math.inf,
    r"\mathrm{NaN}": math.nan,
    "nan": math.nan,
    "e": math.e,
    r"\pi": math.pi,
}


class _Reader:
    def __init__(self, text: str, number: Callable[[str, bool], About]) -> None:
        self.text, self.number = text, number
        self.tokens: list[str] = [*TOKEN.findall(SPACES.sub(" ", text).rstrip()), "end"]
        self.at = 0

    def refuse(self) -> ValueError:
        return ValueError(f"{self.tokens[self.at]!r} (token {self.at + 1}) was not expected in {self.text!r}")

    def take(self, *wanted: str) -> str:
        token = self.tokens[self.at]
        if wanted and token not in wanted:
            return ""
        self.at += 1
        return token

    def need(self, token: str) -> None:
        if not self.take(token):
            raise self.refuse()

    def whole(self) -> About:
        value = self.sum()
        self.need("end")
        return value

    def sum(self) -> About:
        value = self.product()
        while sign := self.take("+", "-"):
            other = self.product()
            total = value.value + other.value if sign == "+" else value.value - other.value
            value = About(total, value.error + other.error + EPSILON * abs(total))
        return value

    def product(self) -> About:
        value = self.signed()
        while sign := self.take(r"\cdot", r"\times", "/"):
            other = self.signed()
            value = _times(value, other) if sign != "/" else _divided(value, other)
        return value

    def signed(self) -> About:
        if self.take("-"):
            value = self.signed()
            return About(-value.value, value.error)
        return self.power()

    def power(self) -> About:
        base = self.atom()
        if not self.take("^"):
            return base
        return _power(base, self.within("{") if self.tokens[self.at] == "{" else self.atom())

    def within(self, opens: str) -> About:
        self.need(opens)
        value = self.sum()
        if sign := self.take(r"\le", r"\ne"):  # Iverson's bracket: 1 if it is true
            other = self.sum().value
            value = About(float(value.value <= other if sign == r"\le" else value.value != other), 0.0)
        self.need(CLOSES[opens])
        return value

    def listed(self, opens: str) -> list[About]:
        self.need(opens)
        values = [self.sum()]
        while self.take(","):
            values.append(self.sum())
        self.need(CLOSES[opens])
        return values

    def atom(self) -> About:
        token = self.tokens[self.at]
        if token[0].isdigit():
            self.at += 1
            return self.number(token, self.tokens[self.at : self.at + 3] == [r"\cdot", "10", "^"])
        if token in CONSTANTS:
            self.at += 1
            return About(CONSTANTS[token], 0.0)
        if token in ("(", "[", "{"):
            return self.within(token)
        if token in (r"\lvert", "|", r"\lceil"):
            return FUNCTIONS[token.replace("|", r"\lvert")](self.within(token))
        if token == r"\lVert":
            return _norm(self.listed(token))
        self.at += 1
        if token == r"\frac":
            return _divided(self.within("{"), self.within("{"))
        if token in (r"\max", r"\min"):
            values = self.listed("(")
            pick = max if token == r"\max" else min
            return About(pick(one.value for one in values), max(one.error for one in values))
        if token in FUNCTIONS:
            return FUNCTIONS[token](self.within("{" if token == r"\sqrt" else "("))
        self.at -= 1
        raise self.refuse()


def _times(a: About, b: About) -> About:
    value = a.value * b.value
    return About(value, abs(a.value) * b.error + abs(b.value) * a.error + a.error * b.error + EPSILON * abs(value))


def _divided(a: About, b: About) -> About:
    with np.errstate(all="ignore"):
        value = float(np.float64(a.value) / np.float64(b.value))
    if abs(b.value) <= b.error:
        return About(value, math.inf if b.error else 0.0)
    return About(value, (a.error + abs(value) * b.error) / (abs(b.value) - b.error) + EPSILON * abs(value))


def _power(a: About, b: About) -> About:
    def power(x: float, y: float) -> float:
        return float(np.power(np.float64(x), np.float64(y)))

    value = power(a.value, b.value)
    off = 0.0 if b.value.is_integer() and b.error < 1e-9 else b.error  # else no power of a negative base were known
    ends = [power(a.value + i * a.error, b.value + j * off) for i in (-1, 1) for j in (-1, 1)]
    return About(
        value, max((abs(end - value) for end in ends if not math.isnan(end)), default=0.0) + EPSILON * abs(value)
    )


def _norm(values: Sequence[About]) -> About:
    value = math.hypot(*(one.value for one in values))
    return About(value, sum(one.error for one in values) + EPSILON * value)


def worth(formula: str, number: Callable[[str, bool], About] = exactly) -> About:
    """The value of a formula. `number` says how near its numbers are: `exactly`, or `rounded` as on a page."""
    numbers = [1.0]

    def noted(text: str, is_of_power: bool) -> About:
        found = number(text, is_of_power)
        numbers.append(abs(found.value))
        return found

    with np.errstate(all="ignore"):
        value = _Reader(formula.replace(r"\log_{10}", r"\lg"), noted).whole()
    largest = max(size for size in numbers if math.isfinite(size))
    return About(value.value, value.error + (ROUNDING * largest if re.search(r" [-+] ", formula) else 0.0))


def shape(formula: str) -> str:
    """A formula without its numbers, and without the brackets that a number alone needs: what two of them share."""
    bare = re.sub(
        r"\d+(?:\.\d+)? \\cdot 10\^\{-?\d+\}|\\infty|\\mathrm\{NaN\}|(?<![\w.])(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|inf|nan)",
        "#",
        formula,
    )
    return re.sub(r"\(-?#\)|(?<![#)}\]] )-#", "#", bare)
