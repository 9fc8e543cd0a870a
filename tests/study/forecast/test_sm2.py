"""SM-2 as published: 1, 6, and then times the easiness factor."""

import pytest

from app.study.forecast.sm2 import Sm2, sm2_after, sm2_recall


def told(ratings: str) -> list[Sm2]:
    card, after = None, []
    for rating in ratings:
        card = sm2_after(card, int(rating))
        after.append(card)
    return after


def test_the_published_intervals_and_factors() -> None:
    """EF' = EF + (0.1 - (5-q) * (0.08 + (5-q) * 0.02)): 4 keeps it, 5 adds 0.1, 3 takes 0.14."""
    assert [card.interval for card in told("44444")] == [1, 6, 15, 37.5, 93.75]
    assert [card.ease for card in told("53")] == pytest.approx([2.6, 2.46])
    assert [card.interval for card in told("555")] == pytest.approx([1, 6, 6 * 2.8])


def test_a_miss_begins_again_and_keeps_the_factor() -> None:
    missed = told("5552")[-1]
    assert missed == (told("555")[-1].ease, 0, 1.0)
    assert [card.interval for card in told("4442444")][3:] == [1, 1, 6, 15]


def test_the_factor_has_a_floor() -> None:
    assert told("3" * 30)[-1].ease == 1.3


def test_the_interval_ends_at_ninety_per_cent() -> None:
    assert sm2_recall(Sm2(2.5, 3, 15.0), 15) == pytest.approx(0.9)
    assert sm2_recall(Sm2(2.5, 3, 15.0), 30) == pytest.approx(0.81)
