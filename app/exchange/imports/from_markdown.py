"""Reads a Markdown or MyST page: each heading is a question, the text under it the answer."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from app.cards.file.blocks import Block, read
from app.cards.file.metadata import OF_A_CARD, colon_of_metadata, take_metadata
from app.cards.file.yaml_files import YamlError, one_line, read_mapping
from app.exchange.imports.draft import Draft, Harmless, Item, Notice, Reading, Skipped, Unfinished, block, line_of
from app.exchange.imports.markdown.myst import LeftOut, plain_markdown

_ID = re.compile(r"\s*\{#([a-z0-9]+(?:-[a-z0-9]+)*)\}\s*$")
_METADATA = re.compile(r"\s*(Level|Tags|Source):\s*(\S.*)")
_MARK = re.compile(r"\[\^([^\[\]\s]+)\]")
_KEYS = re.compile(r"\s*(?:Level|Tags|Source|Points|Draft: yes)(?=[:,]|$)|## key points", re.IGNORECASE)
_REFERENCE = re.compile(r"(!?)\[([^\[\]]+)\](?:\[([^\[\]]*)\])?(?![\[(:])")
_DEFINITION = re.compile(r" {0,3}\[[^\[\]^]+\]:\s*\S+(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?\s*")


@dataclass(frozen=True)
class _Section:
    """A heading and its text, as indices of lines from 0. The text before the first heading has level 0."""

    level: int
    title: str
    start: int
    first: int
    end: int


_POINTS = re.compile(r"(?:\A|\n\n)Points:[ \t]*\n+((?:[-*+][ \t]+\S.*(?:\n|\Z))+)(?=\n|\Z)")


def claims_markdown(text: str) -> bool:
    """True if there is a heading."""
    return re.search(r"^ {0,3}#{1,6}[ \t]+\S", text, re.MULTILINE) is not None


def read_markdown(text: str) -> Reading:
    """Return a draft for each heading, in order.

    A single top heading is the title, and the text under it the explanation. If headings of level 2 have {#id}s, as in
    our own files, only headings of level 2 begin a card.
    """
    lines = text.split("\n")
    stated, skipped, start = _front(lines)
    document = read("\n" * start + "\n".join(lines[start:]))
    headings = [one for one in document.blocks if one.level]
    own = any(one.level == 2 and _ID.search(one.text) for one in headings)
    left_out = LeftOut(layout=_marks(lines, start))
    layout = left_out.layout
    sections = _sections([one for one in headings if not own or one.level == 2], start, len(lines), left_out)
    top = None if own else _top(sections[1:])
    points = [one for one in sections if own and one.title.casefold() == "key points"]
    parents = _parents(sections[1:], top)
    addresses = {name.casefold(): str(known["href"]) for name, known in document.references.items()}

    notes = _Notes(lines, document.notes)

    def body(section: _Section) -> str:
        # A definition leaves an empty line, so that the other lines keep their numbers.
        kept = ["" if _DEFINITION.fullmatch(line) else line for line in notes.lines[section.first : section.end]]
        text = _resolved(block(plain_markdown(kept, left_out, section.first)), addresses, layout)
        return notes.below(text, own)

    explanation = "\n\n".join(filter(None, map(body, [sections[0], *([top] if top else [])])))
    key_points = "\n\n".join(map(body, points))
    drafts = []
    for one in sections[1:]:
        if one is not top and one not in points:
            at = len(left_out.told)
            draft = _draft(one, parents.get(one.start), body(one), own)
            drafts.append(
                replace(draft, left_out=(*draft.left_out, *(sentence for _index, sentence in left_out.told[at:])))
            )
            del left_out.told[at:]
    skipped += notes.unused()
    for index, sentence in left_out.told:
        skipped.append((Notice if isinstance(sentence, Harmless) else Skipped)(line_of(index), sentence))
    if stated and top:
        layout.append(top.title)
    title = stated or (top.title if top else "")
    return Reading(
        title, [*drafts, *skipped], explanation, key_points, text=text, layout=layout, hides=own, links=not own
    )


class _Notes:
    """The footnotes of a page. `lines` are its lines without them; each stands below the cards that refer to it."""

    def __init__(self, lines: Sequence[str], notes: Mapping[str, Block]) -> None:
        self.lines, self.at = list(lines), {label: note.line - 1 for label, note in notes.items()}
        self.texts = {label: block(lines[note.line - 1 : note.end - 1]) for label, note in notes.items()}
        self.uses: Counter[str] = Counter()
        for note in notes.values():
            self.lines[note.line - 1 : note.end - 1] = [""] * (note.end - note.line)

    def below(self, text: str, is_own: bool) -> str:
        """The text with the footnotes that it uses. A label that another card has used gets a number."""
        used: dict[str, str] = {}
        waiting = _MARK.findall(text)
        while waiting:
            label = waiting.pop(0)
            if label in self.texts and label not in used:
                self.uses[label] += 1
                used[label] = label if self.uses[label] == 1 else f"{label}-{self.uses[label]}"
                waiting += _MARK.findall(self.texts[label].partition("]")[2])
        if not used:
            return text
        notes = "\n".join(self.texts[label] for label in used)
        before, _, last = text.rpartition("\n\n")
        is_metadata = before and all(map(colon_of_metadata, last.split("\n")))
        parts = (before, notes, last) if is_metadata and is_own else (text, notes)
        return _MARK.sub(lambda one: f"[^{used.get(one[1], one[1])}]", "\n\n".join(parts))

    def unused(self) -> Iterator[Skipped]:
        """Those that no text refers to."""
        for label, text in self.texts.items():
            if not self.uses[label]:
                yield Skipped(line_of(self.at[label]), f"no answer refers to this footnote: {text}")


def _marks(lines: Sequence[str], start: int) -> list[str]:
    """The words that are not a card's text: the front matter, the names of metadata, and the heading Key points."""
    front = [line for line in lines[:start] if re.match(r"(?:order|draft) *:", line)]
    labels = [line.partition("]:")[0] for line in lines if _DEFINITION.fullmatch(line)]
    return ["title", *front, *labels, *(found[0] for line in lines if (found := _KEYS.match(line)))]


def _front(lines: Sequence[str]) -> tuple[str, list[Item], int]:
    """Return the title in the front matter, what is wrong with it or not read, and its number of lines."""
    if lines[0].rstrip() == "+++":
        return _toml(lines)
    if lines[0].rstrip() != "---":
        return "", [], 0
    end = next((index for index in range(1, len(lines)) if lines[index].rstrip() in ("---", "...")), None)
    if end is None:
        return "", [Skipped("line 1", "the front matter is never closed: it is read as text")], 0
    try:
        entries = read_mapping("\n".join(lines[1:end]), first_line=2)
    except YamlError as error:
        return "", [Skipped(f"line {error.line}", f"the front matter: {error}", "\n".join(lines[:end]))], end + 1
    title = entries["title"].value if "title" in entries else ""
    title = one_line(str(title) if isinstance(title, int | float) else title) or ""
    begins = [*(entry.line - 1 for entry in entries.values()), end]
    told: list[Item] = []
    for (key, entry), start, stop in zip(entries.items(), begins, begins[1:], strict=False):
        if key not in ("order", "draft") and not (key == "title" and title):
            value = " ".join("\n".join(lines[start:stop]).partition(":")[2].split())
            told.append(Notice(f"line {entry.line}", f"{key} in the front matter is not read: {value}"))
    return title, told, end + 1


def _toml(lines: Sequence[str]) -> tuple[str, list[Item], int]:
    """The same for front matter in TOML, as Hugo and Zola have it."""
    end = next((index for index in range(1, len(lines)) if lines[index].rstrip() == "+++"), 0)
    try:
        title = tomllib.loads("\n".join(lines[1:end])).get("title")
    except tomllib.TOMLDecodeError:
        title = None
    told: list[Item] = [
        Notice(line_of(at), f"this line of the front matter is not read: {lines[at]}")
        for at in range(1, end)
        if lines[at].strip() and not (title and re.match(r"title\s*=", lines[at]))
    ]
    return title if isinstance(title, str) else "", told, end + 1 if end else 0


def _sections(headings: Sequence[Block], start: int, length: int, left_out: LeftOut) -> list[_Section]:
    begins = [heading.line - 1 for heading in headings]
    sections = [_Section(0, "", start, start, begins[0] if begins else length)]
    for heading, (begin, end) in zip(headings, pairwise([*begins, length]), strict=True):
        title = " ".join(plain_markdown(heading.text.split("\n"), left_out)).strip()
        sections.append(_Section(heading.level, title, begin, heading.end - 1, end))
    return sections


def _top(sections: Sequence[_Section]) -> _Section | None:
    """Return the first heading if its level is above all others'."""
    if len(sections) < 2 or any(one.level <= sections[0].level for one in sections[1:]):
        return None
    return sections[0]


def _parents(sections: Sequence[_Section], top: _Section | None) -> dict[int, str]:
    """Map each heading (by its index of line) to the heading above it, unless that is the page's title."""
    parents: dict[int, str] = {}
    above: list[_Section] = []
    for section in sections:
        while above and above[-1].level >= section.level:
            above.pop()
        if above and above[-1] is not top:
            parents[section.start] = above[-1].title
        above.append(section)
    return parents


def _draft(section: _Section, parent: str | None, text: str, own: bool) -> Draft:
    stated = _ID.search(section.title)
    question = _ID.sub("", section.title)
    if parent:  # "How to understand" means nothing without the heading above it
        question = f"{_ID.sub('', parent).rstrip(':?. ')}: {question}"
    points = list(_POINTS.finditer(text))[-1:] if own else []
    for found in points:
        text = f"{text[: found.start()]}\n\n{text[found.end() :]}".strip("\n")
    answer, metadata, others = _metadata(text, own)
    drafts = [line for line in others if line.startswith("Draft:")]
    return Draft(
        line_of(section.start),
        question,
        answer,
        tags=metadata.get("Tags", ()),
        level=next(iter(metadata.get("Level", ())), ""),
        sources=metadata.get("Source", ()),
        name=stated[1] if stated else "",
        left_out=tuple(Unfinished(line.partition(",")[2].strip() or "it is a draft there") for line in drafts),
        stated=tuple(line for line in others if line not in drafts),
        points=tuple(line[1:].strip() for found in points for line in found[1].splitlines()),
    )


def _metadata(text: str, own: bool) -> tuple[str, dict[str, tuple[str, ...]], list[str]]:
    """Split off a last paragraph of Level:, Tags: and Source: lines. In our `own` files others may be among them."""
    before, _, last = text.rpartition("\n\n")
    others = [line.strip() for line in last.split("\n") if not _METADATA.fullmatch(line)]
    _kept, _stated, wrong = take_metadata("", read("\n".join(others)).blocks, OF_A_CARD)
    is_computed = any(line.startswith("Ask:") for line in others)
    if others and (not own or wrong or not all(map(colon_of_metadata, others))):
        return text, {}, []
    if not before and not is_computed:
        return text, {}, []
    found = (_METADATA.fullmatch(line) for line in last.split("\n"))
    return before, {one[1]: tuple(word.strip() for word in one[2].split(",")) for one in found if one}, others


def _resolved(text: str, addresses: Mapping[str, str], layout: list[str]) -> str:
    """Replace [words][name] by [words](address): the definition of the name stays behind on the page."""

    def link(found: re.Match[str]) -> str:
        address = addresses.get(" ".join((found[3] or found[2]).split()).casefold())
        layout.append(found[3] if address and found[3] else "")
        return f"{found[1]}[{found[2]}]({address})" if address else found[0]

    return _REFERENCE.sub(link, text) if addresses else text
