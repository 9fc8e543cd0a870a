"""A learner's answers to the cards of a class, each with the chance of recall that was foretold for it at the time."""

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import Connection, select

from app.ask.judge import read
from app.ask.question import Instance, written
from app.ask.questions.registry import all_questions
from app.ask.typed import BadAnswerError
from app.study.forecast.fold import ALL_RATINGS, MINE
from app.study.forecast.predictor import Predictor, days_recalled
from app.study.schedule.computed import asked_before
from app.study.schedule.scale import Rating
from app.study.schedule.scheduler import CountedRating, State, after
from app.study.schedule.totals import seconds_spent
from app.tables import REVIEW


class ClassAnswer(NamedTuple):
    """An answer that was not undone.

    It `is_first` if the learner had never rated the card before. `chance` is None unless it came a day or more after
    the rating before: only then something is recalled. `seconds` is None if the time was not taken. `value` is the
    wrong value that was given to a computed question, with what was asked.
    """

    review_id: int
    card_id: int
    at: datetime
    is_first: bool
    chance: float | None
    rating: int
    seconds: int | None
    slip: str | None
    value: str | None

    @property
    def missed(self) -> bool:
        """True below the line between 2 and 3."""
        return Rating(self.rating).missed


class UndoneAnswer(NamedTuple):
    """An undo: the card, the id of the review that was undone, and its own."""

    card_id: int
    undone_id: int
    review_id: int


_OF_COMPUTED = (REVIEW.c.question, REVIEW.c.asked, REVIEW.c.verdict, REVIEW.c.slip, REVIEW.c.typed)
_ANSWERS = ALL_RATINGS.add_columns(*_OF_COMPUTED)
_UNDOS = select(REVIEW.c.card_id, REVIEW.c.undoes_id, REVIEW.c.id).where(MINE, REVIEW.c.undoes_id.is_not(None))


def answers_of(connection: Connection, learner_id: int, upto: int) -> Iterator[ClassAnswer]:
    """Every answer of the learner in order, but those whose review's id is above `upto`."""
    cards: dict[int, State] = {}
    predictor = Predictor()
    for _counts_at, _token, card_id, seed, *columns in connection.execute(_ANSWERS, {"learner": learner_id}):
        given = CountedRating(*columns[: -len(_OF_COMPUTED)])
        if given.id > upto:
            continue
        state, recalled = cards.get(card_id), not Rating(given.rating).missed
        days = days_recalled(state, given)
        chance = None
        if state is not None and days is not None:
            chance = predictor.chance(state, days)
            predictor = predictor.learned(state, days, recalled)
        cards[card_id] = after(state, seed, given)
        question, asked, verdict, slip, typed = columns[-len(_OF_COMPUTED) :]
        yield ClassAnswer(
            given.id,
            card_id,
            given.shown_at or given.rated_at,
            state is None,
            chance,
            given.rating,
            seconds_spent(given.shown_at, given.revealed_at, given.rated_at) if given.shown_at else None,
            slip if verdict == "slip" else None,
            wrong_value(question, asked, typed) if verdict == "wrong" and typed else None,
        )


def undos_of(connection: Connection, learner_id: int) -> list[UndoneAnswer]:
    """Every undo of the learner."""
    return [UndoneAnswer(*row) for row in connection.execute(_UNDOS, {"learner": learner_id})]


def wrong_value(question: str, asked: str, typed: str) -> str | None:
    """What was asked and the number or shape that was given, in words; None if it is a text or cannot be read."""
    try:
        kept = asked_before(asked)
        instance = _made(question, kept.version, tuple(sorted(kept.parameters.items())))
        value = read(instance, typed) if instance else ""
    except (BadAnswerError, ValueError, LookupError):
        return None
    if isinstance(value, str):
        return None
    return f"{written(value)} instead of {kept.answer}: {kept.asks} {'; '.join(kept.givens)}".strip()


@lru_cache(maxsize=4_000)
def _made(name: str, version: int, parameters: tuple[tuple[str, str], ...]) -> Instance | None:
    """The instance that was asked; None if this version of Recur has another question by this name, or none."""
    question = all_questions().get(name)
    return question.made(dict(parameters)) if question and question.version == version else None
