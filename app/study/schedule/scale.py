"""The scale on which a learner rates an answer."""

from enum import IntEnum


class Rating(IntEnum):
    """How well the answer was known, as pressed: 1 to 5.

    `word` is the word on the button. `missed` is True below the line between 2 and 3: the answer counts as not known,
    and the card comes back within the sitting.
    """

    word: str
    missed: bool

    def __init__(self, value: int) -> None:
        self.word = self._name_.replace("_", " ").capitalize()
        self.missed = value <= 2

    NOT_AT_ALL = 1
    HARDLY = 2
    WITH_EFFORT = 3
    WELL = 4
    PERFECTLY = 5
