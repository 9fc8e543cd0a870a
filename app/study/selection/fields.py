"""What a field of an address or a form may hold, and the sentence about a word that is not known."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.cards.load.search import LONGEST_QUERY
from app.invalid import OWN
from app.nearest import the_nearest_is

MOST_NAMES = 50
LISTED = 12
"""So many words a sentence lists, where there are more."""


def no_such(what: str, word: str, known: Iterable[str]) -> str:
    """The sentence about an unknown word: the nearest known one, and what there is."""
    words = list(known)
    more = f" and {len(words) - LISTED} more" if len(words) > LISTED else ""
    there_are = f" There are {', '.join(words[:LISTED])}{more}." if words else ""
    return f"There is no {what} called {word!r}.{the_nearest_is(word, words)}{there_are}"


def one_of(what: str, known: Iterable[str]) -> AfterValidator:
    """Accepts one of the known words or an empty text. The error is a whole sentence."""
    words = tuple(known)

    def check(word: str) -> str:
        if word and word not in words:
            raise PydanticCustomError(OWN, "{sentence}", {"sentence": no_such(what, word, words)})
        return word

    return AfterValidator(check)


def _storable(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError(OWN, "A name, a tag or a source has no NUL in it.")
    return text


def _names(given: object) -> object:
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        return given
    names = (name.strip() for text in texts for name in text.split(","))
    return tuple(dict.fromkeys(name for name in names if name))[:MOST_NAMES]


NONE_IF_EMPTY = BeforeValidator(lambda value: None if value == "" else value)
"""A form without a script sends every field, the empty ones too."""
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(_storable)]
Names = Annotated[tuple[Text, ...], BeforeValidator(_names)]
"""Names separated by commas, or several such texts: each name once, at most MOST_NAMES."""
Days = Annotated[Annotated[int, Field(ge=1, le=3650)] | None, NONE_IF_EMPTY]
Tick = Annotated[bool, BeforeValidator(lambda value: value != "" and value)]
Words = Annotated[str, BeforeValidator(lambda text: text.strip()[:LONGEST_QUERY] if isinstance(text, str) else text)]
"""What a person typed into a search box: any text, as far as a search reads it."""
