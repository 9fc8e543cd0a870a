"""What a class knows by topic: the same as worked out by hand, and nothing about fewer than five learners."""

import math
from datetime import date
from random import Random

import pytest

from app.study.classes.enough import WHY
from app.study.classes.overview import SOMEBODY_LEFT, TOO_FEW, Readiness
from app.study.schedule.scheduler import recall
from tests.examples import seeds
from tests.study.classes.seminar import Seminar
from tests.study.conftest import Study

Contributions = dict[int, frozenset[tuple[int, float, str]]]
"""By learner of the class: card, stability and day of the last review, of a topic's cards."""


@pytest.fixture
def seminar(study: Study) -> Seminar:
    return Seminar(study, (*study.add_cards(3, "t3"), *study.add_cards(2, "t4")))


def contributions(seminar: Seminar, topic: str) -> Contributions:
    found: dict[int, set[tuple[int, float, str]]] = {who: set() for who in seminar.members}
    rows = seminar.study.rows(
        "SELECT card_state.learner_id, card_id, stability, reviewed_on FROM card_state"
        " JOIN card ON card.id = card_id JOIN topic ON topic.id = topic_id"
        " JOIN class_member ON account_id = learner_id"
        f" WHERE topic.name = '{topic}' AND reviewed_at >= counts_from AND card.retired_at IS NULL"
    )
    for who, card, stability, day in rows:
        found[who].add((card, stability, day))
    return {who: frozenset(states) for who, states in found.items()}


def by_hand(of: Contributions, cards: int, today: date, held_on: date | None) -> tuple[float, float, float | None]:
    met = recalled = ready = 0.0
    for states in of.values():
        for _card, stability, day in states:
            elapsed = (today - date.fromisoformat(day)).days
            met += 1
            recalled += recall(stability, elapsed)
            ready += recall(stability, elapsed + (held_on - today).days) if held_on else 0
    of_all = len(of) * cards
    return met / of_all, recalled / of_all, ready / of_all if held_on else None


def shown(seminar: Seminar) -> dict[str, Readiness | None]:
    return {one.title: one.readiness for one in seminar.look().topics}


def reasons(seminar: Seminar) -> list[str]:
    """Why the two topics are not shown."""
    return [one.why_not for one in seminar.look().topics if one.title in ("t3", "t4")]


def test_the_figures_are_those_worked_out_by_hand(seminar: Seminar) -> None:
    who = [seminar.join() for _ in range(6)]
    seminar.set_day(date(2025, 6, 20))
    for n, learner in enumerate(who):
        for card in seminar.cards[: 1 + n % 3]:
            seminar.rate(learner, card, 3 + n % 3)
    seminar.study.later(days=4)
    of, today = contributions(seminar, "t3"), seminar.study.now.date()
    found = shown(seminar)
    assert found["t4"] is None
    one = found["t3"]
    assert one is not None
    assert (one.learners, one.cards, one.held_on) == (6, 3, date(2025, 6, 20))
    assert (one.met, one.recalled, one.ready) == pytest.approx(by_hand(of, 3, today, date(2025, 6, 20)))
    assert one.met == pytest.approx(12 / 18)
    assert one.ready is not None
    assert 0 < one.ready < one.recalled < one.met


def test_why_nothing_is_shown(seminar: Seminar) -> None:
    who = [seminar.join() for _ in range(4)]
    for one in who:
        seminar.rate(one, seminar.cards[0], 4)
    assert (reasons(seminar), seminar.look().why_not) == ([], WHY)
    fifth = seminar.join()
    assert reasons(seminar) == [TOO_FEW, TOO_FEW]
    seminar.rate(fifth, seminar.cards[0], 4)
    assert reasons(seminar) == ["", TOO_FEW]
    seminar.study.later(minutes=1)
    sixth = seminar.join()
    assert reasons(seminar) == ["", TOO_FEW]
    seminar.leave(who[0])
    assert reasons(seminar) == [SOMEBODY_LEFT, TOO_FEW]
    seminar.study.later(days=1)
    for one in (*who[1:], sixth):
        seminar.rate(one, seminar.cards[1], 4)
    assert shown(seminar)["t3"] is None  # four have changed something; who has joined may be who left
    seminar.rate(fifth, seminar.cards[1], 4)
    found = shown(seminar)["t3"]
    assert found is not None
    assert found.learners == 5
    assert found.met == pytest.approx(9 / 15)
    seminar.leave(sixth)
    assert (reasons(seminar), seminar.look().why_not) == ([], WHY)


def test_what_was_known_before_joining_is_not_told(seminar: Seminar) -> None:
    who = [seminar.join() for _ in range(5)]
    for one in who:
        seminar.rate(one, seminar.cards[0], 4)
        seminar.leave(one)
    seminar.study.later(hours=1)
    for one in who:
        seminar.join(one)
    assert shown(seminar)["t3"] is None


def test_once_a_day_and_for_five_only(seminar: Seminar) -> None:
    who = [seminar.join() for _ in range(6)]
    for one in who:
        seminar.rate(one, seminar.cards[0], 4)
    first = shown(seminar)["t3"]
    seminar.study.later(minutes=1)
    for one in who:
        seminar.rate(one, seminar.cards[1], 4)
    assert shown(seminar)["t3"] == first
    seminar.study.later(days=1)
    second = shown(seminar)["t3"]
    assert second is not None
    assert second.met == pytest.approx(2 / 3)
    seminar.study.later(days=1)
    for one in who[:4]:
        seminar.rate(one, seminar.cards[2], 4)
    assert shown(seminar)["t3"] == second
    seminar.rate(who[4], seminar.cards[0], 1)
    assert shown(seminar)["t3"] != second


@pytest.mark.proof
@pytest.mark.parametrize("seed", seeds(6))
def test_no_two_figures_differ_by_fewer_than_five_learners(seminar: Seminar, seed: int) -> None:
    """Whatever happens between two looks: each figure is of five or more, and each change is one of five or more."""
    rng = Random(seed)
    last: dict[str, Contributions] = {}
    gone: list[int] = []
    told = 0
    for _ in range(7):
        seminar.join()
    for _ in range(40):
        for _ in range(rng.randrange(1, 9)):
            deed = rng.random()
            if deed < 0.1 and len(seminar.members) > 3:
                left = rng.choice(sorted(seminar.members))
                seminar.leave(left)
                gone.append(left)
            elif deed < 0.2:
                seminar.join(gone.pop(rng.randrange(len(gone))) if gone and rng.random() < 0.5 else None)
            else:
                seminar.rate(rng.choice(sorted(seminar.members)), rng.choice(seminar.cards), rng.randrange(1, 6))
            seminar.study.later(minutes=rng.choice((1, 1, 300)))
        figures = shown(seminar)
        at = seminar.study.now
        seminar.study.later(seconds=1)
        for topic, figure in figures.items():
            if figure is None:
                continue
            told += 1
            of = last.get(topic, {})
            if figure.counted_at == at:
                of = contributions(seminar, topic)
                assert sum(map(bool, of.values())) >= 5
                before = last.get(topic, {})
                changed = [who for who in {*of, *before} if of.get(who) != before.get(who)]
                assert len(changed) >= 5
                last[topic] = of
            assert figure.learners == len(of) >= 5
            assert set(of) <= seminar.members, "a figure still has the answers of somebody who left"
            assert math.isclose(figure.met, by_hand(of, figure.cards, figure.counted_at.date(), None)[0])
    assert told > 10
