"""The lines Level:, Source:, Tags:, Corrected:, Reversed:, Ask:, Draft: and Was: at the end of a card, and Points:."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from app.cards.file.blocks import Block
from app.cards.file.mistake import Mistake
from app.cards.file.points import read_points
from app.nearest import did_you_mean

LEVELS = ("easy", "medium", "hard")
OF_A_CARD = ("Level", "Source", "Tags", "Corrected", "Reversed", "Ask", "Draft", "Was", "Points")
_LINE = re.compile(rf"({'|'.join(OF_A_CARD)}):\s*(.*)")
_ALMOST = re.compile(
    r"(levels?|sources?|tags?|correct(?:ed|ions?)|reverse[sd]?|asks?|drafts?|points?)\s*:", re.IGNORECASE
)
_LISTS = re.compile("(?:bullet|ordered)_list")
_CORRECTED = re.compile(r"(\d{4}-\d\d-\d\d)\s+(\S.*)")
_WAS = re.compile(r"([A-Za-z0-9_-]+/)?[a-z0-9-]+")
_TAG = re.compile(r"[a-z0-9]+([ -][a-z0-9]+)*")
_ITEMS_AT_END = re.compile(r"(?:^|\s)\(?Source:\s*([\w-]+(?:,\s*[\w-]+)*)[.)]*\s*$")


@dataclass
class Metadata:
    """What the last lines of a card state. `line` is their first line, or None; `sources` are (item, line).

    `corrected` is the day of the last correction that a learner should know of, and what was wrong. `why_draft` is the
    reason that stands behind `Draft: yes,`. `ask` is the computed question, and its line.
    `was` is the name that the card had before, or the deck and the name. `points` are what a good answer says, as
    (Markdown, line).
    """

    level: str | None = None
    sources: list[tuple[str, int]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    corrected: tuple[date, str] | None = None
    was: str | None = None
    is_reversed: bool = False
    ask: tuple[str, int] | None = None
    is_draft: bool = False
    why_draft: str = ""
    points: list[tuple[str, int]] = field(default_factory=list)
    line: int | None = None


def take_metadata(
    path: str, blocks: Sequence[Block], known: Sequence[str]
) -> tuple[tuple[Block, ...], Metadata, list[Mistake]]:
    """Split off the last paragraphs if they are metadata alone, and the list below Points:.

    Returns the others, the metadata, and mistakes.
    """
    metadata = Metadata()
    mistakes: list[Mistake] = []
    stated: list[tuple[str, str, int]] = []
    end = len(blocks)
    listed: dict[int, Block] = {}
    while end:
        lines = _metadata_lines(blocks[end - 1])
        if not lines and end > 1 and (above := _metadata_lines(blocks[end - 2])) and _LISTS.match(blocks[end - 1].kind):
            if not above[-1][0].casefold().startswith("point"):
                break
            listed[above[-1][2]] = blocks[end - 1]
            end, lines = end - 1, above
        if not lines:
            break
        end -= 1
        stated[:0] = lines
        metadata.line = blocks[end].line
    seen: set[str] = set()
    for key, value, line in stated:
        is_expected = key in known and key not in seen
        seen.add(key)
        if is_expected and key == "Points" and line in listed and not value:
            metadata.points, wrong = read_points(listed[line])
            mistakes += [Mistake(path, at, problem) for at, problem in wrong]
        elif problem := _state(metadata, key, value, line) if is_expected else _unexpected(key, known):
            mistakes.append(Mistake(path, line, problem))
    kept = tuple(blocks[:end])
    mistakes.extend(_misplaced_lines(path, kept))
    return kept, metadata, mistakes


def colon_of_metadata(line: str) -> int | None:
    """The index of the colon of a line that states metadata, or that nearly does; None for any other line."""
    stated = line.strip().lstrip("-*+> ")
    found = _LINE.fullmatch(stated) or _ALMOST.match(stated)
    return line.index(":") if found else None


def _metadata_lines(block: Block) -> list[tuple[str, str, int]]:
    """(key, value, line) of each line of a paragraph; empty if one of the lines is not metadata."""
    if block.kind != "paragraph":
        return []
    stated: list[tuple[str, str, int]] = []
    for number, text in enumerate(block.text.split("\n"), block.line):
        found = _LINE.fullmatch(text.strip())
        if found:
            stated.append((found[1], found[2], number))
        elif stated and stated[-1][1].endswith(","):  # a line that ends in a comma continues
            key, value, line = stated[-1]
            stated[-1] = (key, f"{value} {text.strip()}", line)
        elif almost := _ALMOST.match(text):
            stated.append((almost[0], "", number))
        else:
            return []
    return stated


def _unexpected(key: str, known: Sequence[str]) -> str:
    if key in known:
        return f"{key}: appears twice: merge the two lines"
    if key in OF_A_CARD:
        return f"{key}: belongs to a card, not to a topic: move it below a card or remove it"
    # Without this, "sources:" would be taken for prose, and cover nothing.
    return f"{key!r} must be written as one of {', '.join(f'{name}:' for name in known)}"


def _state(metadata: Metadata, key: str, value: str, line: int) -> str | None:
    if key == "Corrected":
        metadata.corrected = _correction(value)
        return None if metadata.corrected else "Corrected: needs a day such as 2026-11-27, and what was wrong"
    if key == "Draft":
        said, _, why = value.partition(",")
        if said.strip() != "yes":
            return f"Draft: must be yes, not {value!r}: remove the line if the card is not a draft"
        metadata.is_draft, metadata.why_draft = True, why.strip()
        return None
    if key == "Ask":
        metadata.ask = (value, line) if value else None
        return None if value else "Ask: needs a question, as in layer-shapes?layer=lstm: name one, or remove the line"
    if key == "Points":
        return "Points: is followed by a list: write each point on a line of its own below it, with - in front"
    words = [word.strip() for word in value.split(",")]
    if not all(words):
        return f"{key}: needs {'values separated by single commas' if value else 'a value: write one, or remove it'}"
    if key == "Level":
        if value not in LEVELS:
            return f"Level: must be one of {', '.join(LEVELS)}, not {value!r}.{did_you_mean(value, LEVELS)}".rstrip(".")
        metadata.level = value
    elif key == "Source":
        metadata.sources.extend((word, line) for word in dict.fromkeys(words))
    elif key == "Was":
        if not _WAS.fullmatch(value):
            return f"Was: must be the id that the card had, or deck/id, not {value!r}"
        metadata.was = value
    elif key == "Reversed":
        if value != "yes":
            return f"Reversed: must be yes, not {value!r}: a card that is asked one way has no such line"
        metadata.is_reversed = True
    else:
        bad = [word for word in words if not _TAG.fullmatch(word)]
        if bad:
            return f"the tag {bad[0]!r} must be lower-case letters, digits, spaces and hyphens"
        metadata.tags.extend(dict.fromkeys(words))
    return None


def _correction(value: str) -> tuple[date, str] | None:
    found = _CORRECTED.fullmatch(value)
    try:
        return (date.fromisoformat(found[1]), found[2]) if found else None
    except ValueError:
        return None


def _misplaced_lines(path: str, blocks: Sequence[Block]) -> list[Mistake]:
    return [
        Mistake(
            path, line, f"{found[1]}: must be among the last lines, in its own paragraph (with an empty line before)"
        )
        for block in blocks
        if block.kind not in ("table", "heading")
        for written, first in (
            [(token.content, at) for token, at in block.tokens_with_lines() if token.type == "inline"]
            if block.parsed
            else [(block.text, block.line)]
        )
        for line, text in enumerate(written.split("\n"), first)
        if (found := _LINE.fullmatch(text.strip()))
    ]


def key_point_sources(blocks: Sequence[Block]) -> tuple[tuple[Block, ...], list[tuple[str, int]]]:
    """Remove "Source: item, item" from the end of every key point. Returns the blocks without it, and (item, line)."""
    sources: list[tuple[str, int]] = []
    kept = []
    for block in blocks:
        if block.kind == "paragraph":  # the section's own Source lines
            kept.append(block)
            continue
        tokens = []
        for token, line in block.tokens_with_lines():
            found = _ITEMS_AT_END.search(token.content) if token.type == "inline" else None
            if found:
                here = line + token.content.count("\n", 0, found.start(1))
                sources.extend((item.strip(), here) for item in found[1].split(","))
                token = token.copy(content=token.content[: found.start()].rstrip())
            tokens.append(token)
        kept.append(block._replace(parsed=tuple(tokens)))
    return tuple(kept), sources
