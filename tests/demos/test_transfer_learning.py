"""Transfer: the same seeds and the same budget for all three ways, and the closed forms at the ends."""

import math
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ask.questions.registry import find
from app.demos.parts.two_tasks import DRAWS, PENALTY, TransferLearning, pretrain, second_task, three_ways, traits
from app.demos.transfer_learning import DEMO
from tests.ask.answers import judged
from tests.examples import examples

SEEDS = range(20)


def ridge_again(F: Any, y: Any, penalty: float, start: Any) -> tuple[Any, float]:
    """The same minimum as one ordinary least squares problem, with a row for each penalised weight."""
    n, f = F.shape
    rows = np.vstack([np.hstack([F, np.ones((n, 1))]), np.hstack([math.sqrt(penalty) * np.eye(f), np.zeros((f, 1))])])
    wanted = np.append(y, math.sqrt(penalty) * start)
    found = np.linalg.lstsq(rows, wanted, rcond=None)[0]
    return found[:-1], float(found[-1])


@given(data=st.data())
@examples(40)
def test_all_three_ways_learn_from_the_same_examples(states: Any, data: st.DataObject) -> None:
    p: TransferLearning = data.draw(states(DEMO))
    drawn = pretrain(p.seed)
    ways = three_ways(p, drawn, p.examples)
    y = second_task(p, drawn.x) + p.noise * drawn.noise
    for k in range(DRAWS):
        F, labels = drawn.h[k, : p.examples], y[k, : p.examples]
        v, b = ridge_again(F @ drawn.W_pre, labels, PENALTY, np.zeros(3))
        np.testing.assert_allclose(ways["frozen"][k], drawn.test_h @ drawn.W_pre @ v + b, atol=1e-8)
        w, b = ridge_again(F, labels, PENALTY, np.zeros(16))
        np.testing.assert_allclose(ways["scratch"][k], drawn.test_h @ w + b, atol=1e-8)
        if p.hold > 0.01:
            w, b = ridge_again(F, labels, p.hold, drawn.W_pre @ v)
            np.testing.assert_allclose(ways["tuned"][k], drawn.test_h @ w + b, atol=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_few_examples_of_a_near_task_profit_and_many_do_not_need_it(seed: int) -> None:
    numbers = DEMO.result(f"seed={seed}").numbers
    assert numbers["frozen"] < numbers["scratch"]
    assert numbers["tuned"] < numbers["scratch"]
    assert numbers["scratch_most"] < numbers["frozen_most"]
    assert numbers["examples"] < numbers["crossover"] <= 64


def test_an_unrelated_task_is_harmed() -> None:
    errors = [DEMO.result(f"related=0&seed={seed}").numbers for seed in SEEDS]
    assert all(numbers["frozen"] > 1 for numbers in errors)
    assert sum(numbers["scratch"] < numbers["frozen"] for numbers in errors) >= 18
    frozen, tuned, scratch = (np.mean([numbers[way] for numbers in errors]) for way in ("frozen", "tuned", "scratch"))
    assert scratch < tuned < frozen


@pytest.mark.parametrize("related", [0, 0.4, 0.8, 1])
def test_frozen_features_end_at_what_they_cannot_tell(related: float) -> None:
    left = [DEMO.result(f"related={related}&noise=0&examples=64&seed={seed}").numbers["frozen"] for seed in SEEDS]
    floor = math.sqrt(1 - related**2)  # and what even many examples of the first task left unsaid of it
    assert np.mean(left) == pytest.approx(floor, abs=0.07 if related < 1 else 0.15)
    assert min(left) > floor - 0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_without_a_hold_nothing_of_the_start_is_left(seed: int) -> None:
    p = DEMO.parse(f"hold=0&examples=24&seed={seed}")
    drawn = pretrain(p.seed)
    tuned = three_ways(p, drawn, 24)["tuned"]
    y = second_task(p, drawn.x) + p.noise * drawn.noise
    for k in range(DRAWS):
        F = np.hstack([drawn.h[k, :24], np.ones((24, 1))])
        plain = np.linalg.lstsq(F, y[k, :24], rcond=None)[0]
        np.testing.assert_allclose(tuned[k], drawn.test_h @ plain[:-1] + plain[-1], atol=1e-5)


def test_a_firm_hold_is_frozen() -> None:
    p = DEMO.parse("hold=1000&examples=2")
    ways = three_ways(p, pretrain(0), 2)
    assert np.abs(ways["tuned"] - ways["frozen"]).max() < 0.2
    errors = [DEMO.result(f"examples=2&hold={hold}").numbers for hold in (1, 30, 1000)]
    apart = [abs(numbers["tuned"] - numbers["frozen"]) for numbers in errors]
    assert apart == sorted(apart, reverse=True)


@pytest.mark.parametrize("seed", range(40))
def test_the_question_can_be_answered_by_its_formula(seed: int) -> None:
    p = DEMO.parse(find("transfer-learning").draw(random.Random(seed)))
    assert judged(DEMO, p, math.sqrt(1 - p.related**2)).is_right


def test_the_traits_are_orthonormal_and_the_first_three_were_learned() -> None:
    np.testing.assert_allclose(traits().T @ traits(), np.eye(4), atol=1e-12)
    told = next(row.values for row in DEMO.result("").traces()[1].rows if row.key == "features")
    assert (told[:3] > 0.9).all()
    assert told[3] < 0.1
