"""A learner's history as Anki keeps one: the review log, and where each card stands."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, select

from app.study.schedule.review_log import COUNTED, IN_ORDER, STANDS, STATE_COLUMNS
from app.study.schedule.scheduler import State
from app.tables import CARD, CARD_MARK, CARD_STATE, DECK, OWN_TAG, REVIEW

_BUTTONS = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4}
"""Anki's button for each rating; `history/from_anki.py` has the way back."""
FROM_ANKI = "anki-"
"""How the token of a review begins that came from Anki: the time and the button that was pressed follow."""
COLOURS = ("", "red", "orange", "green", "blue", "pink", "turquoise", "purple")
"""Anki's flags by their numbers. A card that had one has the learner's tag "red flag"."""
_LONGEST_ANSWER = 60_000
_FACTOR = 2_500
_NEW, _LEARNED, _SUSPENDED = 0, 2, -1
_REVIEW = (REVIEW.c.token, REVIEW.c.rating, REVIEW.c.shown_at, REVIEW.c.rated_at, REVIEW.c.day)


@dataclass
class Learned:
    """What a learner has of one card: its state, its ratings that count, in order, and marks."""

    state: State | None = None
    ratings: list[Any] = field(default_factory=list)
    is_suspended: bool = False
    flag: int = 0

    def standing(self, today: date) -> dict[str, Any]:
        """The columns of Anki's card that say where it stands, if days count from `today`."""
        queue = {"queue": _SUSPENDED} if self.is_suspended else {}
        if self.state is None:
            return {**queue, "flags": self.flag}
        state = self.state
        memory = {"s": round(state.stability, 4), "d": round(state.difficulty, 3)}
        return {
            "type": _LEARNED,
            "queue": _LEARNED,
            "due": (state.due_on - today).days,
            "ivl": max((state.due_on - state.reviewed_on).days, 1),
            "factor": _FACTOR,
            "reps": state.reviews,
            "lapses": state.lapses,
            "flags": self.flag,
            "data": json.dumps(memory | {"lrt": int(state.reviewed_at.timestamp())}),
            **queue,
        }

    def log(self) -> list[dict[str, Any]]:
        """The rows of Anki's review log, without the card's number."""
        days = [*(row.day for row in self.ratings), self.state.due_on if self.state else date.max]
        spans = [max((after - before).days, 1) for before, after in pairwise(days)]
        rows = []
        for at, row in enumerate(self.ratings):
            took = (row.rated_at - (row.shown_at or row.rated_at)).total_seconds() * 1000
            rows.append(
                {
                    "id": moment(row.rated_at),
                    "ease": _button(row.token, row.rating),
                    "ivl": spans[at],
                    "lastIvl": spans[at - 1] if at else 0,
                    "factor": _FACTOR,
                    "time": min(max(int(took), 0), _LONGEST_ANSWER),
                    "type": 1 if at else 0,
                }
            )
        return rows


def moment(at: datetime) -> int:
    """A time (aware) in milliseconds, by which Anki numbers its reviews."""
    return round(at.timestamp() * 1000)


def _button(token: str, rating: int) -> int:
    """The button that was pressed in Anki, if the review came from there."""
    parts = token.split("-")
    said = parts[2] if token.startswith(FROM_ANKI) and len(parts) > 3 else ""
    return int(said) if said in ("1", "2", "3", "4") else _BUTTONS[rating]


def learned_cards(connection: Connection, learner_id: int) -> dict[tuple[str, str], Learned]:
    """What the learner has of each card, by the names of its deck and itself."""
    found: dict[tuple[str, str], Learned] = defaultdict(Learned)
    name = (DECK.c.name.label("deck"), CARD.c.name.label("card"))

    def rows(columns: Any, source: Any, *where: Any) -> Any:
        query = select(*name, *columns).select_from(source).join(DECK, DECK.c.id == CARD.c.deck_id)
        return connection.execute(query.where(*where))

    counted = COUNTED.join(CARD, CARD.c.id == REVIEW.c.card_id)
    for row in sorted(
        rows((*_REVIEW, *IN_ORDER), counted, REVIEW.c.learner_id == learner_id, STANDS), key=lambda row: row[-2:]
    ):
        found[row.deck, row.card].ratings.append(row)
    states = CARD_STATE.join(CARD, CARD.c.id == CARD_STATE.c.card_id)
    for row in rows(STATE_COLUMNS, states, CARD_STATE.c.learner_id == learner_id):
        found[row.deck, row.card].state = State(*row[2:])
    marks = CARD_MARK.join(CARD, CARD.c.id == CARD_MARK.c.card_id)
    for row in rows((CARD_MARK.c.is_suspended, CARD_MARK.c.is_flagged), marks, CARD_MARK.c.learner_id == learner_id):
        one = found[row.deck, row.card]
        one.is_suspended, one.flag = row.is_suspended, int(row.is_flagged)
    for row in rows(
        (OWN_TAG.c.tag,), OWN_TAG.join(CARD, CARD.c.id == OWN_TAG.c.card_id), OWN_TAG.c.learner_id == learner_id
    ):
        colour = row.tag.removesuffix(" flag")
        if colour != row.tag and colour in COLOURS and found[row.deck, row.card].flag:
            found[row.deck, row.card].flag = COLOURS.index(colour)
    return dict(found)
