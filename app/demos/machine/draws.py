"""The numbers of a demo over many draws: the same state with every seed of a range.

One draw proves little. What a card claims of a random network is a count, a median or a quantile over draws. They are
computed once, and kept by the code and the parameters that they follow from.
"""

import functools
import hashlib
import json
import math
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import numpy as np

from app.demos.machine.figures import Values
from app.demos.machine.turns import a_turn
from app.whole_file import replace_file

APP = Path(__file__).parents[2]
MOST_DRAWS = 100
SEED = "seed"
OVER = "over"
"""What an address calls the range while its seed is another one."""
_RANGE = re.compile(r"(\d{1,4})\.\.(\d{1,4})", re.ASCII)
STATISTICS = ("count", "median", "q05", "q95")
"""In how many draws a number is 1, its median, and its quantiles of 5 and 95 per cent."""


class BadRangeError(ValueError):
    """A range of seeds that cannot be used; the message says what is wrong and what to write."""


@dataclass(frozen=True)
class Draws:
    """The seeds from `first` to `last`, both included."""

    first: int
    last: int

    @property
    def seeds(self) -> range:
        """The seeds in order."""
        return range(self.first, self.last + 1)

    def __str__(self) -> str:
        return f"{self.first}..{self.last}"


def read_draws(text: str) -> Draws:
    """The range that a text such as `0..39` names. Raises BadRangeError."""
    found = _RANGE.fullmatch(text)
    if not found:
        raise BadRangeError(f"{text[:40]!r} is not a range of seeds: write for example 0..39")
    draws = Draws(int(found[1]), int(found[2]))
    if not 2 <= len(draws.seeds) <= MOST_DRAWS:
        raise BadRangeError(f"{draws} has {len(draws.seeds)} seeds: write a range of 2 to {MOST_DRAWS}, such as 0..39")
    return draws


def split(query: str | Mapping[str, str]) -> tuple[dict[str, str], Draws | None]:
    """The parameters of one draw in a query, and the range that `seed=0..39` or `over=0..39` asks for, if any.

    The one draw is the range's first, unless a seed is named too. Raises BadRangeError.
    """
    given = dict(parse_qsl(query, keep_blank_values=True)) if isinstance(query, str) else dict(query)
    text = given.pop(OVER, None)
    if ".." in given.get(SEED, ""):
        text = given.pop(SEED)
    if text is None:
        return given, None
    draws = read_draws(text)
    return {SEED: str(draws.first)} | given, draws


def statistic(name: str, values: Values) -> float:
    """One of STATISTICS of a number's values over draws."""
    match name:
        case "count":
            return float(np.count_nonzero(values == 1))
        case "median":
            return float(np.median(values))
        case "q05" | "q95":
            part = int(name[1:]) / 100
            low, high = (float(np.quantile(values, part, method=method)) for method in ("lower", "higher"))
            # A number that never happens in some draws is infinite there; nothing lies between it and a finite one.
            return high if math.isinf(high) or low == high else float(np.quantile(values, part))
        case _:
            raise KeyError(name)


def over(demo: Any, parameters: Any, seeds: Sequence[int]) -> Mapping[str, Values]:
    """Each number of the demo at `parameters`, an array over the seeds. Computed once, then remembered.

    A number that some draws lack is left out. Raises NoTurnError as Demo.compute does.
    """
    known = KEPT.get(demo, parameters, seeds)
    if known is None:
        with a_turn(), np.errstate(all="ignore"):
            known = _compute(demo, parameters, seeds)
        KEPT.put(demo, parameters, seeds, known)
    return known


def _compute(demo: Any, parameters: Any, seeds: Sequence[int]) -> Mapping[str, Values]:
    if demo.run_all is None:
        runs = [demo.run(parameters.model_copy(update={SEED: seed})).numbers for seed in seeds]
    else:
        runs = demo.run_all(parameters, seeds)
    names = [name for name in runs[0] if all(name in run for run in runs)]
    return {name: np.array([run[name] for run in runs], float) for name in names}


class Kept:
    """What was computed over draws, in memory and in a folder. A folder that cannot be used is done without."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._memory: dict[str, Mapping[str, Values]] = {}
        self._lock = threading.Lock()

    def get(self, demo: Any, parameters: Any, seeds: Sequence[int]) -> Mapping[str, Values] | None:
        """What is known of these draws; None if they must be computed."""
        key = _key(demo, parameters, seeds)
        with self._lock:
            if key in self._memory:
                return self._memory[key]
        try:
            stored = json.loads((self.folder / f"{key}.json").read_text())
            found = {name: np.array(values, float) for name, values in stored["numbers"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        if any(values.shape != (len(seeds),) for values in found.values()):
            return None
        with self._lock:
            self._memory[key] = found
        return found

    def put(self, demo: Any, parameters: Any, seeds: Sequence[int], numbers: Mapping[str, Values]) -> None:
        """Remember the numbers of these draws."""
        key = _key(demo, parameters, seeds)
        with self._lock:
            self._memory[key] = numbers
        stored = {"demo": demo.name, "query": demo.query(parameters), "seeds": list(seeds)}
        stored["numbers"] = {name: values.tolist() for name, values in numbers.items()}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            replace_file(self.folder / f"{key}.json", json.dumps(stored).encode())
        except OSError:
            return  # without it, the next process computes them again


KEPT = Kept(APP.parent / "data" / "draws")


def _key(demo: Any, parameters: Any, seeds: Sequence[int]) -> str:
    stated = parameters.model_copy(update={SEED: 0})
    parts = (_code(demo.file), demo.query(stated), ",".join(map(str, seeds)))
    return f"{demo.name}-{hashlib.blake2b(chr(0).join(parts).encode(), digest_size=12).hexdigest()}"


@functools.cache
def _code(file: str) -> str:
    """A digest of the code that a demo's numbers follow from: its own file, its parts, the kernels, and NumPy."""
    digest = hashlib.blake2b(np.__version__.encode(), digest_size=12)
    for path in (Path(file), *sorted((APP / "demos" / "parts").glob("*.py")), *sorted((APP / "nn").glob("*.py"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class Band:
    """Where a number lies over draws, and where in it the shown draw is. `below` of the others are smaller."""

    name: str
    median: float
    low: float
    high: float
    shown: float
    below: int
    count: int | None
    """In how many draws it is 1, if it is always 0 or 1."""


def bands(numbers: Mapping[str, Values], shown: Mapping[str, float]) -> list[Band]:
    """A band for each number that differs from draw to draw."""
    found = []
    for name, values in numbers.items():
        if name not in shown or np.allclose(values, values[0], rtol=1e-9, atol=0, equal_nan=True):
            continue
        median, low, high = (statistic(one, values) for one in ("median", "q05", "q95"))
        is_flag = bool(np.isin(values, (0.0, 1.0)).all())
        count = int(statistic("count", values)) if is_flag else None
        found.append(Band(name, median, low, high, shown[name], int((values < shown[name]).sum()), count))
    return found
