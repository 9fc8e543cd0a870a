"""Fills a note type's template with a note's fields, as Anki does. Pure.

https://docs.ankiweb.net/templates/intro.html
"""

import re
from collections.abc import Mapping

from app.exchange.imports.anki_cloze import deleted

LONGEST = 400_000
_TAG = re.compile(r"\{\{\s*([#^/]?)\s*([^{}]*?)\s*\}\}")
_ANSWER = re.compile(r"<hr\s+id=[\"']?answer[\"']?\s*/?>", re.IGNORECASE)
_READING = re.compile(r" ?([^ >\[\]]+)\[(?!sound:)([^\[\]]+)\]")


class TooLongError(ValueError):
    """A template that makes more of a note than any card holds."""


def question_of(template: str, fields: Mapping[str, str], cloze: int) -> str:
    """The HTML of a card's question. `cloze` is the number of the deletion that is asked, 0 where there is none."""
    return _filled(template, fields, cloze, asks=True)


def answer_of(template: str, fields: Mapping[str, str], cloze: int) -> str:
    """The HTML of a card's answer, without the question that Anki repeats above it."""
    # What stands above the rule is the question, said again.
    return _filled(_ANSWER.split(template, maxsplit=1)[-1], fields, cloze, asks=False)


def _filled(template: str, fields: Mapping[str, str], cloze: int, asks: bool) -> str:
    out: list[str] = []
    shown = [True]  # whether what stands here is shown, for each {{#Field}} and {{^Field}} that is open
    length = at = 0
    for tag in _TAG.finditer(template):
        pieces = [template[at : tag.start()]]
        at = tag.end()
        if not tag[1]:
            pieces.append(_field(tag[2], fields, cloze, asks))
        if shown[-1]:
            out += pieces
            length += sum(map(len, pieces))
        if length > LONGEST:
            raise TooLongError("its template makes more of it than a card holds")
        if tag[1] == "/":
            shown = shown[:-1] if len(shown) > 1 else shown
        elif tag[1]:
            shown.append(shown[-1] and bool(fields.get(tag[2], "").strip()) == (tag[1] == "#"))
    return "".join(out) + (template[at:] if shown[-1] else "")


def _field(name: str, fields: Mapping[str, str], cloze: int, asks: bool) -> str:
    *filters, field = (part.strip() for part in name.split(":"))
    text = fields.get(field, "")
    for one in reversed(filters):
        if one == "cloze":
            text = deleted(text, cloze, asks)
        elif one == "type" and asks:
            text = ""  # a box to type into
        elif one in ("furigana", "kanji"):
            text = _READING.sub(r"\1" if one == "kanji" else r"\1 (\2)", text)
        elif one == "kana":
            text = _READING.sub(r"\2", text)
    return text
