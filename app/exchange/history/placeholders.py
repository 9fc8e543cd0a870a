"""Finds the cards of a history, and makes retired placeholders for those that the content lacks."""

import html
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, exists, func, insert, or_, select, update

from app.cards.file.files import MOST_DECKS
from app.exchange.history.format import CardLine, HistoryError, MarkLine, QuizItemLine, ReviewLine
from app.study.schedule.review_log import SEED
from app.tables import CARD, CARD_ALIAS, CARD_MARK, DECK, OWN_TAG, QUIZ, QUIZ_ITEM, REVIEW, TOPIC

MOST_UNKNOWN = 20_000
"""So many cards of a history may be missing in the content."""
_ANSWER = "<p>The content lacks this card. It came with a history, and is whole again once its file is loaded.</p>"
_CARD = (
    select(CARD.c.id, SEED.label("seed"))
    .join_from(CARD, DECK, DECK.c.id == CARD.c.deck_id)
    .where(DECK.c.name == bindparam("deck"), CARD.c.name == bindparam("card"))
)
_FORMER = (
    select(CARD.c.id, SEED.label("seed"))
    .join_from(CARD, CARD_ALIAS, CARD_ALIAS.c.card_id == CARD.c.id)
    .where(CARD_ALIAS.c.deck == bindparam("deck"), CARD_ALIAS.c.name == bindparam("card"))
)
_RESEED = update(CARD).where(CARD.c.id == bindparam("row")).values(seed=bindparam("to"))


@dataclass
class HistoryCards:
    """Finds and makes cards in the caller's transaction. `now` (aware) is when placeholders are retired.

    `was_reviewed` is true for the id of a card that anybody has reviewed here.
    """

    connection: Connection
    now: datetime
    was_reviewed: Callable[[int], bool]
    _last: dict[str, int] = field(init=False)
    _made: int = field(init=False, default=0)
    _renamed: dict[tuple[str, str], int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._last = {table.name: self._last_id(table) for table in (DECK, TOPIC, CARD)}
        self.find = lru_cache(maxsize=10_000)(self._find)

    def add(self, number: int, line: CardLine) -> None:
        """Make the card if it is missing. Give it the history's fuzz, unless it was reviewed here before.

        Raises HistoryError if too many are missing.
        """
        found = self._row(line.deck, line.card)
        if found is None:
            self._make(number, line)
        elif found.seed != line.seed and not self.was_reviewed(found.id):
            self.connection.execute(_RESEED, {"row": found.id, "to": line.seed})

    def is_now(self, deck: str, card: str, card_id: int) -> None:
        """Remember that a card which the content lacks under this name has another name here."""
        if (self.find(deck, card) or 0) > self._last["card"]:
            self._renamed[deck, card] = card_id

    def id_of(self, number: int, line: ReviewLine | MarkLine | QuizItemLine) -> int:
        """Return the id of the card with the name on a line. Raises HistoryError if no line of kind card named it."""
        found = self.find(line.deck, line.card)
        if found is None:
            raise HistoryError(number, f"the card {line.deck}/{line.card} has no card line above")
        return found

    def present_id_of(self, number: int, line: MarkLine | QuizItemLine) -> int:
        """Return the id of a line's card, even if it has another name here, as far as the reviews have shown it."""
        return self._renamed.get((line.deck, line.card)) or self.id_of(number, line)

    def deck(self, number: int, name: str, title: str) -> int:
        """Return the id of the deck, which is made if it is missing. Raises HistoryError if there are too many."""
        return self._id(DECK, name=name) or self._add_deck(number, name, title)

    def _add_deck(self, number: int, name: str, title: str) -> int:
        count = self.connection.execute(select(func.count()).select_from(DECK)).scalar_one()
        if count >= MOST_DECKS:
            raise HistoryError(
                number, f"there is no deck {name} here, and there are already {MOST_DECKS} decks, so none can be added"
            )
        return self._add(DECK, name=name, title=title)

    def drop_unused(self) -> list[str]:
        """Delete placeholders that are not used, such as those of renamed cards. Returns the others as deck/name."""
        uses = (table.c.card_id == CARD.c.id for table in (REVIEW, CARD_MARK, OWN_TAG, QUIZ_ITEM))
        used = {
            CARD: or_(*(exists().where(use) for use in uses)),
            TOPIC: exists().where(CARD.c.topic_id == TOPIC.c.id),
            DECK: exists().where(TOPIC.c.deck_id == DECK.c.id) | exists().where(QUIZ.c.deck_id == DECK.c.id),
        }
        for table, is_used in used.items():
            self.connection.execute(delete(table).where(table.c.id > self._last[table.name], ~is_used))
        kept = select(DECK.c.name, CARD.c.name).join_from(CARD, DECK, DECK.c.id == CARD.c.deck_id)
        kept = kept.where(CARD.c.id > self._last["card"]).order_by(CARD.c.id)
        return [f"{deck}/{card}" for deck, card in self.connection.execute(kept)]

    def _find(self, deck: str, card: str) -> int | None:
        found = self._row(deck, card)
        return found.id if found else None

    def _row(self, deck: str, card: str) -> Any:
        """The id and the fuzz of the card that has this name, or else of the one that had it before."""
        found = (self.connection.execute(query, {"deck": deck, "card": card}).first() for query in (_CARD, _FORMER))
        return next((row for row in found if row is not None), None)

    def _make(self, number: int, line: CardLine) -> None:
        self._made += 1
        if self._made > MOST_UNKNOWN:
            raise HistoryError(number, f"more than {MOST_UNKNOWN:,} of its cards are not in the content: load it first")
        deck_id = self.deck(number, line.deck, line.deck_title)
        topic_id = self._id(TOPIC, deck_id=deck_id, name=line.topic) or self._add(
            TOPIC,
            deck_id=deck_id,
            name=line.topic,
            path=f"{line.deck}/{line.topic}.md",
            title=line.topic_title,
            place=f"999999/{line.topic}",
            explanation_html="",
            key_points_html="",
            sources=[],
            retired_at=self.now,
        )
        # No content has these hashes, so loading the card's file will write all of its text.
        self._add(
            CARD,
            deck_id=deck_id,
            topic_id=topic_id,
            name=line.card,
            is_named=True,
            place=f"999999/{line.topic}/99999",
            line=1,
            question=line.question,
            question_html=html.escape(line.question, quote=False),
            short_html=_ANSWER,
            answer_html="",
            content_hash="",
            answer_hash="",
            retired_at=self.now,
            seed=line.seed,
        )

    def _id(self, table: Table, **where: Any) -> int | None:
        query = select(table.c.id).filter_by(**where)
        found: int | None = self.connection.execute(query).scalar()
        return found

    def _add(self, table: Table, **values: Any) -> int:
        return int(self.connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one())

    def _last_id(self, table: Table) -> int:
        return int(self.connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one())
