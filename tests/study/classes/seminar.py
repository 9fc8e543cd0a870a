"""A class whose learners study, for tests."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import count

from sqlalchemy import delete, insert, select

from app.study.classes.overview import Overview, count_again, keep, overview
from app.study.schedule.rate import Answer, rate
from app.tables import ACCOUNT, CARD_STATE, CLASS_DATE, CLASS_DECK, CLASS_MEMBER, LEARNER, SCHOOL_CLASS
from tests.study.conftest import DECK, Study

FIRST = 100


@dataclass
class Seminar:
    """A class with one deck. Its learners are known by the ids of their accounts, which are those of the learners."""

    study: Study
    cards: Sequence[int]
    id: int = 1
    members: set[int] = field(default_factory=set)
    _ids: "count[int]" = field(default_factory=lambda: count(FIRST))
    _tokens: "count[int]" = field(default_factory=count)

    def __post_init__(self) -> None:
        with self.study.database.write() as session:
            connection = session.connection()
            connection.execute(insert(SCHOOL_CLASS).values(id=self.id, name="Spring", made_at=self.study.now))
            connection.execute(insert(CLASS_DECK).values(class_id=self.id, deck_id=DECK))

    def join(self, who: int | None = None) -> int:
        """Somebody joins, who was here before or is new; returns the id."""
        with self.study.database.write() as session:
            connection, now = session.connection(), self.study.now
            if who is None:
                who = next(self._ids)
                row = connection.execute(select(LEARNER).where(LEARNER.c.id == 1)).mappings().one()
                connection.execute(insert(LEARNER).values({**row, "id": who, "name": f"Learner {who}"}))
                account = {"id": who, "learner_id": who, "name": f"learner {who}", "role": "learner", "made_at": now}
                connection.execute(insert(ACCOUNT).values(account))
            member = {"class_id": self.id, "account_id": who, "teaches": False, "joined_at": now, "counts_from": now}
            connection.execute(insert(CLASS_MEMBER).values(member))
        self.members.add(who)
        return who

    def leave(self, who: int) -> None:
        with self.study.database.write() as session:
            session.connection().execute(delete(CLASS_MEMBER).where(CLASS_MEMBER.c.account_id == who))
        self.members.remove(who)

    def rate(self, who: int, card: int, rating: int) -> None:
        answer = Answer(card, rating, f"seminar-{next(self._tokens)}", 0, self.study.now, self.study.now)
        with self.study.database.write() as session:
            state = select(CARD_STATE.c.last_review_id).where(
                CARD_STATE.c.learner_id == who, CARD_STATE.c.card_id == card
            )
            after = session.connection().execute(state).scalar() or 0
            rate(session, replace(self.study.prefs, learner_id=who), replace(answer, after=after), self.study.now)

    def set_day(self, held_on: date | None) -> None:
        with self.study.database.write() as session:
            session.connection().execute(delete(CLASS_DATE))
            if held_on:
                row = {"class_id": self.id, "deck_id": DECK, "occasion": "Exam", "held_on": held_on}
                session.connection().execute(insert(CLASS_DATE).values(row))

    def look(self) -> Overview:
        """What an instructor is shown now."""
        with self.study.database.write() as session:
            keep(session, count_again(session, self.id, self.study.now.date(), self.study.now))
            return overview(session, self.id)
