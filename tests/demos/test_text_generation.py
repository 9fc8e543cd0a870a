"""Generated text: greedy at temperature 0, the same for the same seed, each character by its own distribution."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.machine.demo import BadParametersError
from app.demos.machine.figures import Diagram
from app.demos.machine.numbers import show
from app.demos.parts import character_marks as marks
from app.demos.text_generation import DEMO, generate
from tests.examples import examples


def text_of(query: str) -> str:
    return generate(DEMO.parse(query))[0]


def counted_by_search(context: str) -> dict[str, int]:
    """What followed this context in the text, found by looking at every place."""
    after: dict[str, int] = {}
    for at in range(len(marks.TEXT) - len(context)):
        if marks.TEXT.startswith(context, at):
            character = marks.TEXT[at + len(context)]
            after[character] = after.get(character, 0) + 1
    return after


@given(data=st.data())
@examples(40)
def test_every_character_is_drawn_from_the_counts_and_the_memory(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    text, steps = generate(p)
    assert len(text) == len(p.start) + p.length
    m = 0.0
    for character in p.start:
        m = math.tanh(p.w * m + 20 * {"¿": 1, "¡": -1}.get(character, 0))
    for t, step in enumerate(steps, start=len(p.start)):
        # Of what never stood in the text so much is left out as must be.
        followed = next(filter(None, (counted_by_search(text[:t][-n:]) for n in range(p.context, 0, -1))))
        total = sum(followed.values())
        closing = followed.get("?", 0) + followed.get("!", 0)
        asks = 1 / (1 + math.exp(-8 * m))
        for character, likely in zip(marks.ALPHABET, step.p, strict=True):
            share = {"?": closing * asks, "!": closing * (1 - asks)}.get(character, followed.get(character, 0))
            assert likely == pytest.approx(share / total, abs=1e-9)
        assert step.p.sum() == pytest.approx(1.0)
        assert step.tempered.sum() == pytest.approx(1.0)
        assert step.kept.sum() == pytest.approx(1.0)
        assert step.kept[step.drawn] > 0
        if p.top_k:
            assert np.count_nonzero(step.kept) <= p.top_k
        if p.nucleus == 1 and not p.top_k:
            assert step.kept == pytest.approx(step.tempered)
        assert text[t] == marks.ALPHABET[step.drawn]
        assert step.memory == pytest.approx(m, abs=1e-12)
        m = math.tanh(p.w * m + 20 * {"¿": 1, "¡": -1}.get(text[t], 0))


@given(data=st.data())
@examples(30)
def test_a_temperature_of_zero_is_greedy_and_needs_no_seed(states: Any, data: st.DataObject) -> None:
    p = data.draw(states(DEMO))
    cold = DEMO.parse({**DEMO.texts(p), "temperature": "0"})
    other = DEMO.parse({**DEMO.texts(p), "temperature": "0", "seed": str((p.seed + 1) % 9999)})
    text, steps = generate(cold)
    assert all(step.drawn == int(np.argmax(step.p)) for step in steps)
    assert text == generate(other)[0]
    assert DEMO.compute(cold).numbers["likeliest"] == p.length


@pytest.mark.parametrize("seed", range(5))
def test_towards_zero_every_draw_is_among_the_likeliest(seed: int) -> None:
    _, steps = generate(DEMO.parse(f"temperature=0.0001&length=60&seed={seed}"))
    assert all(step.p[step.drawn] == pytest.approx(step.p.max()) for step in steps)


def test_a_seed_is_a_text() -> None:
    assert text_of("seed=5") == text_of("seed=5")
    assert len({text_of(f"seed={seed}") for seed in range(10)}) > 5


def test_heat_spreads_the_draws_and_cold_gathers_them() -> None:
    choices = [DEMO.result(f"context=1&temperature={t}").numbers["choices"] for t in (0, 0.5, 1, 2, 5)]
    assert choices == sorted(choices)
    assert choices[0] == 1


def test_a_kept_mark_closes_as_it_opened_and_a_forgotten_one_need_not() -> None:
    forgotten = DEMO.query(DEMO.changed(DEMO.try_this[2].change))
    first = next(c for c in text_of(forgotten) if c in "?!")
    kept = next(c for c in text_of(forgotten.replace("w=0", "w=1.5")) if c in "?!")
    assert (first, kept) == ("?", "!")


def test_greedy_text_goes_in_circles() -> None:
    text = text_of(DEMO.query(DEMO.changed(DEMO.try_this[0].change)))
    assert text.startswith("¿el gata? ¡el gata! ¿el gata?")
    assert text[:60] in text[:20] * 4


def test_the_smallest_temperature_is_told_without_overflow() -> None:
    for trace in DEMO.result("temperature=2e-309").traces():
        for row in trace.rows:
            assert trace.arithmetic(row.key, 0).result == pytest.approx(row.values[0], abs=1e-12)


def test_the_picture_shows_the_text_and_its_chances() -> None:
    result = DEMO.result("length=30&start=¿la ")
    diagram, text = result.figures[0], text_of("length=30&start=¿la ")
    assert isinstance(diagram, Diagram)
    assert "".join(node.text for node in diagram.nodes).replace("␣", " ") == text
    its = next(trace for trace in result.traces() if trace.name == "all").row("p")
    assert its is not None
    for value in its.values.tolist():
        assert show(value) in diagram.alt
    for node in diagram.nodes:
        assert node.x - node.width / 2 >= 0
        assert node.x + node.width / 2 <= diagram.width
        assert node.y + node.height / 2 <= diagram.height


def test_a_seed_text_of_ones_own_goes_on_from_what_the_text_knows_of_it() -> None:
    # “mar” stands there once before each closing mark, and twice in “el mar canta”.
    assert text_of("start=¡la mar&context=3&temperature=0&length=8") == "¡la mar canta! "
    strange = generate(DEMO.parse("start=¿vvv&context=4&length=1"))[1][0]
    after_v = counted_by_search("v")
    assert {marks.ALPHABET[i] for i in np.flatnonzero(strange.p)} == set(after_v)


def test_what_the_text_does_not_know_is_named_and_the_nearest_has_the_rest() -> None:
    with pytest.raises(BadParametersError) as caught:
        DEMO.parse({"start": "¿Qué tal?"})
    assert "start is '¿Qué tal?', but must be 1 to 20 characters, each one of ␣!?" in str(caught.value)
    assert DEMO.parse(caught.value.nearest).start == "¿ue tal?"
    with pytest.raises(BadParametersError):
        DEMO.parse({"start": ""})
    with pytest.raises(BadParametersError):
        DEMO.parse({"start": "a" * 21})


def test_a_temperature_too_small_to_have_its_digits_is_zero() -> None:
    assert DEMO.parse({"temperature": "5e-324"}) == DEMO.parse({"temperature": "0"})
    assert DEMO.parse({"temperature": "2.3e-308"}).temperature == 2.3e-308
