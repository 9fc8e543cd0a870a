"""Counts words, so that an import can prove that it lost none. Pure."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from app.exchange.imports.markdown.verbatim import clean

_WORD = re.compile(r"[^\W\d_]+|\d+")
_STRANGE = re.compile("[\ue000-\uf8ff\u200b-\u200d\u00ad]")
_RAISED = re.compile("[²³¹⁰-₎ₐ-ₜªºʰ-ʸ]+")


def words(text: str) -> Counter[str]:
    """Count the words of a text: runs of letters or of digits, however they are marked up, in small letters."""
    if not text.isascii():
        text = _RAISED.sub(lambda found: f" {found[0]} ", _STRANGE.sub("", text))
        text = unicodedata.normalize("NFKC", text)
    return Counter(_WORD.findall(clean(text).casefold()))


def named(missing: Counter[str]) -> str:
    """List words for a sentence."""
    return ", ".join(missing.elements())


def by_line(text: str, missing: Counter[str]) -> Iterator[tuple[int, Counter[str]]]:
    """Yield the lines (from 1) that hold missing words, with these words: each once for each time it is missing."""
    missing = +missing
    for number, line in enumerate(text.split("\n"), 1):
        if not missing:
            return
        found = words(line) & missing
        if found:
            missing -= found
            yield number, found
