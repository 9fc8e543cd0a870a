"""/cards/…/versions: what a card said, and from when on."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime
from difflib import SequenceMatcher
from itertools import pairwise

from sqlalchemy import bindparam
from sqlmodel import Session, col, select
from starlette.responses import Response

from app.models import CardVersion
from app.web.frame.decks import card_named
from app.web.frame.here import Here

LONGEST_COMPARED = 4_000
"""Words and gaps of a version: finding what two longer ones share takes too long."""


def versions(here: Here, deck: str, name: str) -> Response:
    """Show every version of a card, the newest first, each with what changed in it."""
    with here.reading() as session:
        chosen, found = card_named(session, deck, name, here.learner_id)
        kept = versions_of(session, found.id)
        pieces = [[("same", one.markdown) for one in kept[:1]]]
        pieces += [list(changes(before.markdown, after.markdown)) for before, after in pairwise(kept)]
        shown = list(enumerate(zip(kept, pieces, strict=True), 1))[::-1]
        learner = here.learner(session)
        zone, today = learner.zone, learner.day(here.now)
        return here.page("cards/versions.html", deck=chosen, card=found, versions=shown, zone=zone, today=today)


_OF_CARD = select(CardVersion).where(CardVersion.card_id == bindparam("card")).order_by(col(CardVersion.id))


def versions_of(session: Session, card_id: int) -> Sequence[CardVersion]:
    """The versions of a card, from the first to the one it has now."""
    return session.exec(_OF_CARD, params={"card": card_id}).all()


def number_at(versions: Sequence[CardVersion], moment: datetime) -> int | None:
    """The number, from 1, of the version that a card had at a moment (aware). None if it is older than all of them."""
    return bisect_right(versions, moment, key=lambda version: version.loaded_at) or None


def changes(before: str, after: str) -> Iterator[tuple[str, str]]:
    """The words of two texts in order, in pieces of a kind: same (in both), gone (in `before`) or new (in `after`)."""
    old, new = (re.findall(r"\s+|[^\s]+", text) for text in (before, after))
    if max(len(old), len(new)) > LONGEST_COMPARED:
        yield from (("gone", before), ("new", after))
        return
    for how, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if how == "equal":
            yield ("same", "".join(old[a:b]))
            continue
        if a < b:
            yield ("gone", "".join(old[a:b]))
        if c < d:
            yield ("new", "".join(new[c:d]))
