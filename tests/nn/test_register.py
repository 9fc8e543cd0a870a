"""The written-down RNNs against a list that is shifted by hand."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nn import register, rnn
from app.nn.activations import LINEAR
from tests.examples import examples

sentences: dict[str, Any] = {"words": st.lists(st.integers(0, 4), min_size=1, max_size=9), "slots": st.integers(1, 9)}
V = 5


def held(h: Any, slots: int) -> list[int | None]:
    """The word in every slot, None where there is none."""
    found: list[int | None] = []
    for place in range(slots):
        word = register.slot(h, place, V)
        assert word.sum() in (0, 1)
        found.append(int(word.argmax()) if word.any() else None)
    return found


def read(words: list[int], slots: int) -> Any:
    hs, _ = rnn.forward(np.eye(V)[words][None], np.zeros((1, slots * V)), register.reader(V, slots), LINEAR)
    return hs[0]


@given(**sentences)
@examples(60)
def test_a_state_holds_the_last_words_newest_first(words: list[int], slots: int) -> None:
    hs = read(words, slots)
    for t in range(len(words)):
        seen = words[t::-1][:slots] if t else words[:1][:slots]
        assert held(hs[t], slots) == [*seen, *[None] * (slots - len(seen))]


@given(**sentences, data=st.data())
@examples(60)
def test_the_writer_brings_the_words_by_in_the_order_of_places(
    words: list[int], slots: int, data: st.DataObject
) -> None:
    code = read(words, slots)[-1]
    places = data.draw(st.permutations(range(slots)))
    w = register.writer(V, slots, places)
    states, _ = rnn.forward(np.zeros((1, slots, 1)), code[None], w, LINEAR)
    at = [code, *states[0][:-1]]
    assert [held(h, slots)[places[0]] for h in at] == [held(code, slots)[place] for place in places]


def test_a_slot_that_is_not_there_holds_nothing() -> None:
    h = read([1, 2], 2)[-1]
    assert not register.slot(h, 2, V).any()
    assert not register.slot(h, -1, V).any()


@pytest.mark.parametrize("places", [[0, 0], [0, 3], [-1]])
def test_places_must_be_different_slots(places: list[int]) -> None:
    with pytest.raises(ValueError, match="wanted different slots from 0 to 2"):
        register.writer(V, 3, places)


def test_a_state_is_made_of_whole_slots() -> None:
    with pytest.raises(ValueError, match="wanted whole slots of 5"):
        register.slot(np.zeros(7), 0, V)
