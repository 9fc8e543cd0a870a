"""Hashes of passwords, by argon2: slow and large on purpose, since people choose what can be guessed."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.accounts.secret import new_secret

# OWASP's second choice: 19 MiB, so that as many as a process works on at a time fit into a small server.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hashed(password: str) -> str:
    """The hash to keep, with its salt and its costs."""
    return _HASHER.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """True if `kept` is the hash of the password. It takes as long if there is none, so nobody learns who is here."""
    try:
        _HASHER.verify(kept or _of_nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """True if it was made with other costs than those of today."""
    return _HASHER.check_needs_rehash(kept)


@cache
def _of_nobody() -> str:
    return hashed(new_secret())
