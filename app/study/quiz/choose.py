"""The questions of a quiz, in order: pure functions of the candidates and of chance."""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

FEWEST, MOST = 5, 50
"""How many questions a quiz of one's own choice may have."""
WEAKEST = 10
INTERVIEW = 12
COMPUTED_IN = 3
"""At most one in so many questions of a mock interview is computed, unless there are too few others."""
A_TOPIC = 2
"""Questions that a mock interview spends on a topic, where the deck has enough of them."""

_EASE = {"easy": 0, "medium": 1, "hard": 2}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A card that may be asked. `place` sorts cards and topics in learning order.

    `recall` is the chance, 0 to 1, that it is known today, and `difficulty` 1 to 10; both are None for a new card.
    """

    card_id: int
    topic_id: int
    place: str
    level: str | None = None
    recall: float | None = None
    difficulty: float | None = None
    is_computed: bool = False


class Question(NamedTuple):
    """A card to be asked; `expected` is the chance of recall when it was chosen, None for a new card.

    `why` says in a few words why its topic was chosen.
    """

    card_id: int
    expected: float | None
    is_follow_up: bool = False
    why: str | None = None


class Risk(NamedTuple):
    """How likely a card of a topic is to be missed, 0 to 1, and in a few words why."""

    miss: float
    why: str


def chosen(candidates: Sequence[Candidate], number: int, rng: random.Random) -> list[Question]:
    """So many of the cards, or all where there are fewer, in any order."""
    drawn = rng.sample(candidates, min(number, len(candidates)))
    return [Question(card.card_id, card.recall) for card in drawn]


def weakest(candidates: Collection[Candidate], number: int = WEAKEST) -> list[Question]:
    """The cards rated before with the lowest chance of recall today, the hardest first where it is the same."""
    seen = [
        (card.recall, -(card.difficulty or 0), card.place, card.card_id)
        for card in candidates
        if card.recall is not None
    ]
    return [Question(card_id, recall) for recall, _, _, card_id in sorted(seen)[:number]]


def interview(
    candidates: Collection[Candidate],
    follow_ups: Mapping[int, Sequence[int]],
    rng: random.Random,
    number: int = INTERVIEW,
    risks: Mapping[int, Risk] | None = None,
) -> list[Question]:
    """What an interviewer might ask: the topics of most risk, these first, in each from easy to hard, no card twice.

    `risks` are by topic. Of topics of the same risk some are drawn, and asked in learning order. A card is followed by
    one of its `follow_ups` (ids by id), if one is left. There are fewer than `number` questions only if there are no
    more cards. At most one in COMPUTED_IN is computed, if there are enough other cards.
    """
    in_order = sorted(candidates, key=lambda card: card.place)
    by_topic: dict[int, list[Candidate]] = {}
    for card in in_order:
        by_topic.setdefault(card.topic_id, []).append(card)
    misses = {topic: risk.miss for topic, risk in (risks or {}).items()}
    ranked = sorted(by_topic, key=lambda topic: -misses.get(topic, 0.0))
    rank = {topic: place for place, topic in enumerate(ranked)}
    drawn = sorted(rng.sample(list(by_topic), len(by_topic)), key=lambda topic: -misses.get(topic, 0.0))
    written = sum(not card.is_computed for card in in_order)
    left = _Left(in_order, max(number // COMPUTED_IN, number - written))
    threads: list[list[Candidate]] = []
    room = number
    while left.cards and room > 0:
        # The riskiest topics; the others only when these are used up.
        open_topics = [topic for topic in drawn if any(card.card_id in left.cards for card in by_topic[topic])]
        for topic in open_topics[: -(-room // A_TOPIC)]:
            openers = [card for card in by_topic[topic] if card.card_id in left.cards]
            if openers and room > 0:
                threads.append(_thread(rng.choice(openers), left, follow_ups if room > 1 else {}, rng))
                room -= len(threads[-1])
    threads.sort(key=lambda thread: (rank[thread[0].topic_id], _EASE.get(thread[0].level or "", 1), thread[0].place))
    whys = {topic: risk.why for topic, risk in (risks or {}).items()}
    return [
        Question(card.card_id, card.recall, behind > 0, None if behind else whys.get(card.topic_id))
        for thread in threads
        for behind, card in enumerate(thread)
    ]


class _Left:
    """The cards that an interview may still ask, by id: computed ones only until it has asked `most_computed`."""

    def __init__(self, cards: Collection[Candidate], most_computed: int) -> None:
        self.cards = {card.card_id: card for card in cards if most_computed or not card.is_computed}
        self._more = most_computed

    def take(self, card_id: int) -> Candidate:
        """Ask this card."""
        taken = self.cards.pop(card_id)
        self._more -= taken.is_computed
        if self._more == 0:
            self.cards = {key: card for key, card in self.cards.items() if not card.is_computed}
        return taken


def _thread(
    opener: Candidate, left: _Left, follow_ups: Mapping[int, Sequence[int]], rng: random.Random
) -> list[Candidate]:
    """The card and one that follows upon it, taken from those left."""
    thread = [left.take(opener.card_id)]
    following = [card_id for card_id in follow_ups.get(opener.card_id, ()) if card_id in left.cards]
    return [*thread, left.take(rng.choice(following))] if following else thread
