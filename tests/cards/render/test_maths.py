"""A formula is shown as it was meant, or not at all."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cards.render.maths import ELEMENTS, MathsError, mathml
from tests.examples import examples


def shown(latex: str) -> str:
    """The characters that a reader sees."""
    math = ElementTree.fromstring(mathml(latex))
    return "".join(math[0][0].itertext())


@pytest.mark.parametrize(
    ("latex", "characters"),
    [
        (r"h_t = \tanh(W_x x_t)", "ht=tanh(Wxxt)"),
        (r"\varphi(\alpha)", "φ(α)"),
        (r"\mathrm{loss} + \operatorname{softmax}(z)", "loss+softmax(z)"),
        (r"\operatorname*{arg\,max}_x", "arg\u2009maxx"),
        (r"\bm{h}\boldsymbol{\theta}", "𝒉𝜽"),
        (r"\text{if } a < b", "if\u00a0a<b"),
        (r"\text{a <b> & c}", "a\u00a0<b>\u00a0&\u00a0c"),
        (r"99\,\%", "99%"),
        (r"\backslash", "\\"),
        (r"\begin{aligned}a &= b \\ c &= d\end{aligned}", "a=bc=d"),
        (r"\begin{bmatrix}1&2\\3&4\end{bmatrix}", "[1234]"),
        (r"f(x) = \begin{cases}1 & x>0\\0 & \text{else}\end{cases}", "f(x)={1x>00else"),
        (r"\left\lVert \frac{\partial h_T}{\partial h_t} \right\rVert_2", "‖∂hT∂ht‖2"),
    ],
)
def test_what_is_written_is_what_is_seen(latex, characters):
    assert shown(latex) == characters


@pytest.mark.parametrize(
    ("latex", "reason"),
    [
        ("", "empty"),
        (r"\foo", r"unknown command \foo"),
        (r"\text{a \foo b}", r"unknown command \foo"),
        (r"\frac{1}", "lacks a part"),
        (r"{a", "a { is never closed"),
        (r"a}", "a } closes nothing"),
        (r"x^", "missing super script"),
        (r"a_b_c", "double subscripts"),
        (r"\left( a", "left"),
        (r"\begin{aligned}a", r"\begin{aligned} is never closed"),
        (r"\begin{aligned}a\end{cases}", r"\end{cases} does not match"),
        (r"\begin{theorem}a\end{theorem}", "unknown environment 'theorem'"),
        ("a & b", "& stands outside"),
        (r"a \\ b", r"\\ stands outside"),
        ("50% of", r"percent sign is \%"),
        ("a\\", "lone backslash"),
        (r"\boxed{x}", "browsers do not show"),
        (r"\href{javascript:alert(1)}{x}", r"\href cannot be used"),
        (r"\class{hx}{x}", r"\class cannot be used"),
        (r"\style{color:red}{x}", r"\style cannot be used"),
        (r"\newcommand{\x}{1}\x", r"\newcommand cannot be used"),
        (r"\def\x{1}", r"\def cannot be used"),
        ("{" * 50 + "}" * 50, "nested too deeply"),
        ("x" * 5_000, "at most 4,000"),
        ("a\u00a0b", "the character U+00A0 has no place"),
    ],
)
def test_what_cannot_be_shown_is_said(latex, reason):
    with pytest.raises(MathsError, match=r".*") as error:
        mathml(latex)
    assert reason in str(error.value)


def test_the_latex_is_kept_for_those_who_copy_it():
    math = ElementTree.fromstring(mathml(r"a < \text{b}", display=True))
    assert math.get("display") == "block"
    annotation = math.find("semantics/annotation")
    assert annotation is not None
    assert (annotation.get("encoding"), annotation.text) == ("application/x-tex", r"a < \text{b}")


COMMANDS = r"\ \foo \frac \text \sqrt \left( \right) \hat \mathbf \begin{aligned} \end{aligned} \begin{array}{c} \\"
HOSTILE = r"\text{<i>} \href{x} \unicode{x41}"
PIECES = st.sampled_from(re.split(" ", f"{COMMANDS} {HOSTILE}") + list("{}[]()_^&<>%'\"~a1é=,- \ue000"))


@examples(400)
@given(st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=30))
def test_anything_gives_plain_mathml_or_a_reason(latex):
    try:
        xml = mathml(latex)
    except MathsError as refused:
        reason = str(refused)
        assert reason
        return
    for element in ElementTree.fromstring(xml).iter():
        assert element.tag in ELEMENTS
        assert not {"href", "style", "class", "onclick"} & set(element.attrib)
    annotation = ElementTree.fromstring(xml).find("semantics/annotation")
    assert annotation is not None
    assert annotation.text == latex.strip()
