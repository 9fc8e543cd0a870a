"""Reading a typed answer: a number, a shape or a word, in every form that people write, and a clear no to the rest."""

import re
from fractions import Fraction

Shape = tuple[int | None, ...]
LONGEST = 80
LARGEST_POWER = 200

_PLAIN = str.maketrans(
    dict.fromkeys("−–—‒‐﹣－", "-")
    | dict.fromkeys("⁄∕", "/")
    | dict.fromkeys("×·∗", "*")
    | dict.fromkeys("’′", "'")
    | {"，": ",", "．": ".", "％": "%"}
)
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_GROUPED = re.compile(r"\d{1,3}(?P<by>[ ,'_.])\d{3}(?:(?P=by)\d{3})*(?:(?!(?P=by))[.,]\d+)?")
_POWER = re.compile(r"(?:(?P<digits>[^*e^]+?) ?\* ?)?(?P<base>10|2)(?:\^|\*\*) ?\(?(?P<power>[-+]?\d+)\)?")
_E = re.compile(r"(?P<digits>[^e]+)e(?P<power>[-+]?\d+)")
_BATCH = ("none", "?", "-1", "batch", "b", "n")


class BadAnswerError(ValueError):
    """What was typed cannot be read, or can be read in two ways; the message says what to write instead."""


def number(text: str, whole: bool = False, unit: str = "") -> float:
    """The number that was typed: 0.36, .36, 36 %, 9/25, 3.6e-1, 3.6×10⁻¹, 1,120, 1 120, −3, or 0,36.

    A comma before three digits separates thousands where a `whole` number is asked; otherwise it could be a decimal
    comma as well. The `unit` may stand behind the number. Raises BadAnswerError.
    """
    plain = _plain(text)
    plain = re.sub(r"(?<=\d) ?x ?(?=10\D)", "*", re.sub(r"^[=≈~] ?", "", plain))
    plain = re.sub(rf" ?{re.escape(unit.lower())}s?$", "", plain) if unit else plain
    percent = re.fullmatch(r"(.+?) ?(?:%|per ?cent)", plain)
    try:
        value = _value(percent[1] if percent else plain, whole)
    except BadAnswerError as error:
        raise BadAnswerError(str(error) or _not_a_number(text, unit)) from None
    return float(value / 100 if percent else value)  # at most 80 digits and a power of 200: no overflow


def _not_a_number(text: str, unit: str) -> str:
    also = f" It is asked in {unit}s." if unit else ""
    return f"“{text.strip()}” is not a number. Write it like 0.52, −3, 9/25 or 5.2e-3.{also}"


def _value(text: str, whole: bool) -> Fraction:
    """The exact number. Raises BadAnswerError, without a message where the text is no number at all."""
    over = text.split("/")
    if len(over) == 2:
        mixed = re.fullmatch(r"([-+]?)(\d+) (\d+)", over[0].strip())
        if mixed and not (len(mixed[3]) == 3 and len(mixed[2]) <= 3):  # 1 1/2; but 1 120/7 is 1120/7
            below = _value(over[1].strip(), whole)
            sign = -1 if mixed[1] == "-" else 1
            return sign * (int(mixed[2]) + Fraction(int(mixed[3])) / _not_0(below))
        return _value(over[0].strip(), whole) / _not_0(_value(over[1].strip(), whole))
    sign = -1 if text.startswith("-") else 1
    text = text.removeprefix("-").removeprefix("+").strip()
    for form, fixed in ((_POWER, ""), (_E, "10")):
        if found := form.fullmatch(text):
            power = int(found["power"][:6])
            if abs(power) > LARGEST_POWER:
                raise BadAnswerError
            digits = _decimal(found["digits"].strip(), whole=False) if found["digits"] else Fraction(1)
            return sign * digits * Fraction(int(fixed or found["base"])) ** power
    return sign * _decimal(text, whole)


def _not_0(value: Fraction) -> Fraction:
    if value == 0:
        raise BadAnswerError("A fraction over 0 is no number.")
    return value


def _decimal(text: str, whole: bool) -> Fraction:
    """Digits with a point or a decimal comma; thousands apart by a space, comma, point, apostrophe or underscore."""
    if re.fullmatch(r"\d+\.?|\d*\.\d+", text) and not (whole and re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", text)):
        return Fraction(text.removesuffix("."))
    if re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", text):
        if whole and "," in text:
            return Fraction(text.replace(",", ""))
        both = f"{text[:-4]}{text[-3:]} or {text[:-4]}.{text[-3:]}"
        raise BadAnswerError(f"“{text}” can mean {both}. Write it without the {'comma' if ',' in text else 'point'}.")
    grouped = _GROUPED.fullmatch(text)
    if grouped and not text.startswith("0"):
        rest = text.replace(grouped["by"], "")
        if grouped["by"] not in ",." or "," in rest or "." in rest or text.count(grouped["by"]) > 1:
            return Fraction(rest.replace(",", "."))
    if re.fullmatch(r"\d*,\d+", text):
        return Fraction(text.replace(",", "."))
    raise BadAnswerError


def shape(text: str) -> Shape:
    """The shape that was typed: (None, 10, 8), [32, 10], 32×10, 32 10 or torch.Size([32]). Raises BadAnswerError."""
    plain = re.sub(r"^(?:torch\.size|tensorshape|shape)? ?[=:]? ?", "", _plain(text))
    while bracketed := re.fullmatch(r"\((.*)\)|\[(.*)\]", plain):
        plain = (bracketed[1] if bracketed[1] is not None else bracketed[2]).strip()
    parts = re.split(r" ?[,;*x] ?| by | ", plain.strip().removesuffix(","))
    axes = [None if part in _BATCH else int(part) if re.fullmatch(r"\d{1,9}", part) else -1 for part in parts]
    if not axes or -1 in axes:
        raise BadAnswerError(f"“{text.strip()}” is not a shape. Write it like (32, 10, 8), or (None, 10, 8).")
    return tuple(axes)


def word(text: str) -> str:
    """The letters that were typed, without quotes and spaces, in lower case. Raises BadAnswerError for none."""
    letters = re.sub(r"[\s\"'“”‘’«»„`]", "", text).lower()
    if not letters or len(letters) > LONGEST:
        raise BadAnswerError("Write the letters, like “hello”.")
    return letters


def _plain(text: str) -> str:
    """In lower case, with one kind of minus, space and sign of multiplication, and powers behind a ^."""
    if len(text) > LONGEST:
        raise BadAnswerError(f"An answer has at most {LONGEST} characters.")
    text = re.sub(r"[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda power: "^" + power[0].translate(_SUPERSCRIPTS), text)
    text = text.translate(_PLAIN).lower()
    return re.sub(r"\s+", " ", text).strip()
