"""What each of the two networks can know, when, and what it says of what it knows."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.encoder_decoder import DEMO, TARGET, EncoderDecoder, translate
from app.demos.machine.demo import BadParametersError
from app.demos.machine.figures import Diagram
from tests.examples import examples

ORDER: dict[str, Callable[[list[int]], list[int]]] = {
    "same": lambda x: x,
    "reverse": lambda x: x[::-1],
    "last": lambda x: [x[-1], *x[:-1]],
    "pairs": lambda x: [word for i in range(0, len(x), 2) for word in x[i : i + 2][::-1]],
}
sentences = st.lists(st.integers(1, 9), min_size=1, max_size=12)
orders = st.sampled_from(sorted(ORDER))


def state(x: list[int], order: str, slots: int = 12) -> EncoderDecoder:
    return DEMO.parse({"x": ",".join(map(str, x)), "order": order, "slots": str(slots)})


def said(scores: Any) -> list[int | None]:
    """The word of each answer, None where all are alike."""
    return [int(row.argmax()) + 1 if np.ptp(row) > 0 else None for row in scores]


@given(x=sentences, order=orders)
@examples(80)
def test_who_reads_all_first_translates_every_word(x: list[int], order: str) -> None:
    assert said(translate(state(x, order)).full) == ORDER[order](x)


@given(x=sentences, order=orders, data=st.data())
@examples(80)
def test_the_plain_one_cannot_see_what_is_not_yet_read(x: list[int], order: str, data: st.DataObject) -> None:
    t = data.draw(st.integers(1, len(x)))
    others = data.draw(st.lists(st.integers(1, 9), min_size=len(x) - t, max_size=len(x) - t))
    one, other = (translate(state(words, order)).plain for words in (x, x[:t] + others))
    assert one[:t].tolist() == other[:t].tolist()


@given(x=sentences, order=orders, slots=st.integers(1, 12))
@examples(80)
def test_an_answer_is_right_or_a_guess_and_never_wrong(x: list[int], order: str, slots: int) -> None:
    p = state(x, order, slots)
    run, wanted = translate(p), ORDER[order](x)
    for t, (answer, source) in enumerate(zip(said(run.plain), p.sources, strict=True), start=1):
        assert answer == (wanted[t - 1] if source <= t < source + slots else None)
    for t, (answer, source) in enumerate(zip(said(run.full), p.sources, strict=True), start=1):
        assert answer == (wanted[t - 1] if source > len(x) - slots else None)
    numbers = DEMO.compute(p).numbers
    assert numbers["plain_right"] == sum(answer is not None for answer in said(run.plain))
    assert numbers["right"] == min(slots, len(x))


def test_the_numbers_of_the_state_that_opens() -> None:
    numbers = DEMO.result("").numbers
    assert (numbers["plain_right"], numbers["right"], numbers["T"]) == (2, 4, 4)
    assert numbers["plain_p1"] == pytest.approx(1 / 9)
    assert numbers["p1"] == pytest.approx(math.exp(6) / (math.exp(6) + 8))
    assert numbers["p"] == pytest.approx(numbers["p1"] ** 4)
    assert "knows **2** of **4** words and must guess the others" in DEMO.result("").figures[0].caption


def test_a_verb_that_moves_up_costs_one_word() -> None:
    assert DEMO.result("order=last&x=2,7,1,8,9").numbers["plain_right"] == 4
    assert "needs no encoder" in DEMO.result("order=same").figures[0].caption


def test_a_code_too_small_loses_the_first_words() -> None:
    result = DEMO.compute(DEMO.changed(DEMO.try_this[2].change))
    assert result.numbers["lost"] == 3
    needs = next(trace for trace in result.traces() if trace.name == "needs")
    kept = needs.row("full").values > 0.5  # type: ignore[union-attr]
    assert needs.row("needs").values[kept].min() == 4  # type: ignore[union-attr]
    assert "so the first **3** are lost" in result.figures[0].caption
    kept = DEMO.result("order=same&slots=2").figures[0].caption
    assert "knows **4** of **4** words and needs no encoder" in kept
    assert "the first **2** are lost" in kept


@given(x=sentences, order=orders, slots=st.integers(1, 12))
@examples(40)
def test_the_picture_says_known_words_and_marks_guesses(x: list[int], order: str, slots: int) -> None:
    result = DEMO.compute(state(x, order, slots))
    diagram = result.figures[0]
    assert isinstance(diagram, Diagram)
    shown = {node.at: node for node in diagram.nodes if node.at}
    assert sum(node.lit for node in diagram.nodes) == result.numbers["plain_right"] + result.numbers["right"]
    for t, word in enumerate(ORDER[order](x), start=1):
        for lane in ("plain", "full"):
            node = shown[f"{lane},{t}"]
            assert node.text == (TARGET[word - 1] if node.lit else "?")
    for node in diagram.nodes:
        assert node.x - node.width / 2 >= 0
        assert node.x + node.width / 2 <= diagram.width
        assert node.y + node.height / 2 <= diagram.height


def test_words_that_the_language_does_not_have_are_named() -> None:
    with pytest.raises(BadParametersError) as caught:
        DEMO.parse("x=1,2.4,-3")
    assert "x=1,2,1" in caught.value.nearest
