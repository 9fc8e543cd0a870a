"""What a computed card asks a learner now, and what a review keeps of the answer.

The instance follows from the card's seed, the learner's seed, and how many ratings of the card stand. So undo, a reload
and a second device ask the same again, and none comes twice before all were asked.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlencode

from pydantic import TypeAdapter
from sqlalchemy import Connection, bindparam, func, select

from app.ask.judge import Judged, judge
from app.ask.question import Instance, written
from app.ask.questions.line import BadLineError, read
from app.study.schedule.review_log import COUNTED, LATEST_FIRST, STANDS
from app.tables import REVIEW, THE_LEARNER

MOST_TIMES = 20
"""So many of the learner's right answers decide what is usual."""
NOTHING = "nothing"
"""The verdict where no answer was given."""


class KeptAnswer(NamedTuple):
    """What a review keeps of a computed question. The fields are review's columns."""

    question: str
    asked: str
    verdict: str
    slip: str | None
    of_four: bool


@dataclass(frozen=True)
class AskedBefore:
    """What was asked in a review, in words, whatever the question makes of the same parameters today."""

    version: int
    parameters: dict[str, str]
    asks: str
    givens: Sequence[str]
    answer: str


_ASKED_BEFORE = TypeAdapter(AskedBefore)
_STANDING = (
    select(func.count())
    .select_from(COUNTED)
    .where(REVIEW.c.learner_id == THE_LEARNER, REVIEW.c.card_id == bindparam("card"), STANDS)
)
_TIMES = (
    select(REVIEW.c.shown_at, REVIEW.c.revealed_at)
    .select_from(COUNTED)
    .where(
        REVIEW.c.learner_id == THE_LEARNER,
        REVIEW.c.question == bindparam("question"),
        REVIEW.c.verdict == "right",
        REVIEW.c.shown_at.is_not(None),
        STANDS,
    )
    .order_by(*LATEST_FIRST)
    .limit(MOST_TIMES)
)


def asked_now(connection: Connection, asks: str | None, seeds: tuple[int, int], key: dict[str, int]) -> Instance | None:
    """The instance that a card asks now; None if it asks none, or one that this version of Recur does not have.

    `asks` is what its line `Ask:` says, `seeds` are the card's and the learner's, `key` their ids as `card` and
    `learner`.
    """
    try:
        instances = read(asks).instances if asks else ()
    except BadLineError:
        instances = ()
    if not instances:
        return None
    start = int.from_bytes(hashlib.blake2b(f"{seeds[0]} {seeds[1]}".encode(), digest_size=4).digest(), "big")
    return instances[(start + connection.execute(_STANDING, key).scalar_one()) % len(instances)]


def name_of(instance: Instance) -> str:
    """The name of an instance in a form: its question, the version, and the parameters."""
    return f"{instance.question.name}@{instance.question.version}?{urlencode(instance.parameters)}"


def judged(instance: Instance, typed: str) -> Judged | None:
    """The judgement of what was typed; None for nothing."""
    return judge(instance, typed) if typed.strip() else None


def kept(instance: Instance, typed: str, of_four: bool) -> KeptAnswer:
    """What the review of an answer keeps."""
    found, task = judged(instance, typed), instance.task
    asked = AskedBefore(
        instance.question.version, dict(instance.parameters), task.asks, list(task.givens), written(task.answer)
    )
    return KeptAnswer(
        instance.question.name,
        json.dumps(vars(asked), ensure_ascii=False),
        found.verdict if found else NOTHING,
        found.says if found and found.verdict == "slip" else None,
        of_four,
    )


def asked_before(asked: str) -> AskedBefore:
    """What a review keeps of its question. Raises ValueError if it is none of ours."""
    return _ASKED_BEFORE.validate_json(asked)


def usual_times(connection: Connection, learner_id: int, question: str) -> list[float]:
    """The seconds that the learner's last right answers to this question took."""
    rows = connection.execute(_TIMES, {"learner": learner_id, "question": question})
    return [(revealed - shown).total_seconds() for shown, revealed in rows]
