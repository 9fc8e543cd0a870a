"""The result of a class's quiz: in parts of the class, so that nobody can be told from what is left when one leaves."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

from sqlalchemy import insert, select, update

from app.study.classes.quizzes import NewClassQuiz, add_quiz, count_results, quiz_of_class, results_of
from app.tables import CLASS_MEMBER, CLASS_QUIZ, CLASS_QUIZ_TAKER, QUIZ, QUIZ_ITEM, REVIEW
from tests.classroom import Classroom
from tests.study.conftest import Study

Result = list[tuple[int, float]]


def taken(room: Classroom, learners: dict[int, list[int]]) -> int:
    """A quiz of all cards that these learners have taken, with a rating for each card; returns its id."""
    cards = room.cards()
    with room.database.write() as session:
        ends = room.now + timedelta(hours=1)
        quiz = add_quiz(session, room.id, NewClassQuiz("Gates", 1, cards, room.now, ends), room.now)
    room.later(minutes=1)
    for learner, ratings in learners.items():
        reviews = [room.answer(learner, card, rating) for card, rating in zip(cards, ratings, strict=False)]
        row = {"name": f"q{learner}", "learner_id": learner, "deck_id": 1, "kind": "chosen", "title": "Gates"}
        with room.database.write() as session:
            connection = session.connection()
            mine = connection.execute(insert(QUIZ).values(**row, started_at=room.now).returning(QUIZ.c.id)).scalar_one()
            of = select(REVIEW.c.card_id, REVIEW.c.token).where(REVIEW.c.id.in_(reviews))
            for position, (card, token) in enumerate(connection.execute(of).all()):
                item = {"quiz_id": mine, "position": position, "card_id": card, "token": token}
                connection.execute(insert(QUIZ_ITEM).values(**item, is_follow_up=False))
            taker = {"class_quiz_id": quiz, "learner_id": learner, "quiz": row["name"]}
            connection.execute(insert(CLASS_QUIZ_TAKER).values(taker))
    room.later(hours=2)
    return quiz


def shown(room: Classroom, quiz: int) -> Result:
    """How many answered each question, and the share that missed it."""
    with room.database.write() as session:
        count_results(session, room.id, quiz_of_class(session, room.id, quiz), room.now)
        found = results_of(session, room.id, quiz_of_class(session, room.id, quiz))
    return [(one.answered, round(one.missed, 3)) for one in found]


def test_what_the_part_of_somebody_gone_answered_is_taken_out_for_good(
    new_study: Callable[[int], AbstractContextManager[Study]],
) -> None:
    """Of a large class one part is hidden, of every question; the other stays, and no figure is of fewer than five."""
    ways: tuple[Callable[[Classroom, int], object], ...] = (
        Classroom.leave, Classroom.remove, Classroom.erase, Classroom.move, Classroom.ask_for_deletion
    )  # fmt: skip
    for way in ways:
        with new_study(3) as study:
            room = Classroom(study.database, study.now)
            learners = [room.learner() for _ in range(13)]
            with study.database.write() as session:
                for number, learner in enumerate(learners):  # six in the first part, seven in the second
                    mine = CLASS_MEMBER.c.account_id == room.accounts[learner]
                    session.connection().execute(update(CLASS_MEMBER).where(mine).values(part=number % 2))
            # Everybody answers the first question, all of the second part the next, and four of it the last.
            ratings = {
                one: [1 + n % 3, *([2] if n % 2 else []), *([4] if n in (1, 3, 5, 7) else [])]
                for n, one in enumerate(learners)
            }
            quiz = taken(room, ratings)
            assert shown(room, quiz) == [(13, round(9 / 13, 3)), (6, 0.9), (0, 0.0)]
            way(room, learners[0])
            assert shown(room, quiz) == [(6, round(4 / 6, 3)), (6, 0.9), (0, 0.0)]
            if way is not Classroom.ask_for_deletion:  # which may be taken back
                with study.database.read() as session:
                    (results,) = session.connection().execute(select(CLASS_QUIZ.c.results)).scalars()
                assert [one["part"] for one in results] == [1], way
            room.learner()
            assert shown(room, quiz)[0][0] == 6
            room.leave(learners[1])
            assert shown(room, quiz) == [(0, 0.0)] * 3
