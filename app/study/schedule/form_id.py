"""The one-use id of a form: the same token twice is one review."""

import re
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from app.models import Review
from app.study.schedule.review_log import COUNTED, UNDOING, as_review
from app.tables import REVIEW

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_USE = select(REVIEW, UNDOING.c.id.label("undone_by")).select_from(COUNTED).where(REVIEW.c.token == bindparam("token"))


@dataclass(frozen=True, slots=True)
class Use:
    """What a token was used for, a rating or an undo, and whether that was undone since."""

    review_id: int
    review: Review
    undone: bool


def is_token(text: str) -> bool:
    """Whether it is 1 to 64 letters, digits, - or _."""
    return _TOKEN.fullmatch(text) is not None


def check_token(token: str) -> None:
    """Raise ValueError unless `token` is 1 to 64 letters, digits, - or _."""
    if not is_token(token):
        raise ValueError("The form's token must be 1 to 64 letters, digits, - or _. Load the page again.")


def use_of(connection: Connection, token: str, learner_id: int) -> Use | None:
    """What `token` was used for; None for a fresh one. Raises ValueError when another learner used it."""
    row = connection.execute(_USE, {"token": token}).mappings().one_or_none()
    if row is None:
        return None
    if row["learner_id"] != learner_id:
        raise ValueError("The form's token is not this learner's. Load the page again.")
    return Use(row["id"], as_review(row), row["undone_by"] is not None)
