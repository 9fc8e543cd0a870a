"""A formula is shown as it was meant, or not at all. `tests/browser/test_formulas.py` asks a browser."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cards.render import maths
from app.cards.render.latex_source import expanded
from app.cards.render.maths import (
    ATTRIBUTES,
    CLASSES,
    ELEMENTS,
    IN_TEXT,
    MathsError,
    equations,
    macro_mistakes,
    mathml,
    plain,
)
from app.cards.render.sanitiser import CLEANER
from tests.cards.render.formulas import DRAWN, MACROS, REFUSED
from tests.examples import examples


def shown(latex: str) -> str:
    """The characters that a reader sees."""
    math = ElementTree.fromstring(mathml(latex))
    return re.sub("[\u2061-\u2063]", "", "".join(math[0][0].itertext())).replace("\xa0", " ")


@pytest.mark.parametrize(
    ("latex", "characters"),
    [
        (r"h_t = \tanh(W_x x_t)", "ht=tanh(Wxxt)"),
        (r"\varphi(\alpha)", "φ(α)"),
        (r"\mathrm{loss} + \operatorname{softmax}(z)", "loss+softmax(z)"),
        (r"\bm{h}\boldsymbol{\theta}", "𝒉𝜽"),
        (r"\text{a <b> & c}", "refused"),
        (r"\text{a <b> \& c}", "a <b> & c"),
        (r"\text{if $a < b$ or $c$}", "if a<b or c"),
        (r"\text{a \textbf{b} c}", "a b c"),
        (r"99\,\%", "99%"),
        (r"\begin{aligned}a &= b \\[2pt] c &= d\end{aligned}", "a=bc=d"),
        (r"\begin{align}a &= b \\ c &= d\end{align}", "a=bc=d"),
        (r"f(x) = \begin{cases}1 & x>0\\0 & \text{else}\end{cases}", "f(x)={1x>00else"),
    ],
)
def test_what_is_written_is_what_is_seen(latex, characters):
    if characters == "refused":
        with pytest.raises(MathsError):
            mathml(latex)
    else:
        assert shown(latex) == characters


@pytest.mark.parametrize(("latex", "at", "reason"), REFUSED)
def test_what_cannot_be_shown_is_said_with_its_place(latex, at, reason):
    for display in (False, True):
        with pytest.raises(MathsError, match=r".*") as error:
            mathml(latex, display)
        assert (reason in str(error.value), error.value.at) == (True, at), error.value


@pytest.mark.parametrize("padding", ["", r"\text{if $x$} ", r"\begin{align} a &= b \end{align} ", r"\argmax_x "])
def test_a_place_is_that_of_the_authors_own_text(padding):
    with pytest.raises(MathsError) as error:
        mathml(rf"{padding}\foo + 1")
    assert error.value.at == len(padding)


def test_the_latex_is_kept_for_those_who_copy_it():
    math = ElementTree.fromstring(mathml(r" a < \text{b} ", display=True))
    assert math.get("display") == "block"
    annotation = math.find("semantics/annotation")
    assert annotation is not None
    assert (annotation.get("encoding"), annotation.text) == ("application/x-tex", r"a < \text{b}")


def test_macros_are_drawn_and_written_out_for_other_programs():
    macros = (("R", r"\mathbb{R}"), ("KL", r"\operatorname{KL}(#1 \,\|\, #2)"), ("RR", r"\R^{2}"))
    drawn = mathml(r"x \in \RR, \KL{p}{q}", macros=macros)
    assert "ℝ" in drawn
    assert r"x \in \mathbb{R}^{2}, \operatorname{KL}(p \,\|\, q)</annotation>" in drawn
    assert expanded(r"\R x, \Rx", macros) == r"\mathbb{R}x, \Rx"
    assert expanded(r"\a\b", (("a", r"\alpha"),)) == r"\alpha\b"
    assert expanded(r"\a b", (("a", r"\alpha"),)) == r"\alpha b"
    assert len(expanded(r"\a", (("a", r"\a\a"),))) < 1_000


def test_bad_macros_are_named_and_leave_the_others():
    macros = (("R", r"\mathbb{R}"), ("bad", r"\foo"), ("open", "{"), ("a1", "x"), ("user", r"\bad + \R"))
    assert set(macro_mistakes(macros)) == {"bad", "open", "a1", "user"}
    assert "unknown command \\foo" in macro_mistakes(macros)["bad"]
    assert macro_mistakes(()) == {}


def test_every_formula_of_the_corpus_has_only_what_the_sanitiser_keeps():
    assert len(DRAWN) + len(REFUSED) >= 200
    for latex, *_checks in DRAWN:
        for element in ElementTree.fromstring(mathml(latex, display=True, macros=MACROS)).iter():
            assert element.tag in ELEMENTS | IN_TEXT
            assert element.attrib.keys() <= ATTRIBUTES | {"class"}
            assert set(element.get("class", "").split()) <= CLASSES


def test_the_sanitiser_would_take_nothing_from_a_formula():
    """A page shows formulas as they are: nh3 agrees, with its own parser, that nothing in them is to be removed."""
    for latex, *_checks in DRAWN:
        xml = mathml(latex, display=True, macros=MACROS)
        cleaned = CLEANER.clean(xml).replace("&nbsp;", "\xa0")
        assert ElementTree.canonicalize(cleaned) == ElementTree.canonicalize(xml)


@pytest.mark.parametrize(
    "tag", ["script", "mi onclick", 'mi class="modal"', 'mi style="color"', 'mi href="x"', "mi x=y"]
)
def test_what_no_page_may_have_is_refused(tag, monkeypatch):
    class Converter:
        def convert_with_local_state(self, _latex, displaystyle):
            return f"<math><{tag}>x</mi></math>"

    monkeypatch.setattr(maths, "_converter", lambda _macros: Converter())
    with pytest.raises(MathsError, match="draw"):
        mathml.__wrapped__("x")


COMMANDS = r"\ \foo \frac \text \sqrt \left( \right) \hat \mathbf \begin{aligned} \end{aligned} \begin{array}{c} \\"
MORE = r"\tag{1} \text{$ \color{red} \big| \mathop \operatorname*{ \begin{align} \end{align} \cancel \boxed \label{x}"
HOSTILE = r"\text{<i>} \href{x} \unicode{x41} \hspace{-2em} \mathbin{x}"
PIECES = st.sampled_from(re.split(" ", f"{COMMANDS} {MORE} {HOSTILE}") + list("{}[]()_^&<>%'\"~a1é=,- $\ue000"))


@examples(400)
@given(st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=30), st.booleans())
def test_anything_gives_plain_mathml_or_a_reason_with_a_place(latex, display):
    refused = None
    try:
        xml = mathml(latex, display)
    except MathsError as error:
        refused = error
    if refused:
        assert str(refused)
        assert 0 <= refused.at <= len(latex)
        return
    for element in ElementTree.fromstring(xml).iter():
        assert element.tag in ELEMENTS | IN_TEXT
        assert not {"href", "style", "onclick"} & set(element.attrib)
        assert set(element.get("class", "").split()) <= CLASSES
    annotation = ElementTree.fromstring(xml).find("semantics/annotation")
    assert annotation is not None
    assert annotation.text == expanded(latex.strip(), ())


@pytest.mark.parametrize(
    ("latex", "parts"),
    [
        (r"a = b, \qquad c = d", ["a = b,", "c = d"]),
        (r"\left( a \qquad b \right)", [r"\left( a \qquad b \right)"]),
        (r"\frac{a \qquad b}{c}", [r"\frac{a \qquad b}{c}"]),
        (r"\begin{aligned} a &= b \qquad c \end{aligned}", [r"\begin{aligned} a &= b \qquad c \end{aligned}"]),
        (r"a \qquad", [r"a \qquad"]),
        (r"a \leftarrow b, \qquad c \rightarrow \{d\}", [r"a \leftarrow b,", r"c \rightarrow \{d\}"]),
    ],
)
def test_equations_beside_each_other_are_parted_where_nothing_is_around_them(latex: str, parts: list[str]) -> None:
    assert equations(latex) == parts
    assert all(mathml(part, display=True) for part in parts)


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        ("h_t = f(h_{t-1}, x_t)", "hₜ = f(hₜ₋₁, xₜ)"),
        (r"\frac{\partial L}{\partial W_{hh}^\top}", "∂L/∂Wₕₕᵀ"),
        (r"0.9^{50}\in\mathbb{R}", "0.9⁵⁰ ∈ ℝ"),
        (r"\sqrt{d_q}\cdot h^{(l)}", "√(d_q)⋅h^(l)"),
        (r"\sum_{k}^n\operatorname{softmax}(z)", "∑ₖⁿsoftmax(z)"),
    ],
)
def test_a_formula_in_a_title_is_written_in_letters(latex: str, text: str) -> None:
    assert plain(f"What <em>is</em> {mathml(latex)} &amp; why?") == f"What is {text} & why?"


def test_what_has_no_end_tag_leaves_no_markup_in_a_line():
    assert plain(f'<p>See<br>\n<img src="a.svg" alt="">{mathml("h_t")} &lt; 1.</p>') == "See hₜ < 1."
