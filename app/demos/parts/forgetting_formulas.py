"""The formulas of the forgetting recurrence with their numbers filled in: stability and difficulty after a review."""

from dataclasses import dataclass

from app.demos.machine.arithmetic import Formula
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


W_VALUES = {f"w_{{{i}}}": w for i, w in enumerate(W)}


def _rounded(text: str, note: str, written: str, values: dict[str, float]) -> Formula:
    return Formula(text, note, written, W_VALUES | values, digits=4)


def stability_formula(one: Reviewed, before: Reviewed | None) -> Formula:
    """The stability that this review left."""
    G = one.grade
    if before is None:
        text = f"w_{{{G - 1}}}"
        return _rounded(text, f"The stability after a first answer of grade {G}.", text, {})
    S, D, R = (five_digits(value) for value in (*before.memory, before.recall))
    values = {"S": S, "D": D, "R": R, "G": float(G)}
    if before.waited == 0:
        text = r"e^{w_{17} (G - 3 + w_{18})} \, S^{-w_{19}}"
        written = r"e^{w_{17} \cdot (G - 3 + w_{18})} \cdot S^{-w_{19}}"
        if G == 1:
            note = "A miss on the same day. Never below 0.001."
            return _rounded(rf"S \cdot {text}", note, rf"\max(0.001, S \cdot {written})", values)
        note = "A success on the same day never lowers it, and rarely adds much."
        return _rounded(rf"S \cdot \max(1, {text})", note, rf"S \cdot \max(1, {written})", values)
    if G == 1:
        text = r"\min(w_{11} D^{-w_{12}} ((S + 1)^{w_{13}} - 1) \, e^{w_{14} (1 - R)}, S / e^{w_{17} w_{18}})"
        written = r"w_{11} \cdot D^{-w_{12}} \cdot ((S + 1)^{w_{13}} - 1) \cdot e^{w_{14} \cdot (1 - R)}"
        written = rf"\max(0.001, \min({written}, S / e^{{w_{{17}} \cdot w_{{18}}}}))"
        return _rounded(
            text, "After a miss little is left, never more than before and never below 0.001.", written, values
        )
    letter = {2: "w_{15}", 3: "", 4: "w_{16}"}[G]
    text = r"S \cdot (1 + e^{w_8} (11 - D) \, S^{-w_9} (e^{w_{10} (1 - R)} - 1)" + (
        rf" \, {letter})" if letter else ")"
    )
    written = r"S \cdot (1 + e^{w_{8}} \cdot (11 - D) \cdot S^{-w_{9}} \cdot (e^{w_{10} \cdot (1 - R)} - 1)"
    written += rf" \cdot {letter})" if letter else ")"
    return _rounded(text, "The lower recall was, the more a success adds.", written, values)


def difficulty_formula(one: Reviewed, before: Reviewed | None) -> Formula:
    """The difficulty that this review left."""
    values, note = {"G": float(one.grade)}, "Kept between 1 and 10."
    if before is None:
        written = r"\max(1, \min(10, w_{4} - e^{w_{5} \cdot (G - 1)} + 1))"
        return _rounded(r"w_4 - e^{w_5 (G - 1)} + 1", note, written, values)
    values |= {"D": five_digits(before.memory.difficulty), "d": forgetting.first_difficulty(4)}
    text = r"w_7 D_0(4) + (1 - w_7) \, (D - w_6 (G - 3) (10 - D) / 9)"
    written = r"w_{7} \cdot d + (1 - w_{7}) \cdot (D - w_{6} \cdot (G - 3) \cdot (10 - D) / 9)"
    return _rounded(text, note, rf"\max(1, \min(10, {written}))", values)
