"""What is wrong in content files: the one judge, for `recur check`, the loader and the preview.

`prepare` finds the mistakes that a file shows alone. Here are those that only the rest of the content shows: names that
another card has, source items that no document lists, links to nowhere, numbers that a demo does not compute, and
computed questions that cannot be asked.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from app.cards.check.first_written import first_written
from app.cards.file.files import MOST_DECKS, TopicFile, deck_names, find_files, misplaced_files
from app.cards.file.mistake import Mistake
from app.cards.file.pictures import DeckPicture, find_pictures
from app.cards.file.yaml_files import DECK, Paper, Sources, read_deck, read_sources
from app.cards.render.prepare import ReadyCard, ReadyFile, usable_macros
from app.cards.render.render import Link
from app.demos.registry import FindDemo, find
from app.nearest import did_you_mean


@dataclass(frozen=True)
class Content:
    """The content folder before its topics are read: their files, the sources, and the title of each deck.

    `mistakes` are those outside the topics: in sources.yaml, in a deck.yaml, and misplaced files. In a deck of
    `over_draws` a number of one random draw is a mistake, unless its card says so; elsewhere it is a warning.
    """

    folder: Path
    files: Sequence[TopicFile]
    sources: Sources | None
    titles: Mapping[str, str]
    mistakes: Sequence[Mistake]
    over_draws: Collection[str] = ()
    pictures: Mapping[str, Sequence[DeckPicture]] = field(default_factory=dict)


def open_content(content_dir: Path) -> Content:
    """List the content folder and read its YAML files. Raises OSError when the folder cannot be read."""
    files = find_files(content_dir)
    sources, mistakes = read_sources(content_dir)
    decks, macros, names = {}, {}, deck_names(files)
    if len(names) > MOST_DECKS:
        too_many = f"there are more than {MOST_DECKS} decks: the others are not read"
        mistakes = [*mistakes, Mistake(names[MOST_DECKS], 1, too_many)]
        files = [file for file in files if file.deck < names[MOST_DECKS]]
    for name in names[:MOST_DECKS]:
        decks[name], wrong = read_deck(content_dir, name)
        macros[name], unusable = usable_macros(f"{name}/{DECK}", decks[name].macros)
        mistakes += [*wrong, *unusable]
    pictures = {name: find_pictures(content_dir, name) for name in decks}
    files = [
        replace(file, macros=macros[file.deck], pictures=pictures[file.deck])
        if macros.get(file.deck) or pictures.get(file.deck)
        else file
        for file in files
    ]
    titles, strict = {name: deck.title for name, deck in decks.items()}, {n for n, deck in decks.items() if deck.strict}
    return Content(content_dir, files, sources, titles, [*mistakes, *misplaced_files(content_dir)], strict, pictures)


class Claim(NamedTuple):
    """A link whose numbers are still to be computed over draws: where it is, and what it states."""

    path: str
    line: int
    demo: str
    query: str
    numbers: str


@dataclass
class Remarks:
    """What judging leaves aside: warnings, and if it does not wait, the links that take long to judge."""

    waits: bool = True
    warnings: list[Mistake] = field(default_factory=list)
    pending: list[Claim] = field(default_factory=list)


class Holder(NamedTuple):
    """The stored card that has a name. It keeps the name if its file `stays` as it is."""

    path: str
    line: int
    answer_hash: str
    stays: bool


class Others:
    """The files that are not judged now; here, there are none. The loader has those that have not changed."""

    are_none = True
    """False if there may be some. Their drafts are unknown: so a draft may link to any card."""

    def names(self, deck: str) -> Collection[str]:
        """The names of their cards in a deck."""
        return ()

    def holders(self, deck: str, names: Collection[str]) -> Mapping[str, Holder]:
        """The stored card, in any file, that has each of these names."""
        return {}


def judge(
    files: Iterable[ReadyFile],
    content: Content,
    find_demo: FindDemo = find,
    others: Others | None = None,
    remarks: Remarks | None = None,
) -> dict[str, list[Mistake]]:
    """All mistakes of each of the files, sorted, by path. With the `others`, the files are the whole content."""
    others, remarks = others or Others(), remarks or Remarks()
    in_order = sorted(files, key=lambda file: file.found.path)
    decks = {deck: list(group) for deck, group in groupby(in_order, key=lambda file: file.found.deck)}

    @cache
    def cards(deck: str) -> set[str]:
        return {*others.names(deck), *(card.name for file in decks.get(deck, ()) for card in file.cards)}

    @cache
    def drafts(deck: str) -> set[str]:
        return {card.name for file in decks.get(deck, ()) for card in file.drafts}

    found = {file.found.path: [*file.mistakes] for file in in_order}
    for deck, group in decks.items():
        known_drafts = drafts if others.are_none else None
        around = Around(content.folder / deck, cards, known_drafts, find_demo, deck in content.over_draws, remarks)
        mistakes = [one for file in group for one in outside_mistakes(file, content.sources, around)]
        names = Counter(card.name for file in group for card in (*file.cards, *file.drafts))
        asked = {name for name, number in names.items() if number > 1 or not others.are_none}
        holders = others.holders(deck, asked) if asked else {}
        mistakes += duplicates(group, content.folder, holders)
        mistakes += _draft_duplicates(group, holders, others.are_none)
        for mistake in mistakes:
            found[mistake.path].append(mistake)
    if others.are_none:
        remarks.warnings += same_cards(in_order)
        for deck, group in decks.items():
            remarks.warnings += _unused_pictures(deck, group, content.pictures.get(deck, ()))
    found |= {file.found.path: file.mistakes for file in in_order if not file.is_merged}
    return {path: sorted(set(mistakes)) for path, mistakes in found.items()}


@dataclass(frozen=True)
class Around:
    """What the links of a deck may lead to: its folder's files, the cards of every deck, drafts, and demos.

    If `drafts` is None, those of other files are unknown, and a draft may link to any card.
    """

    folder: Path
    cards: Callable[[str], Collection[str]]
    drafts: Callable[[str], Collection[str]] | None = None
    find_demo: FindDemo = find
    over_draws: bool = False
    remarks: Remarks = field(default_factory=Remarks)


def outside_mistakes(file: ReadyFile, sources: Sources | None, around: Around) -> Iterator[Mistake]:
    """Unknown source items and papers (unless sources.yaml has mistakes), bad `Ask:` lines, and other broken links."""
    known = sources.items if sources else None
    for item, line in file.stated:
        if known is not None and item not in known:
            near = did_you_mean(item, known) or " sources.yaml lists them."
            yield Mistake(file.found.path, line, f"there is no source item {item!r}.{near}")
    for asks, line in file.asked:
        from app.cards.check.ask_lines import ask_mistakes  # slow to import, and few files need it

        for message in ask_mistakes(asks, around.remarks.waits):
            yield Mistake(file.found.path, line, message)
    for links, is_of_draft in ((file.links, False), (file.draft_links, True)):
        for link in links:
            if link.target.kind == "paper":
                messages = _broken_paper(link, sources.papers) if sources else []
            else:
                messages = _broken(link, file, around, is_of_draft)
            for message in messages:
                yield Mistake(file.found.path, link.line, message)


def _broken(link: Link, file: ReadyFile, around: Around, is_of_draft: bool) -> Sequence[str]:
    """What is wrong with a link, one sentence each."""
    to = link.target
    if to.kind == "demo":
        found = _broken_demo(link, file, around)
        if not found and link.is_figure and around.find_demo(to.name).training:
            return [f"demo {to.name} learns, which takes too long for a card's page: link it, without the !"]
        return found
    if to.kind == "card":
        return _broken_card(link, file, around, is_of_draft)
    if to.kind == "file" and not _exists(around.folder / to.name):
        return [f"there is no file {to.name!r} beside this one: correct the name or remove the link"]
    return []


IN_ONE_DRAW = "in one draw"


def _broken_demo(link: Link, file: ReadyFile, around: Around) -> Sequence[str]:
    """Wrong numbers, and those of one random draw in a card that does not say so."""
    from app.cards.check.demo_links import demo_mistakes, is_known, is_of_one_draw, is_random  # slow to import

    to, remarks = link.target, around.remarks
    stated = (to.name, to.query, to.numbers, around.find_demo)
    if not is_random(to.query):
        return demo_mistakes(*stated)
    if not remarks.waits and not is_known(*stated):
        remarks.pending.append(Claim(file.found.path, link.line, to.name, to.query, to.numbers))
        return []
    found = demo_mistakes(*stated)
    if found or IN_ONE_DRAW in _words_around(link, file) or not is_of_one_draw(*stated):
        return found
    problem = (
        f"demo {to.name}: the number changes with the seed: state it over draws, as in "
        f'seed=0..39#median:…, or say "{IN_ONE_DRAW}" in the card'
    )
    if around.over_draws:
        return [problem]
    remarks.warnings.append(Mistake(file.found.path, link.line, problem, is_warning=True))
    return []


def _words_around(link: Link, file: ReadyFile) -> str:
    """The words of the card that a link is in, on one line; of a link in a topic its own."""
    cards = [card for card in (*file.cards, *file.drafts) if card.line <= link.line]
    return " ".join(max(cards, key=lambda card: card.line).markdown.split()) if cards else link.label


def _broken_paper(link: Link, papers: Mapping[str, Paper]) -> Sequence[str]:
    """A citation names its paper's year, so that a reader sees it and the list agrees with it."""
    paper = papers.get(link.target.name)
    if paper is None:
        near = did_you_mean(link.target.name, papers) or " sources.yaml lists them."
        return [f"there is no paper {link.target.name!r}.{near}"]
    if str(paper.year) not in link.label:
        return [f"the citation {link.label!r} must name the paper's year, which is {paper.year} in sources.yaml"]
    return []


def _broken_card(link: Link, file: ReadyFile, around: Around, is_of_draft: bool) -> Sequence[str]:
    """Only a draft may link to a draft."""
    name, deck = link.target.name, link.target.deck
    cards = around.cards(deck)
    if around.drafts:
        drafts = around.drafts(deck)
    else:
        drafts = {card.name for card in file.drafts} if deck == file.found.deck else ()
    if name in cards or (is_of_draft and (around.drafts is None or name in drafts)):
        return []
    if name in drafts:
        return [f"the card {name!r} is a draft, which learners do not see: link it once it is published"]
    near = did_you_mean(name, {*cards, *(drafts if is_of_draft else ())})
    return [f"there is no card {name!r} in {deck}.{near or _NAMED}"]


_NAMED = " A card's name is the {#id} of its question."


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def duplicates(
    files: Iterable[ReadyFile], folder: Path, holders: Mapping[str, Holder] | None = None
) -> Iterator[Mistake]:
    """A mistake for each card of one deck whose name another card has; it names both places.

    A name stays with its holder whose file stays. Otherwise it stays in the holder's file, or else with the holder's
    answer, or else with the card that git has had for longest, or else with the first card.
    """
    claims: dict[str, list[tuple[ReadyFile, ReadyCard]]] = {}
    for file in files:
        for card in file.cards:
            claims.setdefault(card.name, []).append((file, card))
    for name, claimed in claims.items():
        holder = (holders or {}).get(name, Holder("", 0, "", stays=False))
        if holder.stays:
            keeper = (holder.path, holder.line)
        else:
            if len(claimed) > 1:
                claimed.sort(key=partial(_rank, holder, folder))
            file, card = claimed.pop(0)
            keeper = (file.found.path, card.line)
        for file, card in claimed:
            yield Mistake(file.found.path, card.line, _taken(card, *keeper))


def same_cards(files: Iterable[ReadyFile]) -> Iterator[Mistake]:
    """A warning for each card that is word for word another one, of any deck."""
    first: dict[tuple[str, str], str] = {}
    for file in files:
        for card in sorted((*file.cards, *file.drafts), key=lambda card: card.line):
            here = f"{file.found.path}:{card.line}"
            other = first.setdefault((card.question, card.answer_hash), here)
            if other != here:
                problem = f"this card is word for word the one at {other}: remove one, or ask something else"
                yield Mistake(file.found.path, card.line, problem, is_warning=True)


def _unused_pictures(deck: str, files: Sequence[ReadyFile], pictures: Sequence[DeckPicture]) -> Iterator[Mistake]:
    """A warning for each picture that no file of its deck shows, unless a file cannot be read."""
    if all(file.is_text and file.is_merged for file in files):
        links = (link.target for file in files for link in (*file.links, *file.draft_links))
        used = {target.name for target in links if target.kind == "picture"}
        for picture in pictures:
            if picture.name not in used:
                problem = "no card and no topic of its deck shows this file: show it as ![words](path), or remove it"
                yield Mistake(f"{deck}/{picture.name}", 1, problem, is_warning=True)


def _rank(holder: Holder, folder: Path, claim: tuple[ReadyFile, ReadyCard]) -> tuple[bool, bool, int, str, int]:
    """Sorts first the card that keeps a name."""
    file, card = claim
    path, written = file.found.path, f"{{#{card.name}}}" if card.is_named else card.question
    since = first_written(folder, path, written)
    return path != holder.path, card.answer_hash != holder.answer_hash, since, path, card.line


def _draft_duplicates(
    files: Sequence[ReadyFile], holders: Mapping[str, Holder], knows_drafts: bool
) -> Iterator[Mistake]:
    """The same for drafts. If a card that learners see has the name, the draft is wrong."""
    held = {name: (holder.path, holder.line) for name, holder in holders.items() if holder.stays}
    held |= {card.name: (file.found.path, card.line) for file in reversed(files) for card in reversed(file.cards)}
    drafts: dict[str, tuple[str, int]] = {}
    for file in files:
        if not knows_drafts:
            drafts = {}  # of this file alone: the next load may not read the others
        for card in file.drafts:
            here = (file.found.path, card.line)
            keeper = held.get(card.name) or drafts.setdefault(card.name, here)
            if keeper != here:
                yield Mistake(*here, _taken(card, *keeper))


def _taken(card: ReadyCard, path: str, line: int) -> str:
    if card.is_named:
        return f"the id {card.name!r} is already taken at {path}:{line}: choose another"
    return f"the id made from this question, {card.name!r}, is already taken at {path}:{line}: write an {{#id}}"
