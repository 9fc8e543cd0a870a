"""Turns the bytes of content files into topics and cards that are ready to be stored. Needs no database."""

import gc
import hashlib
import logging
import multiprocessing
import os
import sys
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from multiprocessing.context import BaseContext
from pathlib import Path
from urllib.parse import unquote

from app.cards.file.blocks import curly
from app.cards.file.files import OpenedFile, TopicFile, Unreadable, name_mistakes
from app.cards.file.mistake import Mistake
from app.cards.file.parse import ParsedCard, parse
from app.cards.file.sides import sides
from app.cards.file.yaml_files import Macro
from app.cards.render.latex_source import Macros
from app.cards.render.maths import macro_mistakes
from app.cards.render.render import RENDERER, Link, Rendered, Surroundings, render, render_line

log = logging.getLogger(__name__)

WORTH_PROCESSES = 1_000_000
"""Bytes from which on other processes gain more than their start costs (about half a second of work)."""


@dataclass(frozen=True)
class Html:
    """A card's text as pages show it, its links to demos (name, query, label), and those to cards.

    A link to a card is its deck, its name, and whether an interviewer may ask it next. `points` are what a good answer
    says, as (Markdown, HTML).
    """

    question_html: str
    short_html: str
    answer_html: str
    demos: tuple[tuple[str, str, str], ...]
    links: tuple[tuple[str, str, bool], ...] = ()
    points: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ReadyCard:
    """A card ready to be stored; `html` is None if it was not rendered."""

    name: str
    is_named: bool
    side_of: str | None
    line: int
    question: str
    level: str | None
    sources: tuple[str, ...]
    tags: tuple[str, ...]
    corrected: tuple[date, str] | None
    content_hash: str
    answer_hash: str
    text_hash: str
    markdown: str
    html: Html | None
    why_draft: str = ""
    was: str | None = None
    asks: str | None = None
    question_markdown: str = ""


@dataclass
class ReadyFile:
    """A file ready to be judged, and stored if it has no mistakes. `mistakes` are those that the file alone shows.

    `sources` are the topic's own items; `stated` are all items named in the file, and `asked` all computed questions,
    with their lines. Learners do not see
    `drafts`; `draft_links` are their links. `is_text` is False if nothing could be read, and `is_merged` if git's marks
    of a conflict are in it: then no mistakes but these are named.
    """

    found: TopicFile
    digest: str
    title: str = ""
    order: int = 0
    explanation_html: str = ""
    key_points_html: str = ""
    sources: list[str] = field(default_factory=list)
    stated: list[tuple[str, int]] = field(default_factory=list)
    asked: list[tuple[str, int]] = field(default_factory=list)
    cards: list[ReadyCard] = field(default_factory=list)
    drafts: list[ReadyCard] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    draft_links: list[Link] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    is_text: bool = True
    is_merged: bool = True

    @property
    def is_draft(self) -> bool:
        """True if every card in it is a draft, so that learners do not see the topic either."""
        return bool(self.drafts) and not self.cards

    @property
    def place(self) -> str:
        """Sorts a deck's topics by their order, then by name."""
        return f"{self.order:06d}/{self.found.name}"


def prepare_all(
    opened: Sequence[OpenedFile], known: Mapping[str, Collection[str]] | None = None, show: bool = True
) -> list[ReadyFile]:
    """Prepare every file, in order, on all processors if that is worth it.

    `known` are each file's hashes of cards that need not be rendered, by path. `show` is as in `prepare`.
    """
    jobs = [(one, (known or {}).get(one.file.path, ())) for one in opened]
    do = partial(_prepare_some, show)
    others = min(_processors(), 8) - 1
    if not others or len(jobs) == 1 or sum(len(one.data) for one in opened) < WORTH_PROCESSES:
        return do(jobs)
    size = max(1, len(jobs) // ((others + 1) * 16))
    parts = [jobs[start : start + size] for start in range(0, len(jobs), size)]
    try:
        with ProcessPoolExecutor(others, mp_context=_start(), initializer=_begin) as pool:
            theirs = [pool.submit(do, part) for part in parts]
            # This process takes the last part that no other has begun, so it is busy while they start and work.
            ours = {at: do(parts[at]) for at in reversed(range(len(parts))) if theirs[at].cancel()}
            done = [ours[at] if at in ours else theirs[at].result() for at in range(len(parts))]
    except (BrokenProcessPool, OSError) as error:
        log.warning("Reading the content in one process, since more cannot be started: %s", error)
        return do(jobs)
    return [file for part in done for file in part]


def _prepare_some(show: bool, jobs: Sequence[tuple[OpenedFile, Collection[str]]]) -> list[ReadyFile]:
    return [prepare(*job, show=show) for job in jobs]


def _processors() -> int:
    """How many processors this process may use; a container may allow it fewer than the machine has."""
    count = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return min(count, max(1, int(quota) // int(period)))
    except (OSError, ValueError):  # no control groups, or no limit
        return count


@contextmanager
def without_collecting() -> Iterator[None]:
    """Do work that leaves no cycles behind without Python's collector, which would take a fifth of its time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _begin() -> None:
    """Prepare a process of the pool."""
    gc.disable()  # as in without_collecting()
    threading.Thread(target=end_with_parent, daemon=True).start()


def end_with_parent() -> None:
    """End this process when the one that began it was killed: a copy of it would hold its locks for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _start() -> BaseContext:
    """How a process is started: as a copy of this one, which is fastest, or from scratch.

    A copy of a server would inherit the locks that its threads hold, and some systems cannot copy a process.
    """
    is_alone = sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1  # libraries' own threads too
    return multiprocessing.get_context("fork" if is_alone else "spawn")


def prepare(opened: OpenedFile, known: Collection[str] = (), show: bool = True, as_written: bool = False) -> ReadyFile:
    """Parse and render a file. Cards whose content hash is `known` are not rendered.

    Without `show` no HTML is written, and all mistakes and links are found in half the time. Quotes and dashes become
    typographic unless they must stay `as_written`.
    """
    ready = ReadyFile(opened.file, opened.digest, mistakes=name_mistakes(opened.file))
    try:
        text = opened.text()
    except Unreadable as error:
        ready.mistakes.append(Mistake(opened.file.path, error.line, str(error)))
        ready.is_text = False
        return ready
    parsed = parse(opened.file.path, text)
    ready.mistakes += parsed.mistakes
    ready.is_merged = parsed.is_merged
    ready.stated = [*parsed.sources, *(one for card in parsed.cards for one in card.metadata.sources)]
    ready.asked = [card.metadata.ask for card in parsed.cards if card.metadata.ask]
    ready.sources = list(dict.fromkeys(item for item, _line in parsed.sources))
    if parsed.front:
        ready.title = parsed.front.title if as_written else curly(parsed.front.title)
        ready.order = parsed.front.order
    macros, wrong = usable_macros(opened.file.path, parsed.front.macros if parsed.front else (), opened.file.macros)
    ready.mistakes += wrong
    deck, pictures = ready.found.deck, ready.found.pictures
    around = Surroundings(
        *(parsed.references, deck, macros, text.split("\n"), parsed.notes),
        show=show,
        pictures=pictures,
        as_written=as_written,
    )
    explanation, key_points = render(parsed.explanation, around), render(parsed.key_points, around)
    ready.explanation_html, ready.key_points_html = explanation.html, key_points.html
    _note(ready, ready.links, explanation, key_points)
    for written in parsed.cards:
        found = sides(written, parsed.references)
        ready.mistakes += [Mistake(opened.file.path, line, message) for line, message in found.mistakes]
        for card in found.cards:
            _prepare_card(card, around, ready, known)
    ready.mistakes = list(dict.fromkeys(ready.mistakes))  # the sides of a card share their text
    return ready


def usable_macros(path: str, own: Sequence[Macro], deck: Macros = ()) -> tuple[Macros, list[Mistake]]:
    """The macros of a file, and of its deck, that formulas can use; and what is wrong with the file's own."""
    bodies = dict(deck) | {macro.name: macro.body for macro in own}
    wrong = macro_mistakes(tuple(bodies.items())) if own else {}
    mistakes = [Mistake(path, one.line, f"the macro {one.name}: {wrong[one.name]}") for one in own if one.name in wrong]
    return tuple((name, body) for name, body in bodies.items() if name not in wrong), mistakes


def _prepare_card(card: ParsedCard, around: Surroundings, ready: ReadyFile, known: Collection[str]) -> None:
    # What a card uses may be anywhere in the file: it is part of the text of every card that may use it.
    references = repr(sorted(around.references.items())) if around.references and "[" in card.markdown else ""
    macros = repr(around.macros) if around.macros and "\\" in card.markdown else ""
    side = (card.name,) if card.side_of else ()
    side = (*side, card.question) if card.asks else side
    notes = ""
    if around.notes and "[^" in card.markdown:
        notes = repr(
            [(label, [(one.type, one.content) for one in note.tokens]) for label, note in around.notes.items()]
        )
    written = unquote(card.markdown + references + notes) if "![" in card.markdown + notes else ""
    pictures = repr([one for one in around.pictures if one.name in written]) if written else ""
    content_hash = _hash(RENDERER, ready.found.deck, card.markdown, references + macros + notes + pictures, *side)
    is_draft = card.metadata.is_draft
    html = None
    if content_hash not in known:
        question = render_line(card.question_markdown, card.line, around)
        short, rest = render(card.short, around, with_notes=False), render(card.rest, around)
        points = [(text, render_line(text, line, around, "point")) for text, line in card.metadata.points]
        shown = (question, short, rest, *(point for _text, point in points))
        _note(ready, ready.draft_links if is_draft else ready.links, *shown)
        said = tuple((text, point.html) for text, point in points)
        html = replace(_html(question, short, rest), points=said) if around.show else None
    made = ReadyCard(
        name=card.name,
        is_named=card.is_named,
        side_of=card.side_of,
        line=card.line,
        question=card.question,
        level=card.metadata.level,
        sources=tuple(dict.fromkeys(item for item, _line in card.metadata.sources)),
        tags=tuple(card.metadata.tags),
        corrected=card.metadata.corrected,
        content_hash=content_hash,
        answer_hash=_hash(card.answer),
        text_hash=hash_of_text(card.markdown),
        markdown=card.markdown,
        html=html,
        why_draft=card.metadata.why_draft,
        was=card.metadata.was,
        asks=card.asks,
        question_markdown=card.question_markdown,
    )
    (ready.drafts if is_draft else ready.cards).append(made)


def _note(ready: ReadyFile, links: list[Link], *parts: Rendered) -> None:
    """Add the mistakes in parts of a file to its own, and their links to `links`."""
    for part in parts if ready.is_merged else ():
        ready.mistakes += [Mistake(ready.found.path, line, message) for line, message in part.mistakes]
        links += part.links


def _html(question: Rendered, short: Rendered, rest: Rendered) -> Html:
    if not (short.links or rest.links):
        return Html(question.html, short.html, rest.html, (), ())
    links = [(link, link.target) for link in (*short.links, *rest.links)]
    demos = tuple((to.name, to.query, link.label) for link, to in links if to.kind == "demo")
    cards = tuple((to.deck, to.name, link.is_follow_up) for link, to in links if to.kind == "card")
    return Html(question.html, short.html, rest.html, demos, cards)


def hash_of_text(markdown: str) -> str:
    """The hash by which versions of a card are told apart."""
    return _hash(markdown)


def _hash(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
