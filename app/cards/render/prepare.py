"""A content file's bytes become rows without their ids. Needs no database, and runs in any process."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field

from app.cards.file.files import Found, Unreadable, name_mistakes, text_of
from app.cards.file.mistake import Mistake
from app.cards.file.parse import Parsed, ParsedCard, digest, parse
from app.cards.render.render import RENDERER, Link, render, render_line


@dataclass(frozen=True)
class Html:
    """A card's text as the pages show it, its demos (name, query, label), and its links to cards in order.

    A link is the other's deck and name, and whether it is a follow-up.
    """

    question_html: str
    short_html: str
    answer_html: str
    demos: tuple[tuple[str, str, str], ...]
    links: tuple[tuple[str, str, bool], ...] = ()


@dataclass(frozen=True)
class ReadyCard:
    """A card; `html` is None where the database has it already, or it was not asked for."""

    name: str
    is_named: bool
    line: int
    question: str
    level: str | None
    sources: tuple[str, ...]
    tags: tuple[str, ...]
    content_hash: str
    answer_hash: str
    html: Html | None


@dataclass
class ReadyFile:
    """A file as it will be stored, if it proves to have no mistakes.

    `sources` are the topic's own items; `stated` are all items named in the file, with their lines. `drafts` and
    `draft_links` are kept apart, since learners see nothing of them. `is_text` is False when nothing could be read.
    """

    found: Found
    digest: str
    title: str = ""
    order: int = 0
    explanation_html: str = ""
    key_points_html: str = ""
    sources: list[str] = field(default_factory=list)
    stated: list[tuple[str, int]] = field(default_factory=list)
    cards: list[ReadyCard] = field(default_factory=list)
    drafts: list[ReadyCard] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    draft_links: list[Link] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    is_text: bool = True

    @property
    def is_draft(self) -> bool:
        """Whether the topic itself is hidden, because every card in it is a draft."""
        return bool(self.drafts) and not self.cards


def file_digest(data: bytes, context: str) -> str:
    """Of a file's bytes and of what else decides how it is read."""
    return hashlib.blake2b(context.encode() + b"\0" + data, digest_size=16).hexdigest()


def unreadable(found: Found, error: Unreadable, data: bytes, context: str) -> ReadyFile:
    """A file without text."""
    mistakes = [*name_mistakes(found), Mistake(found.path, error.line, str(error))]
    return ReadyFile(found, file_digest(data, context), mistakes=mistakes, is_text=False)


def prepare(found: Found, data: bytes, context: str, known: Collection[str], show: bool = True) -> ReadyFile:
    """Parse and render a file. Cards whose content_hash is among the `known` are not rendered again.

    Without `show` nothing is written as HTML, and all mistakes and links are found, in half the time.
    """
    try:
        parsed = parse(found.path, text_of(data))
    except Unreadable as error:
        return unreadable(found, error, data, context)
    ready = ReadyFile(found, file_digest(data, context))
    ready.mistakes = [*name_mistakes(found), *parsed.mistakes]
    ready.stated = [*parsed.sources, *(one for card in parsed.cards for one in card.metadata.sources)]
    ready.sources = list(dict.fromkeys(item for item, _line in parsed.sources))
    if parsed.front:
        ready.title, ready.order = parsed.front.title, parsed.front.order
    explanation = render(parsed.explanation, parsed.references, found.deck, show)
    key_points = render(parsed.key_points, parsed.references, found.deck, show)
    ready.explanation_html, ready.key_points_html = explanation.html, key_points.html
    for part in (explanation, key_points):
        ready.links.extend(part.links)
        _note(ready, part.mistakes)
    for card in parsed.cards:
        (ready.drafts if card.metadata.is_draft else ready.cards).append(_card(card, parsed, ready, known, show))
    return ready


def _note(ready: ReadyFile, mistakes: list[tuple[int, str]]) -> None:
    ready.mistakes.extend(Mistake(ready.found.path, line, message) for line, message in mistakes)


def _card(card: ParsedCard, parsed: Parsed, ready: ReadyFile, known: Collection[str], show: bool) -> ReadyCard:
    # A link definition may stand anywhere in the file, so it belongs to the text of every card that may use it.
    references = repr(sorted(parsed.references.items())) if parsed.references and "[" in card.markdown else ""
    content_hash = digest(RENDERER, ready.found.deck, card.markdown, references)
    return ReadyCard(
        name=card.name,
        is_named=card.is_named,
        line=card.line,
        question=card.question,
        level=card.metadata.level,
        sources=tuple(dict.fromkeys(item for item, _line in card.metadata.sources)),
        tags=tuple(card.metadata.tags),
        content_hash=content_hash,
        answer_hash=card.answer_hash,
        html=None if content_hash in known else _html(card, parsed, ready, show),
    )


def _html(card: ParsedCard, parsed: Parsed, ready: ReadyFile, show: bool) -> Html | None:
    question = render_line(card.question_markdown, card.line, parsed.references, show)
    short = render(card.short, parsed.references, ready.found.deck, show)
    rest = render(card.rest, parsed.references, ready.found.deck, show)
    links = [*short.links, *rest.links]
    (ready.draft_links if card.metadata.is_draft else ready.links).extend(links)
    _note(ready, [*question.mistakes, *short.mistakes, *rest.mistakes])
    if not show:
        return None
    demos = ((link.target.name, link.target.query, link.label) for link in links if link.target.kind == "demo")
    cards = (
        (link.target.deck or ready.found.deck, link.target.name, link.is_follow_up)
        for link in links
        if link.target.kind == "card"
    )
    return Html(question.html, short.html, rest.html, tuple(demos), tuple(cards))
