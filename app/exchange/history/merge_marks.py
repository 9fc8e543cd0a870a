"""Merges the marks, notes and own tags of a history with those in the database."""

from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from app.exchange.history.format import MarkLine
from app.exchange.history.placeholders import HistoryCards
from app.tables import CARD_MARK, OWN_TAG, THE_LEARNER

BETWEEN = "\n---\n"
"""Separates two different notes on one card."""
BATCH = 1_000
_KEY = (CARD_MARK.c.learner_id == THE_LEARNER) & (CARD_MARK.c.card_id == bindparam("card"))
_CHANGE = update(CARD_MARK).where(_KEY)
_SAID = ("buried_until", "is_suspended", "is_flagged", "note")


class MarkMerger:
    """Takes lines, a batch at a time, in the caller's transaction. `changed` counts the cards that they changed."""

    def __init__(self, connection: Connection, learner_id: int, cards: HistoryCards) -> None:
        self.connection = connection
        self.learner_id = learner_id
        self.cards = cards
        self.changed = 0
        self._pending: dict[int, MarkLine] = {}

    def add(self, number: int, line: MarkLine) -> None:
        """Take a line. Raises HistoryError if its card has no line of kind card."""
        card_id = self.cards.present_id_of(number, line)
        if card_id in self._pending:
            self.store()  # the card had two names in the file
        self._pending[card_id] = line
        if len(self._pending) == BATCH:
            self.store()

    def store(self) -> None:
        """Write the lines of this batch."""
        ids = list(self._pending)
        mine = (CARD_MARK.c.learner_id == self.learner_id, CARD_MARK.c.card_id.in_(ids))
        here = {row["card_id"]: row for row in self.connection.execute(select(CARD_MARK).where(*mine)).mappings()}
        mine = (OWN_TAG.c.learner_id == self.learner_id, OWN_TAG.c.card_id.in_(ids))
        query = select(OWN_TAG.c.card_id, OWN_TAG.c.tag).where(*mine)
        tagged = {(card, tag) for card, tag in self.connection.execute(query)}
        new, changed, tags = [], [], []
        for card_id, line in self._pending.items():
            there = {name: getattr(line, name) for name in _SAID}
            fresh = [(card_id, tag) for tag in dict.fromkeys(line.tags) if (card_id, tag) not in tagged]
            tags += [{"learner_id": self.learner_id, "card_id": card, "tag": tag} for card, tag in fresh]
            before = {name: here[card_id][name] for name in _SAID} if card_id in here else None
            after = there if before is None else merged(before, there)
            if before is None and any(after.values()):
                new.append({"learner_id": self.learner_id, "card_id": card_id, **after})
            elif before is not None and after != before:
                changed.append({"learner": self.learner_id, "card": card_id, **after})
            self.changed += bool(fresh) or after != (before or merged({}, {}))
        for statement, rows in ((insert(CARD_MARK), new), (_CHANGE, changed), (insert(OWN_TAG), tags)):
            if rows:
                self.connection.execute(statement, rows)
        self._pending.clear()


def merged(here: dict[str, Any], there: dict[str, Any]) -> dict[str, Any]:
    """Merge the marks on a card. Where both places have one, `here` wins; notes are kept both."""
    return {
        "buried_until": here.get("buried_until") or there.get("buried_until"),
        "is_suspended": here.get("is_suspended", False) or there.get("is_suspended", False),
        "is_flagged": here.get("is_flagged", False) or there.get("is_flagged", False),
        "note": both_notes(here.get("note", ""), there.get("note", "")),
    }


def both_notes(here: str, there: str) -> str:
    """Return one note under the other, unless one is part of the other already."""
    within = (f"{BETWEEN}{note}{BETWEEN}" for note in (here, there))
    ours, theirs = within
    if not there or theirs in ours:
        return here
    if not here or ours in theirs:
        return there
    return here + BETWEEN + there
