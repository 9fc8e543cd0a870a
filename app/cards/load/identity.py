"""Which card of the files is which stored card, so that its history stays with it. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import NamedTuple, TypeVar

from app.cards.file.parse import slug
from app.cards.render.prepare import ReadyCard

Key = tuple[str, str]
"""A card's deck and name."""
Home = tuple[int, int]
"""The ids of a card's deck and topic."""
MOST_QUESTIONS = 20


class _InDeck:
    """A card by the path and line of its file, its name and its answer."""

    path: str
    name: str
    line: int
    answer_hash: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"

    @property
    def deck(self) -> str:
        """The deck's name."""
        return self.path.split("/")[0]

    @property
    def key(self) -> Key:
        """Deck and name."""
        return self.deck, self.name


@dataclass(frozen=True)
class CardRow(_InDeck):
    """A stored card. `path` is its topic's file."""

    id: int
    deck_id: int
    topic_id: int
    path: str
    name: str
    is_named: bool
    place: str
    line: int
    question: str
    content_hash: str
    answer_hash: str
    text_hash: str | None
    retired_at: datetime | None

    @property
    def home(self) -> Home:
        """Where it is, and its totals are counted."""
        return self.deck_id, self.topic_id


def former_key(deck: str, was: str | None) -> Key | None:
    """The deck and the name that a card of `deck` had, by its line Was:."""
    other, _, name = (was or "").rpartition("/")
    return (other or deck, name) if name else None


@dataclass(frozen=True, eq=False)
class FileCard(_InDeck):
    """A card of the file `path`."""

    path: str
    card: ReadyCard

    @property
    def name(self) -> str:  # type: ignore[override]
        """The card's name."""
        return self.card.name

    @property
    def line(self) -> int:  # type: ignore[override]
        """The line of its question."""
        return self.card.line

    @property
    def answer_hash(self) -> str:  # type: ignore[override]
        """The hash of its answer."""
        return self.card.answer_hash

    @property
    def was(self) -> Key | None:
        """The deck and the name that the card had, if it says so."""
        return former_key(self.deck, self.card.was)


@dataclass
class Stored:
    """What is stored. `leaving` are the files whose cards may go: those that are loaded now, and those removed.

    `aliases` are earlier names, with the ids of their cards; `studied` are the ids of cards that a learner has anything
    of.
    """

    rows: Collection[CardRow]
    leaving: Collection[str]
    aliases: Mapping[Key, int] = field(default_factory=dict)
    studied: Collection[int] = ()


@dataclass
class Matches:
    """The row of each card by the card's key; new cards have none.

    `taken_over` are pairs of rows: the first, with its history, takes the place of the second, which has none.
    `decided` says in sentences where history follows although more than one thing has changed, and `asked` where it
    does not, because more than one card can be meant.
    """

    rows: dict[Key, CardRow] = field(default_factory=dict)
    taken_over: list[tuple[CardRow, CardRow]] = field(default_factory=list)
    decided: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


def match(found: Iterable[FileCard], stored: Stored) -> Matches:
    """Match the cards of all files that are loaded now with the stored cards.

    A card is the row with its deck and name. One that has no row may have had another name, or have been in another
    deck: it is the row that it says it was, or that last had its name, or else that shows the same as it does, if no
    other card and no other row does. Only rows that no file has any more can be meant.
    """
    matching = _Matching(found, stored)
    matching.stated()
    for sign in _SIGNS:
        matching.by(sign)
    matching.former_names()
    for sign in _WEAKER_SIGNS:
        matching.by(sign)
    matching.copies()
    matching.ask()
    return matching.done


_New = TypeVar("_New", bound=_InDeck)


class _Sign(NamedTuple):
    """What a card and a row show: they may be the same if these are equal and not None.

    A `returning` row may be retired since long; otherwise it goes now. A row of a file, and then of the whole deck or
    of all decks, must be the only one. What `says` why is reported.
    """

    of_card: Callable[[FileCard], Hashable | None]
    of_row: Callable[[CardRow], Hashable | None]
    says: str = ""
    returning: bool = False


def _answer(row: CardRow) -> str | None:
    return row.answer_hash or None  # a placeholder has none


_SIGNS = (
    # An id was written: the row still has the name that its question gave it.
    _Sign(
        lambda one: (one.deck, slug(one.card.question)) if one.card.is_named else None,
        lambda row: None if row.is_named else row.key,
    ),
    # An id was changed or removed, and nothing else.
    _Sign(
        lambda one: (one.deck, one.card.question, one.card.answer_hash),
        lambda row: (row.deck, row.question, row.answer_hash),
    ),
    # It went to another deck.
    *(
        _Sign(
            lambda one: (one.name, one.card.answer_hash),
            lambda row: (row.name, row.answer_hash),
            "with the same id and answer",
            returning,
        )
        for returning in (False, True)
    ),
)
_WEAKER_SIGNS = (
    # It went to another deck, and its answer or its id was changed at once.
    _Sign(
        lambda one: (one.name, one.card.question), lambda row: (row.name, row.question), "with the same id and question"
    ),
    _Sign(
        lambda one: (one.card.question, one.card.answer_hash),
        lambda row: (row.question, row.answer_hash),
        "with the same question and answer",
    ),
    # The question was reworded, and perhaps an id was written or changed too.
    _Sign(
        lambda one: (one.deck, one.card.answer_hash), lambda row: (row.deck, row.answer_hash), "with the same answer"
    ),
)


class _Matching:
    """The steps of matching; each takes what is still free."""

    def __init__(self, found: Iterable[FileCard], stored: Stored) -> None:
        self.cards = {one.key: one for one in found}
        self.stored = stored
        self.rows = {row.id: row for row in stored.rows}
        self.by_key = {row.key: row for row in stored.rows}
        self.done = Matches({key: self.by_key[key] for key in self.cards if key in self.by_key})
        self.used = {row.id for row in self.done.rows.values()}
        self.why: Counter[tuple[str, str, str]] = Counter()

    def is_free(self, row: CardRow) -> bool:
        """True if no file has the row's card any more."""
        return row.id not in self.used and (row.retired_at is not None or row.path in self.stored.leaving)

    def goes_now(self, row: CardRow) -> bool:
        """True if a file had the row's card until now."""
        return self.is_free(row) and row.retired_at is None

    def new(self) -> list[FileCard]:
        """The cards that have no row yet."""
        return [one for key, one in self.cards.items() if key not in self.done.rows]

    def give(self, one: FileCard, row: CardRow) -> None:
        """Let the card be the row."""
        self.done.rows[one.key] = row
        self.used.add(row.id)

    def by(self, sign: _Sign) -> None:
        """Match what shows the same sign, if that is one card and one row; first anywhere, then within a file."""
        may = self.is_free if sign.returning else self.goes_now
        for within_file in (False, True):
            new, free = self.new(), [row for row in self.rows.values() if may(row)]
            if not new or not free:
                return
            showing: dict[Hashable, tuple[list[FileCard], list[CardRow]]] = defaultdict(lambda: ([], []))
            for one in new:
                if (shown := sign.of_card(one)) is not None:
                    showing[shown, one.path if within_file else ""][0].append(one)
            for row in free:
                if (shown := sign.of_row(row)) is not None and _answer(row):
                    showing[shown, row.path if within_file else ""][1].append(row)
            for cards, rows in showing.values():
                if len(cards) == len(rows) == 1 and not self.lives_elsewhere(rows[0], cards[0]):
                    self.give(cards[0], rows[0])
                    self.say(cards[0], rows[0], sign.says)

    def lives_elsewhere(self, row: CardRow, card: FileCard) -> bool:
        """True if the row's card, with its name and answer, is in a third deck too."""
        return card.deck != row.deck and any(
            (other.name, other.answer_hash) == (row.name, row.answer_hash) and not self.is_free(other)
            for other in self.by_name[row.name]
            if other.deck not in (row.deck, card.deck)
        )

    @cached_property
    def by_name(self) -> Mapping[str, Sequence[CardRow]]:
        """The rows of every deck."""
        named: dict[str, list[CardRow]] = defaultdict(list)
        for row in self.rows.values():
            named[row.name].append(row)
        return named

    def stated(self) -> None:
        """Follow the lines Was:."""
        for one in [one for one in self.cards.values() if one.was]:
            assert one.was is not None  # noqa: S101 - that is what was asked for
            row = self.by_key.get(one.was) or self.rows.get(self.stored.aliases.get(one.was, 0))
            mine = self.done.rows.get(one.key)
            if row is None or row is mine:
                continue
            if not self.is_free(row):
                self.done.asked.append(
                    f"{one}: the card {'/'.join(one.was)} is still in {row.path}: remove the line Was:"
                )
            elif mine is None:
                self.give(one, row)
                self.say(one, row, "as its line Was: says")
            elif mine.id not in self.stored.studied:
                self.take_over(row, mine)
                self.say(one, row, "as its line Was: says")
            elif row.id in self.stored.studied:
                self.done.asked.append(
                    f"{one}: {one.name} has a history of its own by now: that of {'/'.join(one.was)} stays there"
                )

    def former_names(self) -> None:
        """Give a card that comes back under an earlier name its row."""
        for one in self.new():
            row = self.rows.get(self.stored.aliases.get(one.key, 0))
            if row is not None and self.is_free(row):
                self.give(one, row)
                if row.deck != one.deck:
                    self.say(one, row, "under the id that it had there")

    def copies(self) -> None:
        """A card has a copy in another deck, and goes now, or its copy returns: history goes where the card is now."""
        copied: dict[Key, list[CardRow]] = defaultdict(list)
        for row in self.rows.values():
            if _answer(row):
                copied[row.name, row.answer_hash].append(row)
        for rows in copied.values():
            kept = [row for row in rows if not self.is_free(row)]
            if len(kept) != 1 or kept[0].id in self.stored.studied:
                continue
            may = self.goes_now if kept[0].retired_at is None else self.is_free
            gone = [row for row in rows if may(row) and row.id in self.stored.studied]
            if len(gone) == 1:
                self.take_over(gone[0], kept[0])
                self.why[gone[0].deck, kept[0].deck, "with the same id and answer"] += 1

    def take_over(self, row: CardRow, empty: CardRow) -> None:
        """Let `row` have the place of a row without history."""
        self.done.taken_over.append((row, empty))
        self.used.add(row.id)
        if empty.key in self.done.rows:
            self.done.rows[empty.key] = replace(empty, id=row.id)

    def say(self, one: FileCard, row: CardRow, why: str) -> None:
        """Report a match that was not obvious."""
        if row.deck != one.deck and why:
            self.why[row.deck, one.deck, why] += 1
        elif row.is_named and why:
            self.done.decided.append(f"{one}: {one.name} keeps the history of {row.name}, {why}.")

    def ask(self) -> None:
        """Say what moved, and name the new cards that may be another's, whose history stays where it is."""
        for (deck, to, why), number in sorted(self.why.items()):
            keep = "1 card keeps its" if number == 1 else f"{number} cards keep their"
            self.done.decided.append(f"{keep} history on the way from {deck} to {to}, {why}.")
        studied = (row for row in self.rows.values() if row.id in self.stored.studied and self.is_free(row))
        self.done.asked += questions(self.new(), studied, lambda _one, row: row.retired_at is None)
        if len(self.done.asked) > MOST_QUESTIONS:
            more = f"And {len(self.done.asked) - MOST_QUESTIONS} more such cards."
            self.done.asked[MOST_QUESTIONS:] = [more]


def questions(
    new: Iterable[_New], gone: Iterable[CardRow], at_once: Callable[[_New, CardRow], bool | None]
) -> Iterator[str]:
    """A sentence for each new card that may be a card that is gone and has a history, and how to answer.

    `at_once` says of both whether one load brought the first and took the second, which is enough if they show the same
    answer; None if the first was there before.
    """
    showing: dict[str, list[CardRow]] = defaultdict(list)
    for row in gone:
        if _answer(row):
            showing[row.name].append(row)
            showing[row.answer_hash].append(row)
    wanted: dict[CardRow, list[_New]] = defaultdict(list)
    for card in new:
        for row in {*showing[card.name], *showing[card.answer_hash]}:
            together, same_answer = at_once(card, row), card.answer_hash == row.answer_hash
            is_same = same_answer or card.deck != row.deck if together else same_answer and card.name == row.name
            if together is not None and is_same:
                wanted[row].append(card)
    may_be: dict[_New, list[CardRow]] = defaultdict(list)
    for row, cards in wanted.items():
        for one in cards:
            may_be[one].append(row)
    for one, rows in may_be.items():
        rivals = [other for row in rows for other in wanted[row] if other is not one]
        names = sorted("/".join(row.key) for row in rows)
        yield (
            f"{one}: {one.name} may be {' or '.join(names)}{f', and so may {rivals[0]}' if rivals else ''}. "
            f"No history was moved: write the line Was: {names[0]} at the end of the card whose history it is."
        )


def names_to_find(found: Iterable[FileCard], rows: Collection[CardRow], leaving: Collection[str]) -> set[str]:
    """The names by which rows of any deck may be meant: of cards that come or go, and those after Was:."""
    cards = {one.key: one for one in found}
    stays = {row.key for row in rows if row.retired_at is None}
    names = {name for deck, name in cards if (deck, name) not in stays}
    names |= {one.was[1] for one in cards.values() if one.was}
    return names | {row.name for row in rows if row.path in leaving and row.key in stays and row.key not in cards}
