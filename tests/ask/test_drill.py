"""A drill as a value: its order, its log, and its score."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ask.drill import LONGEST_LOG, Drill
from app.ask.four import typed_as
from app.ask.judge import Judged, judge, known_slips
from app.ask.question import Question
from app.ask.questions.registry import find
from tests.examples import examples

KINDS = [find(name) for name in ("second-bias", "shape-of-an-output", "two-units", "ctc-collapse", "forget-bias")]


def test_each_round_asks_every_kind_once_and_no_numbers_twice() -> None:
    drill = Drill(KINDS, 7)
    asked = [drill.instance(place) for place in range(40 * len(KINDS))]
    for begin in range(0, len(asked), len(KINDS)):
        assert {one.question for one in asked[begin : begin + len(KINDS)]} == set(KINDS)
    seen = Counter((one.question.name, tuple(sorted(one.parameters.items()))) for one in asked)
    assert max(seen.values()) == 1
    rounds = {tuple(one.question.name for one in asked[begin : begin + 5]) for begin in range(0, len(asked), 5)}
    assert len(rounds) > 10


def test_the_same_seed_and_log_ask_the_same_and_another_seed_asks_another() -> None:
    assert Drill(KINDS, 3, "rws").current == Drill(list(KINDS), 3, "r0r").current
    assert (
        len({Drill(KINDS, seed).current.task.asks + str(Drill(KINDS, seed).current.parameters) for seed in range(9)})
        > 5
    )


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_log_keeps_which_slip_was_made(kind: Question) -> None:
    drill = Drill([kind], 11)
    for value, _ in known_slips(drill.current):
        judged = judge(drill.current, typed_as(value))
        after = drill.after(judged)
        assert after.answered[0].slip == judged.says
        assert not after.answered[0].is_right
        assert after.missed == drill.kinds


def test_the_score_counts_by_kind_and_leaves_out_what_was_skipped() -> None:
    drill = Drill(KINDS[:2], 1)
    for judged in (Judged("right"), Judged("wrong"), None, Judged("right"), Judged("wrong", line=1)):
        drill = drill.after(judged)
    assert drill.log == "rwsrw"
    assert (drill.right, len(drill.answered)) == (2, 4)
    assert sum(score.right for score in drill.by_kind) == 2
    assert sum(score.asked for score in drill.by_kind) == 4
    assert [score.question for score in drill.by_kind] == KINDS[:2]
    assert not any(one.slip for one in drill.answered)


@given(st.text("rws0123456789ABCDEFGHIJ", max_size=LONGEST_LOG), st.integers(0, 999_999))
@examples(40)
def test_no_log_breaks_it(log: str, seed: int) -> None:
    drill = Drill(KINDS, seed, log)
    assert sum(score.asked for score in drill.by_kind) == len(drill.answered) == len(log) - log.count("s")
    assert sum(score.right for score in drill.by_kind) == drill.right <= len(drill.answered)
    assert all(isinstance(one.slip, str) for one in drill.answered)
    assert drill.is_full == (len(log) == LONGEST_LOG)
    assert drill.current.question in KINDS
