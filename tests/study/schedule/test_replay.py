"""Random histories: card_state equals a replay, equals a fold written here, and keeps what the buttons said."""

import hashlib
import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from fsrs_rs_python import DEFAULT_PARAMETERS, FSRS, MemoryState
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, insert

from app.study.schedule.replay import replay
from app.tables import REVIEW
from tests.examples import examples

if TYPE_CHECKING:
    from tests.study.conftest import Study

CARDS = 3


class Press(NamedTuple):
    """A rating as the test remembers it."""

    id: int
    card: int
    rating: int
    revealed_at: datetime
    rated_at: datetime
    day: date
    retention: float


def day_of(moment: datetime, zone: ZoneInfo, hour: int) -> date:
    """The learner's date, by the wall clock: no clock changes near the hours and zones used here."""
    return (moment.astimezone(zone).replace(tzinfo=None) - timedelta(hours=hour)).date()


def fuzz(raw: float, card: int, reviews: int) -> int:
    raw = min(raw, 36_500)
    if raw < 2.5:
        return max(1, math.floor(raw + 0.5))
    delta = 1.0
    delta += 0.15 * (min(raw, 7) - 2.5)
    delta += 0.10 * (min(raw, 20) - 7) if raw > 7 else 0
    delta += 0.05 * (raw - 20) if raw > 20 else 0
    low = max(2, math.floor(raw - delta + 0.5))
    high = min(36_500, math.floor(raw + delta + 0.5))
    share = int(hashlib.blake2b(f"{card} {reviews}".encode(), digest_size=6).hexdigest(), 16) / 16**12
    return low + int(share * (high - low + 1))


def counts(presses: list[Press], number: int) -> bool:
    """Whether a press of a card moves it: not within a minute of a remembered one that did."""
    before = [press for at, press in enumerate(presses[:number]) if counts(presses, at)]
    if not before or before[-1].rating < 3:
        return True
    return not 0 <= (presses[number].revealed_at - before[-1].rated_at).total_seconds() < 60


def fold(learner: int, presses: list[Press]) -> list[tuple[Any, ...]]:
    """The rows of card_state that `presses` should have made."""
    engine = FSRS(DEFAULT_PARAMETERS)
    rows = []
    for card in sorted({press.card for press in presses}):
        mine = [press for press in presses if press.card == card]
        own = [press for number, press in enumerate(mine) if counts(mine, number)]
        memory, lapses, recalls, residual, misses = None, 0, 0, 0.0, 0
        for number, press in enumerate(own):
            before = own[number - 1] if number else None
            elapsed = (press.day - before.day).days if before else 0
            known = press.rating >= 3
            if memory is not None and elapsed > 0:
                decay = -DEFAULT_PARAMETERS[20]
                chance = (1 + (0.9 ** (1 / decay) - 1) * elapsed / memory.stability) ** decay
                recalls, residual, misses = recalls + 1, residual + known - chance, 0
            misses += not known
            states = engine.next_states(memory, press.retention, elapsed if elapsed > 0 else 0)
            memory = [states.again, states.again, states.hard, states.good, states.easy][press.rating - 1].memory
            memory = MemoryState(memory.stability, memory.difficulty)
            dates = [fuzz(state.interval, card, number) for state in (states.hard, states.good, states.easy)]
            days = 0 if press.rating < 3 else max(dates[: press.rating - 2])
            lapses += press.rating < 3 and before is not None and before.rating >= 3
        assert memory is not None
        last, first = own[-1], own[0]
        minutes = {1: 1, 2: 10}.get(last.rating)
        due_at = last.rated_at + timedelta(minutes=minutes) if minutes else None
        due_on = last.day + timedelta(days=days)
        dated = (due_on, due_at, first.day, last.day, last.rated_at)
        found = (memory.stability, memory.difficulty, *dated, len(own), lapses, mine[-1].id, recalls, residual, misses)
        rows.append((learner, card, *found))
    return rows


ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Pacific/Kiritimati", "Australia/Lord_Howe"]
).map(ZoneInfo)
LEARNER_NUMBERS = st.sampled_from([1, 1, 1, 2])
# Minutes since the last event: within the sitting, later that day, days early or late, and clocks set back.
LAPSES = st.one_of(st.integers(0, 20), st.integers(20, 1_500), st.integers(1_500, 600_000), st.integers(-4_000, 0))
RATE = st.tuples(
    st.just("rate"), LEARNER_NUMBERS, LAPSES, st.integers(1, CARDS), st.integers(1, 5), st.integers(-30, 11 * 60)
)
UNDO = st.tuples(st.just("undo"), LEARNER_NUMBERS, LAPSES)
CHANGE = st.tuples(st.just("change"), st.floats(0.7, 0.97), ZONES, st.integers(3, 6))
HISTORIES = st.lists(st.one_of(RATE, RATE, RATE, UNDO, CHANGE), min_size=1, max_size=25)


@examples(120)
@given(HISTORIES)
def test_states_equal_a_replay_and_a_fold_and_what_was_offered(
    new_study: "Callable[[int], AbstractContextManager[Study]]", history: list[Any]
) -> None:
    with new_study(CARDS) as study:
        study.now = datetime(2024, 2, 20, 3, 50, tzinfo=UTC)
        stands: dict[int, list[Press]] = {1: [], 2: []}
        earlier: dict[int, list[list[tuple[Any, ...]]]] = {1: [], 2: []}
        for kind, *details in history:
            if kind == "change":
                retention, zone, hour = details
                study.prefs = replace(study.prefs, desired_retention=retention, zone=zone, day_starts_at=hour)
                continue
            learner, lapse, *details = details
            study.later(minutes=lapse)
            study.prefs = replace(study.prefs, learner_id=learner)
            if kind == "rate":
                earlier[learner].append(study.states(learner))
                stands[learner].append(rate_as_offered(study, *details))
            elif stands[learner]:
                undone = study.undo()
                assert undone is not None
                assert undone.review.id == stands[learner].pop().id
                assert study.states(learner) == earlier[learner].pop()
            else:
                assert study.undo() is None

        for learner, presses in stands.items():
            assert study.states(learner) == fold(learner, presses)
        study.replay()
        for learner, presses in stands.items():
            assert study.states(learner) == fold(learner, presses)


def rate_as_offered(study: "Study", card: int, rating: int, lag: int) -> Press:
    """Rate a card whose answer was shown `lag` minutes ago (below 0: the clock was set back since)."""
    revealed_at = study.now - timedelta(minutes=lag)
    offer = study.offer(card, revealed_at)
    dates = [choice.due_on for choice in offer.choices]
    assert dates == sorted(dates)

    rated = study.rate(card, rating, revealed_at=revealed_at)
    chosen = offer.choices[rating - 1]
    if lag >= 0:
        assert rated.state.due_on == chosen.due_on
        assert (rated.state.due_at is None) == (chosen.due_at is None)
        if rated.state.due_at is not None and chosen.due_at is not None:
            assert rated.state.due_at - study.now == chosen.due_at - revealed_at
    prefs = study.prefs
    day = day_of(min(revealed_at, study.now), prefs.zone, prefs.day_starts_at)
    assert rated.review.id is not None
    shown = min(revealed_at, study.now)
    return Press(rated.review.id, card, rating, shown, study.now, day, prefs.desired_retention)


def test_a_replay_of_one_learner_leaves_the_others_alone(study: "Study") -> None:
    study.rate(1, 4)
    study.prefs = replace(study.prefs, learner_id=2)
    study.rate(1, 2)
    study.rate(2, 5)
    before = study.states(1), study.states(2)
    with study.database.write() as session:
        session.connection().exec_driver_sql("UPDATE card_state SET stability = 1, reviews = 9")
    replayed = study.replay(2)
    assert (replayed.cards, replayed.reviews) == (2, 2)
    assert study.states(2) == before[1]
    assert study.states(1) != before[0]
    assert study.replay().cards == 3
    assert (study.states(1), study.states(2)) == before


def test_a_replay_goes_through_more_cards_than_a_batch(
    new_study: "Callable[[int], AbstractContextManager[Study]]",
) -> None:
    with new_study(2_100) as study:
        with study.database.write() as session:
            at = datetime(2025, 5, 1, 10, tzinfo=UTC)
            same = {"learner_id": 1, "rated_at": at, "counts_at": at, "day": at.date(), "desired_retention": 0.9}
            rows = [same | {"card_id": n, "token": f"r{n}", "rating": 1 + n % 5} for n in range(1, 2_101)]
            session.connection().execute(insert(REVIEW), rows)
        assert study.replay().cards == 2_100
        presses = [Press(n, n, 1 + n % 5, at, at, at.date(), 0.9) for n in range(1, 2_101)]
        assert study.states() == fold(1, presses)


def test_a_rating_waits_for_a_replay_and_is_in_neither_twice_nor_lost(study: "Study") -> None:
    first = study.rate(1, 4).review.id
    study.later(days=2)
    answer = study.answer(1, 3, after=first)
    rating = Thread(target=study.send, args=(answer,))

    def between(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith("INSERT INTO card_state") and rating.ident is None:
            rating.start()
            rating.join(0.3)  # long enough to come to a lock

    event.listen(study.database.engine, "before_cursor_execute", between)
    with study.database.write() as session:
        replay(session)
    rating.join()
    before = study.states()
    assert study.rows("SELECT last_review_id FROM card_state") == [(first + 1,)]
    study.replay()
    assert study.states() == before
