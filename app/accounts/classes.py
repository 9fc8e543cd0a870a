"""Classes: a name, the decks, the instructors and the learners."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.accounts import evidence
from app.accounts.accounts import AccountError, account_named
from app.accounts.links import NewLink, make_link
from app.accounts.roles import Deed, Role, may
from app.accounts.sign_in import SignedIn
from app.study.classes.plans import forget_decks, leave
from app.tables import (
    ACCOUNT,
    CLASS_DATE,
    CLASS_DECK,
    CLASS_MEMBER,
    CLASS_PLAN,
    CLASS_QUIZ,
    CLASS_QUIZ_TAKER,
    CLASS_TOPIC,
    DECK,
    ENTRY_LINK,
    EVIDENCE,
    LEARNER,
    SCHOOL_CLASS,
)

LONGEST_NAME = 60
MOST_DAYS, MOST_USES = 90, 1_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ListedClass:
    """A class, and how many learners it has."""

    id: int
    name: str
    learners: int


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a class. `learner` is the name of the profile."""

    account_id: int
    name: str
    learner: str
    teaches: bool


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link into a class that may still be used; the link itself was shown once."""

    id: int
    ends_at: datetime
    uses: int


@dataclass(frozen=True, slots=True)
class WholeClass:
    """All of a class: `decks` are the ids of its decks, `quizzes` how many quizzes it has."""

    id: int
    name: str
    decks: frozenset[int]
    quizzes: int
    members: Sequence[Member]
    invitations: Sequence[Invitation]


def teaches(session: Session, who: SignedIn, class_id: int) -> bool:
    """True if the class is one of theirs: an instructor's own, or for an admin any that there is."""
    mine = select(CLASS_MEMBER.c.class_id).filter_by(class_id=class_id, account_id=who.account_id, teaches=True)
    if may(who.role, Deed.MANAGE):
        mine = select(SCHOOL_CLASS.c.id).where(SCHOOL_CLASS.c.id == class_id)
    return may(who.role, Deed.TEACH) and session.connection().execute(mine).first() is not None


def decks_of(session: Session, who: SignedIn) -> Collection[str] | None:
    """The names of the decks that they may write: those of the classes that they teach; None for an admin: all."""
    if may(who.role, Deed.MANAGE):
        return None
    of = select(DECK.c.name).join(CLASS_DECK, CLASS_DECK.c.deck_id == DECK.c.id)
    of = of.join(CLASS_MEMBER, CLASS_MEMBER.c.class_id == CLASS_DECK.c.class_id)
    of = of.where(CLASS_MEMBER.c.account_id == who.account_id, CLASS_MEMBER.c.teaches)
    return set(session.connection().execute(of).scalars()) if may(who.role, Deed.WRITE) else set()


def class_name(session: Session, class_id: int) -> str:
    """The name of a class, which there is (`teaches`)."""
    name = select(SCHOOL_CLASS.c.name).where(SCHOOL_CLASS.c.id == class_id)
    return str(session.connection().execute(name).scalar_one())


def decks_of_class(session: Session, class_id: int) -> frozenset[int]:
    """The ids of its decks."""
    of = select(CLASS_DECK.c.deck_id).where(CLASS_DECK.c.class_id == class_id)
    return frozenset(session.connection().execute(of).scalars())


def classes_of(session: Session, who: SignedIn) -> Sequence[ListedClass]:
    """The classes that they teach, by name; for an admin all of them."""
    learners = select(func.count()).where(CLASS_MEMBER.c.class_id == SCHOOL_CLASS.c.id, ~CLASS_MEMBER.c.teaches)
    of = select(SCHOOL_CLASS.c.id, SCHOOL_CLASS.c.name, learners.scalar_subquery()).order_by(SCHOOL_CLASS.c.name)
    if not may(who.role, Deed.MANAGE):
        mine = select(CLASS_MEMBER.c.class_id).filter_by(account_id=who.account_id, teaches=True)
        of = of.where(SCHOOL_CLASS.c.id.in_(mine))
    return [ListedClass(*row) for row in session.connection().execute(of)]


def whole_class(session: Session, class_id: int, now: datetime) -> WholeClass:
    """All of a class, which there is (`teaches`)."""
    connection = session.connection()
    members = (
        select(CLASS_MEMBER.c.account_id, ACCOUNT.c.name, LEARNER.c.name.label("learner"), CLASS_MEMBER.c.teaches)
        .join(ACCOUNT, ACCOUNT.c.id == CLASS_MEMBER.c.account_id)
        .join(LEARNER, LEARNER.c.id == ACCOUNT.c.learner_id)
        .where(CLASS_MEMBER.c.class_id == class_id)
        .order_by(CLASS_MEMBER.c.teaches.desc(), ACCOUNT.c.name)
    )
    links = select(ENTRY_LINK.c.id, ENTRY_LINK.c.ends_at, ENTRY_LINK.c.uses).where(
        ENTRY_LINK.c.class_id == class_id, ENTRY_LINK.c.ends_at > now, ENTRY_LINK.c.uses > 0
    )
    return WholeClass(
        class_id,
        class_name(session, class_id),
        decks_of_class(session, class_id),
        connection.execute(select(func.count()).where(CLASS_QUIZ.c.class_id == class_id)).scalar_one(),
        [Member(*row) for row in connection.execute(members)],
        [Invitation(*row) for row in connection.execute(links.order_by(ENTRY_LINK.c.ends_at))],
    )


def add_class(session: Session, name: str, now: datetime) -> int:
    """Make a class; returns its id. Call it in a write session. Raises AccountError."""
    try:
        with session.begin_nested():
            row = {"name": _name(name), "made_at": now}
            made: int = (
                session.connection().execute(insert(SCHOOL_CLASS).values(row).returning(SCHOOL_CLASS.c.id)).scalar_one()
            )
    except IntegrityError as error:
        raise AccountError("There is a class of this name already.", "name") from error
    log.info("A class was made.", extra={"fields": {"class": made}})
    return made


def change_class(session: Session, class_id: int, name: str, decks: Collection[int]) -> None:
    """Give a class this name and these decks. Call it in a write session. Raises AccountError."""
    connection = session.connection()
    name = _name(name)
    other = select(SCHOOL_CLASS.c.id).where(SCHOOL_CLASS.c.name == name, SCHOOL_CLASS.c.id != class_id)
    if connection.execute(other).first():
        raise AccountError("There is a class of this name already.", "name")
    connection.execute(update(SCHOOL_CLASS).where(SCHOOL_CLASS.c.id == class_id).values(name=name))
    connection.execute(delete(CLASS_DECK).where(CLASS_DECK.c.class_id == class_id))
    known = connection.execute(select(DECK.c.id).where(DECK.c.id.in_(decks))).scalars().all()
    if known:
        connection.execute(insert(CLASS_DECK), [{"class_id": class_id, "deck_id": deck} for deck in known])
    forget_decks(session, class_id, known)


def delete_class(session: Session, class_id: int, typed: str) -> None:
    """Delete the class whose name was typed, with all that is its own; its members, their plans and reviews stay.

    Call it in a write session. Raises AccountError.
    """
    connection = session.connection()
    if " ".join(typed.split()) != (name := class_name(session, class_id)):
        raise AccountError(f"Nothing was deleted: the name is {name}.", "typed")
    quizzes = select(CLASS_QUIZ.c.id).where(CLASS_QUIZ.c.class_id == class_id)
    connection.execute(delete(CLASS_QUIZ_TAKER).where(CLASS_QUIZ_TAKER.c.class_quiz_id.in_(quizzes)))
    for table in (CLASS_QUIZ, CLASS_TOPIC, CLASS_PLAN, CLASS_DATE, CLASS_DECK, CLASS_MEMBER, ENTRY_LINK, EVIDENCE):
        connection.execute(delete(table).where(table.c.class_id == class_id))
    connection.execute(delete(SCHOOL_CLASS).where(SCHOOL_CLASS.c.id == class_id))
    log.info("A class was deleted.", extra={"fields": {"class": class_id}})


def add_instructor(session: Session, class_id: int, name: str, now: datetime) -> None:
    """Let an instructor or admin teach a class. Call it in a write session. Raises AccountError."""
    one = account_named(session, name)
    if not may(one.role, Deed.TEACH):
        raise AccountError(f"{one.name} is a learner: change the role first.", "instructor")
    remove_member(session, class_id, one.id)
    row = {"class_id": class_id, "account_id": one.id, "teaches": True, "joined_at": now}
    session.connection().execute(insert(CLASS_MEMBER).values(row))


def remove_member(session: Session, class_id: int, account_id: int, by: SignedIn | None = None) -> None:
    """Take somebody out of a class and its figures, `by` an instructor a learner alone; its plans become their own."""
    of_class = {"class_id": class_id, "account_id": account_id}
    which = {} if by is None or may(by.role, Deed.MANAGE) else {"teaches": False}
    if session.connection().execute(select(CLASS_MEMBER).filter_by(**of_class, **which)).first():
        leave(session, class_id, account_id)
        evidence.leave(session, account_id, class_id)
        session.connection().execute(delete(CLASS_MEMBER).filter_by(**of_class))


def invite(session: Session, class_id: int, days: int, uses: int, now: datetime) -> str:
    """Make a link by which learners join a class; returns its path. Call it in a write session. Raises AccountError."""
    if not (1 <= days <= MOST_DAYS and 1 <= uses <= MOST_USES):
        raise AccountError(f"A link lasts 1 to {MOST_DAYS} days, for 1 to {MOST_USES:,} people.", "days")
    return make_link(session, NewLink(Role.LEARNER, class_id=class_id, lasts=timedelta(days=days), uses=uses), now)


def end_invitation(session: Session, class_id: int, link_id: int) -> None:
    """Let nobody in by this link any more. Call it in a write session."""
    session.connection().execute(delete(ENTRY_LINK).filter_by(class_id=class_id, id=link_id))


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise AccountError(f"A class has a name of at most {LONGEST_NAME} characters.", "name")
    return name
