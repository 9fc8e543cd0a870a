"""A review's checksum: shows that a stored review is the one that was written, down to the last bit."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.exc import OperationalError

from app.tables import REVIEW

NEWEST = "5"
COVERED: dict[str, tuple[str, ...]] = {
    "1": (
        "learner_id",
        "card_id",
        "token",
        "rating",
        "shown_at",
        "revealed_at",
        "rated_at",
        "day",
        "desired_retention",
        "typed",
        "sitting",
    )
}
COVERED["2"] = (*COVERED["1"], "counts_at")
COVERED["3"] = (*COVERED["2"], "sure")
COVERED["4"] = (*COVERED["3"], "question", "asked", "verdict", "slip", "of_four")
COVERED["5"] = (*COVERED["4"], "points")
"""The columns of `review` that each version covers, in their order; the token of the undone review comes after them.

A review's own id and undoes_id are left out: in another database they are others. A
card's id never changes, while its name and its text do. A new column of `review` joins by a new version; the old
versions stay here, for the reviews that were written with them.
"""
DIGEST_BYTES = 6

BATCH = 1_000
_UNDONE = REVIEW.alias("undone")
_IDS = select(REVIEW.c.id).where(REVIEW.c.id > bindparam("last")).order_by(REVIEW.c.id).limit(BATCH)
_REVIEWS = (
    select(REVIEW, _UNDONE.c.token.label("undoes"))
    .outerjoin_from(REVIEW, _UNDONE, _UNDONE.c.id == REVIEW.c.undoes_id)
    .where(REVIEW.c.id >= bindparam("first"), REVIEW.c.id <= bindparam("last"))
)
# A time or a date that is none any more; text that is not UTF-8.
_UNREADABLE = (ValueError, TypeError, OverflowError, OperationalError)


def checksum(review: Mapping[Any, Any], undoes: str | None = None, version: str = NEWEST) -> str:
    """The checksum of a review, such as "1:0a1b2c3d4e5f": the version, and 48 bits of BLAKE2b in hexadecimal.

    `review` has the columns of the table (one that is missing counts as NULL), `undoes` is the token of the review that
    it undoes. Times are aware. Raises KeyError if there is no such version.
    """
    values = [_plain(review.get(name)) for name in COVERED[version]]
    written = json.dumps([*values, undoes]).encode()
    return f"{version}:{hashlib.blake2b(written, digest_size=DIGEST_BYTES).hexdigest()}"


def is_intact(review: Mapping[Any, Any], undoes: str | None) -> bool:
    """True if the review's checksum is the one of its values."""
    version = str(review["checksum"]).partition(":")[0]
    return version in COVERED and review["checksum"] == checksum(review, undoes, version)


def altered(connection: Connection) -> Iterator[int]:
    """The id of every review whose checksum is not the one of its values, or whose values cannot be read at all."""
    last = -(2**31)
    while ids := connection.execute(_IDS, {"last": last}).scalars().all():
        try:
            wrong = _altered(connection, ids[0], ids[-1])
        except _UNREADABLE:
            wrong = [one for one in ids if not _can_be_read(connection, one) or _altered(connection, one, one)]
        yield from wrong
        last = ids[-1]


def _altered(connection: Connection, first: int, last: int) -> list[int]:
    rows = connection.execute(_REVIEWS, {"first": first, "last": last}).mappings()
    return [row["id"] for row in rows if not is_intact(row, row["undoes"])]


def _can_be_read(connection: Connection, review_id: int) -> bool:
    try:
        connection.execute(_REVIEWS, {"first": review_id, "last": review_id}).all()
    except _UNREADABLE:
        return False
    return True


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, date) else value
