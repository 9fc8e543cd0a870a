"""The hand-built network against the rule in words, the bag's invariance exactly, the dense layer's places."""

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.machine.figures import Curve, Diagram
from app.demos.order_matters import DEMO, SENTENCES
from app.demos.parts.negation_task import LEXICON, bag, dense, dense_weights, features, run
from tests.ask.answers import judged
from tests.examples import examples

any_words = st.lists(st.sampled_from(["good", "bad", "funny", "slow", "not", "but", "plot"]), min_size=1, max_size=9)


def rule(words: list[str] | tuple[str, ...]) -> float:
    """What "not" does, said directly."""
    total = 0.0
    for before, word in zip(("", *words), words, strict=False):
        value = LEXICON.get(word, 0.0)
        total += -value if before == "not" else value
    return total


@given(words=any_words)
@examples(200)
def test_the_network_built_by_hand_follows_the_rule_after_every_word(words: list[str]) -> None:
    _, scores = run(features(words)[None])
    assert scores[0].tolist() == [rule(words[: t + 1]) for t in range(len(words))]


@given(words=any_words, seed=st.integers(0, 999))
@examples(200)
def test_the_bag_is_invariant_under_permutation_exactly(words: list[str], seed: int) -> None:
    shuffled = [words[i] for i in np.random.default_rng(seed).permutation(len(words))]
    assert bag(features(words)[None])[0] == bag(features(shuffled)[None])[0] == sum(LEXICON.get(w, 0) for w in words)


@given(words=any_words)
@examples(100)
def test_the_dense_layer_is_right_for_the_sentence_that_it_was_made_for(words: list[str]) -> None:
    assert dense(features(words)[None], dense_weights(words))[0] == rule(words)


@pytest.mark.parametrize(
    ("query", "rnn", "bag", "mlp"),
    [
        ("sentence=not-bad&order=written", 2, 0, 2),
        ("sentence=not-bad&order=reversed", -2, 0, -2),
        ("sentence=slow&order=written&rotate=1", 2, 0, 0),  # funny not slow but
        ("sentence=funny", 2, 2, 2),
    ],
)
def test_the_scores_by_hand(query: str, rnn: float, bag: float, mlp: float) -> None:
    numbers = DEMO.result(query).numbers
    assert (numbers["rnn"], numbers["bag"], numbers["mlp"]) == (rnn, bag, mlp)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_all_orders_are_all_orders(sentence: str) -> None:
    result = DEMO.result(f"sentence={sentence}")
    wanted = sorted(rule(order) for order in permutations(SENTENCES[sentence]))
    curve = next(figure for figure in result.figures if isinstance(figure, Curve))
    by = {series.key: series.values for series in curve.series}
    assert by["every_rnn"].tolist() == wanted
    assert len(set(by["every_bag"].tolist())) == 1
    assert result.numbers["bag_values"] == 1
    assert result.numbers["rnn_values"] == len(set(wanted))
    assert result.numbers["orders"] == len(wanted)
    assert result.numbers["mlp_right"] == int((by["every_mlp"] == by["every_rnn"]).sum())


@given(data=st.data())
@examples(60)
def test_the_words_are_those_of_the_sentence_and_the_score_is_the_rules(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    assert sorted(p.words) == sorted(SENTENCES[p.sentence])
    numbers = DEMO.compute(p).numbers
    assert numbers["rnn"] == rule(p.words)
    assert numbers["rnn_written"] == numbers["mlp_written"] == rule(SENTENCES[p.sentence])
    assert numbers["bag_change"] == 0


@given(data=st.data())
@examples(20)
def test_the_diagram_reads_the_words_in_order(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    diagram = DEMO.compute(p).figures[0]
    assert isinstance(diagram, Diagram)
    texts = sorted((node.x, node.text) for node in diagram.nodes if node.text in p.words)
    assert tuple(text for _, text in texts) == p.words
    for node in diagram.nodes:
        assert node.x - node.width / 2 >= 0
        assert node.x + node.width / 2 <= diagram.width


def test_the_bags_answer_is_told_as_a_slip() -> None:
    p = DEMO.parse("sentence=not-bad&order=written")
    slip = judged(DEMO, p, 0).says
    assert slip
    assert "bag" in slip
