"""Mistakes that a file alone does not show: names that another card has, unknown source items, links to nowhere."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from app.cards.check.links import Neighbourhood, broken
from app.cards.file.mistake import Mistake, nearest
from app.cards.file.sources import Sources
from app.cards.render.prepare import ReadyCard, ReadyFile

Place = tuple[str, int]


def outside_mistakes(file: ReadyFile, sources: Sources | None, around: Neighbourhood) -> Iterator[Mistake]:
    """Source items that no document has (unless the list of documents is broken itself) and links to nowhere."""
    known = sources.items if sources else None
    for item, line in file.stated:
        if known is not None and item not in known:
            near = nearest(item, known) or " sources.yaml lists them."
            yield Mistake(file.found.path, line, f"there is no source item {item!r}.{near}")
    for links, is_of_draft in ((file.links, False), (file.draft_links, True)):
        for link in links:
            for message in broken(link, around, is_of_draft):
                yield Mistake(file.found.path, link.line, message)


def duplicates(
    files: Iterable[ReadyFile], held: Mapping[str, Place], owners: Mapping[str, tuple[str, str]]
) -> Iterator[Mistake]:
    """For each card of one deck whose name another one has, a mistake that names both places.

    `held` are names that cards of other files have, which keep them. Otherwise a name stays in the file, or else with
    the answer (its hash), that `owners` gives for it; and otherwise with the first.
    """
    claims: dict[str, list[tuple[ReadyFile, ReadyCard]]] = {}
    for file in files:
        for card in file.cards:
            claims.setdefault(card.name, []).append((file, card))
    for name, claimed in claims.items():
        path, answer = owners.get(name, ("", ""))
        claimed.sort(
            key=lambda one: (one[0].found.path != path, one[1].answer_hash != answer, one[0].found.path, one[1].line)
        )
        keeper = held.get(name)
        if keeper is None:
            file, card = claimed.pop(0)
            keeper = (file.found.path, card.line)
        for file, card in claimed:
            yield Mistake(file.found.path, card.line, _taken(card, *keeper))


def draft_duplicates(files: Sequence[ReadyFile]) -> Iterator[Mistake]:
    """The same for drafts: theirs is the mistake when a card that is none has the name."""
    held = {card.name: (file.found.path, card.line) for file in reversed(files) for card in reversed(file.cards)}
    for file in files:
        for card in file.drafts:
            here = (file.found.path, card.line)
            if (keeper := held.setdefault(card.name, here)) != here:
                yield Mistake(*here, _taken(card, *keeper))


def _taken(card: ReadyCard, path: str, line: int) -> str:
    if card.is_named:
        return f"the id {card.name!r} is already taken at {path}:{line}: choose another"
    return f"the name that this question gives, {card.name!r}, is already taken at {path}:{line}: write an {{#id}}"
