"""The scale on which a learner rates an answer."""

from enum import IntEnum


class Rating(IntEnum):
    """How well the answer was known, as pressed: 1 to 5, with a line between 2 and 3."""

    NOT_AT_ALL = 1
    HARDLY = 2
    WITH_EFFORT = 3
    WELL = 4
    PERFECTLY = 5

    @property
    def word(self) -> str:
        """The word on the button."""
        return self.name.replace("_", " ").capitalize()

    @property
    def missed(self) -> bool:
        """Whether the answer counts as not known, so that the card comes back within the sitting."""
        return self <= Rating.HARDLY
