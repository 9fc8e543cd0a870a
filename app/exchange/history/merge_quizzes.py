"""Merges the quizzes of a history with those in the database."""

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import Connection, Update, insert, select, update

from app.exchange.history.format import HistoryError, QuizItemLine, QuizLine
from app.exchange.history.placeholders import HistoryCards
from app.tables import QUIZ, QUIZ_ITEM, REVIEW


class QuizMerger:
    """Takes lines in the caller's transaction. A quiz is known by its name.

    `bring` makes the reviews with these tokens known, whoever has them. A quiz that was continued elsewhere gets the
    answers that are missing here.
    """

    def __init__(
        self, connection: Connection, learner_id: int, cards: HistoryCards, bring: Callable[[Collection[str]], None]
    ) -> None:
        self.connection = connection
        self.bring = bring
        self.learner_id = learner_id
        self.cards = cards
        self._quiz_id = 0
        self._known: dict[int, tuple[int, str | None]] | None = None
        self._changed: set[int] = set()

    @property
    def changed(self) -> int:
        """How many quizzes were added or got answers."""
        return len(self._changed)

    def begin(self, number: int, line: QuizLine) -> None:
        """Take a quiz, whose items follow. Raises HistoryError if it belongs to another learner."""
        here = self.connection.execute(select(QUIZ).where(QUIZ.c.name == line.name)).mappings().one_or_none()
        if here is None:
            values = {name: getattr(line, name) for name in ("name", "title", "started_at", "seconds", "ended_at")}
            values |= {"learner_id": self.learner_id, "kind": line.quiz_kind}
            values["deck_id"] = self.cards.deck(number, line.deck, line.deck_title)
            made = self.connection.execute(insert(QUIZ).values(**values).returning(QUIZ.c.id))
            self._quiz_id, self._known = made.scalar_one(), None
            self._changed.add(self._quiz_id)
            return
        if here["learner_id"] != self.learner_id:
            raise HistoryError(number, f"the quiz {line.name} belongs to learner {here['learner_id']} here")
        self._quiz_id = here["id"]
        items = select(QUIZ_ITEM.c.position, QUIZ_ITEM.c.card_id, QUIZ_ITEM.c.token)
        rows = self.connection.execute(items.where(QUIZ_ITEM.c.quiz_id == self._quiz_id))
        self._known = {position: (card_id, token) for position, card_id, token in rows}
        if here["ended_at"] is None and line.ended_at is not None:
            self._update(update(QUIZ).where(QUIZ.c.id == self._quiz_id), ended_at=line.ended_at)

    def add(self, number: int, line: QuizItemLine) -> None:
        """Take an item of the last quiz. Raises HistoryError."""
        card_id = self.cards.present_id_of(number, line)
        if self._known is None:
            self._check_token(number, line.token)
            values: dict[str, Any] = {"quiz_id": self._quiz_id, "card_id": card_id}
            values |= {name: getattr(line, name) for name in ("position", "is_follow_up", "expected", "token", "why")}
            self.connection.execute(insert(QUIZ_ITEM).values(**values))
            return
        here = self._known.get(line.position)
        # What is here is kept: an item that differs, or an additional one, was edited by hand.
        if here == (card_id, None) and line.token is not None:
            self._check_token(number, line.token)
            item = (QUIZ_ITEM.c.quiz_id == self._quiz_id) & (QUIZ_ITEM.c.position == line.position)
            self._update(update(QUIZ_ITEM).where(item), token=line.token)

    def _check_token(self, number: int, token: str | None) -> None:
        """Check that the review answers no other question, and belongs to the learner."""
        if token is None:
            return
        if self.connection.execute(select(QUIZ_ITEM.c.quiz_id).where(QUIZ_ITEM.c.token == token)).scalar() is not None:
            raise HistoryError(number, f"the review {token} already answers another question")
        self.bring([token])
        whose = self.connection.execute(select(REVIEW.c.learner_id).where(REVIEW.c.token == token)).scalar()
        if whose not in (None, self.learner_id):
            raise HistoryError(number, f"the review {token} belongs to learner {whose} here")

    def _update(self, statement: Update, **values: Any) -> None:
        self.connection.execute(statement.values(**values))
        self._changed.add(self._quiz_id)
