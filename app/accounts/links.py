"""Links that let somebody in: to a new password, to an existing profile, or to a new account, perhaps of a class."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session

from app.accounts.accounts import NewAccount, add, has_admin, set_password
from app.accounts.evidence import take_part
from app.accounts.roles import Role, role_of
from app.accounts.secret import LONGEST, hash_of, new_secret
from app.study.classes.plans import follow
from app.study.learners import FIRST_LEARNER
from app.tables import ACCOUNT, CLASS_MEMBER, ENTRY_LINK, SCHOOL_CLASS

A_DAY = timedelta(days=1)
A_WEEK = timedelta(days=7)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NewLink:
    """What a link is for, until when, and how often. `learner_id` is a profile's; `class_id` is joined by it."""

    role: Role = Role.LEARNER
    account_id: int | None = None
    learner_id: int | None = None
    class_id: int | None = None
    lasts: timedelta = A_WEEK
    uses: int = 1


@dataclass(frozen=True, slots=True)
class OpenLink:
    """A link that is valid: what it is for, the name to sign in with if that is known, and the class's name."""

    id: int
    role: Role
    account_id: int | None
    learner_id: int | None
    class_id: int | None
    name: str | None
    class_name: str | None


def make_link(session: Session, new: NewLink, now: datetime) -> str:
    """Make a link; returns its path. Call it in a write session."""
    connection, secret = session.connection(), new_secret()
    connection.execute(delete(ENTRY_LINK).where((ENTRY_LINK.c.ends_at < now) | (ENTRY_LINK.c.uses == 0)))
    if new.account_id is not None:  # an earlier one for the same is void
        connection.execute(delete(ENTRY_LINK).where(ENTRY_LINK.c.account_id == new.account_id))
    elif new.role is not Role.ADMIN and new.learner_id is not None:  # each of several servers prints the first admin's
        connection.execute(delete(ENTRY_LINK).where(ENTRY_LINK.c.learner_id == new.learner_id))
    row = {
        "token_hash": hash_of(secret), "role": new.role.value, "account_id": new.account_id,
        "learner_id": new.learner_id, "class_id": new.class_id, "made_at": now, "ends_at": now + new.lasts,
        "uses": new.uses,
    }  # fmt: skip
    connection.execute(insert(ENTRY_LINK).values(row))
    log.info("A link was made.", extra={"fields": {"role": new.role.value, "account": new.account_id}})
    return f"/join/{secret}"


def link_to_first_admin(session: Session, now: datetime) -> str | None:
    """The path of a link that makes the first learner's profile an admin's; None if there is an admin.

    Call it in a write session.
    """
    if has_admin(session):
        return None
    taken = session.connection().execute(select(ACCOUNT.c.id).where(ACCOUNT.c.learner_id == FIRST_LEARNER)).first()
    return make_link(session, NewLink(Role.ADMIN, learner_id=None if taken else FIRST_LEARNER, lasts=A_DAY), now)


def open_link(session: Session, secret: str, now: datetime) -> OpenLink | None:
    """The link of this secret; None if there is none, or if it has ended."""
    of = (
        select(ENTRY_LINK, ACCOUNT.c.name, SCHOOL_CLASS.c.name.label("class_name"))
        .select_from(ENTRY_LINK)
        .outerjoin(ACCOUNT, ACCOUNT.c.id == ENTRY_LINK.c.account_id)
        .outerjoin(SCHOOL_CLASS, SCHOOL_CLASS.c.id == ENTRY_LINK.c.class_id)
        .where(ENTRY_LINK.c.token_hash == hash_of(secret[:LONGEST]), ENTRY_LINK.c.ends_at > now, ENTRY_LINK.c.uses > 0)
    )
    row = session.connection().execute(of).one_or_none()
    if row is None:
        return None
    of_link = row.account_id, row.learner_id, row.class_id
    return OpenLink(row.id, role_of(row.role), *of_link, row.name, row.class_name)


def use(session: Session, link: OpenLink) -> bool:
    """Use the link once; False if it was used up meanwhile. Call it in a write session."""
    still = update(ENTRY_LINK).where(ENTRY_LINK.c.id == link.id, ENTRY_LINK.c.uses > 0)
    return bool(session.connection().execute(still.values(uses=ENTRY_LINK.c.uses - 1)).rowcount)


@dataclass(frozen=True, slots=True)
class Joining:
    """What somebody who came by a link chose: a name, unless the link has one, and the hash of a password."""

    name: str
    hash: str
    takes_part: bool = True
    """Whether the answers count in the evidence of the class that is joined, if one is."""


def join_by(session: Session, link: OpenLink, who: Joining, rng: Random, most: int, now: datetime) -> int:
    """Set the password, or make the account; returns its id. Call it in a write session, after `use`.

    Raises AccountError.
    """
    if link.account_id is not None:
        set_password(session, link.account_id, who.hash)
        account_id = link.account_id
    else:
        new = NewAccount(who.name, link.role, link.learner_id, who.hash)
        account_id = add(session, new, rng, most, now)
    if link.role is Role.ADMIN:  # those printed at earlier starts
        first = (ENTRY_LINK.c.role == Role.ADMIN.value) & ENTRY_LINK.c.account_id.is_(None)
        session.connection().execute(delete(ENTRY_LINK).where(first))
    join_class(session, link, account_id, who.takes_part, now)
    return account_id


def join_class(session: Session, link: OpenLink, account_id: int, takes_part: bool, now: datetime) -> None:
    """Let the account join the link's class, if it has one, and its evidence. Call it in a write session."""
    if link.class_id is None or is_in_class(session, link.class_id, account_id):
        return
    connection, of_class = session.connection(), {"class_id": link.class_id, "account_id": account_id}
    teaches = link.role is not Role.LEARNER
    connection.execute(insert(CLASS_MEMBER).values(**of_class, teaches=teaches, joined_at=now))
    learner = connection.execute(select(ACCOUNT.c.learner_id).where(ACCOUNT.c.id == account_id)).scalar_one()
    follow(session, link.class_id, now.date(), learner)
    if takes_part:
        take_part(session, link.class_id, account_id, now)
    log.info("Somebody joined a class.", extra={"fields": {"account": account_id, "class": link.class_id}})


def is_in_class(session: Session, class_id: int, account_id: int) -> bool:
    """True if the account is in the class, to learn or to teach."""
    here = select(CLASS_MEMBER.c.class_id).filter_by(class_id=class_id, account_id=account_id)
    return session.connection().execute(here).first() is not None
