"""Whether a link to a demo is right, and the demo computes the numbers that a card quotes."""

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from app.demos.machine.demo import BadParametersError
from app.demos.machine.draws import KEPT, OVER, SEED, STATISTICS, Draws, over, split, statistic
from app.demos.registry import FindDemo, UnknownDemoError, find
from app.nearest import did_you_mean

NEXT_SEEDS = 3
"""So many further seeds show whether a number depends on the draw."""
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_NOT_FINITE = {"inf", "-inf", "nan"}


def is_random(query: str) -> bool:
    """True if the address of a demo's state names a seed, or a range of them."""
    return f"{SEED}=" in query or f"{OVER}=" in query


@lru_cache(maxsize=20_000)
def demo_mistakes(name: str, query: str, numbers: str, find_demo: FindDemo = find) -> Sequence[str]:
    """What is wrong with a demo link: its name, its parameters, or a stated number that the demo does not compute.

    `numbers` is the part after #, as name=value joined by &. A value must be the computed number, rounded to as many
    digits as the value has. Over a range of seeds it is a statistic of the draws, as in median:loss=0.12.
    """
    try:
        demo = find_demo(name)
        parameters, draws = demo.parse(query), split(query)[1]
        computed = demo.compute(parameters).numbers if draws is None else over(demo, parameters, draws.seeds)
    except UnknownDemoError as error:
        return [str(error)]
    except BadParametersError as error:
        return [f"demo {name}: {error}"]
    except Exception as error:  # a demo that fails must not keep the other cards from being checked
        return [f"demo {name} failed: {error!r}"]
    return [f"demo {name}{problem}" for part in _parts(numbers) if (problem := _problem(part, computed, draws))]


def _parts(numbers: str) -> Sequence[str]:
    return numbers.split("&") if numbers else ()


def _problem(stated: str, computed: Mapping[str, Any], draws: Draws | None) -> str | None:
    """What is wrong with one stated number, to follow the demo's name."""
    number, equals, value = stated.partition("=")
    if not equals or not number:
        return f": state a number as #name=value, not {stated!r}"
    kind, colon, name = number.rpartition(":")
    if colon and kind not in STATISTICS:
        return f": {kind!r} is none of {', '.join(STATISTICS)}, which are written before a number, as in median:loss"
    if name not in computed:
        near = did_you_mean(name, computed) or f" Its numbers are {', '.join(computed)}."
        return f" computes no number {name!r}.{near}"
    if draws is None:
        if colon:
            return f": {number} is a statistic of many draws: ask for a range of seeds, as in seed=0..39"
        problem = _difference(value, float(computed[name]))
    elif colon:
        problem = _difference(value, statistic(kind, computed[name]))
    else:
        problems = [_difference(value, float(one)) for one in computed[name]]
        if any(problems):
            ways = ", ".join(f"{way}:{name}" for way in STATISTICS)
            return f": {name} is not {value} in every draw of {draws}: state one of {ways}"
        problem = None
    return f": {number}={value} {problem}" if problem else None


@lru_cache(maxsize=20_000)
def is_of_one_draw(name: str, query: str, numbers: str, find_demo: FindDemo = find) -> bool:
    """True if a link names one seed, and a number that it states is another one under the next seeds."""
    needed = _needed_draws(name, query, find_demo) if "=" in numbers else None
    if needed is None or needed.is_range:
        return False
    try:
        computed = over(needed.demo, needed.parameters, needed.draws.seeds)
    except Exception:  # a demo that fails must not keep the other cards from being checked
        return False
    return any(
        name in computed and any(_difference(value, float(one)) for one in computed[name][1:])
        for name, _, value in (part.partition("=") for part in _parts(numbers))
    )


def is_known(name: str, query: str, numbers: str, find_demo: FindDemo = find) -> bool:
    """True if what a link states can be judged at once, because its draws were computed before or it needs none."""
    needed = _needed_draws(name, query, find_demo) if numbers else None
    return needed is None or KEPT.get(needed.demo, needed.parameters, needed.draws.seeds) is not None


def settle(name: str, query: str, numbers: str, find_demo: FindDemo = find) -> None:
    """Compute what judging a link takes, however long that is: then `is_known` is true of it."""
    is_of_one_draw(name, query, numbers, find_demo)
    demo_mistakes(name, query, numbers, find_demo)


class _Needed(NamedTuple):
    """The draws that judging a link takes: the range that it names, or its one seed and the next."""

    demo: Any
    parameters: Any
    draws: Draws
    is_range: bool


def _needed_draws(name: str, query: str, find_demo: FindDemo) -> _Needed | None:
    """None if the demo draws nothing, or the link cannot be read."""
    try:
        demo = find_demo(name)
        parameters, draws = demo.parse(query), split(query)[1]
    except Exception:  # demo_mistakes says which
        return None
    seed = getattr(parameters, SEED, None)
    if seed is None:
        return None
    return _Needed(demo, parameters, draws or Draws(seed, seed + NEXT_SEEDS), is_range=draws is not None)


def _difference(printed: str, value: float) -> str | None:
    """How a printed number differs from the computed one, or None if it does not."""
    if printed in _NOT_FINITE or not math.isfinite(value):
        same = repr(value) == printed.replace("+", "")
        return None if same else f"is stated, but {value!r} is computed"
    if not _NUMBER.fullmatch(printed):
        return "is no number: write digits with a point, without spaces or thousands separators"
    stated = Decimal(printed.replace("−", "-"))
    step = Decimal(1).scaleb(int(stated.as_tuple().exponent))
    # Half a step of the last printed digit either way, and a little for ties that binary fractions cannot hold.
    if abs(Decimal(value) - stated) <= step / 2 * (1 + Decimal("1e-9")):
        return None
    places = max(0, -int(stated.as_tuple().exponent))
    return f"is stated, but {value:.10g} is computed: write {value:.{min(places, 20)}f}, and so in the words around it"
