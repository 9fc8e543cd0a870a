"""Turns MyST's directives and roles into plain Markdown. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.exchange.imports.draft import Harmless

_DIRECTIVE = re.compile(r"( {0,3})(`{3,}|:{3,}|~{3,})\{([\w:+-]+)\}[ \t]*(.*)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_OPTION = re.compile(r"\s*:[\w-]+:.*")
_ROLE = re.compile(r"\{([\w:+-]+)\}(`+)([^`\n]+)\2(?!`)")
_DROPPED = re.compile(r"\([\w:. -]+\)=\s*|%(?:\s.*)?|\+\+\+.*")
_LABELLED = re.compile(r"(.*\S)\s*<[^<>]*>")
_CODE = {"code", "code-block", "code-cell", "sourcecode"}
_PICTURES = {"figure", "image"}
_NOTES = {"note", "warning", "tip", "hint", "important", "attention", "caution", "danger", "error", "seealso"}
_TITLED = {"admonition", "dropdown", "topic", "sidebar"}
_DEEPEST = 8


@dataclass
class LeftOut:
    """What is not kept: a sentence with the index of its line where it was text, and MyST's own words, the layout."""

    told: list[tuple[int, str]] = field(default_factory=list)
    layout: list[str] = field(default_factory=list)


def plain_markdown(lines: Sequence[str], left_out: LeftOut, first: int = 0, depth: int = 0) -> list[str]:
    """Return the lines without MyST's own syntax. `first` is the index of lines[0] in its file.

    Whatever a card cannot show is added to `left_out`.
    """
    kept: list[str] = []
    index = 0
    while index < len(lines):
        found = _DIRECTIVE.fullmatch(lines[index].rstrip())
        if found and depth < _DEEPEST:
            end = _end(lines, index, found[2])
            body = _Body(lines, index + 1, end, first)
            kept += ["", *_directive(found[3], found[4].strip(), body, left_out, depth), ""]
            index = end + 1
        elif fence := _FENCE.match(lines[index]):
            end = min(_end(lines, index, fence[1]) + 1, len(lines))
            kept += lines[index:end]
            index = end
        else:
            if not _DROPPED.fullmatch(lines[index]):
                kept.append(_ROLE.sub(lambda found: _role(found, left_out), lines[index]))
            elif said := lines[index].strip("%()=+ \t"):
                what = "a comment" if lines[index].startswith("%") else "a mark of MyST"
                left_out.told.append((first + index, Harmless(f"{what} is left out: {said}")))
            index += 1
    return kept


def _end(lines: Sequence[str], start: int, mark: str) -> int:
    """Return the index of the line that closes the fence opened at `start`; the number of lines if none does."""
    closes = re.compile(rf" {{0,3}}{re.escape(mark)}{re.escape(mark[0])}*\s*")
    return next((index for index in range(start + 1, len(lines)) if closes.fullmatch(lines[index])), len(lines))


class _Body:
    """A directive's text, without its options. `at` and `start` are indices of the file: where it opens and begins."""

    def __init__(self, lines: Sequence[str], start: int, end: int, first: int) -> None:
        opened = start
        if start < end and lines[start].strip() == "---":
            start = next((index for index in range(start + 1, end) if lines[index].strip() == "---"), end - 1) + 1
        while start < end and _OPTION.fullmatch(lines[start]):
            start += 1
        self.at, self.start = first + opened - 1, first + start
        self.lines, self.options = list(lines[start:end]), list(lines[opened:start])


def _directive(name: str, argument: str, body: _Body, left_out: LeftOut, depth: int) -> list[str]:
    at = body.at
    left_out.layout += [name, *body.options]
    if name == "math":
        return ["$$", *(line for line in [argument, *body.lines] if line.strip()), "$$"]
    if name in _CODE:
        language = "python" if argument.startswith("ipython") else argument
        left_out.layout.append(argument if language != argument else "")
        fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`{3,}", "\n".join(body.lines)))])
        return [f"{fence}{language}", *body.lines, fence]
    inside = plain_markdown(body.lines, left_out, body.start, depth + 1)
    if name in _PICTURES:
        left_out.told.append((at, f"the picture {argument} is left out{', its caption kept' if any(inside) else ''}"))
        return inside
    if name in _NOTES or name in _TITLED:
        title = argument if name in _TITLED and argument else name.capitalize()
        text = inside if name in _TITLED else [argument, *inside] if argument else inside
        return [f"> **{title}**", ">", *(f"> {line}".rstrip() for line in text)]
    what = f"the directive {{{name}}} {argument}".rstrip()
    kept = Harmless(f"{what} is not known: its text is kept")
    left_out.told.append((at, kept if any(inside) and not argument else f"{what} is left out, its text kept"))
    return inside


def _role(found: re.Match[str], left_out: LeftOut) -> str:
    name, text = found[1], found[3]
    left_out.layout.append(name)
    if name == "math":
        return f"${text.strip()}$"
    labelled = _LABELLED.fullmatch(text)
    left_out.layout.append(text[labelled.end(1) :] if labelled else "")
    return f"`{text}`" if name in ("code", "literal", "kbd") else labelled[1] if labelled else text
