"""The points left out most often, against the ticks counted in plain Python."""

import random
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import update

from app.study.sitting.points import kept
from app.study.stats.activity import Scope
from app.study.stats.missing import FEWEST, FEWEST_ANSWERS, MOST, MOST_OF_CARD, MissingPoint, missing_points
from app.tables import CARD

if TYPE_CHECKING:
    from tests.study.conftest import Study

POINTS = ["The *state*.", "The $W$.", "The end."]


def with_points(study: "Study", cards: list[int], points: list[str]) -> None:
    with study.database.write() as session:
        held = [[one, f"<i>{one}</i>"] for one in points]
        session.connection().execute(update(CARD).where(CARD.c.id.in_(cards)).values(points=held))


def found(study: "Study", topic: int | None = None) -> list[MissingPoint]:
    with study.database.read() as session:
        scope = Scope(study.prefs.learner_id, 1, topic)
        return missing_points(session.connection(), scope, study.prefs.day(study.now))


def test_they_are_those_of_a_plain_count(study: "Study") -> None:
    chance, told = random.Random(2), list[tuple[int, set[int], date]]()
    cards = [1, 2, 3, *study.add_cards(2, "t2")]
    with_points(study, cards, POINTS)
    for _ in range(90):
        study.later(hours=14)
        card, made = chance.choice(cards), {at for at in range(3) if chance.random() < 0.5}
        has_points = chance.random() < 0.8
        study.rate(card, chance.randint(1, 5), points=kept(POINTS, made) if has_points else None)
        if chance.random() < 0.2:
            study.undo()
        elif has_points and (card, study.prefs.day(study.now)) not in [(one[0], one[2]) for one in told]:
            told.append((card, made, study.prefs.day(study.now)))
    since = study.prefs.day(study.now) - timedelta(days=29)
    for topic, own in ((None, cards), (1, cards[:3]), (2, cards[3:])):
        answered = [(card, made) for card, made, day in told if card in own and day >= since]
        answers = Counter(card for card, _made in answered)
        missing = Counter((card, at) for card, made in answered for at in range(3) if at not in made)
        ranked = sorted(
            (-n, answers[card], f"c{card}", f"<i>{POINTS[at]}</i>") for (card, at), n in missing.items() if n >= FEWEST
        )
        of_card = [[other[2] for other in ranked[:at]].count(one[2]) for at, one in enumerate(ranked)]
        assert max(of_card) == MOST_OF_CARD, "some card fills more than its part"
        told_of = [one for one, before in zip(ranked, of_card, strict=True) if before < MOST_OF_CARD][:MOST]
        assert [(-one.missing, one.days, one.card, one.html) for one in found(study, topic)] == told_of


def test_one_answer_is_too_few_and_only_points_that_the_card_has_are_told(study: "Study") -> None:
    with_points(study, [1, 2, 3, 4], POINTS)
    for card in range(2, FEWEST_ANSWERS):
        assert found(study) == []
        study.rate(card, 5, points=kept(POINTS, {0, 1, 2}))
    study.rate(1, 2, points=kept(POINTS, {0}))
    assert found(study) == []
    study.rate(1, 2, points=kept(POINTS, ()))
    assert found(study) == []  # the first answer of the day counts
    study.later(days=1)
    study.rate(1, 2, points=kept(POINTS, ()))
    assert [(one.html, one.missing, one.days) for one in found(study)] == [
        ("<i>The $W$.</i>", 2, 2),
        ("<i>The end.</i>", 2, 2),
    ]  # and the first was missing once
    with_points(study, [1], [*POINTS[:2], "Another end."])
    assert [one.html for one in found(study)] == ["<i>The $W$.</i>"]
    learner, study.prefs = study.prefs, replace(study.prefs, learner_id=2)
    assert found(study) == []
    study.prefs = learner
    study.retire(1)
    assert found(study) == []
