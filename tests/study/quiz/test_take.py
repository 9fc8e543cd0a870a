"""A quiz as it is taken: every answer a review, each counted once, until the last or until the time is over."""

import random
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, insert, text

from app.models import CardMark, Deck
from app.study.forecast.chances import chances
from app.study.forecast.fold import taught
from app.study.quiz import take as quiz
from app.study.quiz.choose import Question
from app.study.quiz.make import (
    Kind,
    NothingToAskError,
    Plan,
    candidates,
    make,
    plan_again,
    plan_chosen,
    plan_interview,
    plan_weakest,
    risks,
)
from app.study.quiz.past import past, topics_asked
from app.study.quiz.take import AnothersQuizError, Attempt, NotAskedError, NotOfThisQuizError, UnknownQuizError
from app.study.schedule.rate import Rated, StaleFormError, UndoneTokenError, UnknownCardError
from app.study.schedule.review_log import COUNTED_COLUMNS
from app.study.schedule.scheduler import CountedRating, fold
from app.study.schedule.undo import Undone
from app.study.selection.selection import Selection
from app.study.sitting.plans import Interview, store
from app.study.sitting.queue import Queue
from app.tables import CARD_MARK
from tests.study.conftest import DECK

if TYPE_CHECKING:
    from tests.study.conftest import Study


def make_quiz(study: "Study", *cards: int, seconds: int | None = None, name: str = "q", **changes: Any) -> str:
    questions = [Question(card, None) for card in cards]
    plan = replace(Plan(Kind.CHOSEN, "Three", questions, seconds), **changes)
    with study.database.write() as session:
        return make(session, study.prefs, DECK, name, plan, study.now)


def run(study: "Study", name: str = "q") -> Attempt:
    with study.database.read() as session:
        return quiz.attempt_at(session, study.prefs, name, study.prefs.day(study.now))


def current(study: "Study", name: str = "q") -> int | None:
    item = run(study, name).current(study.now)
    return None if item is None else item.card_id


def give(study: "Study", card: int, rating: int, name: str = "q", **changes: Any) -> Rated:
    with study.database.write() as session:
        return quiz.answer(session, study.prefs, name, study.answer(card, rating, **changes), study.now)


def take_back(study: "Study", token: str = "back", name: str = "q") -> Undone | None:
    with study.database.write() as session:
        return quiz.take_back(session, study.prefs, name, token, study.now)


def mark(study: "Study", card: int, **marks: Any) -> None:
    with study.database.write() as session:
        row = CardMark(learner_id=1, card_id=card, **marks).model_dump()
        session.connection().execute(insert(CARD_MARK), row)


def pool(study: "Study") -> dict[int, float | None]:
    with study.database.read() as session:
        return {card.card_id: card.recall for card in candidates(session, study.prefs, study.now, Queue(DECK))}


def test_questions_come_in_order_and_each_answer_is_a_review(study: "Study") -> None:
    make_quiz(study, 7, 2, 5)
    for card, rating in ((7, 4), (2, 1), (5, 5)):
        assert current(study) == card
        give(study, card, rating, typed=f"because {card}")
        study.later(seconds=30)
    assert current(study) is None
    assert study.rows("SELECT card_id, rating, typed FROM review ORDER BY id") == [
        (7, 4, "because 7"), (2, 1, "because 2"), (5, 5, "because 5"),
    ]  # fmt: skip
    assert study.rows("SELECT count(*) FROM quiz_item JOIN review USING (token, card_id)") == [(3,)]
    before = study.states()
    study.replay()
    assert study.states() == before


def test_a_rating_in_a_quiz_schedules_exactly_as_in_a_sitting(study: "Study") -> None:
    make_quiz(study, 3)
    offered = study.offer(3).choices[3]
    assert give(study, 3, 4).state.due_on == offered.due_on


def test_the_same_form_twice_is_one_answer_and_another_form_is_refused(study: "Study") -> None:
    make_quiz(study, 1, 2)
    form = study.answer(1, 4)
    rated = []
    for _ in range(2):
        with study.database.write() as session:
            rated.append(quiz.answer(session, study.prefs, "q", form, study.now))
    assert [one.repeated for one in rated] == [False, True]
    with pytest.raises(NotAskedError, match="already answered that question, with 4"):
        give(study, 1, 5)
    assert study.rows("SELECT rating FROM review") == [(4,)]
    assert current(study) == 2


def test_a_card_that_the_quiz_does_not_ask_is_refused(study: "Study") -> None:
    make_quiz(study, 1, 2)
    with pytest.raises(UnknownCardError, match="does not ask card 3"):
        give(study, 3, 4)
    assert study.states() == []


def test_a_card_rated_elsewhere_meanwhile_is_asked_again(study: "Study") -> None:
    make_quiz(study, 1, 2)
    study.rate(1, 4)
    with pytest.raises(StaleFormError):
        give(study, 1, 5, after=0)
    assert current(study) == 1
    assert run(study).done == 0


def test_nothing_is_kept_of_an_answer_that_fails(study: "Study") -> None:
    make_quiz(study, 1)
    with pytest.raises(ValueError, match="rating must be"):
        give(study, 1, 6)
    assert run(study).items[0].token is None


def test_undo_takes_back_the_last_answer_and_asks_it_again(study: "Study") -> None:
    make_quiz(study, 1, 2)
    before = study.states()
    form = study.answer(1, 4)
    study.send(study.answer(9, 4))
    with study.database.write() as session:
        quiz.answer(session, study.prefs, "q", form, study.now)
    give(study, 2, 3)
    for token, card in (("one", 2), ("two", 1)):
        undone = take_back(study, token)
        assert undone is not None
        assert undone.card_id == card
        assert current(study) == card
    with pytest.raises(NotOfThisQuizError):
        take_back(study, "three")
    assert len(study.states()) == len(before) + 1
    with study.database.write() as session, pytest.raises(UndoneTokenError):
        quiz.answer(session, study.prefs, "q", form, study.now)
    give(study, 1, 5)
    assert (current(study), run(study).items[0].rating) == (2, 5)


def test_undo_sent_twice_undoes_once(study: "Study") -> None:
    make_quiz(study, 1, 2, 3)
    give(study, 1, 4)
    give(study, 2, 4)
    first, again = take_back(study, "once"), take_back(study, "once")
    assert first is not None
    assert again is not None
    assert (first.repeated, again.repeated) == (False, True)
    assert current(study) == 2


def test_undo_with_nothing_rated_is_none(study: "Study") -> None:
    make_quiz(study, 1)
    assert take_back(study) is None


def test_an_answer_undone_in_a_sitting_is_asked_again(study: "Study") -> None:
    make_quiz(study, 1, 2)
    give(study, 1, 4)
    study.undo()
    assert current(study) == 1


def test_when_the_time_is_over_the_rest_stays_unanswered(study: "Study") -> None:
    make_quiz(study, 1, 2, 3, seconds=60)
    give(study, 1, 4)
    study.later(seconds=59)
    assert current(study) == 2
    study.later(seconds=1)
    assert current(study) is None
    study.later(seconds=4)
    give(study, 2, 3)  # it was on its way
    study.later(seconds=1)
    with pytest.raises(NotAskedError, match="Time was up"):
        give(study, 3, 3)
    assert [item.rating for item in run(study).items] == [4, 3, None]


def test_an_answer_that_counted_in_time_is_answered_the_same_when_sent_again_late(study: "Study") -> None:
    make_quiz(study, 1, seconds=60)
    form = study.answer(1, 4)
    for repeated in (False, True):
        with study.database.write() as session:
            assert quiz.answer(session, study.prefs, "q", form, study.now).repeated is repeated
        study.later(minutes=5)


def test_a_quiz_ended_early_is_over_until_its_last_answer_is_taken_back(study: "Study") -> None:
    make_quiz(study, 1, 2)
    give(study, 1, 4)
    with study.database.write() as session:
        quiz.end(session, study.prefs, "q", study.now)
    assert current(study) is None
    with pytest.raises(NotAskedError, match="ended before"):
        give(study, 2, 4)
    take_back(study)
    assert current(study) == 1


def test_a_question_retired_or_suspended_meanwhile_is_skipped_and_comes_back(study: "Study") -> None:
    make_quiz(study, 1, 2, 3)
    give(study, 1, 4)
    study.retire(1)
    study.retire(2)
    assert current(study) == 3
    assert [item.card_id for item in run(study).asked] == [1, 3]
    mark(study, 3, is_suspended=True)
    assert current(study) is None
    study.retire(2, None)
    assert current(study) == 2


def test_the_same_name_twice_is_one_quiz_and_an_empty_one_is_refused(study: "Study") -> None:
    assert make_quiz(study, 1, 2) == make_quiz(study, 3, 4) == "q"
    assert [item.card_id for item in run(study).items] == [1, 2]
    with pytest.raises(NothingToAskError, match="choose more topics"):
        make_quiz(study, name="empty")
    with pytest.raises(ValueError, match="token"):
        make_quiz(study, 1, name="no/name")


def test_others_see_what_is_asked_and_take_it_afresh_but_no_answers(study: "Study") -> None:
    study.add_cards(2, "t2")
    make_quiz(study, 11, 1, 2, seconds=90)
    give(study, 11, 4)
    study.retire(2)
    first = run(study).quiz
    mine, study.prefs = study.prefs, replace(study.prefs, learner_id=2)
    with pytest.raises(AnothersQuizError):
        run(study)
    with pytest.raises(AnothersQuizError):
        give(study, 1, 4)
    with study.database.write() as session:
        assert topics_asked(session, study.prefs, study.now, first) == [("t1", 2, 1), ("t2", 1, 1)]
        plan = plan_again(session, study.prefs, first, study.now)
        make(session, study.prefs, DECK, "again", plan, study.now)
    fresh = run(study, "again")
    assert [(item.card_id, item.rating, item.expected) for item in fresh.items] == [(11, None, None), (1, None, None)]
    assert (fresh.quiz.title, fresh.quiz.kind, fresh.quiz.seconds) == ("Three", "chosen", 90)
    study.prefs = mine
    with study.database.read() as session:
        (again, *_) = plan_again(session, study.prefs, first, study.now).questions
    assert again == Question(11, 1.0)
    with pytest.raises(UnknownQuizError):
        run(study, "nowhere")


def test_retired_suspended_and_buried_cards_are_no_candidates(study: "Study") -> None:
    study.retire(1)
    mark(study, 2, is_suspended=True)
    mark(study, 3, buried_until=study.prefs.day(study.now) + timedelta(days=1))
    mark(study, 4, buried_until=study.prefs.day(study.now))
    mark(study, 5, is_flagged=True)
    assert pool(study).keys() == {4, 5, 6, 7, 8, 9, 10}


def test_the_chance_of_recall_is_that_of_a_replay_and_so_are_the_weakest(study: "Study") -> None:
    rng = random.Random(5)
    for _ in range(60):
        study.rate(rng.randint(1, 8), rng.randint(1, 5))
        study.later(hours=rng.randint(1, 40))
    study.later(days=9)
    with study.database.read() as session:
        predictor = taught(session.connection(), 1).predictor
    assert predictor.recalls > 10
    by_hand = {}
    for card in range(1, 9):
        columns = ", ".join(column.name for column in COUNTED_COLUMNS)
        with study.database.read() as session:
            query = text(f"SELECT {columns} FROM review WHERE card_id = :card ORDER BY id")
            typed = query.columns(*COUNTED_COLUMNS)
            rows = [CountedRating(*row) for row in session.connection().execute(typed, {"card": card})]
        state = fold(card, rows)
        assert state is not None
        days = (study.prefs.day(study.now) - state.reviewed_on).days
        by_hand[card] = (predictor.chance(state, days), -state.difficulty)
    found = pool(study)
    assert {card: chance for card, chance in found.items() if chance is not None} == pytest.approx(
        {card: chance for card, (chance, _) in by_hand.items()}
    )
    with study.database.read() as session:
        plan = plan_weakest(candidates(session, study.prefs, study.now, Queue(DECK)))
    assert [question.card_id for question in plan.questions] == sorted(by_hand, key=lambda card: by_hand[card])
    assert plan.title == "Weakest 8"


def test_plans_say_in_words_what_was_chosen(study: "Study") -> None:
    rng = random.Random(1)
    with study.database.read() as session:
        cards = candidates(session, study.prefs, study.now, Queue(DECK))
    titles = {"topic": {f"t{n}": word for n, word in enumerate(("One", "Two", "Three", "Four"), 1)}}

    def plan(number: int, **fields: Any) -> Plan:
        return plan_chosen(cards, number, Selection(**fields), titles, rng)

    assert plan(5).title == "5 questions: all topics"
    assert plan(50, topic=("t1", "t2")).title == "10 questions: One, Two"
    assert plan(1, topic=("t1", "t2", "t4")).title == "1 question: 3 topics"
    assert plan(5, topic=("t1",), level="hard", state="seen").title == "5 questions, hard, seen before: One"
    assert plan(5, q="gate", tag="a").title == "5 questions, found by “gate”, tagged a: all topics"
    assert plan(5).timed(None).seconds == 300
    assert plan(5).timed(7).seconds == 420
    assert plan_interview(cards, {}, rng, {}).seconds == 1200


def test_past_quizzes_are_listed_with_what_they_came_to(study: "Study") -> None:
    make_quiz(study, 1, 2, 3)
    give(study, 1, 4)
    give(study, 2, 1)
    study.later(minutes=1)
    make_quiz(study, 4, 5, seconds=60, name="timed")
    make_quiz(study, 6, name="undone")
    give(study, 6, 4, name="undone")
    study.undo()
    with study.database.read() as session:
        listed = {one.name: one for one in past(session, study.prefs, study.now, DECK)}
        assert list(listed) == ["undone", "timed", "q"]
        assert [(one.asked, one.answered, one.left, one.mean) for one in listed.values()] == [
            (1, 0, 1, None), (2, 0, 2, None), (3, 2, 1, 2.5),
        ]  # fmt: skip
        assert [one.is_open(study.now) for one in listed.values()] == [True, True, True]
        assert not listed["timed"].is_open(study.now + timedelta(seconds=60))
        assert past(session, replace(study.prefs, learner_id=2), study.now, DECK) == []
        assert past(session, study.prefs, study.now, DECK + 1) == []
        assert len(past(session, study.prefs, study.now, DECK, most=2)) == 2


@pytest.mark.sqlite("reads SQLite's query plans")
def test_no_page_of_a_quiz_walks_over_all_reviews(study: "Study") -> None:
    make_quiz(study, 1, 2)
    give(study, 1, 4)
    asked: list[tuple[str, Any]] = []
    with study.database.read() as session:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *call: asked.append((call[2], call[3])))
        quiz.attempt_at(session, study.prefs, "q", study.prefs.day(study.now))
        past(session, study.prefs, study.now, DECK)
        steps = [
            row[3]
            for statement, values in list(asked)
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
    assert any("review" in step for step in steps)
    assert [step for step in steps if "SCAN review" in step or "MATERIALIZE" in step] == []


def test_the_risk_of_a_topic_is_that_of_its_cards_on_the_day_of_the_next_interview(study: "Study") -> None:
    study.add_cards(4, "t2")
    study.add_cards(4, "t3")
    for card in (*range(1, 8), 11):
        study.rate(card, 4)
    today = study.prefs.day(study.now)
    with study.database.read() as session:
        cards = candidates(session, study.prefs, study.now, Queue(DECK))
        told = chances(session, study.prefs.learner_id, DECK)

    def check(day: date, when: str) -> None:
        recall = told.on(day)
        with study.database.read() as session:
            found = risks(session, study.prefs, session.get_one(Deck, DECK), study.now, cards)
        for topic, risk in found.items():
            of_topic = [card.card_id for card in cards if card.topic_id == topic]
            known = [recall[card] for card in of_topic if card in recall]
            assert risk.miss == pytest.approx(1 - sum(known) / len(of_topic))
            new = len(of_topic) - len(known)
            says = f"{round(100 * sum(known) / len(of_topic))} % expected{when}"
            if 2 * new >= len(of_topic):
                says = f"{new} of {len(of_topic)} new" if known else "all new"
            assert risk.why == says
        assert len({risk.why for risk in found.values()}) == 3

    check(today, "")
    with study.database.write() as session:
        for name, days in (("over", -1), ("far", 90), ("next", 9)):
            store(session, study.prefs.learner_id, Interview(name, today + timedelta(days=days)))
        other = Interview("other", today + timedelta(days=1), deck="another")
        store(session, study.prefs.learner_id, other)
    check(today + timedelta(days=9), " on the day")
