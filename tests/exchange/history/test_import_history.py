"""A learner's history comes to another database: nothing lost, nothing doubled."""

import json
import random
import tracemalloc
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from sqlalchemy import insert, update

from app.exchange.exports.new_file import ExportError
from app.exchange.history.export_history import write_history
from app.exchange.history.format import HistoryError
from app.exchange.history.import_history import import_history
from app.study.learner.profile import Profile, change, profile
from app.study.schedule.replay import replay
from app.study.sitting.plans import Interview, plans, store
from app.tables import REVIEW
from tests.examples import examples
from tests.exchange.history.events import EVENTS
from tests.exchange.history.places import NOW, Place, lived


@examples(20)
@given(EVENTS)
def test_a_history_comes_back_to_the_bit(places: Any, events: list[Any]) -> None:
    with places("here", "there", "bare") as (here, there, bare):
        here.live(events)
        history = here.export()
        for place in (there, bare):
            done = place.take(history)
            assert (done.added, done.known, done.merged) == (len(here.reviews()), 0, False)
            assert place.reviews() == here.reviews()
            assert place.states() == here.states()
            assert place.said() == here.said()
            assert place.reviews(2) == []
            assert place.said(2) == [[], [], [], []]
        # Replayed once more, with the content in place of the placeholders, and sent once more: all the same.
        bare.load()
        with bare.database.write() as session:
            replay(session)
        assert bare.states() == here.states()
        assert bare.altered() == []
        before = bare.everything()
        assert bare.take(history).added == 0
        assert bare.everything() == before
        # And further: the history of the copy is the history.
        bare.now = here.now
        assert sorted(bare.export().splitlines()) == sorted(history.splitlines())
        assert (
            bare.export().splitlines()[-len(here.reviews()) - 1 :] == history.splitlines()[-len(here.reviews()) - 1 :]
        )


@pytest.mark.slow
def test_memory_does_not_grow_with_the_history(three: list[Place]) -> None:
    here, there, _bare = three
    at = datetime(2025, 5, 1, 10, tzinfo=UTC)
    same: dict[str, Any] = {
        "learner_id": 1,
        "rated_at": at,
        "counts_at": at,
        "day": at.date(),
        "desired_retention": 0.9,
    }

    def peak(reviews: int) -> int:
        with here.database.write() as session:
            connection = session.connection()
            connection.exec_driver_sql("DELETE FROM review")
            first = connection.exec_driver_sql("SELECT min(id) FROM card").scalar_one()
            connection.execute(
                insert(REVIEW),
                [
                    same | {"card_id": first + n % 4, "token": f"r{n}", "rating": 1 + n % 5}
                    for n in range(1, reviews + 1)
                ],
            )
        tracemalloc.start()
        history = here.content.parent / f"{reviews}.jsonl"
        write_history(history, here.database, 1, NOW)
        with history.open("rb") as file:
            assert import_history(there.database, file, 1, NOW).added == reviews - len(there_already)
        there_already.extend(range(reviews))
        at_most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return at_most

    there_already: list[int] = []
    few, many = peak(2_500), peak(12_500)
    assert many < 1.3 * few
    assert there.rows("SELECT count(*) FROM review") == [(12_500,)]


def test_a_rating_taken_back_in_both_places_is_taken_back_once(three: list[Place]) -> None:
    here, there, _bare = three
    here.rate("d/a", 4)
    there.take(here.export())
    here.now += timedelta(minutes=1)
    here.undo()
    there.undo()
    there.rate("d/a", 3)
    done = there.take(here.export())
    assert (done.added, done.known, done.merged) == (0, 2, False)
    assert [row[2] for row in there.reviews()] == [4, None, 3]


def test_preferences_left_open_are_taken(three: list[Place]) -> None:
    here, there, bare = three
    set_them = "UPDATE learner SET name = 'Ada', time_zone = 'Asia/Tokyo', new_per_day = 7, desired_retention = 0.87"
    with here.database.write() as session:
        session.connection().exec_driver_sql(set_them + " WHERE id = 1")
    with there.database.write() as session:
        session.connection().exec_driver_sql("UPDATE learner SET name = 'Eve', new_per_day = 3 WHERE id = 1")
    there.rate("d/a", 4)
    history = lived(here)
    there.take(history)
    bare.take(history, learner=2)
    query = "SELECT name, time_zone, day_starts_at, new_per_day, desired_retention FROM learner ORDER BY id"
    assert there.rows(query)[0] == ("Eve", "Asia/Tokyo", None, 3, 0.87)
    assert bare.rows(query) == [("You", None, None, None, None), ("Ada", "Asia/Tokyo", None, 7, 0.87)]
    assert len(bare.reviews(2)) == 6


def test_one_learners_reviews_do_not_become_anothers(three: list[Place]) -> None:
    here = three[0]
    history = lived(here)
    before = here.everything()
    with pytest.raises(HistoryError, match=r"belongs to learner 1 here: import .* as theirs \(--learner 1\)"):
        here.take(history, learner=2)
    with pytest.raises(HistoryError, match="line 1: there is no learner 3 here"):
        here.take(history, learner=3)
    assert here.everything() == before
    with pytest.raises(ExportError, match="There is no learner 3; the highest number is 2"):
        here.export(learner=3)


def test_a_file_of_the_first_version_is_taken(three: list[Place]) -> None:
    """As it was written before there were marks and quizzes: fewer keys on the lines, and fewer lines."""
    here, there, _bare = three
    lines = [json.loads(line) for line in lived(here).splitlines()]
    old = [line for line in lines if line["kind"] not in ("mark", "quiz", "quiz_item")]
    kept = ("name", "time_zone", "day_starts_at", "new_per_day", "desired_retention")
    old[0] |= {"version": 1, "learner": {name: old[0]["learner"][name] for name in kept}}
    for line in old[1:]:
        for name in ("typed", "sitting", "marks", "quizzes", "quiz_items"):
            line.pop(name, None)
    assert there.take("\n".join(map(json.dumps, old)).encode()).added == 6
    assert there.reviews() == here.reviews()
    assert there.states() == here.states()
    assert there.said() == [[], [], [], []]


def test_what_was_typed_and_the_sitting_come_along(three: list[Place]) -> None:
    here, there, _bare = three
    token = here.rate("d/a", 4)
    typed = "Because it\u2028shrinks: 0.9⁵⁰ " + "\x01é漢😀" * 900
    with here.database.write() as session:
        points = '[["$x$ \u201cé\u201d", true], ["b", false]]'
        values = {"typed": typed, "sitting": "topic=a&level=easy", "sure": 2, "points": points}
        session.connection().execute(update(REVIEW).where(REVIEW.c.token == token).values(values))
    there.take(here.export())
    there.take(here.export())
    columns = "typed, sitting, sure, points"
    assert there.rows(f"SELECT {columns} FROM review") == [(typed, "topic=a&level=easy", 2, points)]
    assert there.rows("SELECT count(*) FROM review") == [(1,)]


def test_points_that_no_page_shows_are_refused(three: list[Place]) -> None:
    here, there, _bare = three
    here.rate("d/a", 4)
    for wrong in ("x", "{}", '[["a", 1]]', '[["a",true]]', "[[]]", "null"):
        lines = [json.loads(line) for line in here.export().splitlines()]
        lines[2]["points"] = wrong
        with pytest.raises(HistoryError, match="line 3: points"):
            there.take("\n".join(map(json.dumps, lines)).encode())


def test_plans_come_along_and_an_older_date_of_interview_becomes_one(three: list[Place]) -> None:
    here, there, bare = three
    one = Interview("p1", date(2026, 4, 1), 30, "d", "topic=a", "56", True, "LSTMs", "Peepholes")
    with here.database.write() as session:
        store(session, 1, one)
        store(session, 1, replace(one, name="p2", selection="", is_over=False, asked="", missing=""))
    with there.database.write() as session:
        store(session, 1, replace(one, minutes=10, missing="Gates"))
    for place in (there, there, bare):
        place.take(here.export())
    with bare.database.read() as session:
        assert [plan.name for plan in plans(session, 1)] == ["p1", "p2"]
        assert plans(session, 1)[0] == one
    with there.database.read() as session:
        assert plans(session, 1)[0] == replace(one, minutes=10, missing="Gates\n---\nPeepholes")
    lines = [json.loads(line) for line in bare.export().splitlines()]
    lines[0] |= {"version": 5, "learner": lines[0]["learner"] | {"interview_on": "2026-05-01"}}
    older = [line for line in lines if line["kind"] != "plan"]
    older[-1].pop("plans")
    bare.take("\n".join(map(json.dumps, older)).encode())
    with bare.database.read() as session:
        assert plans(session, 1)[-1] == Interview("interview", date(2026, 5, 1))


def test_every_preference_comes_along_and_yields_to_what_was_chosen_here(three: list[Place]) -> None:
    here, there, bare = three
    full = Profile("Ada", "Asia/Tokyo", 0, 0, 0.87, True, True, True, 60, "dark", 150, True, {"undo": "z", "edit": ""})
    with here.database.write() as session:
        change(session, 1, full)
    with there.database.write() as session:
        change(session, 1, Profile("Eve", new_per_day=3, theme="light", own_keys={"undo": "x"}))
    there.rate("d/a", 4)
    for place in (there, bare):
        place.take(here.export())
    with bare.database.read() as session:
        assert profile(session, 1) == full
    with there.database.read() as session:
        kept: dict[str, Any] = {"name": "Eve", "new_per_day": 3, "theme": "light", "own_keys": {"undo": "x"}}
        assert profile(session, 1) == replace(full, **kept)


def test_many_undos_of_many_ratings_in_any_batch(three: list[Place]) -> None:
    here, there, _bare = three
    chance = random.Random(4)
    with here.database.write() as session:
        # Rows as an import leaves them, undos far behind what they undo.
        connection = session.connection()
        same: dict[str, Any] = {"learner_id": 1, "card_id": here.card_id("d/a"), "desired_retention": 0.9}
        at = datetime(2025, 5, 1, 10, tzinfo=UTC)
        same |= {"rated_at": at, "day": date(2025, 5, 1)}
        live: list[int] = []
        for number in range(1, 2_600):
            undoes = live.pop(chance.randrange(len(live))) if live and chance.random() < 0.3 else None
            row = {"id": number, "token": f"t{number}", "rating": None if undoes else 3, "undoes_id": undoes}
            row["counts_at"] = at + timedelta(microseconds=number)
            connection.execute(insert(REVIEW), same | row)
            if undoes is None:
                live.append(number)
        replay(session)
    assert there.take(here.export()).added == 2_599
    assert there.reviews() == here.reviews()
    assert there.states() == here.states()
