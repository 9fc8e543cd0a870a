"""Quizzes come along, and get the answers that they lack."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from app.exchange.history.format import HistoryError
from app.tables import QUIZ, QUIZ_ITEM
from tests.exchange.history.places import (
    Place,
    forget_reviews,
)


def test_a_quiz_gone_on_with_elsewhere_is_completed(three: list[Place]) -> None:
    here, there, _bare = three
    name = here.quiz(["d/a", "d/b", "d/c"], 1)
    there.take(here.export())
    answer = there.rate("d/b", 5)
    with there.database.write() as session:
        session.connection().execute(update(QUIZ_ITEM).where(QUIZ_ITEM.c.position == 1).values(token=answer))
        session.connection().execute(update(QUIZ).values(ended_at=datetime(2025, 6, 2, 10, tzinfo=UTC)))
    done = here.take(there.export())
    assert (done.added, done.quizzes) == (1, 1)
    assert here.said() == there.said()
    assert here.said()[2][0][6] == "2025-06-02 10:00:00.000000"
    assert [row[5] for row in here.said()[3]] == [here.reviews()[0][1], answer, None]
    assert here.take(there.export()).quizzes == 0
    with pytest.raises(HistoryError, match=f"line 5: the quiz {name} belongs to learner 1 here"):
        there.take(b"\n".join(forget_reviews(here.export())), learner=2)


def test_an_answer_of_another_learner_is_none(three: list[Place]) -> None:
    here, there, _bare = three
    here.quiz(["d/a"], 1)
    lines = forget_reviews(here.export())
    there.prefs = replace(there.prefs, learner_id=2)
    theirs = there.rate("d/a", 1)
    lines[3] = json.dumps({**json.loads(lines[3]), "token": theirs}).encode()
    with pytest.raises(HistoryError, match=f"line 4: the review {theirs} belongs to learner 2 here"):
        there.take(b"\n".join(lines))


def test_a_quiz_of_an_unknown_kind_is_refused(three: list[Place]) -> None:
    """It could be shown, and not be taken again."""
    here, there, _bare = three
    here.quiz(["d/a"], 1)
    kind = next(json.loads(line)["quiz_kind"] for line in here.export().splitlines() if b'"quiz_kind"' in line)
    with pytest.raises(HistoryError, match="quiz_kind: 'evil' is not a kind of quiz"):
        there.take(here.export().replace(f'"quiz_kind":"{kind}"'.encode(), b'"quiz_kind":"evil"'))
