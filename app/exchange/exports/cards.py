"""Reads the cards to be exported from the content files: Markdown as the author wrote it, and HTML."""

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from urllib.parse import urlsplit

from app.ask.question import written
from app.ask.questions.line import examples
from app.cards.check.judge import duplicates
from app.cards.file.files import TopicFile, find_files, no_folder, open_file
from app.cards.file.mistake import Mistake
from app.cards.file.parse import ParsedCard, parse
from app.cards.file.pictures import find_pictures
from app.cards.file.yaml_files import DECK, read_deck
from app.cards.render.arithmetic import step_html
from app.cards.render.prepare import ReadyCard, ReadyFile, prepare, usable_macros
from app.cards.render.render import inline
from app.exchange.exports.new_file import ExportError
from app.nearest import the_nearest_is


class MistakesError(ExportError):
    """The content has mistakes, so an export would silently lack cards."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("Nothing was exported: fix these first.")
        self.mistakes = mistakes


@dataclass(frozen=True)
class DemoLink:
    """A link to a demo with parameters. `address` is absolute."""

    label: str
    address: str


@dataclass(frozen=True)
class ExportedCard:
    """A card. `id` is its name in the deck. `question` and `answer` are Markdown. Links in the HTML are absolute.

    `short_html` is the first paragraph of the answer, `answer_html` the rest. If it is one of several sides, `side_of`
    is the id in the file, and the Markdown is that of all sides; a file's card may be `is_reversed`. `asks` and
    `corrected` are what its lines `Ask:` and `Corrected:` say, and `points` are the Markdown of its points; the HTML of
    the computed card itself has one example of its questions, with its working.
    """

    deck: str
    topic: str
    id: str
    question: str
    answer: str
    question_html: str
    short_html: str
    answer_html: str
    tags: tuple[str, ...]
    level: str | None
    sources: tuple[str, ...]
    demos: tuple[DemoLink, ...]
    address: str
    side_of: str | None = None
    is_reversed: bool = False
    asks: str = ""
    corrected: str = ""
    points: tuple[str, ...] = ()
    points_html: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExportedTopic:
    """A topic's name, its title, and its place among the topics of its deck."""

    name: str
    title: str
    order: int


@dataclass(frozen=True)
class ExportedDeck:
    """A deck, its topics and cards in learning order, and the files of its pictures and sounds by their digests.

    `names` are the names of these files in the deck's folder, by their digests too.
    """

    name: str
    title: str
    cards: tuple[ExportedCard, ...]
    media: Mapping[str, Path] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    topics: tuple[ExportedTopic, ...] = ()


def collect(content_dir: Path, base_url: str, deck: str | None = None) -> list[ExportedDeck]:
    """Read every deck, or one, without drafts. `base_url` is the app's address, for links.

    Raises ExportError if there is no such folder or deck or `base_url` is malformed, MistakesError if the content has
    mistakes.
    """
    base_url = _checked(base_url)
    try:
        found = find_files(content_dir)
    except OSError as error:
        raise MistakesError([no_folder(content_dir, error)]) from error
    known = sorted({one.deck for one in found})
    if deck is not None and deck not in known:
        near = the_nearest_is(deck, known, cutoff=0)
        raise ExportError(f"There is no deck {deck!r} in {content_dir}.{near}")
    decks, mistakes = [], []
    for name, group in groupby(found, key=lambda one: one.deck):
        if deck in (None, name):
            about, wrong = read_deck(content_dir, name)
            macros, unusable = usable_macros(f"{name}/{DECK}", about.macros)
            wrong += unusable
            pictures = find_pictures(content_dir, name)
            read = (_read(replace(one, macros=macros, pictures=pictures), wrong) for one in group)
            files = sorted(read, key=lambda file: file[0].place)
            mistakes += [*wrong, *duplicates([ready for ready, _parsed in files], content_dir)]
            cards = (card for ready, parsed in files for card in _cards(ready, parsed, base_url))
            names = {one.digest: one.name for one in pictures if not one.problem}
            media = {digest: content_dir / name / picture for digest, picture in names.items()}
            topics = (ExportedTopic(one.found.name, one.title, one.order) for one, _parsed in files if one.cards)
            decks.append(ExportedDeck(name, about.title, tuple(cards), media, names, tuple(topics)))
    if mistakes:
        raise MistakesError(sorted(set(mistakes)))
    return decks


def _checked(base_url: str) -> str:
    try:
        parts = urlsplit(base_url)
        good = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
    except ValueError:
        good = False
    if not good or any(character in base_url for character in " \"'<>\\"):
        raise ExportError(f"{base_url!r} is not an address of the app: write it as in http://127.0.0.1:8000")
    return base_url.rstrip("/")


def _read(file: TopicFile, mistakes: list[Mistake]) -> tuple[ReadyFile, list[ParsedCard]]:
    opened = open_file(file)
    ready = prepare(opened, as_written=True)
    mistakes += ready.mistakes
    parsed = parse(file.path, opened.text()).cards if ready.is_text else []
    return ready, [card for card in parsed if not card.metadata.is_draft]


def _cards(ready: ReadyFile, parsed: Sequence[ParsedCard], base_url: str) -> Iterator[ExportedCard]:
    sources = {source.name: source for source in parsed}
    for card in ready.cards:
        yield _card(ready.found, card, sources[card.side_of or card.name], base_url)


def _card(found: TopicFile, card: ReadyCard, source: ParsedCard, base_url: str) -> ExportedCard:
    assert card.html is not None  # noqa: S101 - prepare() renders everything by default
    demos = (
        DemoLink(label, f"{base_url}/demos/{name}{f'?{query}' if query else ''}")
        for name, query, label in card.html.demos
    )
    question_html, short_html, answer_html = card.html.question_html, card.html.short_html, card.html.answer_html
    if card.asks and (shown := examples(card.asks).instances):
        task = shown[0].task
        question_html += _list("ul", [inline(task.asks), *map(inline, task.givens)])
        answer_html = _list("ol", map(step_html, task.working)) + short_html + answer_html
        short_html = f"<p>{html.escape(written(task.answer))}</p>"
    return ExportedCard(
        deck=found.deck,
        topic=found.name,
        id=card.name,
        question=source.question_markdown,
        answer=source.answer,
        question_html=absolute(question_html, base_url),
        short_html=absolute(short_html, base_url),
        answer_html=absolute(answer_html, base_url),
        tags=card.tags,
        level=card.level,
        sources=card.sources,
        demos=tuple(demos),
        address=f"{base_url}/cards/{found.deck}/{card.name}",
        side_of=card.side_of,
        is_reversed=source.metadata.is_reversed,
        asks=source.metadata.ask[0] if source.metadata.ask else "",
        corrected=f"{card.corrected[0]} {card.corrected[1]}" if card.corrected else "",
        points=tuple(text for text, _html in card.html.points),
        points_html=tuple(point for _text, point in card.html.points),
    )


def _list(tag: str, items: Iterable[str]) -> str:
    return f"<{tag}>{''.join(f'<li>{item}</li>' for item in items)}</{tag}>"


def absolute(rendered: str, base_url: str) -> str:
    """Make the addresses of our own pages and pictures absolute."""
    base = html.escape(base_url)
    return rendered.replace('href="/', f'href="{base}/').replace(' src="/', f' src="{base}/')
