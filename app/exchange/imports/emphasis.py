"""Runs of text with marks (bold, italic, struck) as Markdown's asterisks and tildes. Pure."""

from collections.abc import Sequence
from itertools import groupby

Run = tuple[str, frozenset[str]]
NONE: frozenset[str] = frozenset()


def emphasised(runs: Sequence[Run]) -> str:
    """The runs as one string. A mark that Markdown could not show where it begins or ends is left off."""
    pieces = _split(runs)
    for mark in sorted({mark for _text, marks in pieces for mark in marks}):
        pieces = _possible(pieces, mark)
    out: list[str] = []
    open_marks: list[str] = []
    for text, marks in [*pieces, ("", NONE)]:
        stay = next((at for at, mark in enumerate(open_marks) if mark not in marks), len(open_marks))
        while len(open_marks) > stay:
            out.append(open_marks.pop())
        for mark in sorted(marks - set(open_marks)):
            open_marks.append(mark)
            out.append(mark)
        out.append(text)
    return "".join(out)


def _split(runs: Sequence[Run]) -> list[Run]:
    """The runs, neighbours with the same marks as one, and spaces at their ends outside of them."""
    pieces: list[Run] = []
    for marks, group in groupby(runs, key=lambda run: run[1]):
        text = "".join(text for text, _marks in group)
        core = text.strip()
        if not marks or not core:
            pieces.append((text, NONE))
            continue
        before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        pieces += [(part, own) for part, own in ((before, NONE), (core, marks), (after, NONE)) if part]
    return pieces


def _possible(pieces: Sequence[Run], mark: str) -> list[Run]:
    kept: list[Run] = []
    groups = [(has, list(group)) for has, group in groupby(pieces, key=lambda piece: mark in piece[1])]
    for index, (has, group) in enumerate(groups):
        before = groups[index - 1][1][-1][0][-1:] if index else ""
        after = groups[index + 1][1][0][0][:1] if index + 1 < len(groups) else ""
        first, last = group[0][0][:1], group[-1][0][-1:]
        can = (first.isalnum() or not before.isalnum()) and (last.isalnum() or not after.isalnum())
        kept += group if can or not has else [(text, marks - {mark}) for text, marks in group]
    return kept
