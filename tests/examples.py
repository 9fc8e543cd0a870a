"""How many random examples a test takes: few in `make quick`, all in `make test`, twenty times as many in `make proof`.

The lane is Hypothesis's profile (`pytest --hypothesis-profile=quick`), so that one option sets it for every test.
"""

from typing import Any

from hypothesis import settings

SHARES = {"quick": 0.03, "test": 1.0, "proof": 20.0}
FEWEST = 3


def share_of(number: int) -> int:
    """This lane's share of `number` examples, at least three of them."""
    return max(min(number, FEWEST), round(number * SHARES[settings.get_current_profile_name()]))


def examples(number: int, **more: Any) -> settings:
    """Hypothesis settings for `number` examples in `make test`, without a deadline."""
    return settings(max_examples=share_of(number), deadline=None, **more)


def seeds(number: int) -> range:
    """Seeds of random generators: `number` of them in `make test`."""
    return range(share_of(number))


def register_profiles() -> None:
    """Make the lanes known to Hypothesis, and choose `make test`'s where none is asked for."""
    for name, share in SHARES.items():
        settings.register_profile(name, max_examples=round(100 * share), deadline=None)
    settings.load_profile("test")
