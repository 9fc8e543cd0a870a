"""Numbers over many draws: which draws an address asks for, what is computed, kept and said of them."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.demos.machine import draws as draws_module
from app.demos.machine.demo import BadParametersError
from app.demos.machine.draws import BadRangeError, Draws, Kept, bands, over, split, statistic
from app.demos.registry import all_demos, find
from tests.examples import examples

DRAWING = [demo.name for demo in all_demos().values() if any(field.name == "seed" for field in demo.fields)]


@pytest.fixture
def kept(tmp_path, monkeypatch) -> Callable[[], Kept]:
    """A memory of a new process over the test's own folder."""

    def new() -> Kept:
        memory = Kept(tmp_path / "draws")
        monkeypatch.setattr(draws_module, "KEPT", memory)
        return memory

    return new


@pytest.mark.parametrize(
    ("query", "given", "wanted"),
    [
        ("gain=1", {"gain": "1"}, None),
        ("gain=1&seed=3", {"gain": "1", "seed": "3"}, None),
        ("gain=1&seed=3..42", {"gain": "1", "seed": "3"}, Draws(3, 42)),
        ("seed=7&over=0..39", {"seed": "7"}, Draws(0, 39)),
        ("over=5..6", {"seed": "5"}, Draws(5, 6)),
    ],
)
def test_what_an_address_asks_for(query, given, wanted):
    assert split(query) == (given, wanted)


@pytest.mark.parametrize("text", ["0..", "..", "a..b", "5..5", "9..1", "0..100", "0..12345", "-1..3", "0...3", "¹..3"])
def test_a_range_that_cannot_be_is_refused_with_one_that_can(text):
    with pytest.raises(BadRangeError, match=r"0\.\.39"):
        split(f"seed={text}" if ".." in text else text)
    with pytest.raises(BadParametersError, match="range"):
        find("gradient-flow").parse(f"seed={text}")


@examples(30)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50))
def test_statistics_are_numpys(values):
    array = np.array(values)
    assert statistic("median", array) == np.median(array)
    assert statistic("q05", array) <= statistic("median", array) <= statistic("q95", array)
    assert statistic("count", (array > 0).astype(float)) == sum(value > 0 for value in values)


@examples(100)
@given(st.lists(st.sampled_from([0.5, 2.0, 3.0, float("inf")]), min_size=2, max_size=40))
def test_what_never_happens_in_some_draws_has_quantiles_too(values: list[float]) -> None:
    large = np.minimum(values, 1e30)  # in place of infinity, which NumPy cannot interpolate
    for name in ("median", "q05", "q95"):
        found, wanted = statistic(name, np.array(values)), statistic(name, large)
        assert found == pytest.approx(wanted) if wanted < 1e20 else found == float("inf")


@pytest.mark.parametrize("name", DRAWING)
def test_each_draw_is_the_demo_at_its_seed(name, kept):

    kept()
    demo = find(name)
    cheap = {"updates": "10"} if demo.training else {}
    parameters = demo.parse(cheap)
    computed = over(demo, parameters, (0, 3, 4))
    assert computed
    for place, seed in enumerate((0, 3, 4)):
        alone = demo.run(parameters.model_copy(update={"seed": seed})).numbers
        for number, values in computed.items():
            np.testing.assert_allclose(values[place], alone[number], rtol=1e-7, atol=1e-9, err_msg=number)


def test_what_was_computed_is_kept_for_the_next_process_by_code_and_parameters(kept, monkeypatch):
    demo = find("gradient-flow")
    parameters = demo.parse("steps=5&input=1&seed=9")
    memory = kept()
    first = over(demo, parameters, range(3))
    assert memory.get(demo, demo.parse("steps=5&input=1&seed=2"), range(3)) is first  # the seed itself is no part of it
    assert memory.get(demo, demo.parse("steps=6&input=1"), range(3)) is None
    assert memory.get(demo, parameters, range(4)) is None
    again = kept().get(demo, parameters, range(3))
    assert again is not None
    assert {name: values.tolist() for name, values in again.items()} == {n: v.tolist() for n, v in first.items()}
    (file,) = memory.folder.glob("*.json")
    for broken in ("", "[]", '{"numbers": 3}', '{"numbers": {"ratio": [1]}}'):
        file.write_text(broken)
        assert kept().get(demo, parameters, range(3)) is None
    monkeypatch.setattr(draws_module, "_code", lambda file: "other code")
    assert memory.get(demo, parameters, range(3)) is None


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(draws_module, "KEPT", Kept(tmp_path / "file" / "draws"))
    demo = find("gradient-flow")
    assert over(demo, demo.parse("steps=2"), range(2))["T"].tolist() == [2, 2]


def test_a_band_says_where_the_shown_draw_lies():
    numbers = {
        "same": np.ones(5),
        "rounded": 3 * (1 + 1e-15 * np.arange(5)),
        "loss": np.array([5.0, 1, 2, 3, 4]),
        "learned": np.array([1.0, 0, 1, 1, 0]),
    }
    loss, learned = bands(numbers, {"same": 1, "rounded": 3, "loss": 3, "learned": 0, "only here": 2})
    assert (loss.name, loss.median, loss.below, loss.count) == ("loss", 3, 2, None)
    assert loss.low == pytest.approx(1.2)
    assert loss.high == pytest.approx(4.8)
    assert (learned.name, learned.count, learned.shown) == ("learned", 3, 0)


@pytest.mark.parametrize(
    "state",
    [
        "long-memory?gap=6&updates=20",
        "long-memory?gap=3&noise=0&gain=2&keep=-1&rate=1&updates=10",
        "training-symptoms?cell=lstm&gap=4&updates=20&clip=1",
        "training-symptoms?cell=gru&gap=4&updates=0",
        "training-symptoms?gap=5&gain=3&rate=100&updates=30",
    ],
)
def test_a_batch_of_draws_equals_the_single_runs(state: str) -> None:
    name, _, query = state.partition("?")
    demo = find(name)
    assert demo.run_all is not None
    with np.errstate(all="ignore"):
        together = demo.run_all(demo.parse(query), range(6))
        for seed, numbers in enumerate(together):
            alone = demo.run(demo.parse(f"{query}&seed={seed}")).numbers
            assert numbers == pytest.approx(alone, rel=1e-12, abs=1e-12, nan_ok=True)


def test_every_demo_that_trains_and_draws_runs_its_draws_side_by_side() -> None:
    """A loop of trainings would take most of a check's time."""
    assert all(find(name).run_all for name in DRAWING if find(name).training)
