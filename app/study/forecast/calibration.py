"""What was foretold beside what happened: by chance, for each way of foretelling, and by how sure the learner was."""

import math
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

FORETOLD_BY = ("fsrs", "corrected", "sm2")
"""The ways of foretelling: FSRS alone, FSRS corrected by the learner's recalls, and SM-2."""
BINS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95)
"""The least chance of each bin. The bins are narrower where most chances are."""
SURENESS = ("a guess", "fairly sure", "certain")
"""How sure a learner may say to be before the reveal: 1 to SUREST in the table review."""
_LEAST, _MOST = 1e-4, 1 - 1e-4
Z = 1.645
"""Standard deviations to each side of a 90 % interval."""


@dataclass(slots=True)
class Tally:
    """How many answers there were, how many were right, and the sum of the chances foretold for them."""

    asked: int = 0
    recalled: int = 0
    expected: float = 0.0

    @property
    def share(self) -> float:
        """The share that was right, 0 to 1. Ask only if something was asked."""
        return self.recalled / self.asked

    @property
    def foretold(self) -> float:
        """The mean chance foretold. Ask only if something was asked."""
        return self.expected / self.asked

    @property
    def interval(self) -> tuple[float, float]:
        """The 90 % interval of the share (Wilson 1927). Ask only if something was asked."""
        n, p, z = self.asked, self.share, Z
        middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        low, high = (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)
        return min(p, max(0.0, low)), max(p, min(1.0, high))


@dataclass(slots=True)
class Foretold:
    """One way of foretelling: its answers by bin, and its log loss, in nats, over all of them."""

    bins: list[Tally] = field(default_factory=lambda: [Tally() for _ in BINS])
    loss: float = 0.0

    @property
    def all(self) -> Tally:
        """All answers."""
        return Tally(*(sum(getattr(one, name) for one in self.bins) for name in ("asked", "recalled", "expected")))

    @property
    def log_loss(self) -> float:
        """The mean log loss, in nats: 0 is perfect, a coin has 0.693. Ask only if there are answers."""
        return self.loss / self.all.asked

    @property
    def given(self) -> float:
        """The chance that was given to what then happened, 0 to 1: the geometric mean. A coin gives 0.5."""
        return math.exp(-self.log_loss)

    def add(self, chance: float, recalled: bool) -> None:
        """Add an answer for which `chance` was foretold."""
        one = self.bins[bisect_right(BINS, chance) - 1]
        one.asked += 1
        one.recalled += recalled
        one.expected += chance
        chance = min(max(chance, _LEAST), _MOST)
        self.loss -= math.log(chance if recalled else 1 - chance)


@dataclass(slots=True)
class Calibration:
    """The recalls of a learner by FORETOLD_BY, and the answers before which they said how sure they were."""

    by: dict[str, Foretold] = field(default_factory=lambda: {name: Foretold() for name in FORETOLD_BY})
    sure: list[Tally] = field(default_factory=lambda: [Tally() for _ in SURENESS])

    @property
    def recalls(self) -> int:
        """How many recalls there were."""
        return self.by["fsrs"].all.asked

    def add_sure(self, level: int, recalled: bool) -> None:
        """Add an answer before which the learner was as sure as `level`, from 1, says."""
        one = self.sure[level - 1]
        one.asked += 1
        one.recalled += recalled

    def plain(self) -> dict[str, Any]:
        """As values of JSON. Floats keep every bit."""
        return {
            "by": {n: [one.loss, [[t.asked, t.recalled, t.expected] for t in one.bins]] for n, one in self.by.items()},
            "sure": [[t.asked, t.recalled] for t in self.sure],
        }

    @classmethod
    def of(cls, plain: dict[str, Any]) -> "Calibration":
        """From what `plain` gave."""
        by = {name: Foretold([Tally(*one) for one in bins], loss) for name, (loss, bins) in plain["by"].items()}
        return cls(by, [Tally(*one) for one in plain["sure"]])
