"""A softmax weight with its numbers filled in: the same arithmetic wherever scores become shares."""

import numpy as np

from app.demos.machine.arithmetic import Arithmetic
from app.demos.machine.figures import Values
from app.demos.machine.numbers import latex

MOST_TERMS = 4


def softmax_share(e: Values, t: int, result: float, index: str = "") -> Arithmetic:
    """α_t = exp(e_t − e_max) / Σ exp(e_k − e_max), with the numbers of one row of scores."""
    top, symbol = e.max(), rf"\exp(e_{{{index}{t + 1}}} - e_{{max}})"
    symbols = rf"\alpha_{{{index}{t + 1}}} = {symbol} / \sum_k \exp(e_{{{index}k}} - e_{{max}})"
    filled = rf"\exp({latex(e[t] - top)}) / {sum_of_exponentials(e - top)}"
    return Arithmetic(symbols, filled, result, "The largest score is taken off each: it changes no weight.")


def sum_of_exponentials(scores: Values) -> str:
    """The sum below a softmax: its terms where they are few, its value where they would fill the page."""
    if len(scores) > MOST_TERMS:
        return latex(float(np.exp(scores).sum()))
    terms = [rf"\exp({latex(score)})" for score in scores]
    return f"({' + '.join(terms)})"
