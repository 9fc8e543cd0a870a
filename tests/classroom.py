"""A class whose learners answer as a test says, without the pages; and its evidence."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from sqlalchemy import func, insert, select

from app.accounts.accounts import NewAccount, add
from app.accounts.classes import add_class, change_class, remove_member
from app.accounts.evidence import leave, take_part
from app.accounts.leaving import leave as leave_for_good
from app.accounts.roles import Role
from app.database import Database
from app.study.evidence.figures import CellKind, FigureCell, Figures
from app.study.evidence.renew import renew
from app.study.evidence.shown import class_evidence
from app.study.learners import erase
from app.tables import ACCOUNT, CARD, CARD_VERSION, CLASS_MEMBER, DECK, EVIDENCE, REVIEW


@dataclass
class Classroom:
    """A class with all decks of a database, its clock, and the accounts of its learners by their profiles."""

    database: Database
    now: datetime
    id: int = 0
    accounts: dict[int, int] = field(default_factory=dict)
    numbers: Any = field(default_factory=count)

    def __post_init__(self) -> None:
        with self.database.write() as session:
            self.id = add_class(session, f"Class {next(self.numbers)}", self.now)
            decks = session.connection().execute(select(DECK.c.id)).scalars().all()
            change_class(session, self.id, "Spring", decks)

    def later(self, **lapse: float) -> None:
        self.now += timedelta(**lapse)

    def learner(self, takes_part: bool = True) -> int:
        """A learner who joins the class; returns the profile's id."""
        with self.database.write() as session:
            connection, name = session.connection(), f"Learner {next(self.numbers)}"
            account = add(session, NewAccount(name, Role.LEARNER), Random(name), 9_999, self.now)
            row = {"class_id": self.id, "account_id": account, "teaches": False, "joined_at": self.now}
            connection.execute(insert(CLASS_MEMBER).values(row))
            if takes_part:
                take_part(session, self.id, account, self.now)
            learner: int = connection.execute(select(ACCOUNT.c.learner_id).where(ACCOUNT.c.id == account)).scalar_one()
        self.accounts[learner] = account
        return learner

    def cards(self) -> Sequence[int]:
        with self.database.read() as session:
            return session.connection().execute(select(CARD.c.id).order_by(CARD.c.id)).scalars().all()

    def answer(self, learner: int, card: int, rating: int, seconds: int = 20, **more: Any) -> int:
        """Rate a card now; returns the review's id."""
        row = self._row(learner, card) | {"rating": rating, "shown_at": self.now - timedelta(seconds=seconds)}
        return self._add(row | {"revealed_at": self.now} | more)

    def slip(self, learner: int, card: int, says: str) -> int:
        """Make a slip at a computed question."""
        asked = {"version": 1, "parameters": {}, "asks": "?", "givens": [], "answer": "1"}
        return self.answer(learner, card, 1, question="none", asked=json.dumps(asked), verdict="slip", slip=says)

    def undo(self, learner: int, review: int) -> None:
        with self.database.read() as session:
            card = session.connection().execute(select(REVIEW.c.card_id).where(REVIEW.c.id == review)).scalar_one()
        self._add(self._row(learner, card) | {"rating": None, "undoes_id": review})

    def edit(self, card: int) -> int:
        """Store another version of a card's text; returns its id."""
        row = {"card_id": card, "text_hash": str(next(self.numbers)), "markdown": "?", "path": "small/first.md"}
        with self.database.write() as session:
            row |= {"line": 9, "loaded_at": self.now}
            made: int = (
                session.connection().execute(insert(CARD_VERSION).values(row).returning(CARD_VERSION.c.id)).scalar_one()
            )
        return made

    def leave(self, learner: int) -> None:
        with self.database.write() as session:
            leave(session, self.accounts[learner])

    def remove(self, learner: int) -> None:
        with self.database.write() as session:
            remove_member(session, self.id, self.accounts[learner])

    def erase(self, learner: int) -> None:
        with self.database.write() as session:
            erase(session, learner)

    def ask_for_deletion(self, learner: int) -> None:
        with self.database.write() as session:
            leave_for_good(session, learner, self.now + timedelta(days=7))

    def move(self, learner: int) -> None:
        """Let the learner join another class."""
        with self.database.write() as session:
            other = add_class(session, f"Class {next(self.numbers)}", self.now)
            row = {"class_id": other, "account_id": self.accounts[learner], "teaches": False, "joined_at": self.now}
            session.connection().execute(insert(CLASS_MEMBER).values(row))
            take_part(session, other, self.accounts[learner], self.now)

    def made(self, cell: FigureCell) -> datetime:
        """When the cell was renewed last."""
        with self.database.read() as session:
            of = select(func.max(EVIDENCE.c.made_at)).filter_by(class_id=self.id, **cell._asdict())
            made: datetime = session.connection().execute(of).scalar_one()
        return made

    def join_again(self, learner: int) -> None:
        with self.database.write() as session:
            take_part(session, self.id, self.accounts[learner], self.now)

    def renew(self) -> None:
        assert renew(self.database, self.id, self.now)

    def shown(self, *kinds: CellKind) -> dict[FigureCell, Figures]:
        """What a page would show now."""
        with self.database.read() as session:
            return dict(class_evidence(session.connection(), self.id, *(kinds or CellKind)).cells)

    def _row(self, learner: int, card: int) -> dict[str, Any]:
        self.now += timedelta(milliseconds=1)
        return {
            "learner_id": learner, "card_id": card, "token": f"t{next(self.numbers)}", "rated_at": self.now,
            "counts_at": self.now, "day": self.now.date(), "desired_retention": 0.9, "checksum": "",
        }  # fmt: skip

    def _add(self, row: dict[str, Any]) -> int:
        with self.database.write() as session:
            made: int = session.connection().execute(insert(REVIEW).values(row).returning(REVIEW.c.id)).scalar_one()
        return made
