"""The figures of computed answers against the reviews counted in plain Python, and what their statement reads."""

import random
from collections import Counter
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, text

from app.ask.questions.registry import find
from app.study.stats.activity import Scope
from app.study.stats.judged import MOST_SLIPS, WEEKS, ComputedAnswers, computed_answers
from app.study.stats.period import Period

if TYPE_CHECKING:
    from tests.study.conftest import Study

QUESTIONS = ("bptt", "forget-bias", "no-longer-known")
SLIPS = [f"Slip {n}." for n in range(MOST_SLIPS + 4)]
KEEP = text(
    "UPDATE review SET question = :question, verdict = :verdict, slip = :slip, of_four = :of_four WHERE id ="
    " (SELECT max(id) FROM review)"
)


def title(question: str) -> str:
    return question if question == QUESTIONS[2] else find(question).title


def lived(study: "Study", seed: int) -> list[dict[str, Any]]:
    """A life of ratings, most of them of computed questions, some of them undone: those that stand."""
    chance, stands = random.Random(seed), list[dict[str, Any]]()
    topic_of = dict.fromkeys(range(1, 9), 1) | dict.fromkeys(study.add_cards(4, "t2"), 2)
    for _ in range(120):
        study.later(minutes=chance.choice((2, 700, 1_440)))
        card, rating, seconds = chance.choice(list(topic_of)), chance.randint(1, 5), chance.randint(1, 90)
        study.rate(card, rating, shown_at=study.now - timedelta(seconds=seconds), revealed_at=study.now)
        verdict = chance.choice(["right", "slip", "wrong", "nothing", "newer"])
        kept = {
            "question": chance.choice(QUESTIONS),
            "verdict": verdict,
            "slip": chance.choice(SLIPS) if verdict == "slip" else None,
            "of_four": chance.random() < 0.3,
        }
        is_computed = chance.random() < 0.8
        if is_computed:
            with study.database.write() as session:
                session.connection().execute(KEEP, kept)
        if chance.random() < 0.1:
            study.undo()
        elif is_computed:
            day = study.prefs.day(study.now)
            stands.append(kept | {"rating": rating, "seconds": seconds, "topic": topic_of[card], "day": day})
    return stands


def figures(study: "Study", period: Period = Period.ALL, topic: int | None = None) -> ComputedAnswers:
    today = study.prefs.day(study.now)
    with study.database.read() as session:
        scope = Scope(study.prefs.learner_id, 1, topic)
        return computed_answers(session.connection(), scope, period.first_day(today), today, today)


@pytest.mark.parametrize("seed", range(3))
def test_every_figure_is_that_of_a_plain_count(study: "Study", seed: int) -> None:
    every, today = lived(study, seed), study.prefs.day(study.now)
    for period in (Period.ALL, Period.DAYS_30):
        for topic in (None, 1, 2):
            found, first = figures(study, period, topic), period.first_day(today)
            own = [one for one in every if topic in (None, one["topic"]) and (first is None or one["day"] >= first)]
            assert own
            assert [way.of_four for way in found.ways] == sorted({one["of_four"] for one in own})
            for way in found.ways:
                answers = [one for one in own if one["of_four"] == way.of_four]
                right = [one for one in answers if one["verdict"] == "right"]
                rest = [one for one in answers if one["verdict"] != "right"]
                assert (way.right, way.missed) == (len(right), len(rest))
                assert way.too_kind == sum(one["rating"] >= 3 for one in rest)
                assert way.too_strict == sum(one["rating"] <= 2 for one in right)
                for verdict, also in (("right", ()), ("slip", ()), ("nothing", ()), ("wrong", ("newer",))):
                    ratings = Counter(one["rating"] for one in answers if one["verdict"] in (verdict, *also))
                    assert list(way.ratings[verdict]) == [ratings[n] for n in range(1, 6)]
                asked = {one["question"] for one in answers}
                assert {one.title for one in way.questions} == {title(question) for question in asked}
                counts = [one.answers for one in way.questions]
                assert counts == sorted(counts, reverse=True)
                for question in asked:
                    [row] = [one for one in way.questions if one.title == title(question)]
                    times = [one["seconds"] for one in right if one["question"] == question]
                    assert row.answers == sum(one["question"] == question for one in answers)
                    assert (row.right, row.seconds) == (len(times), median(times) if times else None)
            times_made = Counter((title(one["question"]), one["slip"]) for one in own if one["slip"])
            assert len(found.slips) == min(MOST_SLIPS, len(times_made))
            assert [one.times for one in found.slips] == sorted(times_made.values(), reverse=True)[:MOST_SLIPS]
            for slip in found.slips:
                days = [one["day"] for one in own if (title(one["question"]), one["slip"]) == (slip.title, slip.says)]
                assert (slip.times, slip.last) == (len(days), max(days))
                assert slip.lately == sum((today - day).days < 30 for day in days)
                of_all = [one["day"] for one in own if title(one["question"]) == slip.title]
                weeks = [[sum(7 * week <= (today - day).days < 7 * week + 7 for day in of) for of in (of_all, days)]
                         for week in range(4 if first else WEEKS)]  # fmt: skip
                is_enough = sum(one for one, _ in weeks) >= 5 and sum(one > 0 for one, _ in weeks) > 1
                assert [[*week] for week in slip.weeks] == (weeks[::-1] if is_enough else [])


def test_there_is_nothing_without_computed_reviews(study: "Study") -> None:
    study.rate(1, 4)
    assert figures(study) == ComputedAnswers([], [])


@pytest.mark.sqlite("reads SQLite's query plans")
def test_only_computed_reviews_are_walked_over(study: "Study") -> None:
    asked: list[tuple[str, Any]] = []
    with study.database.read() as session:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *call: asked.append((call[2], call[3])))
        computed_answers(connection, Scope(1, 1), None, study.now.date(), study.now.date())
        [(statement, values)] = asked
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
    walked = [step for step in plan if "review" in step]
    assert any("COVERING INDEX ix_review_learner_question" in step for step in walked)
    others = ("ix_review_learner_question", "INTEGER PRIMARY KEY", "(undoes_id=?)")
    assert all(any(one in step for one in others) for step in walked), plan
