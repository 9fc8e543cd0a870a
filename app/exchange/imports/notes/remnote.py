"""Reads what RemNote exports as text: a list whose items are cards, such as "- front >> back".

https://help.remnote.com/en/articles/9252072-how-to-import-flashcards-from-text
"""

import re
from collections.abc import Iterator, Sequence

from app.exchange.imports.draft import Draft, Item, Notice, Reading, line_of

_ITEM = re.compile(r"(\s*)[-*•]\s+(.*)")
_MARK = re.compile(r"\s+(>>>?|<<|<>|;;|==|:{2,3}|→|←|↔|↓)(?:\s+|$)|(?<=\S)(::|;;|>>|<<)(?=\s|$)")
_BACKWARD, _BOTH, _LIST = ("<<", "←"), ("<>", "↔", ":::", "=="), (">>>", "↓", ":::")


def claims_remnote(text: str) -> bool:
    """True if there are items of a list with a mark of RemNote's between two sides."""
    return sum(1 for line in text.split("\n") if (item := _ITEM.fullmatch(line)) and _MARK.search(item[2])) >= 1


def read_remnote(text: str) -> Reading:
    """Return the cards in order. Items below a front without a back are its answer, a list; the rest is named."""
    return Reading("", _items(text.split("\n")), text=text, links=True)


def _items(lines: Sequence[str]) -> Iterator[Item]:
    above: list[tuple[int, str]] = []  # the items that contain this one: their depths, and what they are about
    at = 0
    while at < len(lines):
        item = _ITEM.fullmatch(lines[at])
        line, at = lines[at], at + 1
        where = line_of(at - 1)
        if item is None:
            if line.strip():
                yield Notice(where, f"is in no card: {line.strip()}")
            continue
        depth, text = len(item[1].expandtabs(4)), item[2].strip()
        above = [one for one in above if one[0] < depth]
        found = _MARK.search(text)
        if found is None:
            above.append((depth, text))
            yield Notice(where, f"is in no card: {text}")
            continue
        mark, front, back = found[1] or found[2], text[: found.start()].strip(), text[found.end() :].strip()
        below: list[str] = []
        if not back:
            while at < len(lines) and (inner := _ITEM.fullmatch(lines[at])) and len(inner[1].expandtabs(4)) > depth:
                if _MARK.search(inner[2]):
                    break
                below.append(f"- {inner[2].strip()}")
                at += 1
            back = "\n".join(below)
        about = f"{above[-1][1]}: {front}" if mark == ";;" and above else front
        above.append((depth, front))
        if mark not in _BACKWARD:
            yield Draft(where, about, back, text=f"{front}\n{back}")
        if mark in (*_BACKWARD, *_BOTH) and back:
            yield Draft(where, back, about, text=f"{front}\n{back}")
