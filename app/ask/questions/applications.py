"""Applications: this program's own recurrence."""

import math

from app.ask.question import HAND, Slips, Task, asks, line
from app.demos.machine.prediction import Tolerance, parting
from app.nn import forgetting
from app.nn.forgetting import W

AT_90 = math.exp(W[8]) * (math.exp(W[10] * 0.1) - 1)
EXTRA = {2: ("hard", W[15]), 3: ("good", 1.0), 4: ("easy", W[16])}


@asks(
    "applications",
    HAND,
    Tolerance(near=0.02, why="two digits are enough"),
    demo="forgetting-curve",
    stability=(2, 5, 8, 10, 20, 40, 60, 100),
    difficulty=(2, 3, 4, 5, 6, 7, 8, 9),
    grade=(2, 3, 4),
)
def stability_after_review(stability: int, difficulty: int, grade: int) -> Task:
    """A card's stability after a review."""
    S, D, (name, extra) = stability, difficulty, EXTRA[grade]
    growth = forgetting.growth(S, D, forgetting.recall(S, S), grade)
    less = S ** -W[9]
    slips: Slips = [
        (S * (growth - 1), "That is what is added: the old stability stays in."),
        (S * (1 + AT_90 * D * less * extra), parting(1, "Easy cards grow more, not difficult ones: $11 - D$.")),
        (S * (1 + AT_90 * (11 - D) * extra), parting(1, r"The factor $S^{-w}$ is missing: what is stable grows less.")),
        (growth, "That is the growth. Multiply it by the old stability."),
    ]
    if extra != 1:
        slips += [(S * (1 + AT_90 * (11 - D) * less), parting(1, f"That is a review rated good; this one was {name}."))]
    values = {"c": AT_90, "D": D, "p": less, "e": extra}
    working = [
        line(r"S' / S", values, growth, "The growth:", r"1 + c \cdot (11 - D) \cdot p \cdot e"),
        line("S' = g \\cdot S", {"g": growth, "S": S}, S * growth),
    ]
    givens = (
        f"stability $S = {S}$ days, difficulty $D = {D}$; it is reviewed after {S} days and rated {name}",
        rf"$S' = S \, (1 + {AT_90:.3f} \, (11 - D) \, S^{{-w}} \, e)$ when recall has fallen to 0.9",
        rf"$S^{{-w}} = {less:.3f}$, and $e = {extra:.3f}$ for {name}",
    )
    return Task("What is the card's stability afterwards, in days?", givens, S * growth, slips, working)
