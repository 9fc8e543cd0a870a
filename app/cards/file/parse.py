"""Parses a content file's text into a topic and its cards. Pure."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from app.cards.file.blocks import Block, References, inline_tokens, plain, read
from app.cards.file.conflicts import conflicts
from app.cards.file.metadata import OF_A_CARD, Metadata, key_point_sources, take_metadata
from app.cards.file.mistake import Mistake
from app.cards.file.yaml_files import Front, read_front

NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
"""A card's name."""
LONGEST_NAME = 60
KEY_POINTS = "key points"
_ID_AT_END = re.compile(r"\s*\{#([^{}]*)\}\s*$")
_NO_HEADING = re.compile(r"\s*(#{2,6})[^#\s]")
_UNDERLINE = re.compile(r"\s*={4,}\s*")
_CODE_SPAN = re.compile(r"`[^`]*`")


@dataclass(frozen=True)
class ParsedCard:
    """A card as it is written: the blocks are still Markdown. `answer` is the Markdown below the question.

    `markdown` is the whole of it. Neither depends on line ends or trailing spaces. `end` is the line after its last.
    `side_of` is the name of the card in the file that this is one side of, if that has several. `asks` is what its line
    `Ask:` says, if it is a computed question.
    """

    name: str
    is_named: bool
    line: int
    end: int
    question: str
    question_markdown: str
    short: tuple[Block, ...]
    rest: tuple[Block, ...]
    metadata: Metadata
    markdown: str
    answer: str
    side_of: str | None = None
    asks: str | None = None


@dataclass
class Parsed:
    """A parsed file. `front` is None if it has mistakes; `references` are its link definitions, `notes` its footnotes.

    `sources` are the topic's own items, as (item, line). In a file that git could not merge (`is_merged` is False) no
    other mistakes are named.
    """

    path: str
    front: Front | None = None
    explanation: tuple[Block, ...] = ()
    key_points: tuple[Block, ...] = ()
    sources: list[tuple[str, int]] = field(default_factory=list)
    cards: list[ParsedCard] = field(default_factory=list)
    references: References = field(default_factory=dict)
    notes: Mapping[str, Block] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    is_merged: bool = True


def slug(question: str) -> str:
    """The default name of a card: it depends on the question alone.

    A question that is too long for an address, or has no Latin letters and digits, gets a hash at its end.
    """
    latin = unicodedata.normalize("NFKD", question).encode("ascii", "ignore").decode().lower()
    words = "-".join(re.findall("[a-z0-9]+", latin))
    if words and len(words) <= LONGEST_NAME:
        return words
    digest = hashlib.blake2b(question.encode(), digest_size=4).hexdigest()
    return f"{words[:LONGEST_NAME].rstrip('-') or 'card'}-{digest}"


def parse(path: str, text: str) -> Parsed:
    """Parse a file's text, whose newlines are plain. Never raises: mistakes are part of the result, sorted by line."""
    parsed = Parsed(path)
    lines = text.split("\n")
    parsed.front, skipped, mistakes = read_front(path, lines)
    parsed.mistakes.extend(mistakes)
    # Blank lines replace the front matter, so that line numbers are those of the file.
    document = read("\n" * skipped + "\n".join(lines[skipped:]))
    parsed.references, parsed.notes = document.references, document.notes
    parsed.mistakes.extend(Mistake(path, line, message) for line, message in document.mistakes)
    parsed.mistakes.extend(_heading_mistakes(path, document.blocks))
    for label, note in document.notes.items():
        if text.count(f"[^{label}]") == 1:
            unused = f"no text refers to the footnote [^{label}]: write [^{label}] where it belongs, or remove it"
            parsed.mistakes.append(Mistake(path, note.line, unused))
    sections = list(_sections(document.blocks))
    trimmed = [line.rstrip() for line in lines]
    for index, (heading, blocks) in enumerate(sections):
        end = sections[index + 1][0].line if index + 1 < len(sections) else len(lines) + 1  # type: ignore[union-attr]
        if heading is None:
            parsed.explanation = _topic_part(parsed, blocks)
        elif _ID_AT_END.sub("", heading.text).strip().casefold() == KEY_POINTS:
            _read_key_points(parsed, heading, blocks)
        else:
            parsed.cards.append(_card(parsed, heading, blocks, trimmed[heading.line - 1 : end - 1]))
    unmerged = [Mistake(path, line, message) for line, message in conflicts(lines)]
    if unmerged:
        parsed.mistakes, parsed.is_merged = unmerged, False
    parsed.mistakes.sort()
    return parsed


def _sections(blocks: Sequence[Block]) -> Iterator[tuple[Block | None, tuple[Block, ...]]]:
    """Each level-2 heading with the blocks below it; None with the blocks before the first heading."""
    heads = [index for index, block in enumerate(blocks) if block.level == 2]
    yield None, tuple(blocks[: heads[0]] if heads else blocks)
    for start, end in pairwise([*heads, len(blocks)]):
        yield blocks[start], tuple(blocks[start + 1 : end])


def _heading_mistakes(path: str, blocks: Sequence[Block]) -> Iterator[Mistake]:
    for block in blocks:
        if block.level and block.markup in ("=", "-"):
            message = f"the line of {block.markup} makes a heading: write ## Question, or leave an empty line between"
            yield Mistake(path, block.line, message)
        elif block.level == 1:
            yield Mistake(path, block.line, "a # heading is not allowed here: the title is in the front matter")
        elif block.level > 2 and _ID_AT_END.search(block.text):
            yield Mistake(path, block.line, "only a question, a ## heading, has an id: remove {#…}")
        elif block.kind == "paragraph":
            for line, written in enumerate(block.text.split("\n"), start=block.line):
                if _UNDERLINE.fullmatch(written):
                    yield Mistake(path, line, "this line of = underlines nothing: remove it")
                elif found := _NO_HEADING.match(written):
                    rest = f"write a space behind {found[1]}, or \\{found[1]} where none is meant"
                    yield Mistake(path, line, f"this is not a heading, so no card begins here: {rest}")


def _topic_part(parsed: Parsed, blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    kept, metadata, mistakes = take_metadata(parsed.path, blocks, known=("Source",))
    parsed.sources.extend(metadata.sources)
    parsed.mistakes.extend(mistakes)
    return kept


def _read_key_points(parsed: Parsed, heading: Block, blocks: tuple[Block, ...]) -> None:
    if parsed.key_points:
        parsed.mistakes.append(
            Mistake(parsed.path, heading.line, "the file already has Key points: merge the two lists")
        )
    if _ID_AT_END.search(heading.text):
        parsed.mistakes.append(
            Mistake(parsed.path, heading.line, "Key points is not a card and has no id: remove the id")
        )
    kept, sources = key_point_sources(blocks)
    parsed.sources.extend(sources)
    parsed.key_points += _topic_part(parsed, kept)
    if not parsed.key_points:
        parsed.mistakes.append(
            Mistake(
                parsed.path,
                heading.line,
                "there are no key points under Key points: write a list, or remove the heading",
            )
        )


def _card(parsed: Parsed, heading: Block, blocks: tuple[Block, ...], lines: Sequence[str]) -> ParsedCard:
    def wrong(message: str) -> None:
        parsed.mistakes.append(Mistake(parsed.path, heading.line, message))

    written = heading.text
    stated = _ID_AT_END.search(written)
    question_markdown = written[: stated.start()] if stated else written
    question = plain(inline_tokens(question_markdown, parsed.references))
    name = stated[1] if stated and NAME.fullmatch(stated[1]) else slug(question)
    if stated and "{#" in _CODE_SPAN.sub("", question_markdown):
        wrong("a question has only one id, at its end: remove the other {#")
    if stated and name != stated[1]:
        wrong(f"the id {{#{stated[1]}}} is malformed: use lower-case letters, digits and hyphens, as in {{#{name}}}")
    elif not stated and re.search(r"\{\s*#", _CODE_SPAN.sub("", written)):
        wrong(f"an id goes at the end of the question and must be closed, as in {{#{name}}}")
    if not question:
        wrong("the question is empty: write it between ## and the id")
    kept, metadata, mistakes = take_metadata(parsed.path, blocks, known=OF_A_CARD)
    metadata.is_draft |= parsed.front is not None and parsed.front.is_draft
    parsed.mistakes.extend(mistakes)
    if not kept and metadata.ask is None:
        wrong("the answer is empty: write at least one paragraph under the question")
    if not kept and metadata.points:
        wrong("a computed question is judged by its answer and has no points: remove Points:, or write an answer")
    answer = lines[1 : max(metadata.line - heading.line, 1) if metadata.line else None]
    return ParsedCard(
        name=name,
        is_named=bool(stated),
        line=heading.line,
        end=heading.line + len(lines),
        question=question,
        question_markdown=question_markdown,
        short=kept[:1],
        rest=kept[1:],
        metadata=metadata,
        markdown="\n".join(lines).strip(),
        answer="\n".join(answer).strip(),
    )
