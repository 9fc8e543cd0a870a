"""Where a card stands with a learner, as conditions that both databases can check.

They speak of EVERY_CARD's columns and are executed with `learner` and `today` (see `queue.parameters`).
"""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import BindParameter, ColumnElement, Date, and_, bindparam, func, or_

from app.tables import CARD, CARD_MARK, CARD_STATE

KNOWN_FROM = 21
"""Stability, in days, from which a card counts as known: three weeks on, 9 of 10 such answers are still there."""
LEECH_FROM = 4
"""Lapses from which a card counts as a leech: it costs more time than it is worth as it is."""

LEARNER: BindParameter[int] = bindparam("learner")
TODAY: BindParameter[date] = bindparam("today", type_=Date())

ITS_STATE = and_(CARD_STATE.c.learner_id == LEARNER, CARD_STATE.c.card_id == CARD.c.id)
ITS_MARK = and_(CARD_MARK.c.learner_id == LEARNER, CARD_MARK.c.card_id == CARD.c.id)
EVERY_CARD = CARD.outerjoin(CARD_STATE, ITS_STATE).outerjoin(CARD_MARK, ITS_MARK)
"""All cards, each beside the learner's state and mark, if there are any."""

IS_NEW = CARD_STATE.c.card_id.is_(None)
"""Never rated, as far as ratings stand."""
IS_LEARNING = or_(CARD_STATE.c.stability < KNOWN_FROM, CARD_STATE.c.due_at.is_not(None))
"""Rated, and either missed the last time or not yet remembered for weeks."""
IS_KNOWN = and_(CARD_STATE.c.stability >= KNOWN_FROM, CARD_STATE.c.due_at.is_(None))
"""The rest: every card is exactly one of new, learning and known."""
IS_DUE = or_(CARD_STATE.c.due_on <= TODAY, CARD_STATE.c.due_at.is_not(None))
"""To be asked today, now or later in the sitting."""
IS_LEECH = CARD_STATE.c.lapses >= LEECH_FROM
# Without a mark these are false, not NULL, so that their opposites hold.
IS_SUSPENDED = func.coalesce(CARD_MARK.c.is_suspended, False)
IS_BURIED = and_(CARD_MARK.c.buried_until.is_not(None), func.coalesce(CARD_MARK.c.buried_until > TODAY, False))
IS_FLAGGED = func.coalesce(CARD_MARK.c.is_flagged, False)
IS_SET_ASIDE = or_(IS_SUSPENDED, IS_BURIED)
"""Not asked at all today, whatever its date."""

STATES: Mapping[str, ColumnElement[bool]] = {
    "new": IS_NEW,
    "learning": IS_LEARNING,
    "known": IS_KNOWN,
    "due": and_(IS_DUE, ~IS_SET_ASIDE),
    "leech": IS_LEECH,
    "suspended": IS_SUSPENDED,
    "buried": IS_BURIED,
    "flagged": IS_FLAGGED,
}
"""Each by the word that people and addresses use. A card may be several at once."""
ONLY_RATED = frozenset({"learning", "known", "due", "leech"})
ONLY_MARKED = frozenset({"suspended", "buried", "flagged"})
"""Those that no card is in without a row of card_state, or of card_mark: begin with these rows, for they are fewer."""
