"""What an examination finds, and what would repair it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

FIRST = 5


class Cure(Enum):
    """A repair, in the order in which they are made; the value says what it does."""

    FILE = "puts every row that can be read into a new file, and keeps the damaged one beside it"
    SCHEMA = "creates it"
    IMPORT = "completes it if it was decided, and else takes it back"
    FLIPPED = "sets the bit back"
    OWNER = "puts what is missing back, under a name that says so"
    UNUSED = "deletes it, unless what is missing is put back: nobody could use it"
    ANSWER = "makes the question unanswered"
    REPLAY = "rebuilds it from the reviews"
    LOAD = "loads it from the content files"
    SEARCH = "rebuilds the search index"


@dataclass(frozen=True)
class Finding:
    """Something that is wrong: `what` and where. Either a `cure` repairs it, or `advice` says what a person can do."""

    what: str
    cure: Cure | None = None
    advice: str = ""

    def __str__(self) -> str:
        """The finding and what to do, as one or two sentences."""
        return f"{self.what} {f'`recur doctor --fix` {self.cure.value}.' if self.cure else self.advice}".rstrip()


def some(names: Sequence[object]) -> str:
    """The first few of many names: «a, b, c, d, e and 7 more»."""
    more = f" and {len(names) - FIRST:,} more" if len(names) > FIRST else ""
    return f"{', '.join(map(str, names[:FIRST]))}{more}"


def number(count: int, what: str) -> str:
    """«1 review», «2 reviews»."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
