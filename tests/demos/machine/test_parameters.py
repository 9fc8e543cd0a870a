"""Addresses become parameters, and what cannot is named with its bounds and the nearest that can."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.machine.demo import BadParametersError
from app.demos.machine.parameters import Parameters, form_fields, number
from app.demos.registry import all_demos, find
from tests.examples import examples

DEMOS = sorted(all_demos())


@pytest.mark.parametrize("name", DEMOS)
@given(data=st.data())
@examples(60)
def test_a_permalink_says_the_whole_state(name: str, states: Any, data: st.DataObject) -> None:
    demo = find(name)
    parameters = data.draw(states(demo))
    assert demo.parse(demo.query(parameters)) == parameters
    assert demo.parse(demo.texts(parameters)) == parameters


@pytest.mark.parametrize("name", DEMOS)
@given(data=st.data())
@examples(120)
def test_whatever_an_address_says_the_nearest_state_is_good(name: str, data: st.DataObject) -> None:
    demo = find(name)
    names = st.one_of(st.sampled_from([field.name for field in demo.fields]), st.text(max_size=12))
    values = st.one_of(st.text(max_size=30), st.floats().map(str), st.text("0123456789,;.-e ", max_size=40))
    given_texts = data.draw(st.dictionaries(names, values, max_size=6))
    try:
        demo.parse(given_texts)
    except BadParametersError as caught:
        error = caught
    else:
        return
    demo.parse(error.nearest)
    defaults = demo.texts(demo.parse({}))
    for problem in error.problems:  # a default may be what does not fit: then it is named with its value
        assert problem.given == given_texts.get(problem.parameter, defaults.get(problem.parameter))
    assert all(problem.parameter in problem.sentence for problem in error.problems)


def refused(name: str, query: str) -> BadParametersError:
    with pytest.raises(BadParametersError) as caught:
        find(name).parse(query)
    return caught.value


def test_a_number_out_of_bounds_is_named_with_its_bounds_and_moved_to_the_nearest() -> None:
    error = refused("gradient-flow", "gain=99&steps=0")
    assert [p.sentence for p in error.problems] == [
        "steps is '0', but must be a whole number from 1 to 200.",
        "gain is '99', but must be a number from 0 to 50.",
    ]
    nearest = find("gradient-flow").parse(error.nearest)
    assert (nearest.gain, nearest.steps) == (50, 1)


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999", "", "two"])
def test_what_is_not_a_finite_number_is_refused(text: str) -> None:
    assert refused("gradient-flow", f"gain={text}").problems[0].parameter == "gain"


def test_the_rest_of_a_bad_address_is_kept() -> None:
    nearest = find("gradient-flow").parse(refused("gradient-flow", "cell=lstn&steps=77&gain=-1").nearest)
    assert (nearest.cell, nearest.steps, nearest.gain) == ("lstm", 77, 0)


def test_an_unknown_parameter_is_named_with_the_nearest_and_its_value_is_tried_there() -> None:
    error = refused("gradient-flow", "gian=0.5")
    assert error.problems[0].sentence == "gian is not a parameter of gradient-flow. The nearest is gain."
    assert find("gradient-flow").parse(error.nearest).gain == 0.5


def test_only_the_first_unknown_parameters_are_compared_with_the_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes about 0.2 ms; `compare` may hold thousands."""
    compared: list[str] = []

    def first(word: str, known: dict[str, str], cutoff: float = 0) -> str:
        compared.append(word)
        return next(iter(known))

    monkeypatch.setattr("app.demos.machine.demo.nearest", first)
    error = refused("gradient-flow", "gain=0.5&" + "&".join(f"a{n}=1" for n in range(5_000)))
    assert [problem.parameter for problem in error.problems] == [f"a{n}" for n in range(10)]
    assert set(compared) == {f"a{n}" for n in range(10)}
    assert find("gradient-flow").parse(error.nearest).gain == 0.5


def test_a_long_value_is_shortened_in_the_message() -> None:
    assert len(refused("unrolled-rnn", "x=" + "1," * 500).problems[0].sentence) < 200


def test_weights_must_fit_the_units() -> None:
    error = refused("unrolled-rnn", "units=3&W_h=1,2;3,4&W_x=1,2")
    assert [p.sentence for p in error.problems] == [
        "W_x is '1,2', but must be one number, or one for each of the 3 units.",
        "W_h is '1,2;3,4', but must be one number, or 3 rows of 3.",
    ]
    assert find("unrolled-rnn").parse(error.nearest).W_h == ((1, 2, 0), (3, 4, 0), (0, 0, 0))


def test_lists_are_read_as_people_write_them() -> None:
    assert find("unrolled-rnn").parse("x=1, 2 ,3").x == (1, 2, 3)
    assert find("unrolled-rnn").parse("x=1,2&units=2&W_h=0,1;1,0").W_h == ((0, 1), (1, 0))


def test_a_parameter_without_bounds_is_a_mistake_of_the_demo() -> None:
    class Unbounded(Parameters):
        gain: float = 1.0

    class Bounded(Parameters):
        gain: float = number(1, 0, 2, step=0.1, title="Gain", says="How much.")

    with pytest.raises(TypeError, match="gain needs a title"):
        form_fields(Unbounded)
    assert form_fields(Bounded)[0].allowed == "a number from 0 to 2"


@pytest.mark.parametrize("name", DEMOS)
def test_no_parameter_takes_the_name_that_the_page_needs(name: str) -> None:
    assert "at" not in {field.name for field in find(name).fields}


def test_the_form_writes_choices_as_people_read_them() -> None:
    fields = {field.name: field for field in find("layer-shapes").fields}
    assert [fields["framework"].shown(one) for one in fields["framework"].choices] == ["Keras", "PyTorch"]
    assert [fields["batch_first"].shown(one) for one in fields["batch_first"].choices] == ["off", "on"]
    assert fields["layer"].shown("lstm") == "lstm"
