"""Any state of any demo, drawn by Hypothesis from the bounds that its own form states."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st

from app.demos.machine.demo import BadParametersError, Demo
from app.demos.machine.numbers import plain
from app.demos.machine.parameters import ENTRY, FormField

AnyDemo = Demo[Any]
_entries = st.floats(-ENTRY, ENTRY).map(lambda value: plain(round(value, 3)))


def _text(field: FormField) -> st.SearchStrategy[str]:
    match field.kind:
        case "number" if field.whole:
            return st.integers(int(field.low), int(field.high)).map(str)
        case "number":
            return st.one_of(
                st.floats(field.low, field.high, allow_subnormal=False), st.sampled_from([field.low, field.high])
            ).map(plain)
        case "text":
            return st.text(field.choices, min_size=int(field.low), max_size=int(field.high))
        case "numbers":
            return st.lists(_entries, min_size=1, max_size=12).map(",".join)
        case "matrix":
            return st.integers(1, 4).flatmap(
                lambda n: st.lists(
                    st.lists(_entries, min_size=n, max_size=n).map(",".join), min_size=n, max_size=n
                ).map(";".join)
            )
    return st.sampled_from(field.choices)


@pytest.fixture(scope="session")
def states() -> Callable[[AnyDemo], st.SearchStrategy[Any]]:
    """Parameters of a demo; values that do not fit each other are replaced by the nearest that do."""

    def fitting(demo: AnyDemo, texts: dict[str, str]) -> Any:
        try:
            return demo.parse(texts)
        except BadParametersError as error:
            return demo.parse(error.nearest)

    return lambda demo: st.fixed_dictionaries({}, optional={f.name: _text(f) for f in demo.fields}).map(
        lambda texts: fitting(demo, texts)
    )
