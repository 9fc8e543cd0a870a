"""Cards that hide a part of their text. Pure."""

import re
from collections.abc import Iterator

from app.exchange.imports.draft import Draft

MARKED = re.compile(r"==(?P<a>[^=\n]+)==|\{\{(?:c?\d+::)?(?P<b>[^{}]+?)\}\}")
"""Obsidian's marks, and Anki's and Mochi's."""
BRACKETED = re.compile(r"(?<![\\!\]])\[(?P<a>[^\[\]]+)\](?!\()")
"""Those of hashcards."""


def hiding(where: str, text: str, marks: re.Pattern[str], topic: str = "") -> Iterator[Draft]:
    """Yield a card for each marked part of a text: it is hidden in the question, and bold in the answer."""
    found = list(marks.finditer(text))
    for asked in found:
        question, answer = (_shown(text, marks, asked, asks) for asks in (True, False))
        yield Draft(where, question, answer, text=_shown(text, marks, None, False), topic=topic)


def _shown(text: str, marks: re.Pattern[str], asked: re.Match[str] | None, asks: bool) -> str:
    def shown(one: re.Match[str]) -> str:
        words = next(part for part in one.groupdict().values() if part)
        if asked is None or one.start() != asked.start():
            return words
        return "[…]" if asks else f"**{words}**"

    return marks.sub(shown, text)
