"""Who takes part in the evidence of a class: whose answers its instructors are shown in sums, and nobody else's.

A learner takes part in one class at a time, from the moment they join it on.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlmodel import Session

from app.accounts.roles import Deed, may
from app.accounts.sign_in import SignedIn
from app.study.evidence.renew import hide
from app.tables import CLASS_MEMBER, SCHOOL_CLASS

LARGE = 20
"""A class is in a part for so many learners, and in at most MOST_PARTS."""
MOST_PARTS = 8

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JoinedClass:
    """A class in which somebody learns, and whether they take part in its evidence."""

    id: int
    name: str
    takes_part: bool


def joined_classes(session: Session, account_id: int) -> Sequence[JoinedClass]:
    """The classes in which somebody learns, by name."""
    of = select(SCHOOL_CLASS.c.id, SCHOOL_CLASS.c.name, CLASS_MEMBER.c.counts_from.is_not(None))
    of = of.join(CLASS_MEMBER, CLASS_MEMBER.c.class_id == SCHOOL_CLASS.c.id).order_by(SCHOOL_CLASS.c.name)
    of = of.where(CLASS_MEMBER.c.account_id == account_id, ~CLASS_MEMBER.c.teaches)
    return [JoinedClass(*row) for row in session.connection().execute(of)]


def take_part(session: Session, class_id: int, account_id: int, now: datetime) -> None:
    """Let answers from now on count in this class, and in no other. Call it in a write session.

    The learner gets a part of the class: as many may be in the first as in a small class.
    """
    connection = session.connection()
    mine = (CLASS_MEMBER.c.account_id == account_id) & (CLASS_MEMBER.c.class_id == class_id)
    mine &= ~CLASS_MEMBER.c.teaches
    leave(session, account_id)
    many = select(func.count()).where(CLASS_MEMBER.c.class_id == class_id, CLASS_MEMBER.c.counts_from.is_not(None))
    parts = min(MOST_PARTS, connection.execute(many).scalar_one() // LARGE) or 1
    connection.execute(update(CLASS_MEMBER).where(mine).values(counts_from=now, part=account_id % parts))
    log.info("Somebody takes part in the evidence.", extra={"fields": {"class": class_id}})


def leave(session: Session, account_id: int, class_id: int | None = None) -> None:
    """Take somebody's answers out of all figures, or of a class's, at once and for good. Call it in a write session."""
    connection = session.connection()
    mine = (CLASS_MEMBER.c.account_id == account_id) & CLASS_MEMBER.c.counts_from.is_not(None)
    if class_id is not None:
        mine &= CLASS_MEMBER.c.class_id == class_id
    for one in connection.execute(select(CLASS_MEMBER).where(mine)).all():
        hide(connection, one.class_id, one.part, one.counts_from)
        log.info("Somebody left the evidence.", extra={"fields": {"class": one.class_id}})
    connection.execute(update(CLASS_MEMBER).where(mine).values(counts_from=None))


def may_see(session: Session, who: SignedIn, class_id: int) -> bool:
    """True if they are shown the evidence of the class: those who teach it are, and of the admins no other."""
    mine = select(CLASS_MEMBER.c.class_id).filter_by(class_id=class_id, account_id=who.account_id, teaches=True)
    return may(who.role, Deed.TEACH) and session.connection().execute(mine).first() is not None
