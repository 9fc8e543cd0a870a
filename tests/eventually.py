"""Waits for what another thread or process brings about."""

import time
from collections.abc import Callable

PATIENCE = 30
"""Seconds: no promise, only the end of waiting."""


def eventually(is_so: Callable[[], bool]) -> None:
    """Return once it is so. Fails if it never comes to be."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end, "it never came to be so"
        time.sleep(0.02)
