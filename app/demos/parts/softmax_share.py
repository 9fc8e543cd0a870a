"""The formula of a softmax weight: the same wherever scores become shares."""

from collections.abc import Callable

import numpy as np

from app.demos.machine.arithmetic import Formula
from app.demos.machine.figures import Values

MOST_TERMS = 4
NOTE = "Subtracting the largest score from each changes no weight."


def softmax_share(e: Values, index: str = "", scores: str = "") -> Callable[[int], Formula]:
    """The formulas of a row of weights, α_t = exp(e_t − e_max) / Σ exp(e_k − e_max), from its scores e (T).

    `scores` is the key of the row that has these scores, if the page shows it.
    """
    cells = {k: f"{scores},{k}" if scores else "" for k in range(1, len(e) + 1)}
    below_of = {f"d_{{{k}}}": cell for k, cell in cells.items()} | {"S": " ".join(cells.values())}

    def share(t: int) -> Formula:
        apart = e - e.max()
        top = rf"\exp(e_{{{index}{t}}} - e_{{max}})"
        text = rf"\alpha_{{{index}{t}}} = {top} / \sum_k \exp(e_{{{index}k}} - e_{{max}})"
        below, values = sum_of_exponentials(apart)
        origins = below_of | {"d": cells[t]}
        return Formula(text, NOTE, rf"\exp(d) / {below}", values | {"d": float(apart[t - 1])}, origins=origins)

    return share


def sum_of_exponentials(scores: Values) -> tuple[str, dict[str, float]]:
    """The sum below a softmax, and its symbols' values: its terms where they are few; many would fill the page."""
    if len(scores) > MOST_TERMS:
        return "S", {"S": float(np.exp(scores).sum())}
    values = {f"d_{{{k}}}": float(score) for k, score in enumerate(scores, start=1)}
    terms = [rf"\exp({name})" for name in values]
    return f"({' + '.join(terms)})", values
