"""How a measurement is taken and printed."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Seconds of each run of one thing."""

    name: str
    seconds: Sequence[float]
    processor: float = 0.0
    """Seconds of the server's processors a run, where that was measured: it does not depend on what else runs."""

    @property
    def median(self) -> float:
        """Seconds."""
        return statistics.median(self.seconds)

    @property
    def p99(self) -> float:
        """Seconds that 99 of 100 runs stay under."""
        return sorted(self.seconds)[min(len(self.seconds) - 1, int(len(self.seconds) * 0.99))]


def timed(work: Callable[[], object]) -> float:
    """Seconds that one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def heading(title: str) -> None:
    """A benchmark's first line."""
    print(f"\n{title}")


def row(timing: Timing) -> None:
    """Median and p99 in milliseconds, and the processor time if it is known."""
    used = f"   processor {timing.processor * 1e3:6.1f} ms" if timing.processor else ""
    print(f"  {timing.name:<44} median {timing.median * 1e3:8.2f} ms   p99 {timing.p99 * 1e3:8.2f} ms{used}")


def ratio(name: str, value: float, floor: float | None) -> None:
    """A ratio beside what it is held to."""
    held = "" if floor is None else f"   held to ≤ {floor:g}   {'ok' if value <= floor else 'MISSED'}"
    print(f"  {name:<44} {value:6.2f} ×{held}")


def grown(what: str, small: Timing, large: Timing, most: float = 3) -> None:
    """What a page of a class takes at 1,000,000 reviews over what it takes at 10,000: round trip and processor time."""
    ratio(f"{what}: 1,000,000 reviews over 10,000", large.median / small.median, most)
    if small.processor:
        ratio(f"{what}: processor time", large.processor / small.processor, most)
