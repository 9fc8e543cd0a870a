"""Every figure of /stats against the review log added up in plain Python, and cases worked by hand."""

import math
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from app.models import CardDemo, CardMark
from app.study.forecast.fold import AT_ONCE
from app.study.stats.activity import Span
from app.study.stats.judged import MOST_COUNTED
from app.study.stats.outlook import Due, Hard
from app.study.stats.period import Period, months_between, weeks_of, year_until
from app.study.stats.retention import Recalled
from app.study.stats.statistics import MONTHS_BY_DAYS, Statistics, statistics
from app.tables import CARD_MARK
from tests.study.schedule.test_totals import Log, Press, move, rate

if TYPE_CHECKING:
    from tests.study.conftest import Study


def figures(study: "Study", period: Period = Period.ALL, topic: int | None = None) -> Statistics:
    with study.database.read() as session:
        found = statistics(session, study.prefs, study.now, 1, topic, period)
    assert found is not None
    return found


def span(first: date, presses: list[Press], firsts: set[int]) -> Span:
    """What `presses` come to; `firsts` are those (by identity) that met a card first."""
    seconds = (round(min(120, max(0, (p.rated_at - p.shown_at).total_seconds()))) for p in presses)
    ratings = tuple(sum(press.rating == rating for press in presses) for rating in range(1, 6))
    new = sum(id(press) in firsts for press in presses)
    return Span(first, ratings, new, sum(seconds), len({press.day for press in presses}))


@pytest.fixture(scope="module")
def lived(
    new_study: "Callable[[int], AbstractContextManager[Study]]",
) -> "Callable[[int], AbstractContextManager[tuple[Study, Log]]]":
    """Makes two learners' two years with twelve cards in two topics: misses, undos, travels, cards moved."""

    @contextmanager
    def live(seed: int) -> "Iterator[tuple[Study, Log]]":
        chance, log = random.Random(seed), Log()
        log.topic_of = {card: 1 if card <= 8 else 2 for card in range(1, 13)}
        with new_study(8) as study:
            study.add_cards(4, "t2")
            study.now = datetime(2022, 12, 30, 22, 50, tzinfo=UTC)
            while study.now < datetime(2025, 3, 1, tzinfo=UTC):
                study.later(minutes=chance.choice((0, 1, 15, 700, 1_440, 5_000, 30_000)))
                zone = ZoneInfo(chance.choice(("Europe/Berlin", "Pacific/Kiritimati", "Pacific/Pago_Pago")))
                study.prefs = replace(study.prefs, learner_id=chance.choice((1, 1, 1, 2)), zone=zone)
                card = chance.randint(1, 12)
                if chance.random() < 0.05:
                    log.topic_of[card] = 3 - log.topic_of[card]
                    move(study, card, log.topic_of[card])
                elif chance.random() < 0.1:
                    mine = [press for press in log.stands if press.learner == study.prefs.learner_id]
                    assert (study.undo() is None) == (not mine)
                    log.stands = [press for press in log.stands if not mine or press is not mine[-1]]
                else:
                    lags = chance.randint(0, 150), chance.randint(0, 20)
                    log.stands.append(rate(study, card, chance.choice((1, 2, 3, 4, 4, 4, 5)), lags))
            study.prefs = replace(study.prefs, learner_id=1, zone=ZoneInfo("Europe/Berlin"))
            yield study, log

    return live


@pytest.mark.parametrize("seed", range(4))
def test_the_figures_are_those_of_the_log(
    lived: "Callable[[int], AbstractContextManager[tuple[Study, Log]]]", seed: int
) -> None:
    with lived(seed) as (study, log):
        log.stands = [press for press in log.stands if press.learner == 1]
        assert len(log.stands) > 60
        firsts = {id(next(p for p in log.stands if p.card == card)) for card in {p.card for p in log.stands}}
        for topic in (None, 1, 2):
            mine = [p for p in log.stands if topic in (None, log.topic_of[p.card])]
            for period in Period:
                check_activity(study, mine, firsts, topic, period)
                check_retention(study, log, topic, period)


def check_activity(study: "Study", mine: list[Press], firsts: set[int], topic: int | None, period: Period) -> None:
    found = figures(study, period, topic)
    today = study.prefs.day(study.now)
    assert found.today == today
    starts = {"30": today - timedelta(days=29), "90": today - timedelta(days=89), "year": date(2024, 3, today.day + 1)}
    within = [press for press in mine if press.day >= starts.get(period, date.min)]
    last = max([today, *(press.day for press in mine)])
    assert last <= today + timedelta(days=2)

    day = starts["year"]
    for one in found.year:
        assert one == span(day, [press for press in mine if press.day == day], firsts)
        day += timedelta(days=1)
    assert day == last + timedelta(days=1)
    if found.is_by_day:
        assert [one for one in found.year if one.first >= starts.get(period, date.min)] == found.spans
    assert found.is_by_day == (len(found.months) <= MONTHS_BY_DAYS)
    begin = min((press.day for press in within), default=starts.get(period, today))
    year, month = begin.year, begin.month
    for one in found.months:
        of_month = [press for press in within if (press.day.year, press.day.month) == (year, month)]
        assert one == span(date(year, month, 1), of_month, firsts)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    assert date(year, month, 1) > last
    assert found.total.ratings == span(begin, within, firsts).ratings
    assert (found.total.days, found.total.reviews) == (len({press.day for press in within}), len(within))


def check_retention(study: "Study", log: Log, topic: int | None, period: Period) -> None:
    found = figures(study, period, topic).retention
    since = found.since or date.min
    assert (found.since is None) == (period is Period.ALL)
    recalls = [one for one in log.recalls() if one[0].day >= since and topic in (None, log.topic_of[one[0].card])]
    for one in found.intervals:
        check(one.recalled, [r for r in recalls if one.shortest <= r[1] <= (one.longest or math.inf)])
    assert [one.shortest for one in found.intervals] == [1, 2, 4, 8, 15, 31, 91, 181]
    names = {f"t{number}": number for number in (1, 2)}
    for of_topic in found.topics:
        check(of_topic.recalled, [r for r in recalls if log.topic_of[r[0].card] == names[of_topic.name]])
    assert sum(of_topic.recalled.asked for of_topic in found.topics) == len(recalls)
    check(found.all, recalls)


def check(found: Recalled, recalls: list[tuple[Press, int, float]]) -> None:
    assert found.asked == len(recalls)
    assert found.recalled == sum(press.rating >= 3 for press, _, _ in recalls)
    assert found.expected == pytest.approx(sum(chance for _, _, chance in recalls), abs=1e-6 * max(1, len(recalls)))


def test_where_the_cards_stand(lived: "Callable[[int], AbstractContextManager[tuple[Study, Log]]]") -> None:
    with lived(1) as (study, log):
        study.retire(3)
        bury(study, 5, study.prefs.day(study.now) + timedelta(days=9))
        mark(study, 6, is_suspended=True)
        mark(study, 7, is_flagged=True)
        states = [row for row in study.states() if row[1] != 3]
        today = study.prefs.day(study.now)
        for topic in (None, 1, 2):
            mine = [row for row in states if topic in (None, log.topic_of[row[1]])]
            found = figures(study, topic=topic).outlook
            if topic is None:  # or this would prove nothing
                assert found.later
                assert sum(one.cards for one in found.forecast[1:])
            due = Counter(max(today, row[4], buried(study, row[1])) for row in mine if row[1] != 6)
            end = today + timedelta(days=30)
            assert found.forecast == [Due(day, due[day]) for day in (today + timedelta(days=n) for n in range(30))]
            assert found.later == sum(count for day, count in due.items() if day >= end)
            assert found.suspended == sum(row[1] == 6 for row in mine)
            for one in found.stabilities:
                inside = [row for row in mine if one.shortest <= row[2] < (one.below or math.inf)]
                assert one.cards == len(inside)
            assert found.cards == len(mine)
            hard = sorted((row for row in mine if row[3] > 5), key=lambda row: (-row[3], -row[10], row[1]))
            assert [(one.name, one.difficulty, one.lapses) for one in figures(study, topic=topic).hardest] == [
                (f"c{row[1]}", row[3], row[10]) for row in hard[:10]
            ]


def mark(study: "Study", card: int, **values: object) -> None:
    row = CardMark(learner_id=1, card_id=card).model_dump() | values
    with study.database.write() as session:
        session.connection().execute(insert(CARD_MARK), row)


def bury(study: "Study", card: int, until: date) -> None:
    mark(study, card, buried_until=until)


def buried(study: "Study", card: int) -> date:
    rows = study.rows(f"SELECT buried_until FROM card_mark WHERE card_id = {card}")
    return date.fromisoformat(rows[0][0]) if rows and rows[0][0] else date.min


def test_nothing_before_the_first_rating_and_after_the_last_was_taken_back(study: "Study") -> None:
    def found() -> Statistics | None:
        with study.database.read() as session:
            return statistics(session, study.prefs, study.now, 1, None, Period.ALL)

    assert found() is None
    study.rate(1, 4)
    assert found() is not None
    study.undo()
    assert found() is None


def test_a_month_ends_with_its_last_day_though_the_clock_is_past_midnight(study: "Study") -> None:
    study.now = datetime(2025, 1, 31, 22, tzinfo=UTC)
    study.rate(1, 4)  # 23 o'clock in Berlin
    study.now = datetime(2025, 2, 1, 2, 59, tzinfo=UTC)
    study.rate(2, 1)  # 3.59 there: still the 31st
    study.now = datetime(2025, 2, 1, 3, 1, tzinfo=UTC)
    study.rate(3, 5)
    assert [(one.first, one.reviews) for one in figures(study).months] == [(date(2025, 1, 1), 2), (date(2025, 2, 1), 1)]
    assert [one.reviews for one in figures(study, Period.DAYS_30).spans][-2:] == [2, 1]


def test_a_leap_day_is_a_day(study: "Study") -> None:
    study.now = datetime(2024, 2, 29, 12, tzinfo=UTC)
    study.rate(1, 4)
    year = figures(study, Period.YEAR)
    assert (year.first, len(year.year)) == (date(2023, 3, 1), 366)
    assert year.year[-1] == Span(date(2024, 2, 29), (0, 0, 0, 1, 0), new=1, seconds=0, days=1)
    study.now = datetime(2025, 2, 28, 12, tzinfo=UTC)
    later = figures(study, Period.YEAR)
    assert (later.first, later.total.reviews, len(later.year)) == (date(2024, 2, 29), 1, 366)
    study.now = datetime(2025, 3, 1, 12, tzinfo=UTC)
    assert figures(study, Period.YEAR).total.reviews == 0
    assert figures(study).total.reviews == 1
    assert figures(study).months[0].first == date(2024, 2, 1)


def test_who_travels_west_keeps_what_was_rated_on_a_date_still_to_come(study: "Study") -> None:
    study.prefs = replace(study.prefs, zone=ZoneInfo("Pacific/Kiritimati"))
    study.now = datetime(2025, 5, 31, 20, tzinfo=UTC)
    study.rate(1, 4)  # the first of June there, ten in the morning
    study.prefs = replace(study.prefs, zone=ZoneInfo("Pacific/Pago_Pago"))
    study.later(minutes=5)
    study.rate(2, 4)  # the last of May here
    for period in Period:
        found = figures(study, period)
        assert found.today == date(2025, 5, 31)
        assert [(one.first, one.reviews) for one in found.months][-2:] == [(date(2025, 5, 1), 1), (date(2025, 6, 1), 1)]
        assert [(one.first.day, one.reviews) for one in found.year][-2:] == [(31, 1), (1, 1)]
    assert found.outlook.cards == 2
    # A clock that was years ahead makes no page of years.
    study.now = datetime(2035, 1, 1, tzinfo=UTC)
    study.rate(3, 4)
    study.now = datetime(2025, 6, 1, 12, tzinfo=UTC)
    assert (figures(study).total.reviews, len(figures(study).year)) == (2, 366)


def test_periods_weeks_and_months() -> None:
    today = date(2024, 3, 1)
    begins = [period.first_day(today) for period in Period]
    assert begins == [date(2024, 2, 1), date(2023, 12, 3), date(2023, 3, 2), None]
    assert [year_until(date(2024, 2, 28)), year_until(date(2024, 2, 29)), year_until(date(2024, 12, 31))] == [
        date(2023, 3, 1), date(2023, 3, 1), date(2024, 1, 1),
    ]  # fmt: skip
    assert list(months_between(date(2023, 11, 30), date(2024, 2, 1))) == [
        date(2023, 11, 1), date(2023, 12, 1), date(2024, 1, 1), date(2024, 2, 1),
    ]  # fmt: skip
    # Wednesday to Tuesday
    assert weeks_of(date(2024, 2, 28), date(2024, 3, 5)) == [
        [None, None, *(date(2024, 2, 28), date(2024, 2, 29)), *(date(2024, 3, day) for day in (1, 2, 3))],
        [date(2024, 3, 4), date(2024, 3, 5), *[None] * 5],
    ]


@pytest.mark.parametrize(
    ("recalled", "verdict"),
    [
        (Recalled(4, 0, 3.6), "too few to say"),
        (Recalled(5, 0, 4.5), "worse than expected"),
        # 100 at 0.9 each deviate by 3.
        (Recalled(100, 85, 90.0), "as expected"),
        (Recalled(100, 83, 90.0), "worse than expected"),
        (Recalled(100, 95, 90.0), "as expected"),
        (Recalled(100, 97, 90.0), "better than expected"),
    ],
)
def test_a_verdict_needs_more_than_chance(recalled: Recalled, verdict: str) -> None:
    assert recalled.verdict == verdict


def test_the_hardest_come_with_their_first_demo(study: "Study") -> None:
    study.rate(1, 5)  # easy, and so not there
    study.rate(2, 1)
    study.rate(3, 1)
    study.later(minutes=2)
    study.rate(3, 1)
    with study.database.write() as session:
        session.add(CardDemo(card_id=3, position=1, demo="gru-gates", query="", label=""))
        session.add(CardDemo(card_id=3, position=0, demo="lstm-gates", query="x=1", label=""))
    third, second = figures(study).hardest
    assert third == Hard("c3", "?", "t1", third.difficulty, 0, "lstm-gates", "x=1")
    assert (second.name, second.demo, second.demo_query) == ("c2", None, None)
    assert third.difficulty > second.difficulty > 5


def test_a_retired_topic_keeps_its_name_among_the_recalls(study: "Study") -> None:
    study.rate(1, 4)
    study.later(days=2)
    study.rate(1, 4)
    with study.database.write() as session:
        session.connection().exec_driver_sql("UPDATE topic SET retired_at = '2025-06-01 00:00:00.000000'")
    (topic,) = figures(study).retention.topics
    assert (topic.title, topic.is_retired, topic.recalled.asked) == ("t1", True, 1)


def test_no_other_deck_nor_learner_is_counted(study: "Study") -> None:
    study.rate(1, 4)
    study.prefs = replace(study.prefs, learner_id=2)
    study.rate(2, 1)
    study.later(days=1)
    study.rate(2, 1)
    study.prefs = replace(study.prefs, learner_id=1)
    found = figures(study)
    assert (found.total.reviews, found.retention.all.asked, found.outlook.cards, found.hardest) == (1, 0, 1, [])
    with study.database.read() as session:
        assert statistics(session, study.prefs, study.now, 2, None, Period.ALL) is None


@pytest.mark.sqlite("reads SQLite's query plans")
def test_only_totals_and_states_are_read_and_no_table_of_reviews(study: "Study") -> None:
    """So that a page costs the same after a million reviews. The fold and computed answers take a bounded number."""
    study.rate(1, 4)
    read: list[str] = []
    with study.database.read() as session:
        driver = session.connection().connection.driver_connection
        assert driver is not None
        driver.set_trace_callback(read.append)
        statistics(session, study.prefs, study.now, 1, None, Period.ALL)
        driver.set_trace_callback(None)
        bounded = f"LIMIT {AT_ONCE + 1}", "review.card_id IN", f"LIMIT {MOST_COUNTED}"
        others = [sql for sql in read if not any(one in sql for one in bounded)]
        plans = [row[3] for sql in others if sql.startswith(("SELECT", "WITH"))
                 for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")]  # fmt: skip
    assert plans
    assert not [plan for plan in plans if "review" in plan.replace("reviewed", "")]
    scanned = [plan for plan in plans if plan.startswith("SCAN") and plan not in ("SCAN both", "SCAN CONSTANT ROW")]
    assert all(plan.startswith("SCAN anon") for plan in scanned), scanned
