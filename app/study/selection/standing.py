"""Where a card stands with a learner, as conditions that both databases can check.

They are about the columns of EVERY_CARD, with the parameters THE_LEARNER and TODAY.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, false, func, or_, select

from app.study.schedule.scheduler import MOST_MISSES
from app.tables import CARD, CARD_MARK, CARD_STATE, THE_LEARNER, TODAY

KNOWN_FROM = 21
"""Stability, in days, from which a card counts as known: three weeks on, 9 of 10 such answers are still there."""
LEECH_FROM = 4
"""Lapses from which a card counts as a leech: it costs more time than it is worth as it is."""

ITS_STATE = and_(CARD_STATE.c.learner_id == THE_LEARNER, CARD_STATE.c.card_id == CARD.c.id)
ITS_MARK = and_(CARD_MARK.c.learner_id == THE_LEARNER, CARD_MARK.c.card_id == CARD.c.id)
EVERY_CARD = CARD.outerjoin(CARD_STATE, ITS_STATE).outerjoin(CARD_MARK, ITS_MARK)
"""All cards, each beside the learner's state and mark, if there are any."""

IS_NEW = CARD_STATE.c.card_id.is_(None)
"""Never rated; ratings that were undone do not count."""
IS_LEARNING = or_(CARD_STATE.c.stability < KNOWN_FROM, CARD_STATE.c.due_at.is_not(None))
"""Rated, and either missed the last time or not yet remembered for weeks."""
IS_KNOWN = and_(CARD_STATE.c.stability >= KNOWN_FROM, CARD_STATE.c.due_at.is_(None))
"""The rest: every card is exactly one of new, learning and known."""
IS_PUT_OFF = and_(
    CARD_STATE.c.due_at.is_not(None), CARD_STATE.c.due_on >= TODAY, CARD_STATE.c.day_misses >= MOST_MISSES
)
"""Missed so often today that it waits for another day."""
IS_DUE = and_(or_(CARD_STATE.c.due_on <= TODAY, CARD_STATE.c.due_at.is_not(None)), ~IS_PUT_OFF)
"""To be asked today, now or later in the sitting, unless it is set aside."""
IS_LEECH = CARD_STATE.c.lapses >= LEECH_FROM
# Without a mark these are false, not NULL, so that their opposites hold.
IS_SUSPENDED = func.coalesce(CARD_MARK.c.is_suspended, false())
IS_BURIED = and_(CARD_MARK.c.buried_until.is_not(None), func.coalesce(CARD_MARK.c.buried_until > TODAY, false()))
IS_FLAGGED = func.coalesce(CARD_MARK.c.is_flagged, false())
IS_SET_ASIDE = or_(IS_SUSPENDED, IS_BURIED)
"""Not asked at all today, whatever its date."""

_IS_IN_FILES = CARD.c.retired_at.is_(None)
_SET_ASIDE = select(CARD_MARK.c.card_id).where(CARD_MARK.c.learner_id == THE_LEARNER, IS_SET_ASIDE)
_OTHER, _ITS_STATE = CARD.alias("other_side"), CARD_STATE.alias("state_of_side")
_RATED_TODAY = (
    select(_ITS_STATE.c.card_id)
    .join(_OTHER, _OTHER.c.id == _ITS_STATE.c.card_id)
    .where(_ITS_STATE.c.learner_id == THE_LEARNER, _ITS_STATE.c.reviewed_on == TODAY)
    .where(_OTHER.c.deck_id == CARD.c.deck_id, _OTHER.c.side_of == CARD.c.side_of)
)
"""The sides, of a card in the files, that were rated today."""
HAS_ITS_TURN = or_(
    CARD.c.side_of.is_(None),
    ~_RATED_TODAY.correlate(CARD).exists(),
    _RATED_TODAY.where(_OTHER.c.id == CARD.c.id).correlate(CARD).exists(),
)
"""Of the sides of a card one is asked a day, and again if it was missed: each gives the others away."""
MAY_BE_ASKED = and_(_IS_IN_FILES, ~_SET_ASIDE.where(CARD_MARK.c.card_id == CARD.c.id).correlate(CARD).exists())
"""For a row of `card`, whatever else the statement joins: it is in the files, and neither suspended nor buried."""
IS_ASKABLE = and_(MAY_BE_ASKED, HAS_ITS_TURN)
"""And no other side of it was asked today, so that a sitting may ask it."""
ARE_ASKABLE = and_(_IS_IN_FILES, CARD.c.id.not_in(_SET_ASIDE.correlate(None)), HAS_ITS_TURN)
"""The same for a statement that looks at many cards: the cards that are set aside are gathered first."""


class Standing(NamedTuple):
    """Where a card may stand: its name in a menu and in a sentence, and the condition on EVERY_CARD's columns.

    `why_not_asked` is a sentence for cards that no sitting and no quiz asks.
    """

    name: str
    words: str
    condition: ColumnElement[bool]
    why_not_asked: str = ""


STATES: Mapping[str, Standing] = {
    "new": Standing("new", "new", IS_NEW),
    "seen": Standing("seen before", "seen before", ~IS_NEW),
    "learning": Standing("learning", "learning", IS_LEARNING),
    "known": Standing("known", "known", IS_KNOWN),
    "due": Standing("due today", "due", and_(IS_DUE, ~IS_SET_ASIDE)),
    "leech": Standing("leech (often forgotten)", "leeches", IS_LEECH),
    "suspended": Standing(
        "suspended", "suspended", IS_SUSPENDED, "Suspended cards are not asked. Resume them in Browse to study them."
    ),
    "buried": Standing(
        "buried until a later day", "buried", IS_BURIED, "Buried cards are not asked until a later day."
    ),
    "flagged": Standing("flagged", "flagged", IS_FLAGGED),
}
"""Each by the word that addresses use. A card may be several at once."""
