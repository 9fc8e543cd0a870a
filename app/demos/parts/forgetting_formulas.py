"""The formulas of the forgetting recurrence with their numbers filled in: stability and difficulty after a review."""

from dataclasses import dataclass

from app.demos.machine.arithmetic import Arithmetic
from app.demos.machine.numbers import latex
from app.nn import forgetting
from app.nn.forgetting import Memory, W


@dataclass(frozen=True)
class Reviewed:
    """One review: its rating and FSRS's grade, the state that it leaves, the wait that follows and the recall then."""

    rating: int
    grade: int
    memory: Memory
    interval: float
    waited: int
    recall: float


def grade_of(rating: int) -> int:
    """FSRS's grade: 1 and 2 are misses, 3 hard, 4 good, 5 easy."""
    return max(1, rating - 1)


def five_digits(value: float) -> float:
    """As many digits as the 32 bits of the scheduler can be trusted with after twelve reviews."""
    return float(f"{value:.5g}")


def stability_formula(one: Reviewed, before: Reviewed | None, value: float) -> Arithmetic:
    """How the stability that this review left came about."""
    G = one.grade
    if before is None:
        return Arithmetic(f"w_{{{G - 1}}}", str(W[G - 1]), value, f"A first answer of grade {G} starts here.")
    S, D, R = (latex(five_digits(v)) for v in (*before.memory, before.recall))
    if before.waited == 0:
        power = f"{W[17]} \\cdot ({G} - 3 + {W[18]})"
        symbols, filled = r"e^{w_{17} (G - 3 + w_{18})} \, S^{-w_{19}}", rf"e^{{{power}}} \cdot {S}^{{-{W[19]}}}"
        if G == 1:
            return Arithmetic(rf"S \cdot {symbols}", rf"{S} \cdot {filled}", value, "Missed on the same day.")
        says = "A second look on the same day never lowers it, and rarely adds much."
        return Arithmetic(rf"S \cdot \max(1, {symbols})", rf"{S} \cdot \max(1, {filled})", value, says)
    if G == 1:
        symbols = r"\min(w_{11} D^{-w_{12}} ((S + 1)^{w_{13}} - 1) \, e^{w_{14} (1 - R)}, S / e^{w_{17} w_{18}})"
        long = rf"{W[11]} \cdot {D}^{{-{W[12]}}} \cdot (({S} + 1)^{{{W[13]}}} - 1) \cdot e^{{{W[14]} \cdot (1 - {R})}}"
        filled = rf"\min({long}, {S} / e^{{{W[17]} \cdot {W[18]}}})"
        return Arithmetic(symbols, filled, value, "Missed: little is left, and never more than before.")
    extra = {2: rf" \cdot {W[15]}", 3: "", 4: rf" \cdot {W[16]}"}[G]
    letter = {2: r" \, w_{15}", 3: "", 4: r" \, w_{16}"}[G]
    symbols = r"S \cdot (1 + e^{w_8} (11 - D) \, S^{-w_9} (e^{w_{10} (1 - R)} - 1)" + letter + ")"
    filled = (
        rf"{S} \cdot (1 + e^{{{W[8]}}} \cdot (11 - {D}) \cdot {S}^{{-{W[9]}}} \cdot (e^{{{W[10]} \cdot (1 - {R})}} - 1)"
        + extra
        + ")"
    )
    return Arithmetic(symbols, filled, value, "The more was forgotten, the more a success is worth.")


def difficulty_formula(one: Reviewed, before: Reviewed | None, value: float) -> Arithmetic:
    """How the difficulty that this review left came about."""
    G = one.grade
    if before is None:
        says = "Held within 1 to 10."
        return Arithmetic(r"w_4 - e^{w_5 (G - 1)} + 1", rf"{W[4]} - e^{{{W[5]} \cdot ({G} - 1)}} + 1", value, says)
    D, easy = latex(five_digits(before.memory.difficulty)), latex(forgetting.first_difficulty(4))
    symbols = r"w_7 D_0(4) + (1 - w_7) \, (D - w_6 (G - 3) (10 - D) / 9)"
    filled = rf"{W[7]} \cdot ({easy}) + {1 - W[7]} \cdot ({D} - {W[6]} \cdot ({G} - 3) \cdot (10 - {D}) / 9)"
    return Arithmetic(symbols, filled, value, "Held within 1 to 10.")
