"""Formulas as words: what is written in several ways becomes one."""

import pytest

from app.study.sitting.formulas import shown, spelled_out


@pytest.mark.parametrize(
    "spellings",
    [
        ["h_t", "h_{t}", "hₜ", "h_(t)"],
        ["h_{t-1}", "h_t-1", "hₜ₋₁", "h_{t−1}"],
        ["w^2", "w²", "w**2", "w^{2}", "w*w", "w · w", r"w \cdot w"],
        ["2w", "2*w", "2 · w", r"2 \cdot w"],
        ["nh + h^2 + h", "n*h + h² + h", r"n \cdot h + h \cdot h + h"],
        ["1/4", "0.25", "25 %", "¼", r"\frac{1}{4}", "25 percent"],
        ["−1", "-1"],
        [r"\sigma_1", "σ₁", "sigma_1"],
        [r"\sigma(x)", "σ(x)", "sigma(x)", "sigmoid (x)"],
        ["return_state=True", "returnstate=True"],
        ["||g||", "‖g‖"],
        ["dL/dW", "∂L/∂W"],
    ],
)
def test_one_formula_in_every_spelling(spellings: list[str]) -> None:
    assert len({" ".join(spelled_out(one).split()) for one in spellings}) == 1


def test_words_and_differences_stay() -> None:
    words = "It is so, and the state is not."
    assert spelled_out(words) == words
    assert len({spelled_out(one) for one in ("h_t", "h_{t-1}", "h_0", "x_t", "1/4", "1/3", "-1", "1", "t - 1")}) == 9
    assert spelled_out("1/0")


def test_a_number_is_shown_as_it_is_written() -> None:
    assert [shown(term) for term in spelled_out("-1 0.25 73 % gates w2").split()] == [
        "−1",
        "0.25",
        "0.73",
        "gates",
        "w2",
    ]
