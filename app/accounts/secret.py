"""Secrets that a browser, a link or a program holds: the database knows only their hashes."""

import hashlib
import secrets

LONGEST = 100
"""Characters of a secret; what is longer is none of ours."""


def new_secret() -> str:
    """256 random bits, as text for a cookie or an address."""
    return secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """What the database keeps. A secret is random: it needs no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
