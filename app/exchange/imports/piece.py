"""Turns a draft into a piece of a content file, and pieces into a file. Pure."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from app.cards.file.blocks import inline_tokens, plain, read
from app.cards.file.metadata import LEVELS, OF_A_CARD, take_metadata
from app.cards.file.parse import slug
from app.cards.file.yaml_files import LAST
from app.exchange.imports.draft import Draft, Harmless, Unfinished
from app.exchange.imports.markdown.mend import Manner, escape, mend
from app.exchange.imports.markdown.verbatim import clean, fenced
from app.exchange.imports.words import named, words

# Text without any character that Markdown could read as something else: it need not be checked.
_PLAIN = re.compile(r"[^$`~\[\]<>\\|{}#=&]*")
NO_ANSWER = "The answer has not been written yet."
UNANSWERED = Unfinished("there is no answer")
LONGEST_REASON = 500


@dataclass
class FilePiece:
    """Lines of a content file: a card if it has a `name`, otherwise a topic's own text, perhaps under a `heading`.

    `where` is its place in the imported file, `question` and `source` are the text there, and each word of `words` must
    be on the card or in `told`, the sentences that the author should read. `key` names its entry in that file, which
    is there so many `times`; `stated_name` is its id there.
    """

    where: str
    heading: str
    body: str
    tail: tuple[str, ...] = ()
    name: str = ""
    told: list[str] = field(default_factory=list)
    question: str = ""
    source: str = ""
    words: Counter[str] = field(default_factory=Counter)
    key: str = ""
    topic: str = ""
    times: int = 1
    stated_name: str = ""

    @property
    def says(self) -> str:
        """Question and answer on one line, for a sentence."""
        return " ".join(f"{self.heading.removeprefix('## ')} {self.body}".split())

    @property
    def text(self) -> str:
        """The lines, followed by an empty one. Those of a card that is not whole end in the reason."""
        name = f" {{#{self.name}}}" if self.name else ""
        head = f"{self.heading}{name}\n" if self.heading else ""
        reason = "; ".join(self.losses)
        reason = reason if len(reason) <= LONGEST_REASON else f"{reason[:LONGEST_REASON]} …"
        draft = (f"Draft: yes, {' '.join(clean(reason).split()).rstrip(',')}",) if self.is_draft else ()
        above = head + self.body if self.body else head.rstrip("\n")
        return "\n\n".join(part for part in (above, "\n".join((*self.tail, *draft)).rstrip("\n")) if part) + "\n\n"

    @property
    def losses(self) -> list[str]:
        """Why the card is not whole: sentences, none twice."""
        return list(dict.fromkeys(one for one in self.told if not isinstance(one, Harmless)))

    @property
    def is_draft(self) -> bool:
        """True for a card that is not whole."""
        return bool(self.name and self.losses)

    @property
    def has_lost(self) -> bool:
        """True if something of the imported card is not on it. A card that had no answer has lost none."""
        return not all(isinstance(one, Unfinished) for one in self.losses)

    @property
    def held(self) -> Counter[str]:
        """The words that are on the card. An id that was made of its question repeats them, and does not count."""
        name = self.name if self.name == self.stated_name else ""
        return words("\n".join((self.heading, name, self.body, *self.tail)))

    def name_missing(self) -> tuple[int, int]:
        """Name the words that are not on the card. Return how many words it was made from, and how many it holds."""
        missing = self.words - self.held
        unnamed = missing - words("\n".join(self.told))
        if unnamed:
            self.told.append(f"left out: {named(unnamed)}")
        total = self.words.total() * self.times
        return total, total - missing.total() * self.times

    @property
    def is_plain(self) -> bool:
        """True if no character in it has a meaning in Markdown."""
        return _PLAIN.fullmatch(self.question + self.source) is not None

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


def piece_of(draft: Draft, question: str, items: Collection[str], told: list[str], manner: Manner) -> FilePiece:
    """Make the card of a draft, still without a name, under its mended question. `items` are all source items."""
    known = [item for item in draft.sources if item in items]
    unknown = [item for item in draft.sources if item not in items]
    source = draft.answer + (f"\n\nSource: {', '.join(unknown)}" if unknown else "")
    tail = _points([mend(one, told, manner) for one in draft.points])
    if not tail and draft.points:
        source += f"\n\n**Points:** {draft.points[0]}" + "".join(f"\n\n{one}" for one in draft.points[1:])
    if draft.level in LEVELS:
        tail.append(f"Level: {draft.level}")
    elif draft.level:
        told.append(Harmless(f"the level {draft.level!r} is left out: it must be one of {', '.join(LEVELS)}"))
    if tags := _tags(draft.tags, told):
        tail.append(f"Tags: {', '.join(tags)}")
    if known:
        tail.append(f"Source: {', '.join(known)}")
    tail += draft.stated
    body = mend(source, told, manner)
    if not body.strip() and not any(line.startswith("Ask:") for line in tail):
        body = NO_ANSWER
        told.append(UNANSWERED)
    return FilePiece(
        draft.where,
        f"## {question}",
        body,
        tuple(tail),
        told=told,
        question=draft.question,
        source=source,
        words=words(draft.own_text if draft.text is None else draft.text),
        topic=draft.topic,
        stated_name=draft.name,
    )


def name_of(question: str) -> str:
    """Return the id for a mended question; "" if it has no words."""
    asked = plain(inline_tokens(question, {}))
    return slug(asked) if asked else ""


def file_text(
    title: str, pieces: Sequence[FilePiece], is_draft: bool = False, order: int = LAST
) -> tuple[str, list[int]]:
    """Return the content file, and the line (from 1) on which each piece begins."""
    more = f"order: {order}\n" * (order != LAST) + "draft: yes\n" * is_draft
    text = f"---\ntitle: {json.dumps(title, ensure_ascii=False)}\n{more}---\n"
    starts, line = [], 1 + text.count("\n")
    parts = [text]
    for piece in pieces:
        starts.append(line)
        parts.append(piece.text)
        line += parts[-1].count("\n")
    return "".join(parts).rstrip("\n") + "\n", starts


def title_of(text: str) -> str:
    """Make a title for the front matter: one line of printable text."""
    return " ".join("".join(one if one.isprintable() else " " for one in clean(text)).split())[:200]


def _points(points: Sequence[str]) -> list[str]:
    """The lines of a card's points; none if the points would be a mistake."""
    lines = ["Points:", *(f"- {one}" for one in points), ""]
    _kept, metadata, mistakes = take_metadata("", read("\n".join(lines)).blocks, OF_A_CARD)
    return lines if metadata.points and not mistakes else []


def _tags(tags: Sequence[str], told: list[str]) -> list[str]:
    """Return tags in our form: Deep_Learning::RNN becomes deep-learning-rnn."""
    kept: dict[str, None] = {}
    for tag in tags:
        latin = unicodedata.normalize("NFKD", tag).encode("ascii", "ignore").decode().lower()
        plain = re.sub(r"[^a-z0-9 ]+", "-", latin)
        plain = re.sub(r"[- ]* [- ]*", " ", re.sub("-+", "-", plain)).strip("- ")
        rule = "tags are Latin letters, digits, spaces and hyphens"
        if plain:
            kept[plain] = None
            if words(tag) != words(plain):
                told.append(Harmless(f"the tag {tag} is written {plain}: {rule}"))
        elif tag.strip():
            told.append(Harmless(f"the tag {tag} is left out: {rule}"))
    return list(kept)
