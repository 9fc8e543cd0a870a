"""Which number is chosen, and what the address keeps of it."""

import pytest

from app.demos.machine.state import State, state_of
from app.demos.registry import find


def unrolled(**given: str) -> State:
    return state_of(find("unrolled-rnn"), given)


def test_without_a_choice_the_demo_chooses_and_the_address_is_the_plain_one() -> None:
    state = unrolled()
    assert state.chosen is not None
    assert state.chosen.at == "h1,3"
    assert state.query == find("unrolled-rnn").query(state.parameters)


def test_a_choice_moves_the_step_that_the_trace_follows() -> None:
    state = unrolled(at="z1,5", step="2")
    assert state.parameters.step == 5
    assert state.chosen is not None
    assert state.chosen.at == "z1,5"
    assert state.query.endswith("&step=5&at=z1")


def test_a_row_alone_takes_its_column_from_the_step() -> None:
    state = unrolled(at="z1", step="2")
    assert state.chosen is not None
    assert state.chosen.at == "z1,2"


def test_elsewhere_row_and_column_are_kept() -> None:
    state = state_of(find("gradient-flow"), {"at": "passed,7"})
    assert state.chosen is not None
    assert (state.chosen.at, state.chosen.kept) == ("passed,7", "passed,7")
    assert state.query.endswith("&at=passed,7")
    assert state.chosen.arithmetic.result == pytest.approx(0.9)


@pytest.mark.parametrize("at", ["", "h9,1", "nothing", ",", "h1,", "h1,0", "h1,999999", "h1,-3", "h1,x", "9" * 9999])
def test_a_choice_that_is_not_there_falls_back(at: str) -> None:
    state = unrolled(at=at)
    assert state.chosen is not None
    assert state.chosen.key == "h1"
    assert 1 <= state.parameters.step <= 6


def test_the_address_of_a_state_leads_to_it_again() -> None:
    for query in ({"at": "y,4"}, {"at": "wx1,1", "units": "2"}):
        state = unrolled(**query)
        again = unrolled(**dict(part.split("=") for part in state.query.split("&")))
        assert again.query == state.query
        assert again.chosen is not None
        assert state.chosen is not None
        assert again.chosen.at == state.chosen.at
