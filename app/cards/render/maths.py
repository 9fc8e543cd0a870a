"""LaTeX to MathML: the one door to math-core."""

import html
import re
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup
from math_core import LatexError, LatexToMathML

from app.cards.render.latex_source import BUILT_IN, LatexSource, Macros, expanded
from app.cards.render.latex_source import MathsError as MathsError
from app.cards.render.word_table import word_table

LONGEST = 4_000
DEEPEST_MATHML = 60

_TABLE = word_table(Path(__file__).with_name("latex.txt"))
_STYLES, _WORDS, COLOURS = _TABLE["style"], _TABLE["said"], _TABLE["colour"]
ELEMENTS, ATTRIBUTES = set(_TABLE["element"]), set(_TABLE["attribute"])
_BACK = {0.0833: "m-back1", 0.1667: "m-back3", 0.2222: "m-back4", 0.2778: "m-back5"}
_ENCLOSED = {"box": "m-box", "updiagonalstrike": "m-up", "downdiagonalstrike": "m-down"}
CLASSES = {*filter(None, _STYLES.values()), *_ENCLOSED.values(), "m-up-down", "m-over", "m-under", "m-back1"}
_RULE = '<mo stretchy="true">\u0332</mo>'
_AN_OPERATOR = '<mpadded style="padding-left:0;padding-right:0.1667em;">'

IN_TEXT = {"strong", "em", "code", "s"}
_STYLE = re.compile(r' style="([^"]*)"')
# Browsers size a bracket only where it is no base of an index.
_SIZED_WITH_INDEX = re.compile(r"(<m(?:sub|sup|subsup)>)(<mo [^>]*minsize=[^>]*>[^<]*</mo>)")
_UNSEEN = ("\ufe00", "\ufe01")  # choose between two script alphabets: the font has one
_TAG = re.compile(r"<(/?)\w+[^>]*?(/?)>")
_BETWEEN = re.compile("<([^<>]*)")
_ALLOWED = re.compile(
    rf"/?(?:{'|'.join(IN_TEXT)})|/?(?:{'|'.join(ELEMENTS)})(?: (?:{'|'.join(ATTRIBUTES)})=\"[^\"]*\""
    rf"| class=\"(?:(?:{'|'.join(CLASSES)}) ?)*\")*/?"
)
_OPENS, _ENDS = "([{“‘„‚«‹¿¡「『（【《", ",.;:!?…)]}”’»›%‰°′″/–—‑-、。，．；：！？」』）】》"
_WHOLE = r"<math>[^<]*+(?:<(?!/?math\b)[^<]*+)*+</math>"
_INLINE = rf'{_WHOLE}|<span class="long"[^>]*>{_WHOLE}</span>'
_BOLD = "(?:strong|em|s)"
_OPENS_OUTSIDE = re.compile(rf"([{re.escape(_OPENS)}]+)((?:<{_BOLD}>)+)(?=<math>|<span class=\"long\")")
_ENDS_OUTSIDE = re.compile(rf"(</math>(?:</span>)?)((?:</{_BOLD}>)+)([{re.escape(_ENDS)}]+)")
_TOUCHED = re.compile(rf"([{re.escape(_OPENS)}]*)({_INLINE})([{re.escape(_ENDS)}]*)", re.DOTALL)

_GLUED = re.compile(rf'<span class="glued">({_TOUCHED.pattern})</span>', re.DOTALL)


def unglued(html: str) -> str:
    """The HTML without what `glued` added, for programs that draw formulas themselves."""
    return _GLUED.sub(r"\1", html)


def glued(html: str) -> str:
    """The HTML with the punctuation that touches a formula kept on its line: browsers would break there."""
    if "<math>" not in html:
        return html
    html = _ENDS_OUTSIDE.sub(r"\1\3\2", _OPENS_OUTSIDE.sub(r"\2\1", html))
    return _TOUCHED.sub(
        lambda found: f'<span class="glued">{found[0]}</span>' if found[1] or found[3] else found[0], html
    )


_INNERMOST = re.compile(r"<(\w+)[^>]*>([^<]*)</\1>")
_SMALL = {
    "_": str.maketrans("0123456789+−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"),
    "^": str.maketrans("0123456789+−=()inT⊤", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁱⁿᵀᵀ"),
}
_BEFORE_PARTS = {"msub": "_", "msup": "^", "msubsup": "_^", "munder": "_", "munderover": "_^", "mfrac": "/"}


@lru_cache(maxsize=256)
def plain(line: str) -> str:
    """The words of a line of HTML for where no markup can be, such as a page's title: hₜ = f(hₜ₋₁, xₜ)."""
    text, before = re.sub("<annotation.*?</annotation>|<mspace[^>]*>|\u2061", "", line, flags=re.DOTALL), ""
    while text != before:
        text, before = _INNERMOST.sub(_in_a_line, text), text
    return Markup(text.replace("\x1f", "")).striptags()  # noqa: S704  (escaped again where it is shown)


def _in_a_line(found: re.Match[str]) -> str:
    """An element whose parts are written already, each of a formula's ended by a mark."""
    tag, (first, *more) = found[1], found[2].split("\x1f")
    for at, sign in enumerate(_BEFORE_PARTS.get(tag, "")):
        small = _SMALL.get(sign, {})
        is_small = all(ord(letter) in small for letter in more[at])
        more[at] = more[at].translate(small) if is_small else sign + more[at]
    written = f"√({first})" if tag == "msqrt" else first + "".join(more)
    spaces = "{} " if tag == "mo" and written == "," else " {} " if tag == "mo" and written in set("=≤≥≈≠∈→") else "{}"
    return spaces.format(written) + "\x1f" * tag.startswith("m")


@lru_cache(maxsize=4_096)
def mathml(latex: str, display: bool = False, macros: Macros = ()) -> str:
    """The formula as one <math> element with its LaTeX as annotation, for people who copy it.

    In the annotation, macros are written out. Raises MathsError for an unclosed brace or environment, an unknown
    command, and whatever else would be shown as something that the author did not write.
    """
    if not latex.strip():
        raise MathsError("the formula is empty")
    if len(latex) > LONGEST:
        raise MathsError(f"the formula has {len(latex):,} characters; at most {LONGEST:,} are read")
    for at, character in enumerate(latex) if not latex.isprintable() else ():
        if not character.isprintable() and character not in "\n\t":
            raise MathsError(f"the character U+{ord(character):04X} cannot be used in a formula", at)
    source = LatexSource(latex, display)
    try:
        xml = _converter(macros).convert_with_local_state(source.text, displaystyle=display)
    except LatexError as error:
        at, message = _told(error)
        raise MathsError(message, source.origin(at)) from None
    return _annotated(_as_core(xml, display), expanded(latex.strip(), macros))


def equations(latex: str) -> list[str]:
    r"""The equations that stand beside each other with \qquad between them, each alone, so that a page can wrap them.

    A \qquad within brackets or an environment parts nothing: then it is the formula as it is.
    """
    parts = latex.split(r"\qquad")
    whole = all(part.strip() and _is_balanced(part) for part in parts)
    return [part.strip() for part in parts] if whole else [latex]


def _is_balanced(part: str) -> bool:
    pairs = (("{", "}"), (r"\begin", r"\end"), (r"\left", r"\right"))
    counted = part.replace(r"\{", "").replace(r"\}", "").replace(r"\leftarrow", "").replace(r"\rightarrow", "")
    return (
        "&" not in part
        and r"\\" not in part
        and all(counted.count(one) == counted.count(other) for one, other in pairs)
    )


@lru_cache(maxsize=256)
def _converter(macros: Macros) -> LatexToMathML:
    prepared = {name: LatexSource(body, display=False).text for name, body in macros}
    return LatexToMathML(macros=BUILT_IN | prepared, fancy_error=False, allow_unreliable_rendering=True)


def macro_mistakes(macros: Macros) -> dict[str, str]:
    """What is wrong with macros, by name. All the others can be used together."""
    found: dict[str, str] = {}
    for name, body in macros:
        try:
            LatexSource(body, display=False)
        except MathsError as error:
            found[name] = str(error)
    while True:
        good = {name: body for name, body in macros if name not in found}
        try:
            _converter(tuple(good.items()))
        except LatexError as error:
            number, _at, message = str(error).split(":", 2)
            found[list(BUILT_IN | good)[int(number.removeprefix("macro"))]] = _in_words(message)
        else:
            return found


def _told(error: LatexError) -> tuple[int, str]:
    at, message = str(error).split(":", 1)
    return int(at), _in_words(message)


def _in_words(message: str) -> str:
    message = message.strip().removesuffix(".")
    for pattern, words in _WORDS.items():
        if found := re.fullmatch(pattern, message):
            return found.expand(words)
    return message


def _as_core(xml: str, is_display: bool) -> str:
    """The MathML without what a browser or the page's policy would drop.

    Its elements, attributes and classes are those allowed above, so that a page can show it as it is.
    """
    if "\u0332" in xml or _AN_OPERATOR in xml:
        xml = _ruled(xml, is_display)
    if "menclose" in xml:
        xml = re.sub(r'(?:<mrow class="menclose-\w+"></mrow>)*</menclose>', "</mrow>", xml)
        xml = re.sub(r'<menclose notation="([\w ]+)">', _enclosed, xml)
    if 'style="' in xml:
        xml = _STYLE.sub(_classes, xml)
    xml = xml.replace("&ApplyFunction;", "\u2061").replace("&InvisibleTimes;", "\u2062")
    for sign in _UNSEEN:
        xml = xml.replace(sign, "")
    if "<mtext><" in xml:
        xml = re.sub(r"(</?)([bi])>", lambda found: found[1] + ("strong>" if found[2] == "b" else "em>"), xml)
    if "minsize" in xml:
        xml = _SIZED_WITH_INDEX.sub(r"\1<mrow>\2</mrow>", xml)
    for tag in set(_BETWEEN.findall(xml)):
        if not _is_allowed(tag):
            raise MathsError(f"it needs <{tag}>, which browsers do not draw")
    if xml.count("<") > 4 * DEEPEST_MATHML:
        depth = 0
        for end, empty in _TAG.findall(xml):
            depth += 0 if empty else -1 if end else 1
            if depth > DEEPEST_MATHML:
                raise MathsError("the formula is nested too deeply")
    return xml


@lru_cache(maxsize=4_096)
def _is_allowed(tag: str) -> bool:
    """True if an element and its attributes, as they are between < and >, may be in a page."""
    return _ALLOWED.fullmatch(tag) is not None


def _ruled(xml: str, is_display: bool) -> str:
    """The MathML with rules above and below as borders, and in a display with limits below any \\mathop.

    As a sign, a rule would be too wide for a single letter.
    """
    parts = re.split(r"(</?(?:munder|mover|msub|msup|msubsup)\b[^>]*>)", xml)
    opened: list[int] = []
    for at in range(1, len(parts), 2):
        if not parts[at].startswith("</"):
            opened.append(at)
            continue
        start = opened.pop()
        if parts[at - 1].endswith(_RULE):
            parts[at - 1] = parts[at - 1].removesuffix(_RULE)
            parts[start], parts[at] = f'<mrow class="m-{parts[at][3:-1]}">', "</mrow>"
        elif is_display and parts[start + 1].startswith(_AN_OPERATOR):
            limits = {"msub": "munder", "msup": "mover"}.get(parts[start][1:-1], "munderover")
            parts[start], parts[at] = f"<{limits}>", f"</{limits}>"
    return "".join(parts)


def _enclosed(found: re.Match[str]) -> str:
    name = "m-up-down" if " " in found[1] else _ENCLOSED.get(found[1])
    if not name:
        raise MathsError(f"a {found[1]} around a part is not drawn")
    return f'<mrow class="{name}">'


def _classes(found: re.Match[str]) -> str:
    names = []
    for one in filter(None, re.sub(r"\s*:\s*", ":", found[1]).split(";")):
        if one.startswith("color:"):
            if one[7:] not in COLOURS:
                raise MathsError(f"this colour is not drawn: known are {', '.join(COLOURS.values())}")
            return f' mathcolor="{one[6:]}"'
        if (width := re.fullmatch(r"width:([\d.]+)r?em", one)) and float(width[1]) <= 4:
            continue  # the attribute says it too
        if (back := re.fullmatch(r"margin-left:-([\d.]+)r?em", one)) and float(back[1]) <= 0.28:
            names.append(_BACK[min(_BACK, key=lambda step: abs(step - float(back[1])))])
        elif one in _STYLES:
            names.append(_STYLES[one])
        else:
            raise MathsError(f"{one} is not drawn here: write one of \\, \\: \\; \\! \\quad for a space")
    return f' class="{" ".join(filter(None, names))}"'


def _annotated(xml: str, latex: str) -> str:
    head, body = xml.removesuffix("</math>").split(">", 1)
    if not body or body == "<mrow></mrow>":
        raise MathsError(
            "the formula shows nothing: put commands for several formulas under macros: in the front matter"
        )
    if 'class="m-w100"' not in body:  # a table that fills the width is the whole formula, and must not be in a row
        body = f"<mrow>{body}</mrow>"
    annotation = f'<annotation encoding="application/x-tex">{html.escape(latex, quote=False)}</annotation>'
    return f"{head}><semantics>{body}{annotation}</semantics></math>"
