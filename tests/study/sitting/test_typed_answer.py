"""A typed answer's terms beside the right one's."""

from hypothesis import given
from hypothesis import strategies as st

from app.study.sitting.typed_answer import compared, unsaid

RIGHT = "Because going back T steps multiplies the gradient by T Jacobians; each shrinks it a little."


def matching(typed: str, answer: str = RIGHT) -> list[str]:
    return [piece.text for piece in compared(typed, answer) if piece.matches]


def test_terms_match_in_any_form_and_common_words_never() -> None:
    typed = "It is the multiplied Jacobian's product, and the GRADIENTS shrink at each step."
    assert matching(typed) == ["multiplied", "Jacobian's", "GRADIENTS", "shrink", "step"]
    assert matching("because the it is a", RIGHT) == []


def test_numbers_and_symbols_are_terms() -> None:
    assert matching("W_hh has 32 rows", "W_hh is 32 by 32") == ["hh", "32"]
    assert matching("3", "3") == ["3"]


def test_what_the_short_answer_has_and_the_typed_one_has_not_is_named_once_in_its_order() -> None:
    assert unsaid("the gradient is multiplied", RIGHT) == ["going", "steps", "Jacobians", "shrinks", "little"]
    assert unsaid(RIGHT, RIGHT) == []
    assert unsaid("", "Gates. More gates!") == ["Gates"]


@given(st.text(), st.text())
def test_nothing_typed_is_lost_or_added(typed: str, answer: str) -> None:
    assert "".join(piece.text for piece in compared(typed, answer)) == typed
    assert not {piece.text for piece in compared(typed, answer) if piece.matches} & set(unsaid(typed, answer))
