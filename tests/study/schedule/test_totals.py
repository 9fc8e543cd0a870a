"""The totals equal what a reader of the review log would add up, whatever was undone or moved since."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from fsrs_rs_python import DEFAULT_PARAMETERS, FSRS, MemoryState
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from app.study.schedule.replay import replay_what_has_no_totals
from app.study.schedule.totals import move_cards
from app.tables import CARD, DAY_TOTAL, MONTH_TOTAL
from tests.examples import examples

if TYPE_CHECKING:
    from tests.study.conftest import Study

CARDS, TOPICS = 4, 3


class Press(NamedTuple):
    """A rating as the test remembers it."""

    learner: int
    card: int
    rating: int
    shown_at: datetime
    revealed_at: datetime
    rated_at: datetime
    day: date
    retention: float


class Log:
    """What stands of a history, and the totals that a reader would work out from it."""

    def __init__(self) -> None:
        self.stands: list[Press] = []
        self.topic_of = dict.fromkeys(range(1, CARDS + 1), 1)

    def days(self) -> dict[tuple[int, int, date], list[int]]:
        """By learner, topic (0 for the deck) and day: ratings 1 to 5, new cards, seconds."""
        found: dict[tuple[int, int, date], list[int]] = defaultdict(lambda: [0] * 7)
        for learner, card, presses in self._by_card():
            for number, press in enumerate(presses):
                look = (press.rated_at - press.shown_at).total_seconds()
                for topic in (0, self.topic_of[card]):
                    row = found[learner, topic, press.day]
                    row[press.rating - 1] += 1
                    row[5] += number == 0
                    row[6] += int(max(0, min(120, look)))
        return dict(found)

    def months(self) -> dict[tuple[int, int, date, int], list[int]]:
        """By learner, topic, month and class of interval: asked, recalled, expected."""
        found: dict[tuple[int, int, date, int], list[int]] = defaultdict(lambda: [0] * 3)
        for press, elapsed, chance in self.recalls():
            shortest = max(days for days in (1, 2, 4, 8, 15, 31, 91, 181) if days <= elapsed)
            topic, month = self.topic_of[press.card], date(press.day.year, press.day.month, 1)
            row = found[press.learner, topic, month, shortest]
            row[0] += 1
            row[1] += press.rating >= 3
            row[2] += round(chance * 1_000_000)
        return dict(found)

    def recalls(self) -> Iterator[tuple[Press, int, float]]:
        """Every rating at least a day after the one before: days since then, and the chance of recall."""
        engine, decay = FSRS(DEFAULT_PARAMETERS), -DEFAULT_PARAMETERS[20]
        for _learner, _card, presses in self._by_card():
            memory: Any = None
            last: Press | None = None
            for press in presses:
                elapsed = (press.day - last.day).days if last else 0
                if last and last.rating > 2 and 0 <= (press.revealed_at - last.rated_at).total_seconds() < 60:
                    continue  # a second look
                if last and elapsed > 0:
                    yield press, elapsed, (1 + (0.9 ** (1 / decay) - 1) * elapsed / memory.stability) ** decay
                states = engine.next_states(memory, press.retention, max(0, elapsed))
                memory = [states.again, states.again, states.hard, states.good, states.easy][press.rating - 1].memory
                memory = MemoryState(memory.stability, memory.difficulty)
                last = press

    def _by_card(self) -> list[tuple[int, int, list[Press]]]:
        return [
            (learner, card, mine)
            for learner in (1, 2)
            for card in self.topic_of
            if (mine := [press for press in self.stands if (press.learner, press.card) == (learner, card)])
        ]


def stored(study: "Study") -> tuple[dict[Any, list[int]], dict[Any, list[int]]]:
    """The tables' rows as the log gives them."""
    with study.database.read() as session:
        days = session.connection().execute(select(DAY_TOTAL)).all()
        months = session.connection().execute(select(MONTH_TOTAL)).all()
    return (
        {(row.learner_id, row.topic_id, row.day): list(row[4:]) for row in days},
        {(row.learner_id, row.topic_id, row.month, row.interval): list(row[5:]) for row in months},
    )


def move(study: "Study", card: int, to: int) -> None:
    """What the loader does with a card that stands in another file."""
    with study.database.write() as session:
        connection = session.connection()
        was = connection.execute(select(CARD.c.topic_id).where(CARD.c.id == card)).scalar_one()
        move_cards(connection, {card: ((1, was), (1, to))})
        connection.execute(update(CARD).where(CARD.c.id == card).values(topic_id=to))


@pytest.fixture(scope="session")
def three_topics(
    new_study: "Callable[[int], AbstractContextManager[Study]]",
) -> "Callable[[], AbstractContextManager[Study]]":
    """Makes a database whose four cards are in the first of three topics."""

    @contextmanager
    def make() -> Any:
        with new_study(CARDS) as study:
            for number in range(2, TOPICS + 1):
                study.add_cards(1, f"t{number}")
            yield study

    return make


ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati"]).map(ZoneInfo)
LEARNERS = st.sampled_from([1, 1, 2])
# Minutes since the last event: none, within the sitting, later that day, days and months on, and clocks set back.
LAPSES = st.one_of(
    st.just(0), st.integers(0, 20), st.integers(20, 3_000), st.integers(0, 300_000), st.integers(-4_000, 0)
)
# Seconds from question to reveal and from reveal to rating, below 0 where the clock was set back.
LAGS = st.tuples(st.integers(-10, 150), st.integers(-10, 90))
RATE = st.tuples(st.just("rate"), LEARNERS, LAPSES, st.integers(1, CARDS), st.integers(1, 5), LAGS)
UNDO = st.tuples(st.just("undo"), LEARNERS, LAPSES)
MOVE = st.tuples(st.just("move"), st.integers(1, CARDS), st.integers(1, TOPICS))
CHANGE = st.tuples(st.just("change"), st.floats(0.7, 0.97), ZONES)


@examples(120)
@given(st.lists(st.one_of(RATE, RATE, RATE, UNDO, MOVE, CHANGE), min_size=1, max_size=25))
def test_totals_equal_those_of_the_log_and_of_a_replay(
    three_topics: "Callable[[], AbstractContextManager[Study]]", history: list[Any]
) -> None:
    log = Log()
    with three_topics() as study:
        study.now = datetime(2024, 2, 20, 3, 50, tzinfo=UTC)
        for kind, *details in history:
            if kind == "change":
                study.prefs = replace(study.prefs, desired_retention=details[0], zone=details[1])
            elif kind == "move":
                card, to = details
                move(study, card, to)
                log.topic_of[card] = to
            else:
                study.prefs = replace(study.prefs, learner_id=details[0])
                study.later(minutes=details[1])
                if kind == "rate":
                    log.stands.append(rate(study, *details[2:]))
                else:
                    mine = [press for press in log.stands if press.learner == details[0]]
                    assert (study.undo() is None) == (not mine)
                    if mine:
                        log.stands.remove(mine[-1])

        expected = log.days(), log.months()
        assert stored(study) == expected
        study.replay()
        assert stored(study) == expected


def rate(study: "Study", card: int, rating: int, lags: tuple[int, int]) -> Press:
    """Rate a card, and say how the form's times are kept."""
    revealed_at = study.now - timedelta(seconds=lags[1])
    shown_at = revealed_at - timedelta(seconds=lags[0])
    rated = study.rate(card, rating, revealed_at=revealed_at, shown_at=shown_at)
    revealed_at = min(revealed_at, study.now)
    prefs = study.prefs
    # By the wall clock: no clock changes near the hour at which the day turns.
    day = (revealed_at.astimezone(prefs.zone).replace(tzinfo=None) - timedelta(hours=4)).date()
    assert rated.review.day == day
    shown_at = min(shown_at, revealed_at)
    return Press(prefs.learner_id, card, rating, shown_at, revealed_at, study.now, day, prefs.desired_retention)


def test_a_rating_counts_in_its_topic_and_in_the_deck_and_a_new_card_is_no_recall(study: "Study") -> None:
    study.rate(1, 4, shown_at=study.now - timedelta(seconds=12))
    study.later(seconds=30)
    study.rate(2, 1, shown_at=study.now - timedelta(minutes=9))
    day = date(2025, 6, 1)
    row = [1, 0, 0, 1, 0, 2, 12 + 120]
    assert stored(study) == ({(1, 0, day): row, (1, 1, day): row}, {})


def test_a_second_look_takes_time_and_is_neither_new_nor_a_recall(study: "Study") -> None:
    study.now = datetime(2025, 6, 2, 1, 59, 40, tzinfo=UTC)  # 20 seconds before the day turns
    study.rate(1, 4)
    study.later(seconds=40)
    study.rate(1, 2, shown_at=study.now - timedelta(seconds=5))
    days, months = stored(study)
    assert days[1, 1, date(2025, 6, 1)] == [0, 0, 0, 1, 0, 1, 0]
    assert days[1, 1, date(2025, 6, 2)] == [0, 1, 0, 0, 0, 0, 5]
    assert months == {}


@pytest.mark.parametrize(
    ("elapsed", "interval"),
    [(1, 1), (2, 2), (3, 2), (7, 4), (8, 8), (30, 15), (31, 31), (180, 91), (181, 181), (900, 181)],
)
def test_a_recall_belongs_to_the_month_of_its_day_and_to_the_class_of_its_interval(
    study: "Study", elapsed: int, interval: int
) -> None:
    study.rate(1, 4)
    study.later(days=elapsed)
    study.rate(1, 2)
    day = date(2025, 6, 1) + timedelta(days=elapsed)
    ((key, (asked, recalled, expected)),) = stored(study)[1].items()
    assert key == (1, 1, day.replace(day=1), interval)
    assert (asked, recalled) == (1, 0)
    # By the published formula, with the stability that a first 4 gives.
    chance = (1 + (0.9 ** (1 / -0.1542) - 1) * elapsed / 2.3065) ** -0.1542
    assert expected == pytest.approx(chance * 1e6, abs=20)


def test_undo_leaves_no_empty_rows(study: "Study") -> None:
    study.rate(1, 4)
    before = stored(study)
    study.later(days=3)
    study.rate(1, 5)
    assert len(stored(study)[1]) == 1
    study.undo()
    assert stored(study) == before
    study.undo()
    assert stored(study) == ({}, {})


def test_a_replay_of_one_learner_leaves_the_others_totals_alone(study: "Study") -> None:
    study.rate(1, 4)
    study.prefs = replace(study.prefs, learner_id=2)
    study.rate(1, 2)
    before = stored(study)
    with study.database.write() as session:
        session.connection().exec_driver_sql("UPDATE day_total SET seconds = 7")
    study.replay(2)
    days, _ = stored(study)
    assert {key: row[6] for key, row in days.items()} == {key: 7 if key[0] == 1 else 0 for key in before[0]}


def test_totals_that_were_never_kept_are_built_once(study: "Study") -> None:
    for card, rating in ((1, 4), (2, 1), (1, 5)):
        study.rate(card, rating)
        study.later(days=2)
    study.prefs = replace(study.prefs, learner_id=2)
    study.rate(1, 3)
    before = stored(study)
    with study.database.write() as session:
        for table in ("day_total", "month_total"):
            session.connection().exec_driver_sql(f"DELETE FROM {table} WHERE learner_id = 1")
        session.connection().exec_driver_sql("UPDATE day_total SET seconds = 7 WHERE learner_id = 2")
    replay_what_has_no_totals(study.database)
    days, months = stored(study)
    assert {key: row for key, row in days.items() if key[0] == 1} == {k: r for k, r in before[0].items() if k[0] == 1}
    assert months == before[1]
    assert days[2, 0, date(2025, 6, 7)][6] == 7


def test_more_cards_move_than_are_read_at_once(study: "Study") -> None:
    cards = study.add_cards(1_005, "t2")
    study.add_cards(1, "t3")
    with study.database.write() as session:
        session.connection().exec_driver_sql(
            "INSERT INTO review (learner_id, card_id, token, rating, rated_at, day, desired_retention) "
            "SELECT 1, id, 'r' || id, 4, '2025-05-01 10:00:00.000000', '2025-05-01', 0.9 FROM card WHERE topic_id = 2"
        )
    study.replay()
    with study.database.write() as session:
        move_cards(session.connection(), dict.fromkeys(cards, ((1, 2), (1, 3))))
    days = stored(study)[0]
    assert {key[1]: row[3] for key, row in days.items()} == {0: 1_005, 3: 1_005}


def test_where_nothing_moves_nothing_is_written(study: "Study") -> None:
    study.rate(1, 4)
    before = stored(study)
    move(study, 2, 1)
    move(study, 1, 1)
    assert stored(study) == before
