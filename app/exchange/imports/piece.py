"""Turns a draft into a piece of a content file, and pieces into a file. Pure."""

import json
import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from app.cards.file.blocks import inline_tokens, plain
from app.cards.file.metadata import LEVELS
from app.cards.file.parse import slug
from app.exchange.imports.draft import Draft
from app.exchange.imports.markdown.mend import clean, escape, fenced, mend

# Text without any character that Markdown could read as something else: it need not be checked.
_PLAIN = re.compile(r"[^$`~\[\]<>\\|{}#=&]*")
NO_ANSWER = "The answer is still to be written."


@dataclass
class FilePiece:
    """Lines of a content file: a card if it has a `name`, otherwise a topic's own text, perhaps under a `heading`.

    `where` is its place in the imported file, `question` and `source` are the text there; `told` are sentences that the
    author should read.
    """

    where: str
    heading: str
    body: str
    tail: tuple[str, ...] = ()
    name: str = ""
    told: list[str] = field(default_factory=list)
    question: str = ""
    source: str = ""

    @property
    def text(self) -> str:
        """The lines, followed by an empty one."""
        name = f" {{#{self.name}}}" if self.name else ""
        head = f"{self.heading}{name}\n" if self.heading else ""
        return "\n\n".join(part for part in (head + self.body, "\n".join(self.tail)) if part) + "\n\n"

    @property
    def is_plain(self) -> bool:
        """True if no character in it has a meaning in Markdown."""
        return _PLAIN.fullmatch(self.question + self.source) is not None

    @property
    def is_draft(self) -> bool:
        """True if the imported file has no answer to it."""
        return "Draft: yes" in self.tail

    def give_way(self, line: int, is_last_try: bool) -> None:
        """Escape a line (from 0), so that it shows as it is written. On the last try, show the whole text as code."""
        at = line - bool(self.heading)
        lines = self.body.split("\n")
        if at < 0:
            shown = " ".join(clean(self.question).split()) if is_last_try else self.heading.removeprefix("## ")
            self.heading = f"## {escape(shown)}" if self.name else self.heading
        elif is_last_try or at >= len(lines):
            self.body = fenced(self.source)
        else:
            lines[at] = escape(lines[at].strip())
            self.body = "\n".join(lines)


def piece_of(draft: Draft, question: str, items: Collection[str], told: list[str]) -> FilePiece:
    """Make the card of a draft, still without a name, under its mended question. `items` are all source items."""
    known = [item for item in draft.sources if item in items]
    unknown = [item for item in draft.sources if item not in items]
    source = draft.answer + (f"\n\nSource: {', '.join(unknown)}" if unknown else "")
    tail = []
    if draft.level in LEVELS:
        tail.append(f"Level: {draft.level}")
    elif draft.level:
        told.append(f"the level {draft.level!r} is left out: it must be one of {', '.join(LEVELS)}")
    if tags := _tags(draft.tags, told):
        tail.append(f"Tags: {', '.join(tags)}")
    if known:
        tail.append(f"Source: {', '.join(known)}")
    body = mend(source, told)
    if not body.strip():
        body = NO_ANSWER
        tail.append("Draft: yes")
    return FilePiece(
        draft.where, f"## {question}", body, tuple(tail), told=told, question=draft.question, source=source
    )


def name_of(question: str) -> str:
    """Return the id for a mended question; "" if it has no words."""
    words = plain(inline_tokens(question, {}))
    return slug(words) if words else ""


def file_text(title: str, pieces: Sequence[FilePiece]) -> tuple[str, list[int]]:
    """Return the content file, and the line (from 1) on which each piece begins."""
    text = f"---\ntitle: {json.dumps(title, ensure_ascii=False)}\n---\n"
    starts, line = [], 4
    parts = [text]
    for piece in pieces:
        starts.append(line)
        parts.append(piece.text)
        line += parts[-1].count("\n")
    return "".join(parts).rstrip("\n") + "\n", starts


def title_of(text: str) -> str:
    """Make a title for the front matter: one line of printable text."""
    return " ".join("".join(one if one.isprintable() else " " for one in clean(text)).split())[:200]


def _tags(tags: Sequence[str], told: list[str]) -> list[str]:
    """Return tags in our form: Deep_Learning::RNN becomes deep-learning-rnn."""
    kept: dict[str, None] = {}
    for tag in tags:
        latin = unicodedata.normalize("NFKD", tag).encode("ascii", "ignore").decode().lower()
        words = re.sub(r"[^a-z0-9 ]+", "-", latin)
        words = re.sub(r"-? +-?", " ", re.sub("-+", "-", words)).strip("- ")
        if words:
            kept[words] = None
        elif tag.strip():
            told.append(f"the tag {tag!r} is left out: tags are Latin letters, digits, spaces and hyphens")
    return list(kept)
