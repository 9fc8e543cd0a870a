"""The accounts of a server: list, change the role, the password, the app tokens; disable and reset."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlmodel import Session

from app.accounts.hashes import hashed
from app.accounts.roles import Role, role_of
from app.accounts.secret import hash_of, new_secret
from app.accounts.sign_in import end_all, sign_in_name
from app.passwords import weakness
from app.study.learner.profile import WrongProfileError, read_name
from app.study.learners import add_learner
from app.tables import ACCOUNT, APP_TOKEN, ENTRY_LINK, KNOWN_DEVICE, LEARNER

LONGEST_LABEL = 60
MOST_TOKENS = 20

log = logging.getLogger(__name__)


class AccountError(ValueError):
    """What was asked for cannot be done; the message says why and what to do. `field` names the one that is wrong."""

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class ListedAccount:
    """An account as an admin sees it. `learner` is the name of its profile."""

    id: int
    name: str
    role: Role
    learner_id: int
    learner: str
    has_password: bool
    disabled_at: datetime | None
    leaves_at: datetime | None


def all_accounts(session: Session) -> Sequence[ListedAccount]:
    """Every account, by name."""
    rows = session.connection().execute(_accounts().order_by(ACCOUNT.c.name))
    return [_listed(row) for row in rows]


def account(session: Session, account_id: int) -> ListedAccount:
    """One account. Raises AccountError."""
    return _one(session, ACCOUNT.c.id == account_id)


def account_named(session: Session, name: str) -> ListedAccount:
    """The account that signs in by this name. Raises AccountError."""
    return _one(session, ACCOUNT.c.name == sign_in_name(name))


def _accounts() -> Any:
    return select(ACCOUNT, LEARNER.c.name.label("learner"), LEARNER.c.leaves_at).join_from(ACCOUNT, LEARNER)


def _one(session: Session, which: Any) -> ListedAccount:
    row = session.connection().execute(_accounts().where(which)).one_or_none()
    if row is None:
        raise AccountError("There is no such account. `recur user list` lists them.")
    return _listed(row)


def _listed(row: Any) -> ListedAccount:
    has_password = row.hash is not None
    return ListedAccount(
        *(row.id, row.name, role_of(row.role), row.learner_id, row.learner, has_password),
        *(row.disabled_at, row.leaves_at),
    )


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account is made of; without a `learner_id` it gets a profile of its own, under its name."""

    name: str
    role: Role
    learner_id: int | None = None
    hash: str | None = None


def add(session: Session, new: NewAccount, rng: Random, most: int, now: datetime) -> int:
    """Make an account; returns its id. Call it in a write session.

    Raises AccountError if the name cannot be taken, or if the profile has an account; there may be `most` learners.
    """
    connection = session.connection()
    try:
        name = read_name(new.name)
        if connection.execute(select(ACCOUNT.c.id).where(ACCOUNT.c.name == sign_in_name(name))).first():
            raise AccountError("This name is taken here: choose another.", "name")
        learner = new.learner_id
        if learner is None:
            learner = add_learner(session, name, rng, most, has_account=True)
    except WrongProfileError as error:
        raise AccountError(error.problems["name"], "name") from error
    if new.learner_id is not None:
        if not connection.execute(select(LEARNER.c.id).where(LEARNER.c.id == learner)).first():
            raise AccountError(f"There is no learner {learner}.")
        if connection.execute(select(ACCOUNT.c.id).where(ACCOUNT.c.learner_id == learner)).first():
            raise AccountError(f"Learner {learner} has an account already.")
    row = {"learner_id": learner, "name": sign_in_name(name), "hash": new.hash, "role": new.role.value, "made_at": now}
    made: int = connection.execute(insert(ACCOUNT).values(row).returning(ACCOUNT.c.id)).scalar_one()
    log.info("An account was made.", extra={"fields": {"account": made, "role": new.role.value}})
    return made


def hash_if_good(password: str, name: str) -> str:
    """The hash of a new password. Raises AccountError if it is one that others would guess."""
    if why := weakness(password, (name, *name.split())):
        raise AccountError(f"The password {why}.", "password")
    return hashed(password)


def set_password(session: Session, account_id: int, hash_: str, but: str | None = None) -> None:
    """Let the account have another password, and end its sessions `but` this one. Call it in a write session."""
    session.connection().execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(hash=hash_))
    end_all(session, account_id, but)
    log.info("A password was set.", extra={"fields": {"account": account_id}})


def forget_password(session: Session, account_id: int) -> None:
    """Let nobody in by what was known before: password, sessions, devices, app tokens. Call it in a write session."""
    connection = session.connection()
    connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(hash=None))
    end_all(session, account_id)
    for table in (KNOWN_DEVICE, APP_TOKEN):
        connection.execute(delete(table).where(table.c.account_id == account_id))
    log.info("A password was reset.", extra={"fields": {"account": account_id}})


def change_role(session: Session, account_id: int, role: Role) -> None:
    """Give the account another role, and end its sessions. Call it in a write session. Raises AccountError."""
    if role is not Role.ADMIN:
        check_not_last_admin(session, account_id)
    session.connection().execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(role=role.value))
    end_all(session, account_id)
    log.info("A role was changed.", extra={"fields": {"account": account_id, "role": role.value}})


def disable(session: Session, account_id: int, since: datetime | None) -> None:
    """Let the account in no more, or again if `since` is None. Call it in a write session. Raises AccountError."""
    if since is not None:
        check_not_last_admin(session, account_id)
        end_all(session, account_id)
        session.connection().execute(delete(ENTRY_LINK).where(ENTRY_LINK.c.account_id == account_id))
    session.connection().execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(disabled_at=since))
    log.info("An account was %s.", "disabled" if since else "enabled", extra={"fields": {"account": account_id}})


def has_admin(session: Session) -> bool:
    """True if somebody can manage the accounts."""
    return bool(_admins(session))


def check_not_last_admin(session: Session, account_id: int) -> None:
    """Raise AccountError if nobody could manage the accounts without this one."""
    if _admins(session) == {account_id}:
        raise AccountError("This is the only admin: make somebody else an admin first.")


def _admins(session: Session) -> set[int]:
    admins = select(ACCOUNT.c.id).join(LEARNER).where(ACCOUNT.c.role == Role.ADMIN.value, LEARNER.c.leaves_at.is_(None))
    can_sign_in = ACCOUNT.c.disabled_at.is_(None), ACCOUNT.c.hash.is_not(None)
    return set(session.connection().execute(admins.where(*can_sign_in)).scalars())


@dataclass(frozen=True, slots=True)
class ListedToken:
    """An app token as its owner sees it; the secret itself is shown once, when it is made."""

    id: int
    label: str
    made_at: datetime


def app_tokens(session: Session, account_id: int) -> Sequence[ListedToken]:
    """The app tokens of the account, the newest first."""
    of = select(APP_TOKEN.c.id, APP_TOKEN.c.label, APP_TOKEN.c.made_at).where(APP_TOKEN.c.account_id == account_id)
    return [ListedToken(*row) for row in session.connection().execute(of.order_by(APP_TOKEN.c.id.desc()))]


def add_token(session: Session, account_id: int, label: str, now: datetime) -> str:
    """Make an app token; returns its secret. Call it in a write session. Raises AccountError."""
    label = " ".join(label.split())
    if not label or len(label) > LONGEST_LABEL or not label.isprintable():
        raise AccountError(f"Say what the token is for, in at most {LONGEST_LABEL} characters.", "label")
    connection, secret = session.connection(), new_secret()
    mine = select(func.count()).where(APP_TOKEN.c.account_id == account_id)
    if connection.execute(mine).scalar_one() >= MOST_TOKENS:
        raise AccountError(f"You have {MOST_TOKENS} tokens: revoke one that is no longer used.", "label")
    row = {"account_id": account_id, "token_hash": hash_of(secret), "label": label, "made_at": now}
    connection.execute(insert(APP_TOKEN).values(row))
    log.info("An app token was made.", extra={"fields": {"account": account_id}})
    return secret


def revoke_token(session: Session, account_id: int, token_id: int) -> None:
    """Revoke an app token of the account; one that is not there is none. Call it in a write session."""
    which = (APP_TOKEN.c.id == token_id) & (APP_TOKEN.c.account_id == account_id)
    if session.connection().execute(delete(APP_TOKEN).where(which)).rowcount:
        log.info("An app token was revoked.", extra={"fields": {"account": account_id}})
