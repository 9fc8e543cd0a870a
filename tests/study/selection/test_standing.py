"""Where cards stand: each condition against the same rule written out in Python."""

import random
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from app.models import CardMark, CardState
from app.study.selection.standing import EVERY_CARD, IS_BURIED, IS_SET_ASIDE, STATES
from app.tables import CARD, CARD_MARK, CARD_STATE
from tests.study.conftest import NOON

if TYPE_CHECKING:
    from tests.study.conftest import Study

TODAY = date(2025, 6, 1)


def cards_in(study: "Study", condition: object, learner: int = 1) -> set[int]:
    query = select(CARD.c.id).select_from(EVERY_CARD).where(condition)  # type: ignore[arg-type]
    with study.database.read() as session:
        return set(session.connection().execute(query, {"learner": learner, "today": TODAY}).scalars())


def fill(study: "Study", seed: int) -> tuple[dict[int, CardState], dict[int, CardMark]]:
    """Random states and marks for learner 1 on about half of the cards each, and a full set for learner 2."""
    rng = random.Random(seed)
    review = study.rate(1, 4).review.id
    states, marks = {}, {}
    for learner, card in [(who, card) for who in (1, 2) for card in range(1, 101)]:
        state = CardState(
            learner_id=learner, card_id=card, stability=rng.choice([0.5, 20.999, 21.0, 21.001, 90.0]), difficulty=5.0,
            due_on=TODAY + timedelta(days=rng.randint(-2, 2)), due_at=rng.choice([None, None, NOON]),
            introduced_on=TODAY, reviewed_on=TODAY, reviewed_at=NOON, reviews=1, lapses=rng.randint(2, 5),
            last_review_id=review, day_misses=rng.randint(2, 5),
        )  # fmt: skip
        mark = CardMark(
            learner_id=learner, card_id=card, is_suspended=rng.random() < 0.3, is_flagged=rng.random() < 0.3,
            buried_until=rng.choice([None, TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=1)]),
        )  # fmt: skip
        if learner == 2 or rng.random() < 0.6:
            states[learner, card] = state
        if learner == 2 or rng.random() < 0.6:
            marks[learner, card] = mark
    with study.database.write() as session:
        session.connection().execute(CARD_STATE.delete())
        session.connection().execute(insert(CARD_STATE), [row.model_dump() for row in states.values()])
        session.connection().execute(insert(CARD_MARK), [row.model_dump() for row in marks.values()])
    mine = {card: row for (who, card), row in states.items() if who == 1}
    return mine, {card: row for (who, card), row in marks.items() if who == 1}


def test_every_condition_is_what_its_words_say(study: "Study") -> None:
    study.add_cards(90)
    states, marks = fill(study, seed=1)
    every = set(range(1, 101))
    learning = {card for card, s in states.items() if s.stability < 21 or s.due_at is not None}
    suspended = {card for card, m in marks.items() if m.is_suspended}
    buried = {card for card, m in marks.items() if m.buried_until is not None and m.buried_until > TODAY}
    put_off = {card for card, s in states.items() if s.due_at and s.due_on >= TODAY and s.day_misses >= 4}
    assert put_off
    due = {card for card, s in states.items() if s.due_on <= TODAY or s.due_at is not None} - put_off
    expected = {
        "new": every - set(states),
        "seen": set(states),
        "learning": learning,
        "known": set(states) - learning,
        "due": due - suspended - buried,
        "leech": {card for card, s in states.items() if s.lapses >= 4},
        "suspended": suspended,
        "buried": buried,
        "flagged": {card for card, m in marks.items() if m.is_flagged},
    }
    assert all(expected.values())
    assert {name: cards_in(study, state.condition) for name, state in STATES.items()} == expected
    assert cards_in(study, ~IS_SET_ASIDE) == every - suspended - buried


def test_every_card_is_new_learning_or_known_and_no_two(study: "Study") -> None:
    study.add_cards(90)
    fill(study, seed=2)
    parts = [cards_in(study, STATES[name].condition) for name in ("new", "learning", "known")]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 100


def test_a_condition_and_its_opposite_share_out_every_card(study: "Study") -> None:
    """NULL would be neither."""
    study.add_cards(90)
    fill(study, seed=3)
    for condition in (STATES["suspended"].condition, STATES["flagged"].condition, IS_BURIED, IS_SET_ASIDE):
        assert len(cards_in(study, condition)) + len(cards_in(study, ~condition)) == 100


def test_cards_move_from_new_to_learning_to_known_as_they_are_rated(study: "Study") -> None:
    assert cards_in(study, STATES["new"].condition) == set(range(1, 11))
    study.rate(1, 4)
    study.rate(2, 1)
    assert cards_in(study, STATES["learning"].condition) == {1, 2}
    for days in (5, 20, 60):
        study.later(days=days)
        study.rate(1, 5)
    assert cards_in(study, STATES["known"].condition) == {1}
    assert cards_in(study, STATES["new"].condition, learner=2) == set(range(1, 11))
