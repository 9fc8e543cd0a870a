"""Whether a link to a demo is right, and the demo computes the numbers that a card quotes."""

import math
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from app.demos.machine.demo import BadParametersError
from app.demos.registry import UnknownDemoError, find
from app.nearest import did_you_mean

FindDemo = Callable[[str], Any]
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_NOT_FINITE = {"inf", "-inf", "nan"}


@lru_cache(maxsize=20_000)
def demo_mistakes(name: str, query: str, numbers: str, find_demo: FindDemo = find) -> Sequence[str]:
    """What is wrong with a demo link: its name, its parameters, or a stated number that the demo does not compute.

    `numbers` is the part after #, as name=value joined by &. A value must be the computed number, rounded to as many
    digits as the value has.
    """
    try:
        demo = find_demo(name)
        computed = demo.compute(demo.parse(query)).numbers
    except UnknownDemoError as error:
        return [str(error)]
    except BadParametersError as error:
        return [f"demo {name}: {error}"]
    except Exception as error:  # a demo that fails must not keep the other cards from being checked
        return [f"demo {name} failed: {error!r}"]
    found = []
    for stated in numbers.split("&") if numbers else ():
        number, equals, value = stated.partition("=")
        if not equals or not number:
            found.append(f"demo {name}: state a number as #name=value, not {stated!r}")
        elif number not in computed:
            near = did_you_mean(number, computed) or f" Its numbers are {', '.join(computed)}."
            found.append(f"demo {name} computes no number {number!r}.{near}")
        elif problem := _difference(value, float(computed[number])):
            found.append(f"demo {name}: {number}={value} {problem}")
    return found


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
