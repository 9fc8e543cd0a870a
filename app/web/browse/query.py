"""What an address of /browse asks for, written again in its shortest form."""

from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from pydantic import Field
from sqlmodel import Session

from app.study.selection.browse import SORTS, Wanted
from app.study.selection.fields import Text, one_of
from app.study.selection.selection import Selection
from app.web.frame.decks import deck_named, topic_titles

BY_RANK = "relevance"


class Query(Selection, frozen=True):
    """A selection of the cards of a deck or of all, in an order, and which page of them."""

    deck: Text = ""
    sort: Annotated[Text, one_of("order", (BY_RANK, *SORTS))] = ""
    page: Annotated[int, Field(ge=1)] = 1

    def in_deck(self, deck: str) -> dict[str, str]:
        """The selection and a deck, as the addresses of a sitting and of a quiz have them."""
        return ({"deck": deck} if deck else {}) | dict(self.pairs)

    def address(self, **changes: object) -> str:
        """The address of this state with `changes`, without what is empty."""
        page = self.page if self.page > 1 else None
        whole = self.in_deck(self.deck) | {"sort": self.sort, "page": page} | changes
        query = urlencode({name: value for name, value in whole.items() if value})
        return f"/browse?{query}" if query else "/browse"

    def differs_only_in_words(self, address: str) -> bool:
        """Whether `address` asks for the same but for what is searched for, and so is a step on the way to this one."""
        there, here = (dict(parse_qsl(one.partition("?")[2])) for one in (address, self.address()))
        return all(there.get(name) == here.get(name) for name in Query.model_fields if name not in ("q", "page"))

    @property
    def is_filtered(self) -> bool:
        """Whether anything but the words and the order is asked for."""
        return bool(self.in_deck(self.deck).keys() - {"q"})

    def wanted(self, session: Session) -> Wanted:
        """As the study room takes it. Raises NotHereError for a deck or topic that does not exist."""
        deck = deck_named(session, self.deck) if self.deck else None
        if self.topic:
            topic_titles(session, self.topic, deck)
        sort = None if self.sort == BY_RANK else self.sort or None
        return Wanted(self, deck.id if deck else None, sort, self.page)
