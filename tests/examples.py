"""How many examples a test takes: few in `make quick`, a sample in `make test`, twenty times as many in `make proof`.

The lane is Hypothesis's profile (`pytest --hypothesis-profile=quick`), so that one option sets it for every test.
"""

import random
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from hypothesis import settings

T = TypeVar("T")
SHARES = {"quick": 0.03, "test": 1.0, "proof": 20.0}
DRAWN = SHARES | {"test": 0.3}
"""The shares of what is drawn anew at each run: three runs of `make test` draw about the number that a test names."""
FEWEST = 3


def share_of(number: int, shares: Mapping[str, float] = SHARES) -> int:
    """This lane's share of `number` examples, at least three of them."""
    return max(min(number, FEWEST), round(number * shares[settings.get_current_profile_name()]))


def examples(number: int, **more: Any) -> settings:
    """Hypothesis settings for this lane's share of `number` examples, without a deadline."""
    return settings(max_examples=share_of(number, DRAWN), deadline=None, **more)


def some(cases: Sequence[T], number: int) -> list[T]:
    """`number` of the cases in `make test`, others at each run, and all or most in `make proof`.

    The test must say in which case it failed. It cannot have them as parameters: two workers would draw other ones.
    """
    return random.SystemRandom().sample(cases, min(len(cases), share_of(number)))


def seeds(number: int) -> range:
    """Seeds of random generators: `number` of them in `make test`."""
    return range(share_of(number))


def register_profiles() -> None:
    """Make the lanes known to Hypothesis, and choose `make test`'s where none is asked for."""
    for name, share in DRAWN.items():
        settings.register_profile(name, max_examples=round(100 * share), deadline=None)
    settings.load_profile("test")
