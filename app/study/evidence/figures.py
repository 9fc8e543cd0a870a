"""The sums that evidence is made of, and what follows from them: shares, means, and how far to trust them."""

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, NamedTuple

from app.study.forecast.calibration import Tally, Z


class CellKind(StrEnum):
    """What the answers of a cell have in common, beside the card and the version of its text."""

    FIRST = "first"
    """They were the learner's first look at the card."""
    LATER = "later"
    """They came a day or more after the rating before, so that something was recalled."""
    SLIP = "slip"
    """They made the same known slip; the cell's `what` names it."""
    VALUE = "value"
    """They gave the same wrong value; `what` says which, and what was asked."""
    BOTH = "both"
    """Their learners had missed another card as well, which leads to this one; `what` is its id."""


class FigureCell(NamedTuple):
    """The answers to one card that are summed up together. `version_id` is 0 if its text then is not stored."""

    card_id: int
    version_id: int
    kind: CellKind
    what: str = ""

    @classmethod
    def of(cls, row: Any) -> "FigureCell":
        """The cell of a row of the table evidence."""
        return cls(row.card_id, row.version_id, CellKind(row.kind), row.what)


@dataclass(slots=True)
class Figures:
    """Sums over answers. They may be added, and follow from each learner's own sums alone.

    `rating` is the sum of the ratings, `seconds` the sum over the `timed` answers, `expected` the sum of the chances of
    recall. The last three are sums over learners of r², r·n and n², where n is a learner's answers and r the sum of
    (recalled - chance) over them.
    """

    learners: int = 0
    looks: int = 0
    missed: int = 0
    rating: int = 0
    seconds: int = 0
    timed: int = 0
    expected: float = 0.0
    squares: float = 0.0
    products: float = 0.0
    sizes: int = 0

    def add(self, other: "Figures") -> None:
        """Add the sums of other learners."""
        # One by one: a page adds thousands.
        self.learners += other.learners
        self.looks += other.looks
        self.missed += other.missed
        self.rating += other.rating
        self.seconds += other.seconds
        self.timed += other.timed
        self.expected += other.expected
        self.squares += other.squares
        self.products += other.products
        self.sizes += other.sizes

    def as_one_learner(self) -> "Figures":
        """These sums, if all of them are of the same learner."""
        residual = self.looks - self.missed - self.expected
        self.learners, self.squares, self.products, self.sizes = 1, residual**2, residual * self.looks, self.looks**2
        return self

    @property
    def share_missed(self) -> float:
        """The share that was missed, 0 to 1. Ask only if there are looks."""
        return self.missed / self.looks

    @property
    def mean_rating(self) -> float:
        """The mean rating, 1 to 5. Ask only if there are looks."""
        return self.rating / self.looks

    @property
    def mean_seconds(self) -> float | None:
        """The mean time from the question to the rating, in seconds; None if none was taken."""
        return self.seconds / self.timed if self.timed else None

    @property
    def beyond(self) -> float:
        """Observed minus predicted recall, as a share of the looks. Ask only if there are looks."""
        return (self.looks - self.missed - self.expected) / self.looks

    @property
    def variance(self) -> float:
        """The variance of `beyond`, where answers of one learner may depend on each other.

        The sum over learners of (r - n·mean)², with the factor L / (L - 1) for L learners (Liang and Zeger 1986).
        """
        mean, many = self.beyond, self.learners
        spread = self.squares - 2 * mean * self.products + mean**2 * self.sizes
        return max(0.0, spread) / self.looks**2 * many / max(1, many - 1)

    @property
    def interval(self) -> tuple[float, float]:
        """The 90 % interval of the share missed. Ask only if there are looks."""
        return Tally(self.looks, self.missed).interval


NAMES = tuple(field.name for field in fields(Figures))


def student(freedom: float) -> float:
    """How many standard deviations to each side a 90 % interval has, with so many degrees of freedom.

    By Cornish and Fisher's series in 1 / freedom (Abramowitz and Stegun 26.7.5): 0.3 % off at 4, less above.
    """
    v = max(1.0, freedom)
    terms = (
        (Z**3 + Z) / 4,
        (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96,
        (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384,
        (79 * Z**9 + 776 * Z**7 + 1482 * Z**5 - 1920 * Z**3 - 945 * Z) / 92160,
    )
    return Z + sum(term / v**power for power, term in enumerate(terms, 1))
