"""Before and after an edit: what is said, and how often it would be said of an edit that changes nothing."""

from collections import Counter
from datetime import UTC, datetime
from random import Random

import pytest

from app.study.evidence.edits import ENOUGH, Edit, Estimate, gained, population
from app.study.evidence.figures import Figures
from tests.examples import share_of

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def figures(rng: Random, effect: float, learners: int = 20, looks: int = 4) -> Figures:
    """A class's recalls of a card at which each learner recalls `effect` more than was foretold."""
    found = Figures()
    for _ in range(learners):
        skill = rng.gauss(0, 0.05)
        own = Figures(looks=looks, expected=0.8 * looks)
        own.missed = sum(rng.random() > 0.8 + effect + skill for _ in range(looks))
        found.add(own.as_one_learner())
    return found


def edit(before: Figures | None, after: Figures | None, difference: Estimate | None) -> Edit:
    return Edit(1, 2, "small/first.md", 9, None, NOW, None, None, before, after, difference)


def verdicts(effect: float, worst: bool, is_drawn: bool = True) -> Counter[str]:
    """What is said of edits with this effect; of the `worst` of forty cards, or of any."""
    found, rng = Counter[str](), Random(5)
    for _ in range(share_of(250)):
        own = [rng.gauss(0, 0.04) for _ in range(40)]
        before = [figures(rng, one) for one in own]
        chosen = min(range(40), key=lambda card: before[card].beyond) if worst else 0
        after = figures(rng, own[chosen] + effect)
        among = population(before) if is_drawn else None
        found[edit(before[chosen], after, gained(before[chosen], after, among)).verdict] += 1
    return found


@pytest.mark.proof
def test_an_edit_that_changes_nothing_is_seldom_said_to_help_though_it_follows_bad_luck() -> None:
    said = verdicts(0.0, worst=True)
    assert said["it helped"] <= 0.09 * said.total()
    assert said["recall is worse since"] <= 0.09 * said.total()
    # Compared with the raw figure before, most such edits would seem to help.
    raw = verdicts(0.0, worst=True, is_drawn=False)
    assert raw["it helped"] > 2 * said["it helped"]
    assert raw["it helped"] > 0.2 * raw.total()


@pytest.mark.proof
def test_an_edit_that_helps_is_seen() -> None:
    assert verdicts(0.15, worst=True)["it helped"] > 0.6 * share_of(250)
    assert verdicts(-0.2, worst=False)["recall is worse since"] > 0.6 * share_of(250)


def test_too_few_answers_say_nothing() -> None:
    rng = Random(1)
    many, few = figures(rng, 0.0), figures(rng, 0.0, 6, 3)
    assert few.looks < ENOUGH
    sure = Estimate(0.2, 0.1, 0.3)
    for one in (edit(None, many, None), edit(many, None, None), edit(few, many, sure), edit(many, few, sure)):
        assert one.verdict == "not enough answers yet"
    assert edit(many, many, Estimate(0.1, -0.2, 0.4)).verdict == "not enough answers yet"
    assert edit(many, many, Estimate(0.0, -0.1, 0.1)).verdict == "no difference to be seen"
    assert edit(many, many, sure).verdict == "it helped"
    assert edit(many, many, Estimate(-0.2, -0.3, -0.1)).verdict == "recall is worse since"


def test_few_cards_say_nothing_of_how_cards_differ() -> None:
    rng = Random(2)
    cards = [figures(rng, 0.0) for _ in range(5)]
    assert population(cards[:4]) is None
    assert population(cards) is not None
    raw = gained(cards[0], cards[1], None)
    assert raw.value == pytest.approx(cards[1].beyond - cards[0].beyond)
