r"""Formulas as words, so that a typed answer is compared with a card whichever way both write them. Pure.

`h_t`, `hₜ` and `h_{t}` become one word, and so do `x^2`, `x²` and `x**2`, `n*h` and `nh`, `\sigma` and σ, 1/4 and 0.25.
"""

import re
import unicodedata

_SAYS = {
    "ht": "hidden state", "ht1": "previous last old hidden state", "h0": "initial state", "xt": "input",
    "ct": "cell state", "ct1": "old cell state", "ft": "forget gate", "it": "input gate", "ot": "output gate",
    "zt": "update gate", "rt": "reset gate", "Wh": "recurrent matrix weights", "Whh": "recurrent matrix weights",
    "Wx": "input weights", "sigma1": "largest singular value",
}  # fmt: skip
"""What symbols with an index are called on the cards."""
_SIGNS = (
    (r"\b(?:sigma|σ)\s*\(", "sigmoid ("), (r"∂\w*\s*/\s*∂|\bd\w{1,3}\s*/\s*d(?=\w)", "gradient "),
    (r"\|\||‖", " norm "), (r"(?-i:∑|Σ)", " sum "), (r"<=?|≤", " below "), (r">=?|≥", " exceeds "),
    (r"(?-i:\b[WU])\s*\*?\s*(?=[xh]\b)", " weighted "), (r"(?<=weighted )x\b", "input"), (r"\+\s*b\b", "+ bias"),
    (r"(?<=weighted )h\b", "state"), (r"\bmax\b", "maximal"), (r"\bzeros?\b", "0"),
    (r"\bhalf\b", "0.5"), (r"\bquarter\b", "0.25"),
)  # fmt: skip
_INDEX = re.compile(r"(?<![^\W_])([A-Za-z]|sigma|alpha|delta)\s?[_^]\s?(?:\{([^{}]*)\}|\(?([^\W_]{1,3}(?:[-+]1)?)\)?)")
_PRODUCT = re.compile(r"(?<![^\W_])([A-Za-z]|\d+)\s?\*\s?([A-Za-z])(?![^\W_])")
_NUMBER = re.compile(r"(?:(?<![\w)\]])-)?\b(\d+(?:\.\d+)?)(?:\s?/\s?(\d+))?(\s?%| per cent| percent)?(?!\w)")


def spelled_out(text: str) -> str:
    """The text with its formulas in words: terms that mean the same are written alike."""
    text = re.sub(r"[\u2080-\u208e\u2090-\u209c]+", lambda found: f"_{{{found[0]}}}", text)
    text = re.sub(r"[²³¹\u2070-\u207f]+", lambda found: f"^{found[0]}", text)
    text = unicodedata.normalize("NFKC", text).replace("−", "-").replace("⁄", "/").replace("**", "^")
    text = re.sub(r"[·×⊙]|\\(?:cdot|times|odot)\b", "*", text)
    text = re.sub(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}", r"\1/\2", text)
    text = re.sub(r"\\(?:mathrm|text|operatorname|left|right)\b|\\[,;!]", " ", text)
    text = re.sub(r"\\([A-Za-z]+)", r" \1 ", text)
    text = re.sub(r"(?<=[A-Za-z]{3})_(?=[A-Za-z]{3})", "", text)  # one name, such as return_state
    for sign, says in _SIGNS:
        text = re.sub(sign, says, text, flags=re.IGNORECASE)
    text = re.sub("[α-ω]", lambda found: unicodedata.name(found[0]).split()[3].lower(), text)
    text = _INDEX.sub(_named, text)
    text = _PRODUCT.sub(r"\1\2", _PRODUCT.sub(r"\1\2", text))
    text = re.sub(r"\b([a-z])\1\b", r"\g<1>2", text)
    return _NUMBER.sub(_value, text)


def shown(term: str) -> str:
    """A term as a page shows it."""
    return re.sub(r"(?<=\d)p(?=\d)", ".", term.replace("minus", "−")) if term[-1].isdecimal() else term


def _named(found: re.Match[str]) -> str:
    name = found[1] + re.sub(r"[\W_]", "", found[2] or found[3])
    return f"{name} {_SAYS.get(name, '')} "


def _value(found: re.Match[str]) -> str:
    """A number as one word: 0.25, 1/4 and 25 % are 0p25."""
    value = float(found[1]) / (float(found[2] or 1) or 1) / (100 if found[3] else 1)
    return f" {'minus' * found[0].startswith('-')}{value:g} ".replace(".", "p")
