"""Cloze deletions: {{c1::hidden words::hint}}. Pure.

https://docs.ankiweb.net/editing.html#cloze-deletion
"""

import re

_PIECE = re.compile(r"\{\{c(\d{1,3}(?:,\d{1,3})*)::|\}\}")
_DEEPEST = 8


def deleted(text: str, number: int, asks: bool) -> str:
    """The text with deletion `number` hidden, if it `asks`, or else in bold. The others show their words.

    Deletions may stand within one another.
    """
    stack: list[tuple[bool, list[str]]] = [(False, [])]
    at = 0
    for mark in _PIECE.finditer(text):
        stack[-1][1].append(text[at : mark.start()])
        at = mark.end()
        if mark[1]:
            stack.append((str(number) in mark[1].split(","), []))
            if len(stack) > _DEEPEST:
                raise ValueError("its cloze deletions are nested too deeply")
        elif len(stack) > 1:
            is_asked, pieces = stack.pop()
            stack[-1][1].append(_shown("".join(pieces), is_asked, asks))
        else:
            stack[-1][1].append(mark[0])
    stack[-1][1].append(text[at:])
    return "".join("".join(pieces) for _asked, pieces in stack)


def numbers(text: str) -> set[int]:
    """The numbers of the deletions in a text."""
    return {int(one) for mark in _PIECE.finditer(text) if mark[1] for one in mark[1].split(",")}


def _shown(text: str, is_asked: bool, asks: bool) -> str:
    words, _, hint = text.partition("::")
    if not is_asked:
        return words
    return f"[{hint or '…'}]" if asks else f"<b>{words}</b>"
