"""Signing in with a name and a password, and what a browser has of it: a session on the server, known by a cookie."""

import logging
import unicodedata
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlmodel import Session

from app.accounts.bounds import (
    OF_A_DEVICE,
    OF_AN_ACCOUNT,
    OF_AN_ADDRESS,
    Bound,
    forget_old,
    give_back,
    key_of,
    network_of,
    take_turn,
)
from app.accounts.hashes import hashed, is_outdated, matches
from app.accounts.roles import Role, role_of
from app.accounts.secret import LONGEST, hash_of, new_secret
from app.passwords import LONGEST as LONGEST_PASSWORD
from app.study.learners import stay
from app.tables import ACCOUNT, APP_TOKEN, KNOWN_DEVICE, LEARNER, SIGN_IN

IDLE = timedelta(days=14)
"""A browser that asked for nothing for so long is signed out."""
LONGEST_SIGN_IN = timedelta(days=90)
"""So is one that signed in so long ago."""
NOTED_EVERY = timedelta(minutes=10)
"""How exactly the last use is known."""
DEVICE_LASTS = timedelta(days=365)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who asks: the account, its learner and role. `session` is the hash of the cookie's secret; None for a program."""

    account_id: int
    learner_id: int
    name: str
    role: Role
    session: str | None = None
    is_noted: bool = True
    """False if the last use that is stored is older than NOTED_EVERY."""


class TooManyGuessesError(Exception):
    """Too many wrong passwords; `wait` says until when nobody's is looked at from there."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("too many wrong passwords")
        self.wait = wait


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """What somebody sent to sign in: from which address, and what the cookie of a known device said, if any."""

    name: str
    password: str
    client: str
    device: str = ""


@dataclass(frozen=True, slots=True)
class Entered:
    """What a browser is given: the secret of its session, and that by which it is known as a device.

    `came_back` is True if everything of the learner's was to be deleted, and stays.
    """

    session: str
    device: str
    came_back: bool


Writing = Callable[[], AbstractContextManager[Session]]


def sign_in_name(text: str) -> str:
    """A name as accounts are found by it: whatever its case, its spaces and its form in Unicode."""
    # No name has a NUL, which PostgreSQL cannot even look for.
    return " ".join(unicodedata.normalize("NFKC", text.replace("\0", "\ufffd")).casefold().split())


def sign_in(writing: Writing, attempt: SignInAttempt, now: datetime) -> Entered | None:
    """Sign in; None if the name or the password is wrong, which takes as long in either case.

    Each attempt is counted before it is looked at, so that many at once do not get further. Raises TooManyGuessesError.
    """
    name = sign_in_name(attempt.name[:LONGEST_PASSWORD])
    with writing() as session:
        # One who asked to be deleted may come back until that is due.
        is_here = LEARNER.c.leaves_at.is_(None) | (LEARNER.c.leaves_at > now)
        known = select(ACCOUNT).join_from(ACCOUNT, LEARNER).where(ACCOUNT.c.name == name, is_here)
        row = session.connection().execute(known).one_or_none()
        is_known = row is not None and _is_device(session, row.id, attempt.device, now)
        counted = _counted(name, attempt, is_known)
        wait = take_turn(session, counted, now)
    fields = {"account": row.id if row else None, "client": attempt.client}
    if wait:
        log.warning("A sign-in was refused: too many wrong passwords.", extra={"fields": fields})
        raise TooManyGuessesError(wait)
    is_right = matches(row.hash if row else None, attempt.password[: LONGEST_PASSWORD + 1])
    if row is None or not is_right or row.disabled_at is not None:
        why = "the account is disabled" if is_right else "wrong name or password"
        log.warning("A sign-in was refused: %s.", why, extra={"fields": fields})
        return None
    newer = hashed(attempt.password) if is_outdated(row.hash) else row.hash
    with writing() as session:
        still = update(ACCOUNT).where(
            ACCOUNT.c.id == row.id, ACCOUNT.c.hash == row.hash, ACCOUNT.c.disabled_at.is_(None)
        )
        if not session.connection().execute(still.values(hash=newer)).rowcount:
            return None  # the password was changed meanwhile
        give_back(session, counted)
        forget_old(session, now)
        device = attempt.device if is_known else _new_device(session, row.id, now)
        entered = _entered(session, row.id, device, now)
    log.info("Signed in.", extra={"fields": fields})
    return entered


def _counted(name: str, attempt: SignInAttempt, is_known: bool) -> dict[str, Bound]:
    if is_known:
        return {key_of("device", attempt.device): OF_A_DEVICE}
    network = network_of(attempt.client)
    return {key_of("account", name): OF_AN_ACCOUNT, key_of("address", network): OF_AN_ADDRESS}


def _is_device(session: Session, account_id: int, secret: str, now: datetime) -> bool:
    known = select(KNOWN_DEVICE.c.made_at).where(
        KNOWN_DEVICE.c.token_hash == hash_of(secret[:LONGEST]), KNOWN_DEVICE.c.account_id == account_id
    )
    made_at = session.connection().execute(known).scalar()
    return made_at is not None and made_at > now - DEVICE_LASTS


def _new_device(session: Session, account_id: int, now: datetime) -> str:
    connection, secret = session.connection(), new_secret()
    connection.execute(delete(KNOWN_DEVICE).where(KNOWN_DEVICE.c.made_at < now - DEVICE_LASTS))
    connection.execute(insert(KNOWN_DEVICE).values(token_hash=hash_of(secret), account_id=account_id, made_at=now))
    return secret


def enter(session: Session, account_id: int, now: datetime) -> Entered:
    """Sign in who came by a link, and know the browser from now on. Call it in a write session."""
    return _entered(session, account_id, _new_device(session, account_id, now), now)


def _entered(session: Session, account_id: int, device: str, now: datetime) -> Entered:
    learner = session.connection().execute(select(ACCOUNT.c.learner_id).where(ACCOUNT.c.id == account_id)).scalar_one()
    came_back = stay(session, learner, now)
    if came_back:
        log.info("A deletion was taken back.", extra={"fields": {"account": account_id, "learner": learner}})
    return Entered(begin(session, account_id, now), device, came_back)


def begin(session: Session, account_id: int, now: datetime) -> str:
    """Begin a session of the account, under a new secret. Call it in a write session."""
    connection, secret = session.connection(), new_secret()
    connection.execute(delete(SIGN_IN).where(~_lasts(now)))
    row = {"token_hash": hash_of(secret), "account_id": account_id, "started_at": now, "used_at": now}
    connection.execute(insert(SIGN_IN).values(row))
    return secret


def _lasts(now: datetime) -> ColumnElement[bool]:
    return (SIGN_IN.c.started_at > now - LONGEST_SIGN_IN) & (SIGN_IN.c.used_at > now - IDLE)


_WHO = ACCOUNT.c.id, ACCOUNT.c.learner_id, ACCOUNT.c.name, ACCOUNT.c.role


def signed_in(session: Session, secret: str, now: datetime) -> SignedIn | None:
    """Who has the session of this secret; None if there is none, if it has ended, or if the account is disabled."""
    of = select(*_WHO, SIGN_IN.c.token_hash, SIGN_IN.c.used_at).join_from(SIGN_IN, ACCOUNT)
    of = of.where(SIGN_IN.c.token_hash == hash_of(secret[:LONGEST]), _lasts(now), ACCOUNT.c.disabled_at.is_(None))
    row = session.connection().execute(of).one_or_none()
    if row is None:
        return None
    return SignedIn(
        row.id, row.learner_id, row.name, role_of(row.role), row.token_hash, row.used_at > now - NOTED_EVERY
    )


def note_use(session: Session, who: SignedIn, now: datetime) -> None:
    """Let the session last from now on. Call it in a write session."""
    session.connection().execute(update(SIGN_IN).where(SIGN_IN.c.token_hash == who.session).values(used_at=now))


def end(session: Session, who: SignedIn) -> None:
    """End this session, here alone. Call it in a write session."""
    session.connection().execute(delete(SIGN_IN).where(SIGN_IN.c.token_hash == who.session))


def end_all(session: Session, account_id: int, but: str | None = None) -> None:
    """End every session of the account, or every one `but` this. Call it in a write session."""
    session.connection().execute(
        delete(SIGN_IN).where(SIGN_IN.c.account_id == account_id, SIGN_IN.c.token_hash != (but or ""))
    )


def of_program(session: Session, secret: str) -> SignedIn | None:
    """Whose app token this is; None if it is nobody's, or if the account is disabled."""
    of = select(*_WHO).join_from(APP_TOKEN, ACCOUNT)
    of = of.where(APP_TOKEN.c.token_hash == hash_of(secret[:LONGEST]), ACCOUNT.c.disabled_at.is_(None))
    row = session.connection().execute(of).one_or_none()
    return None if row is None else SignedIn(row.id, row.learner_id, row.name, role_of(row.role))
