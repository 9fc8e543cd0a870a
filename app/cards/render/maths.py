"""LaTeX to MathML: the one door to latex2mathml."""

import re
from functools import lru_cache
from xml.etree import ElementTree

from latex2mathml.converter import convert

LONGEST = 4_000

# The elements of MathML Core that a formula may use, with the number of children they need (None: any).
ELEMENTS: dict[str, int | None] = {
    **dict.fromkeys(
        ("math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mstyle", "msqrt", "mpadded", "mphantom", "mtable"), None
    ),
    **dict.fromkeys(("mtr", "mtd", "semantics", "annotation"), None),
    **dict.fromkeys(("mfrac", "msub", "msup", "munder", "mover", "mroot"), 2),
    **dict.fromkeys(("msubsup", "munderover"), 3),
}
ATTRIBUTES = {
    *("display", "displaystyle", "scriptlevel", "mathvariant", "stretchy", "fence", "form", "accent", "separator"),
    *("movablelimits", "minsize", "maxsize", "lspace", "rspace", "linethickness", "columnalign", "columnspacing"),
    *("rowspacing", "width", "height", "depth", "voffset", "largeop", "symmetric", "accentunder", "encoding"),
}
ENVIRONMENTS = {
    *("matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "Vmatrix", "smallmatrix"),
    *("array", "cases", "aligned", "align", "align*", "split"),
}
# Commands that define others, or that affect the page around the formula.
REFUSED = {
    *("newcommand", "renewcommand", "def", "newenvironment", "DeclareMathOperator", "tag", "label", "ref"),
    *("href", "url", "class", "style", "cssId", "color", "colorbox", "fcolorbox", "textcolor", "require", "unicode"),
}
_COMMAND = re.compile(r"\\([a-zA-Z]+\*?|.|$)", re.DOTALL)
_TEXT = re.compile(r"\\(text\w*|mbox|operatorname)\s*\{([^{}]*)\}")
_UPRIGHT = re.compile(r"\\mathrm\s*\{([A-Za-z0-9 ]+)\}")
# In \text, latex2mathml does not escape < > &: they are replaced by private characters, and put back escaped.
_HIDDEN = str.maketrans({"<": "\ue000", ">": "\ue001", "&": "\ue002"})
_SHOWN = str.maketrans({"\ue000": "<", "\ue001": ">", "\ue002": "&"})


class MathsError(ValueError):
    """A formula that cannot be shown; the message says why."""


@lru_cache(maxsize=4_096)
def mathml(latex: str, display: bool = False) -> str:
    """The formula as one <math> element with its LaTeX as annotation, for people who copy it.

    Raises MathsError for an unclosed brace or environment, an unknown command, and whatever else would be shown as
    something that the author did not write.
    """
    if not latex.strip():
        raise MathsError("the formula is empty")
    if len(latex) > LONGEST:
        raise MathsError(f"the formula has {len(latex):,} characters; at most {LONGEST:,} are read")
    _check_source(latex)
    try:
        xml = convert(_prepared(latex), display="block" if display else "inline")
    except RecursionError:
        raise MathsError("the formula is nested too deeply") from None
    except Exception as error:
        raise MathsError(_reason(error)) from error
    return _checked(xml.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "", 1), latex)


def _check_source(latex: str) -> None:
    for character in latex:
        if not character.isprintable() and character not in "\n\t":
            raise MathsError(f"the character U+{ord(character):04X} has no place in a formula")
    depth, environments = 0, []
    plain = _COMMAND.sub(lambda found: "  " if len(found[1]) < 2 else found[0], latex)
    for character in plain:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            raise MathsError("a } closes nothing")
        if depth > 40:
            raise MathsError("the formula is nested too deeply")
    if depth:
        raise MathsError("a { is never closed")
    if "%" in plain:
        raise MathsError(r"% starts a comment in LaTeX; a percent sign is \%")
    for found in _COMMAND.finditer(latex):
        if not found[1]:
            raise MathsError(r"it ends in a lone backslash")
        if found[1].rstrip("*") in REFUSED:
            raise MathsError(rf"\{found[1]} cannot be used here")
    for verb, name in re.findall(r"\\(begin|end)\s*\{([^{}]*)\}", latex):
        if name not in ENVIRONMENTS:
            raise MathsError(f"unknown environment {name!r}; known are {', '.join(sorted(ENVIRONMENTS))}")
        if verb == "begin":
            environments.append(name)
        elif not environments or environments.pop() != name:
            raise MathsError(rf"\end{{{name}}} does not match its \begin")
    if environments:
        raise MathsError(rf"\begin{{{environments[-1]}}} is never closed")


def _prepared(latex: str) -> str:
    latex = re.sub(r"\\(begin|end)\s*\{align(ed)?\}", r"\\\1{align*}", latex)
    latex = latex.replace(r"\operatorname*", r"\operatorname")
    latex = re.sub(r"\\operatorname\s*\{arg\\,(max|min)\}", r"\\arg\1", latex)
    latex = _UPRIGHT.sub(r"\\text{\1}", latex)
    return _TEXT.sub(lambda found: rf"\{found[1]}{{{found[2].translate(_HIDDEN)}}}", latex)


def _reason(error: Exception) -> str:
    if str(error):
        return str(error)
    # The name of latex2mathml's exception is its only message.
    words = re.findall("[A-Z][a-z]*", type(error).__name__.removesuffix("Error"))
    return " ".join(words).lower() or "the formula cannot be read"


def _checked(xml: str, latex: str) -> str:
    if unknown := re.search(r"\\([a-zA-Z]+|.|$)", xml):
        raise MathsError(f"unknown command {unknown[0]}")
    if re.search(r"&(?!#?\w+;)", xml):
        raise MathsError(r"& stands outside an environment such as aligned; an ampersand is \&")
    if 'linebreak="newline"' in xml:
        raise MathsError(r"\\ stands outside an environment such as aligned")
    try:
        math = ElementTree.fromstring(xml)  # noqa: S314 - latex2mathml's own output, which holds no entities
    except ElementTree.ParseError:
        raise MathsError("the formula cannot be written as MathML") from None
    for element in math.iter():
        if element.tag not in ELEMENTS:
            raise MathsError(f"it needs <{element.tag}>, which browsers do not show")
        needed = ELEMENTS[element.tag]
        if needed is not None and len(element) != needed:
            raise MathsError("a fraction, root, index or exponent lacks a part")
        if element.tag == "mo" and not (element.text or "").strip():
            raise MathsError("an operator is empty")
        element.attrib = {name: value for name, value in element.attrib.items() if name in ATTRIBUTES}
        if element.get("mathvariant") == "bold-italic":
            element.text = "".join(map(_bold_italic, element.text or ""))
            del element.attrib["mathvariant"]
        element.text = element.text and element.text.translate(_SHOWN)
    whole = ElementTree.Element("semantics")
    whole.extend(list(math))
    ElementTree.SubElement(whole, "annotation", encoding="application/x-tex").text = latex.strip()
    math[:] = [whole]
    return ElementTree.tostring(math, encoding="unicode")


def _bold_italic(letter: str) -> str:
    # Browsers support only mathvariant="normal"; bold italic letters are characters of their own (from U+1D400).
    for first, last, bold in (("A", "Z", 0x1D468), ("a", "z", 0x1D482), ("α", "ω", 0x1D736), ("Α", "Ω", 0x1D71C)):
        if first <= letter <= last:
            return chr(bold + ord(letter) - ord(first))
    return letter
