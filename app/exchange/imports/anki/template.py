"""Fills a note type's template with a note's fields, cloze deletions included, as Anki does. Pure.

https://docs.ankiweb.net/templates/intro.html and https://docs.ankiweb.net/editing.html#cloze-deletion
"""

import re
from collections.abc import Iterator, Mapping

LONGEST = 400_000
_CLOZE = re.compile(r"\{\{c(\d{1,3}(?:,\d{1,3})*)::|\}\}")
_DEEPEST_CLOZE = 8
_TAG = re.compile(r"\{\{\s*([#^/]?)\s*([^{}]*?)\s*\}\}")
_ANSWER = re.compile(r"<hr\s+id=[\"']?answer[\"']?\s*/?>", re.IGNORECASE)
_HTML = re.compile(r"<[^<>]*>")
_READING = re.compile(r" ?([^ >\[\]]+)\[(?!sound:)([^\[\]]+)\]")


class TooLongError(ValueError):
    """A note that becomes longer than any card through its template."""


def question_of(template: str, fields: Mapping[str, str], cloze: int) -> str:
    """Return the HTML of a card's question. `cloze` is the number of the deletion that is asked, 0 for none."""
    return _filled(template, fields, cloze, asks=True)


def answer_of(template: str, fields: Mapping[str, str], cloze: int) -> str:
    """Return the HTML of a card's answer, without the question that Anki repeats above the rule."""
    return _filled(_ANSWER.split(template, maxsplit=1)[-1], fields, cloze, asks=False)


def hints_of(templates: tuple[str, str], fields: Mapping[str, str]) -> Iterator[str]:
    """Yield the fields that the front shows only when a button is pressed, and the back does not show at all."""
    back = {name.split(":")[-1].strip() for _sign, name in _TAG.findall(templates[1])}
    for _sign, name in _TAG.findall(templates[0]):
        *filters, field = (part.strip() for part in name.split(":"))
        if any(one.split(" ")[0] == "hint" for one in filters) and field not in back and fields.get(field, "").strip():
            yield fields[field]


def _filled(template: str, fields: Mapping[str, str], cloze: int, asks: bool) -> str:
    out: list[str] = []
    shown = [True]  # is text shown here? One entry for each {{#Field}} and {{^Field}} that is open
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
            raise TooLongError("its template makes it longer than a card may be")
        if tag[1] == "/":
            shown = shown[:-1] if len(shown) > 1 else shown
        elif tag[1]:
            shown.append(shown[-1] and bool(fields.get(tag[2], "").strip()) == (tag[1] == "#"))
    return "".join(out) + (template[at:] if shown[-1] else "")


def _field(name: str, fields: Mapping[str, str], cloze: int, asks: bool) -> str:
    *filters, field = (part.strip() for part in name.split(":"))
    text = fields.get(field, "")
    if "nc" in filters:
        filters.remove("nc")
    for one in reversed(filters):
        if one in ("cloze", "cloze-only"):
            text = deleted(text, cloze, asks)
        elif (one == "type" or one == "hint" or one.startswith("hint ")) and asks:
            text = ""  # a box to type into, or what is shown only when it is pressed
        elif one.startswith("tts"):
            text = ""  # spoken
        elif one == "text":
            text = _HTML.sub("", text)
        elif one in ("furigana", "kanji"):
            text = _READING.sub(r"\1" if one == "kanji" else r"\1 (\2)", text)
        elif one == "kana":
            text = _READING.sub(r"\2", text)
    return text


def deleted(text: str, number: int, asks: bool) -> str:
    """Hide deletion `number` of the text if it `asks`, otherwise show it in bold. All others show their words.

    Deletions may be nested. Raises ValueError if they are nested too deeply.
    """
    stack: list[tuple[bool, list[str]]] = [(False, [])]
    at = 0
    for mark in _CLOZE.finditer(text):
        stack[-1][1].append(text[at : mark.start()])
        at = mark.end()
        if mark[1]:
            stack.append((str(number) in mark[1].split(","), []))
            if len(stack) > _DEEPEST_CLOZE:
                raise ValueError("its cloze deletions are nested too deeply")
        elif len(stack) > 1:
            is_asked, pieces = stack.pop()
            stack[-1][1].append(_shown_deletion("".join(pieces), is_asked, asks))
        else:
            stack[-1][1].append(mark[0])
    stack[-1][1].append(text[at:])
    return "".join("".join(pieces) for _asked, pieces in stack)


def cloze_numbers(text: str) -> set[int]:
    """Return the numbers of the deletions in a text."""
    return {int(one) for mark in _CLOZE.finditer(text) if mark[1] for one in mark[1].split(",")}


def _shown_deletion(text: str, is_asked: bool, asks: bool) -> str:
    words, _, hint = text.partition("::")
    if not is_asked:
        return words
    return f"[{hint or '…'}]" if asks else f"<b>{words}</b>"
