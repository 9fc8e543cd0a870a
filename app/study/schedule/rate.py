"""Rating a card: one review, counted once, at the date that was shown."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlmodel import Session

from app.database import lock_learner
from app.models import Review
from app.study.learner.preferences import Preferences
from app.study.schedule.checksum import checksum
from app.study.schedule.computed import asked_now, kept, name_of
from app.study.schedule.new_card_cursor import ADD_CURSOR, MOVE_CURSOR
from app.study.schedule.review_log import MAX_ID, REACHED, SEED, STATE_COLUMNS, review_by_id, standing_ratings, use_of
from app.study.schedule.scheduler import CountedRating, State, after, steps
from app.study.schedule.totals import Place, add_rating
from app.tables import CARD, CARD_STATE, DECK, NEW_CARD_CURSOR, REVIEW, THE_LEARNER, Prepared

FORM_LASTS = timedelta(hours=12)
TICK = timedelta(microseconds=1)
LONGEST_TYPED = 4_000
SUREST = 3
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class UnknownCardError(LookupError):
    """There is no such card."""


class NotCountedError(Exception):
    """A form of ours that cannot be counted any more; the message says why. Nothing was written."""


class UndoneTokenError(NotCountedError):
    """The form was sent before and its review, `review`, undone since: it is not counted again."""

    def __init__(self, review: Review) -> None:
        super().__init__("This rating was undone. Rate the card again if you want it counted.")
        self.review = review


class StaleFormError(NotCountedError):
    """The card was reviewed, or a review of it undone, after the form was made.

    `last` is the card's last review that counts, None if there is none; `undone` is True if the review on which the
    form builds was taken back.
    """

    def __init__(self, last: Review | None, undone: bool) -> None:
        what = "its last rating was undone" if undone else "it was rated elsewhere"
        super().__init__(f"Since this card was shown, {what}. This time nothing was counted.")
        self.last = last
        self.undone = undone


class AnotherInstanceError(NotCountedError):
    """The card asks another instance of its computed question than the form names."""

    def __str__(self) -> str:
        return "This card asks other numbers now than the page did. Nothing was counted; here they are."


class OldFormError(NotCountedError):
    """The answer was shown so long ago that the dates on the form no longer hold."""

    def __init__(self, revealed_at: datetime) -> None:
        super().__init__(
            f"The answer was shown more than {FORM_LASTS // timedelta(hours=1)} hours ago. "
            "Nothing was counted; the card is shown again with fresh dates."
        )
        self.revealed_at = revealed_at


def check_token(token: str) -> None:
    """Raise ValueError unless `token` is 1 to 64 letters, digits, - or _."""
    if not _TOKEN.fullmatch(token):
        raise ValueError("The form's token must be 1 to 64 letters, digits, - or _. Load the page again.")


@dataclass(frozen=True, slots=True)
class Answer:
    """A form as it was sent.

    `token` is its one-use id, `after` the last review of the card when the offer was made (0 for a new card).
    `shown_at` and `revealed_at` (aware) are when the question and the answer were shown, `typed` is what was typed
    in between, `sitting` the filters under which the card was asked, as in an address, and `sure` how sure the learner
    said to be before the reveal: 1 to SUREST. `instance` names what a computed card asked, and `of_four` says that its
    answer was chosen from four. `points` are the card's points and which of them were made, as a review keeps them.
    Raises ValueError for values that no form of ours sends.
    """

    card_id: int
    rating: int
    token: str
    after: int
    shown_at: datetime | None
    revealed_at: datetime
    typed: str | None = None
    sitting: str | None = None
    sure: int | None = None
    instance: str = ""
    of_four: bool = False
    points: str | None = None

    def __post_init__(self) -> None:
        if self.rating not in range(1, 6):
            raise ValueError(f"The rating must be 1, 2, 3, 4 or 5, not {self.rating!r}.")
        check_token(self.token)
        if self.sure is not None and self.sure not in range(1, SUREST + 1):
            raise ValueError(f"How sure you were must be a number from 1 to {SUREST}, not {self.sure!r}.")
        if self.typed is not None and (len(self.typed) > LONGEST_TYPED or "\0" in self.typed):
            raise ValueError(f"A typed answer can have at most {LONGEST_TYPED} characters, and no NUL.")
        if self.revealed_at.tzinfo is None or (self.shown_at is not None and self.shown_at.tzinfo is None):
            raise ValueError("The times of a form need a time zone.")


class RatedCard(NamedTuple):
    """What a page says of a card that was rated. `deck` is the id, the name and the title of its deck."""

    name: str
    question_html: str
    deck: tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Rated:
    """A counted review, its card, and the card's state before it and now.

    `repeated` is True if the form had been sent before.
    """

    review: Review
    card: RatedCard
    before: State | None
    state: State
    repeated: bool

    @property
    def once_more(self) -> bool:
        """True if the card was missed today, and comes back a second time after this recall."""
        if self.before is None or self.before.due_at is None:
            return False
        return self.state.due_at is None and self.before.reviewed_on == self.state.reviewed_on


_ANY_USE = REVIEW.alias("any_use")
_LEARNER_STATE = (CARD_STATE.c.learner_id == THE_LEARNER) & (CARD_STATE.c.card_id == CARD.c.id)
_CURSOR = (NEW_CARD_CURSOR.c.learner_id == THE_LEARNER) & (NEW_CARD_CURSOR.c.deck_id == CARD.c.deck_id)
# One row with all that decides: the card's state, first, so that it makes a State; the card, where the new cards
# begin, and whether the token is fresh.
_BEFORE = Prepared(
    select(
        *STATE_COLUMNS,
        SEED.label("seed"),
        CARD.c.topic_id,
        NEW_CARD_CURSOR.c.place.label("cursor"),
        _ANY_USE.c.id.label("used"),
        REACHED.scalar_subquery().label("reached"),
        CARD.c.asks,
        CARD.c.name,
        CARD.c.question_html,
        CARD.c.deck_id,
        DECK.c.name.label("deck"),
        DECK.c.title,
    )
    .select_from(
        CARD.join(DECK, DECK.c.id == CARD.c.deck_id)
        .outerjoin(CARD_STATE, _LEARNER_STATE)
        .outerjoin(NEW_CARD_CURSOR, _CURSOR)
        .outerjoin(_ANY_USE, _ANY_USE.c.token == bindparam("token"))
    )
    .where(CARD.c.id == bindparam("card"))
)
# Not Prepared, which would need RETURNING: with that, SQLite plans to look through the tables that refer to reviews.
_ADD_REVIEW = insert(REVIEW)
_ADD_STATE = Prepared(insert(CARD_STATE), CARD_STATE.c.keys())
_ITS_STATE = (CARD_STATE.c.learner_id == THE_LEARNER) & (CARD_STATE.c.card_id == bindparam("card"))
_CHANGE_STATE = Prepared(update(CARD_STATE).where(_ITS_STATE), State._fields)


def rate(session: Session, learner: Preferences, answer: Answer, now: datetime) -> Rated:
    """Count `answer` once, and move its card to the date that `offer()` showed for the same `revealed_at`.

    Call it in a write session and commit before answering. A card that was retired while its form was open is
    counted like any other. The token decides: a form sent again is answered with the review it made.
    Raises UnknownCardError, and a NotCountedError (UndoneTokenError, StaleFormError, OldFormError,
    AnotherInstanceError).
    """
    if not 0 < answer.card_id <= MAX_ID:
        raise UnknownCardError(f"There is no card {answer.card_id}.")
    connection = session.connection()
    key = {"learner": learner.learner_id, "card": answer.card_id}
    lock_learner(connection, learner.learner_id)
    before = _BEFORE.one_or_none(connection, key | {"token": answer.token})
    if before is None:
        raise UnknownCardError(f"There is no card {answer.card_id}.")
    if before.used is not None:
        return _again(connection, learner.learner_id, answer.token)
    state = None
    if before.last_review_id is not None:
        state = State(*before[: len(State._fields)])
    last_id = 0 if state is None else state.last_review_id
    if answer.after != last_id:
        # Ids only grow: a form that builds on a later review than the last that counts has seen it undone.
        raise StaleFormError(review_by_id(connection, last_id) if last_id else None, undone=answer.after > last_id)
    if now - answer.revealed_at > FORM_LASTS:
        raise OldFormError(answer.revealed_at)
    computed = {}
    if answer.instance:
        instance = asked_now(connection, before.asks, (before.seed, learner.seed), key)
        if instance is None or name_of(instance) != answer.instance:
            raise AnotherInstanceError
        computed = kept(instance, answer.typed or "", answer.of_four)._asdict()

    now = now.astimezone(UTC)
    revealed_at = min(answer.revealed_at, now).astimezone(UTC)
    values: dict[str, Any] = {
        "learner_id": learner.learner_id,
        "card_id": answer.card_id,
        "token": answer.token,
        "rating": int(answer.rating),
        "shown_at": None if answer.shown_at is None else min(answer.shown_at, revealed_at).astimezone(UTC),
        "revealed_at": revealed_at,
        "rated_at": now,
        "counts_at": counts_from(now, before.reached),
        # The recall came before the reveal: its date holds, even if the day turns before the press.
        "day": learner.day(revealed_at),
        "desired_retention": learner.desired_retention,
        "typed": answer.typed or None,
        "sitting": answer.sitting or None,
        "sure": answer.sure,
        "points": answer.points,
        **computed,
    }
    values["checksum"] = checksum(values)
    (review_id,) = cast(tuple[int], connection.execute(_ADD_REVIEW, values).inserted_primary_key)
    review = Review.model_construct(**values, id=review_id)
    given = CountedRating(review_id, *(values[name] for name in CountedRating._fields[1:]))
    new = after(state, before.seed, given)
    add_rating(connection, Place(learner.learner_id, before.deck_id, before.topic_id), state, given)
    if state is None:
        _ADD_STATE.all(connection, new._asdict() | {"learner_id": learner.learner_id, "card_id": answer.card_id})
    else:
        _CHANGE_STATE.all(connection, new._asdict() | key)
    if state is None or before.cursor is None:
        statement = ADD_CURSOR if before.cursor is None else MOVE_CURSOR
        statement.all(connection, {"learner": learner.learner_id, "deck": before.deck_id})
    return Rated(review, RatedCard(before.name, before.question_html, before[-3:]), state, new, repeated=False)


def counts_from(at: datetime, after: datetime | None) -> datetime:
    """When a review given at `at` counts, if it builds on one that counts at `after`: later than that one.

    The clocks may say otherwise, if one was set back or two devices differ. Both times are aware.
    """
    return at if after is None else max(at, after + TICK)


def rated_since(connection: Connection, state: State | None, shown_at: datetime) -> Review | None:
    """The last rating of a card at `state`, if it was given after `shown_at` (aware): a page shown then is outdated."""
    last = None if state is None else review_by_id(connection, state.last_review_id)
    # The page that answers a rating is shown at the very time of the rating, and may show the same card again.
    return last if last is not None and last.rated_at > shown_at else None


def _again(connection: Connection, learner_id: int, token: str) -> Rated:
    """The answer given when `token` was first sent."""
    use = use_of(connection, token, learner_id)
    if use is None or use.review.undoes_id is not None:
        raise ValueError("The form's token was used by an undo. Load the page again.")
    if use.undone:
        raise UndoneTokenError(use.review)
    key = {"learner": learner_id, "card": use.review.card_id}
    card = _BEFORE.one_or_none(connection, key | {"token": token})
    ratings = steps(card.seed, standing_ratings(connection, learner_id, use.review.card_id))
    before, after = next((before, after) for before, given, after in ratings if given.id == use.review_id)
    return Rated(use.review, RatedCard(card.name, card.question_html, card[-3:]), before, after, repeated=True)
