"""Forgetting as a recurrence, FSRS-6: the state is a card's stability S and difficulty D, the input is a review.

    (S, D)_k = f((S, D)_{k−1}, grade, days waited)          R(t) = (1 + F t / S)^{−w20},  F = 0.9^{−1/w20} − 1

S is the number of days until recall R falls to 0.9. Grades: 1 again, 2 hard, 3 good, 4 easy.
Source: the FSRS-6 page of the open-spaced-repetition project, "The Algorithm", with its published 21 weights. A
second look on the same day lowers S only when the answer was missed.
Plain 64-bit floats, since it is about single numbers; Recur itself schedules in 32 bits.
"""

import math
from typing import NamedTuple

W = (0.212, 1.2931, 2.3065, 8.2956, 6.4133, 0.8334, 3.0194, 0.001, 1.8722, 0.1666, 0.796, 1.4835, 0.0614, 0.2629,
     1.6483, 0.6014, 1.8729, 0.5425, 0.0912, 0.0658, 0.1542)  # fmt: skip
SHORTEST, LONGEST = 0.001, 36_500.0
FACTOR = math.pow(0.9, -1 / W[20]) - 1


class Memory(NamedTuple):
    """The state: stability in days, difficulty from 1 to 10."""

    stability: float
    difficulty: float


def recall(stability: float, days: float) -> float:
    """The chance, 0 to 1, that the card is still known after so many days."""
    return math.pow(1 + FACTOR * days / stability, -W[20])


def interval(stability: float, retention: float) -> float:
    """The days until recall has fallen to `retention`: the inverse of `recall`."""
    days: float = stability / FACTOR * (math.pow(retention, -1 / W[20]) - 1)
    return days


def first(grade: int) -> Memory:
    """The state after a card's first answer."""
    return Memory(_within(W[grade - 1]), min(max(first_difficulty(grade), 1.0), 10.0))


def first_difficulty(grade: int) -> float:
    """The difficulty after a first answer, before it is clipped to 1 … 10."""
    return W[4] - math.exp(W[5] * (grade - 1)) + 1


def review(memory: Memory, grade: int, days: float) -> Memory:
    """One step of the recurrence: the state after an answer, `days` after the one before."""
    S, D = memory
    R = recall(S, days)
    if days == 0:
        stability = S * same_day_growth(S, grade)
    elif grade == 1:
        stability = min(after_a_miss(S, D, R), S / math.exp(W[17] * W[18]))
    else:
        stability = S * growth(S, D, R, grade)
    return Memory(_within(stability), next_difficulty(D, grade))


def growth(S: float, D: float, R: float, grade: int) -> float:
    """S′/S after a correct answer: larger for easy cards, for small S, and for cards that were nearly forgotten."""
    extra = {2: W[15], 3: 1.0, 4: W[16]}[grade]
    return 1 + math.exp(W[8]) * (11 - D) * math.pow(S, -W[9]) * (math.exp(W[10] * (1 - R)) - 1) * extra


def after_a_miss(S: float, D: float, R: float) -> float:
    """The stability after a missed answer, before it is limited to the old one."""
    return W[11] * math.pow(D, -W[12]) * (math.pow(S + 1, W[13]) - 1) * math.exp(W[14] * (1 - R))


def same_day_growth(S: float, grade: int) -> float:
    """S′/S for a second look on the same day."""
    change = math.exp(W[17] * (grade - 3 + W[18])) * math.pow(S, -W[19])
    return change if grade == 1 else max(1.0, change)


def next_difficulty(D: float, grade: int) -> float:
    """Harder after a miss, easier after an easy answer, less so near 10; pulled slightly towards an easy card's."""
    moved = D - W[6] * (grade - 3) * (10 - D) / 9
    return min(max(W[7] * first_difficulty(4) + (1 - W[7]) * moved, 1.0), 10.0)


def _within(stability: float) -> float:
    return min(max(stability, SHORTEST), LONGEST)
