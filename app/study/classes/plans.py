"""The day that a class studies for, and the plans of its learners that follow it.

A class has a date for some of its decks. Each learner has a plan for each of them: one that the class made, and whose
date it moves, or one of their own that was there before, which stays as it is. A plan that follows no more is the
learner's own.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, and_, delete, insert, select, update
from sqlmodel import Session

from app.study.sitting.plans import Interview, WrongPlanError, read_plan, texts_of_plan
from app.tables import ACCOUNT, CLASS_DATE, CLASS_MEMBER, CLASS_PLAN, DECK, LEARNER, PLAN, SCHOOL_CLASS, THE_LEARNER


@dataclass(frozen=True, slots=True)
class ClassDay:
    """The day that a class studies for: what it is, its date, and the ids of the decks."""

    occasion: str
    held_on: date
    decks: frozenset[int]


@dataclass(frozen=True, slots=True)
class PlanOfClass:
    """A learner's plan for a deck of a class, as the learner sees it.

    `held_on` and `occasion` are the class's, None and empty if it has no date for the deck any more. The plan `follows`
    it, or was the learner's own before. `seen_on` is the date that the learner knows of.
    """

    class_id: int
    class_name: str
    deck_id: int
    deck: str
    plan: str
    follows: bool
    seen_on: date | None
    held_on: date | None
    occasion: str

    @property
    def is_set(self) -> bool:
        """True if the class sets the plan's date and deck."""
        return self.follows and self.held_on is not None

    @property
    def is_news(self) -> bool:
        """True if the learner has not been told of this date, or that there is none any more."""
        return self.seen_on != self.held_on or self.held_on is None


_PLANS = select(PLAN.c.learner_id, *(PLAN.c[one.name] for one in fields(Interview))).order_by(
    PLAN.c.interview_on, PLAN.c.name
)
_WITH_DATE = and_(CLASS_DATE.c.class_id == CLASS_PLAN.c.class_id, CLASS_DATE.c.deck_id == CLASS_PLAN.c.deck_id)
_OF_LEARNER = (
    select(
        SCHOOL_CLASS.c.id, SCHOOL_CLASS.c.name, DECK.c.id, DECK.c.title, CLASS_PLAN.c.plan, CLASS_PLAN.c.follows,
        CLASS_PLAN.c.seen_on, CLASS_DATE.c.held_on, CLASS_DATE.c.occasion,
    )
    .select_from(
        CLASS_PLAN.join(SCHOOL_CLASS, SCHOOL_CLASS.c.id == CLASS_PLAN.c.class_id)
        .join(DECK, DECK.c.id == CLASS_PLAN.c.deck_id)
        .outerjoin(CLASS_DATE, _WITH_DATE)
    )
    .where(CLASS_PLAN.c.learner_id == THE_LEARNER)
    .order_by(SCHOOL_CLASS.c.name, DECK.c.title)
)  # fmt: skip


def plans_of_classes(session: Session, learner_id: int) -> Sequence[PlanOfClass]:
    """The learner's plans for the decks of their classes."""
    rows = session.connection().execute(_OF_LEARNER, {"learner": learner_id})
    return [PlanOfClass(*row[:-1], occasion=row[-1] or "") for row in rows]


def read_own_part(texts: Mapping[str, str], before: Interview, setter: PlanOfClass, today: date) -> Interview:
    """`before` with the minutes and the days off that a form says. Raises WrongPlanError, also if it says another date.

    So it does for another deck or other cards: `setter` decides on these.
    """
    own = {"minutes", "off"}
    kept = texts_of_plan(before)
    if any(texts.get(name, text) != text for name, text in kept.items() if name not in own):
        why = f"Your class {setter.class_name} sets the date and the deck of this plan. You set the minutes and days."
        raise WrongPlanError({"interview_on": why})
    return read_plan({name: text for name, text in texts.items() if name in own}, before, today)


def note(session: Session, learner_id: int, class_id: int, deck_id: int) -> None:
    """Say that the learner knows of the class's date; if it has none, nothing is left to tell.

    Call it in a write session.
    """
    connection = session.connection()
    mine = (CLASS_PLAN.c.learner_id == learner_id, CLASS_PLAN.c.class_id == class_id, CLASS_PLAN.c.deck_id == deck_id)
    held_on = select(CLASS_DATE.c.held_on).where(_WITH_DATE)
    connection.execute(update(CLASS_PLAN).where(*mine).values(seen_on=held_on.scalar_subquery()))
    connection.execute(delete(CLASS_PLAN).where(*mine, ~held_on.exists()))


def day_of_class(session: Session, class_id: int) -> ClassDay | None:
    """The day that the class studies for; None if it has none."""
    rows = session.connection().execute(select(CLASS_DATE).where(CLASS_DATE.c.class_id == class_id)).all()
    return ClassDay(rows[0].occasion, rows[0].held_on, frozenset(row.deck_id for row in rows)) if rows else None


def set_day(session: Session, class_id: int, day: ClassDay | None, today: date) -> None:
    """Let the class study for this day, and its learners' plans follow. Call it in a write session.

    Without a day the plans that followed the last one become the learners' own.
    """
    connection = session.connection()
    connection.execute(delete(CLASS_DATE).where(CLASS_DATE.c.class_id == class_id))
    if day is not None:
        row = {"class_id": class_id, "occasion": day.occasion, "held_on": day.held_on}
        connection.execute(insert(CLASS_DATE), [row | {"deck_id": deck} for deck in sorted(day.decks)])
    follow(session, class_id, today)


def forget_decks(session: Session, class_id: int, but: Collection[int]) -> None:
    """Forget the dates of decks that the class has no more. Call it in a write session."""
    gone = CLASS_DATE.c.class_id == class_id, CLASS_DATE.c.deck_id.not_in(but)
    session.connection().execute(delete(CLASS_DATE).where(*gone))


def leave(session: Session, class_id: int, account_id: int) -> None:
    """Make the plans that follow the class the account's own. Call it in a write session."""
    learner = select(ACCOUNT.c.learner_id).where(ACCOUNT.c.id == account_id)
    mine = CLASS_PLAN.c.class_id == class_id, CLASS_PLAN.c.learner_id.in_(learner)
    session.connection().execute(delete(CLASS_PLAN).where(*mine))


def follow_again(session: Session, learner_id: int, plan: str, today: date) -> None:
    """Make the plans that classes did not make because of the learner's own one, if it is gone, or for other cards.

    Call it in a write session.
    """
    mine = select(CLASS_PLAN.c.class_id).where(
        CLASS_PLAN.c.learner_id == learner_id, CLASS_PLAN.c.plan == plan, ~CLASS_PLAN.c.follows
    )
    for class_id in session.connection().execute(mine.distinct()).scalars().all():
        follow(session, class_id, today, learner_id)


def follow(session: Session, class_id: int, today: date, learner_id: int | None = None) -> None:
    """Make or move the plans of the class's learners, or of one of them, so that they fit its dates.

    A plan whose date has passed stays as it is. Call it in a write session; twice is as good as once.
    """
    connection = session.connection()
    learners = (
        select(ACCOUNT.c.learner_id)
        .join(CLASS_MEMBER, CLASS_MEMBER.c.account_id == ACCOUNT.c.id)
        .where(CLASS_MEMBER.c.class_id == class_id, ~CLASS_MEMBER.c.teaches)
    )
    if learner_id is not None:
        learners = learners.where(ACCOUNT.c.learner_id == learner_id)
    in_order = select(LEARNER.c.id).where(LEARNER.c.id.in_(learners)).order_by(LEARNER.c.id)
    members = connection.execute(in_order.with_for_update()).scalars().all()  # who saves a plan waits, or comes first
    following = _Following(connection, class_id, members, today)
    for row in connection.execute(
        select(CLASS_DATE.c.deck_id, CLASS_DATE.c.held_on, DECK.c.name)
        .join(DECK, DECK.c.id == CLASS_DATE.c.deck_id)
        .where(CLASS_DATE.c.class_id == class_id, CLASS_DATE.c.held_on >= today)
        .order_by(DECK.c.id)
    ).all():
        for member in members:
            following.let_follow(member, row)
    following.write()


class _Following:
    """What changes in the plans of some learners when they follow a class."""

    def __init__(self, connection: Connection, class_id: int, members: Collection[int], today: date) -> None:
        self.connection, self.class_id, self.today = connection, class_id, today
        within = PLAN.c.learner_id.in_(members)
        self.plans: dict[int, list[Interview]] = {member: [] for member in members}
        for learner, *row in connection.execute(_PLANS.where(within)):
            self.plans[learner].append(Interview(*row))
        of = CLASS_PLAN.c.class_id == class_id, CLASS_PLAN.c.learner_id.in_(members)
        self.known = {(row.learner_id, row.deck_id): row for row in connection.execute(select(CLASS_PLAN).where(*of))}
        self.first_deck = connection.execute(select(DECK.c.name).order_by(DECK.c.id)).scalars().first()
        self.moved: list[tuple[int, str, date]] = []
        self.made: list[dict[str, Any]] = []
        self.rows: list[dict[str, Any]] = []

    def let_follow(self, learner: int, of: Any) -> None:
        """Let the learner's plan for a deck follow its date."""
        mine, known = self.plans[learner], self.known.get((learner, of.deck_id))
        to_come = [plan for plan in mine if plan.interview_on >= self.today]
        theirs = [plan for plan in to_come if (plan.deck or self.first_deck) == of.name]
        its = next((plan for plan in to_come if known and plan.name == known.plan), None)
        if known and known.follows and its:
            if its.interview_on != of.held_on:
                self.moved.append((learner, its.name, of.held_on))
            return
        if its in theirs and its is not None:
            return
        if theirs:
            name, follows = theirs[0].name, False
        else:
            last = mine[-1] if mine else Interview("", of.held_on)
            name, follows = uuid4().hex, True
            made = Interview(name, of.held_on, last.minutes, of.name, days_off=last.days_off)
            self.made.append(asdict(made) | {"learner_id": learner})
            mine.append(made)
        key = {"learner_id": learner, "class_id": self.class_id, "deck_id": of.deck_id}
        self.rows.append(key | {"plan": name, "follows": follows})

    def write(self) -> None:
        """Write it to the tables."""
        for learner, name, day in self.moved:
            which = (PLAN.c.learner_id == learner) & (PLAN.c.name == name)
            self.connection.execute(update(PLAN).where(which).values(interview_on=day))
        for row in self.rows:
            if (row["learner_id"], row["deck_id"]) in self.known:
                key = (CLASS_PLAN.c[name] == row[name] for name in ("learner_id", "class_id", "deck_id"))
                self.connection.execute(delete(CLASS_PLAN).where(*key))
        for table, rows in ((PLAN, self.made), (CLASS_PLAN, self.rows)):
            if rows:
                self.connection.execute(insert(table), rows)
