"""Which passwords are too easy to guess."""

from collections.abc import Sequence

SHORTEST = 8
LONGEST = 256
EASY = 1
"""Of zxcvbn's scores 0 to 4: below a million guesses."""
_LOOKED_AT = 72
"""Characters: what is longer is hard to guess, and would take long to look at."""


def weakness(password: str, about: Sequence[str] = ()) -> str | None:
    """Why this password is refused, as the rest of a sentence that begins with its name; None if it is good enough.

    `about` holds what a guess would begin with, such as the person's name.
    """
    if len(password) < SHORTEST:
        return f"must have at least {SHORTEST} characters"
    if len(password) > LONGEST:
        return f"can have at most {LONGEST} characters"
    from zxcvbn import zxcvbn  # its lists of words take 60 ms to import

    if zxcvbn(password[:_LOOKED_AT], ["recur", *about])["score"] <= EASY:
        return "is too easy to guess: it is common, or a word with a few changes. Three or four words are better"
    return None
