"""The order of a sitting, the day's allowance of new cards, and progress."""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.study.selection.selection import Selection
from app.study.sitting import order
from app.study.sitting.order import Mode
from app.study.sitting.queue import Queue
from tests.examples import examples

if TYPE_CHECKING:
    from tests.study.conftest import Study

MakeStudy = Callable[[int], AbstractContextManager["Study"]]


def test_new_cards_come_in_learning_order_up_to_the_limit(study: "Study") -> None:
    study.prefs = replace(study.prefs, new_per_day=3)
    asked = []
    while (card := study.next()) is not None:
        asked.append(card)
        study.rate(card, 5)
        assert study.progress().new == 3 - len(asked)
    assert asked == [1, 2, 3]
    study.later(days=1)
    assert study.next() == 4
    study.prefs = replace(study.prefs, new_per_day=0)
    assert study.next() is None


def test_the_order_of_a_sitting(study: "Study") -> None:
    study.prefs = replace(study.prefs, new_per_day=5)
    for card, rating in ((1, 4), (2, 3), (3, 5)):  # due in 2, 1 and 9 days
        study.rate(card, rating)
    study.later(days=3)
    assert study.next() == 2, "due the longest"
    study.rate(2, 1)
    assert study.next() == 1
    study.rate(1, 2)
    assert study.next() == 4, "the missed ones' minutes have not passed: a new card"
    study.later(minutes=1)
    assert study.next() == 2, "a minute is over: back before anything else"
    study.rate(2, 4)
    for card in (4, 5, 6, 7, 8):
        assert study.next() == card
        study.rate(card, 5)
    assert study.next() == 1, "nothing else is left: ahead of its ten minutes"
    study.rate(1, 4)
    assert study.next() is None


def test_a_missed_card_comes_back_twice(study: "Study") -> None:
    study.prefs = replace(study.prefs, new_per_day=3)
    for card, first in ((1, 1), (2, 4), (3, 4)):
        assert study.next() == card
        study.rate(card, first)
    assert study.next() == 1
    study.rate(1, 4)
    assert study.next() is None, "a look within a minute would teach nothing"
    assert (study.progress().done, study.progress().remaining) == (3, 0)
    study.later(minutes=1)
    before = study.states()
    assert study.next() == 1
    assert (study.progress().done, study.progress().in_sitting) == (2, 1)
    study.replay()
    assert (study.next(), [row[2:9] for row in study.states()]) == (1, [row[2:9] for row in before])
    study.rate(1, 4)
    assert study.states()[0][2] > before[0][2], "it counts like any rating"
    assert (study.next(), study.progress().done) == (None, 3)
    study.undo()
    assert (study.next(), study.progress().done) == (1, 2)
    study.rate(1, 2)
    assert study.next() == 1, "missed again: twice again"
    study.rate(1, 3)
    study.later(minutes=1)
    assert study.next() == 1
    study.later(days=1)
    study.prefs = replace(study.prefs, new_per_day=0)
    assert study.progress().in_sitting == 0, "and not tomorrow"


def test_a_card_missed_four_times_returns_another_day(study: "Study") -> None:
    study.prefs = replace(study.prefs, new_per_day=1)
    for misses in range(1, 5):
        assert study.next() == 1
        assert [one.label for one in study.offer(1).choices[:2]] == (
            ["1 min", "10 min"] if misses < 4 else ["1 day"] * 2
        )
        study.rate(1, 1)
    assert (study.next(), study.progress().remaining) == (None, 0)
    study.undo()
    assert (study.next(), study.progress().in_sitting) == (1, 1)
    study.rate(1, 2)
    study.replay()
    assert study.next() is None
    study.later(days=1)
    study.prefs = replace(study.prefs, new_per_day=0)
    assert (study.next(), study.progress().due) == (1, 1)
    assert [one.label for one in study.offer(1).choices[:2]] == ["1 min", "10 min"]
    study.rate(1, 1)
    assert study.next() == 1


def test_after_ten_minutes_the_second_return_comes_before_other_cards(study: "Study") -> None:
    study.rate(1, 1)
    study.rate(1, 4)
    assert study.next() == 2
    study.later(minutes=10)
    assert study.next() == 1
    study.rate(1, 5)
    assert study.next() == 2


def test_due_cards_of_a_topic_wait_for_one_of_another_among_the_next_five(study: "Study") -> None:
    study.prefs = replace(study.prefs, new_per_day=0)
    others = study.add_cards(3, topic="t2")
    for rated in (1, 2, 3, 4, 5, 6, *others):
        study.rate(rated, 3)
    study.later(days=1)
    asked = []
    while (card := study.next()) is not None:
        asked.append(card)
        study.rate(card, 4)
        study.undo()
        assert study.next() == card, "undone, it is asked again"
        study.rate(card, 4)
    assert asked == [1, 2, 11, 3, 12, 4, 13, 5, 6], "11 is not within reach of the first"


def test_new_cards_keep_the_learning_order_whatever_their_topic(study: "Study") -> None:
    others = study.add_cards(2, topic="t2")
    asked = []
    while (card := study.next()) is not None:
        asked.append(card)
        study.rate(card, 5)
    assert asked == [*range(1, 11), *others]


def test_cramming_goes_on_where_it_stopped_today_and_tomorrow(study: "Study") -> None:
    asked = []
    for _sitting in range(3):
        since = study.now
        for _ in range(4):
            asked.append(study.next(Queue(1, mode=Mode.CRAM, since=since)) or 0)
            study.later(minutes=1)
            study.rate(asked[-1], 4)
        study.later(minutes=5)
    study.later(days=1)
    queue = Queue(1, mode=Mode.CRAM, since=study.now)
    assert study.progress(queue).remaining == 10
    while (card := study.next(queue)) is not None:
        asked.append(card)
        study.later(minutes=1)
        study.rate(card, 4)
    assert asked == [*range(1, 11), *range(1, 11), 1, 2]


def test_near_an_interview_a_sitting_ahead_asks_new_cards_first(study: "Study") -> None:
    for card in range(1, 6):
        study.rate(card, 3)
    study.later(days=1)
    ahead = Queue(1, mode=Mode.AHEAD, since=study.now)
    assert study.next(ahead) == 1
    for days, first in ((-1, 1), (0, 6), (30, 6), (31, 1)):
        study.plan(days)
        assert study.next(ahead) == first
        assert study.progress(ahead).remaining == 10


def test_the_card_just_missed_waits_for_another(study: "Study") -> None:
    study.prefs = replace(study.prefs, new_per_day=2)
    study.rate(1, 2)
    study.rate(2, 1)
    assert study.next() == 1, "2 is due sooner, but was asked just now"
    study.rate(1, 1)
    assert study.next() == 2
    study.rate(2, 5)
    assert study.next() == 1, "the only one"


def test_a_card_left_missed_is_due_the_next_day(study: "Study") -> None:
    study.rate(1, 1)
    study.rate(2, 2)
    assert (study.progress().in_sitting, study.progress().due) == (2, 0)
    study.later(days=1)
    study.prefs = replace(study.prefs, new_per_day=0)
    assert (study.progress().in_sitting, study.progress().due) == (0, 2)
    assert study.next() in (1, 2)


def test_a_card_due_tomorrow_comes_when_the_day_turns_not_after_a_day(study: "Study") -> None:
    study.prefs = replace(study.prefs, new_per_day=1)
    study.now = study.now.replace(hour=1, minute=30)  # 3:30 in Berlin: still yesterday
    assert study.rate(1, 3).state.due_on == date(2025, 6, 1)
    study.prefs = replace(study.prefs, new_per_day=0)
    study.later(minutes=29)
    assert study.next() is None
    study.later(minutes=1)
    assert study.next() == 1


def test_a_clock_set_back_loses_no_card(study: "Study") -> None:
    study.prefs = replace(study.prefs, new_per_day=1)
    study.rate(1, 1)
    study.later(days=-40)
    study.prefs = replace(study.prefs, new_per_day=0)
    assert study.next() == 1
    assert study.progress().remaining == 1


def test_retired_cards_never_come_whether_new_due_or_missed(study: "Study") -> None:
    study.rate(1, 1)
    study.rate(2, 3)
    study.later(days=5)
    study.rate(3, 1)
    for card in (1, 2, 3, 4):
        study.retire(card)
    assert study.next() == 5
    progress = study.progress()
    assert (progress.due, progress.in_sitting, progress.new) == (0, 0, 6)
    study.retire(2, None)
    assert study.next() == 2


def test_a_topic_is_studied_by_itself_and_the_deck_goes_on_where_it_was(study: "Study") -> None:
    other = study.add_cards(3, topic="t2")
    topic = Queue(1, Selection(topic=("t2",)))
    assert study.next() == 1
    assert study.next(topic) == other[0]
    study.rate(other[0], 1)
    study.rate(1, 1)
    study.later(minutes=5)
    assert study.next(topic) == other[0]
    assert (study.progress(topic).in_sitting, study.progress(topic).new) == (1, 2)
    for card in other:
        study.rate(card, 5, sitting="topic=t2")
    assert study.next(topic) is None
    assert study.progress(topic, "topic=t2").done == 3
    assert study.progress().done == 3, "the first is missed, and comes back"
    assert study.next() == 1
    study.rate(1, 5)
    assert study.next() == 2


def test_another_learner_starts_afresh(study: "Study") -> None:
    study.rate(1, 1)
    study.prefs = replace(study.prefs, learner_id=2)
    assert study.next() == 1
    assert (study.progress().done, study.progress().new) == (0, 10)


def test_progress_counts_cards_not_presses(study: "Study") -> None:
    study.prefs = replace(study.prefs, new_per_day=4)
    for card, rating in ((1, 1), (1, 1), (1, 4), (2, 2), (3, 5)):
        study.rate(card, rating)
    progress = study.progress()
    assert (progress.done, progress.due, progress.in_sitting, progress.new) == (2, 0, 1, 1)
    assert progress.remaining == 2
    study.undo()
    assert study.progress().done == 1


def test_counts_stop_at_five_hundred(new_study: MakeStudy) -> None:
    with new_study(600) as study:
        study.prefs = replace(study.prefs, new_per_day=9_999)
        assert study.progress().new == 500


def test_of_the_sides_of_a_card_one_is_asked_a_day(study: "Study") -> None:
    """Whether new or due; but one that was missed comes back the same day."""
    study.prefs = replace(study.prefs, new_per_day=10)
    with study.database.write() as session:
        session.connection().exec_driver_sql("UPDATE card SET side_of = 'pair' WHERE id IN (1, 2)")
    assert (study.next(), study.progress().new) == (1, 10)
    study.rate(1, 1)
    assert (study.next(), study.progress().new, study.progress().in_sitting) == (3, 8, 1)
    for card in range(3, 11):
        study.rate(card, 5)
    assert study.next() == 1, "the missed one, and not its other side"
    study.rate(1, 3)
    assert study.next() is None
    assert study.next(Queue(1, mode=Mode.CRAM, since=study.now)) not in (1, 2)
    study.later(days=1)
    assert study.next() == 1, "what is due comes before the new other side"
    study.rate(1, 5)
    assert (study.next(), study.progress().new) == (None, 0)
    study.undo()
    assert study.next() == 1
    study.rate(1, 3)
    study.later(days=1)
    assert (study.next(), study.progress().due) == (1, 1)
    study.rate(1, 5)
    study.later(days=1)
    assert study.next() == 2


ACTIONS = st.one_of(
    st.tuples(st.just("next"), st.integers(1, 5), st.integers(0, 900)),
    st.tuples(st.just("any"), st.integers(1, 5), st.integers(1, 8)),
    st.tuples(st.just("undo"), st.just(0), st.just(0)),
    st.tuples(st.just("retire"), st.booleans(), st.integers(1, 8)),
)


# Both missed at the same time, and asked ahead of it.
@example(actions=[("any", 2, 1), ("any", 1, 1), ("any", 3, 5)], new_per_day=1)
@example(actions=[("any", 1, 2), ("next", 1, 0), ("next", 1, 0)], new_per_day=3)
@examples(35)
@given(st.lists(ACTIONS, min_size=1, max_size=20), st.integers(0, 9))
def test_the_next_card_is_the_one_that_a_look_at_every_card_finds(
    new_study: MakeStudy, actions: list[Any], new_per_day: int
) -> None:
    """However the cursor for new cards was moved by ratings, undos and replays."""
    with new_study(8) as study:
        study.prefs = replace(study.prefs, new_per_day=new_per_day)
        retired: set[int] = set()
        last = 0
        for kind, value, detail in actions:
            if kind == "next":
                study.later(minutes=detail)
                last = study.next() or last
            if kind == "any":
                last = detail
            if kind in ("next", "any") and last:
                study.rate(last, value)
            elif kind == "undo":
                undone = study.undo()
                last = undone.card_id if undone else last
            elif kind == "retire":
                (retired.add if value else retired.discard)(detail)
                study.retire(detail, study.now if value else None)
                with study.database.write() as session:  # as the loader does
                    session.connection().exec_driver_sql("DELETE FROM new_card_cursor")
            assert study.next() == look_at_every_card(study, retired)


def look_at_every_card(study: "Study", retired: set[int]) -> Any:
    """Which card comes now; None if none."""
    today, last = study.prefs.day(study.now), study.last_rated()
    states = {row[1]: (row[4], row[5]) for row in study.states() if row[1] not in retired}
    introduced = sum(row[6] == today for row in study.states())
    sitting = {card: at for card, (on, at) in states.items() if at is not None and on >= today}
    once = {card: at for card, at in study.once_more().items() if at <= study.now and card not in retired}
    waited = {card: at for card, at in once.items() if at <= study.now - timedelta(minutes=9)}
    for back in ({card: at for card, at in sitting.items() if at <= study.now}, waited):
        if back:
            return min(back, key=lambda card: (back[card], card))
    due = sorted((on, card) for card, (on, at) in states.items() if on <= today and card not in sitting)
    if due:
        return due[0][1]
    seen = {row[1] for row in study.states()}
    new = [card for card in range(1, 9) if card not in seen and card not in retired]
    if new and introduced < study.prefs.new_per_day:
        return new[0]
    if once:
        return min(once, key=lambda card: (once[card], card))
    return min(sitting, key=lambda card: (card == last, sitting[card], card), default=None)


def test_the_cursor_passes_only_cards_that_were_seen(study: "Study") -> None:
    study.rate(5, 4)
    assert study.rows("SELECT place FROM new_card_cursor") == [("000001",)]
    for card in (1, 2, 3, 4):
        study.rate(card, 4)
    assert study.rows("SELECT place FROM new_card_cursor") == [("000006",)]
    study.replay()
    assert study.rows("SELECT place FROM new_card_cursor") == []
    study.later(days=30)
    study.rate(1, 4)
    assert study.rows("SELECT place FROM new_card_cursor") == [("000006",)], "found again at the next rating"


@pytest.mark.sqlite("reads SQLite's query plans")
def test_no_statement_of_a_sitting_walks_over_a_table(new_study: MakeStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither next_card() nor progress() nor rate(), nor undo() beyond the latest row."""
    with new_study(3) as study:
        statements: list[tuple[str, Any]] = []
        dialect = type(study.database.engine.dialect)
        execute = dialect.do_execute

        def note(self: Any, cursor: Any, statement: str, parameters: Any, *more: Any) -> None:
            statements.append((statement, parameters))
            execute(self, cursor, statement, parameters, *more)

        with monkeypatch.context() as noted:  # listeners of the engine do not hear what is Prepared
            noted.setattr(dialect, "do_execute", note)
            study.rate(1, 1)
            study.next()
            study.progress()
            study.later(minutes=timedelta(days=2) / timedelta(minutes=1))
            study.rate(1, 4)
        plans = [
            row[3]
            for statement, parameters in statements
            if statement.startswith(("SELECT", "UPDATE", "INSERT"))
            for row in explain(study, statement, parameters)
        ]
        assert len(plans) > 20
        walks = [plan for plan in plans if plan.startswith("SCAN") and "CONSTANT ROW" not in plan]
        assert [plan for plan in walks if not plan.startswith("SCAN anon")] == []


def test_many_threads_make_one_statement_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two of one name no statement can be made, and a broken one would be kept."""
    monkeypatch.setattr(order, "_MADE", {})
    made: set[int] = set()
    begin = Barrier(8, timeout=10)

    def make(_number: int) -> None:
        for _turn in range(50):
            begin.wait()
            made.add(id(order._once_more(frozenset())))
            if begin.wait() == 0:
                assert len(made) == 1
                made.clear()
                order._MADE.clear()

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(make, range(8)))
    finally:
        sys.setswitchinterval(before)


def explain(study: "Study", statement: str, parameters: Any) -> list[Any]:
    with study.database.read() as session:
        return list(session.connection().exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters))
