"""A learner's history out of an Anki package, as lines of a history: its reviews, due days, and marks.

What Anki's buttons mean is what FSRS makes of them: Again is 1 here, Hard 3, Good 4, Easy 5, and the button itself
stays in the review's token.
"""

import hashlib
import io
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from sqlmodel import Session

from app.cards.file.files import find_files
from app.exchange.exports.anki_schedule import COLOURS, FROM_ANKI, learned_cards, moment
from app.exchange.history.format import LONGEST_TEXT, CardLine, EndLine, HeaderLine, Line, MarkLine, ReviewLine
from app.exchange.imports.anki.archive import Package
from app.exchange.imports.anki.collection import AnkiCard, AnkiReview, Collection
from app.exchange.imports.came_from import read_list
from app.exchange.imports.target_file import cards_of
from app.study.learner.preferences import Preferences
from app.study.learner.profile import Profile
from app.study.schedule.scale import Rating
from app.study.schedule.scheduler import CountedRating, State, after, recall

RATINGS = {1: Rating.NOT_AT_ALL, 2: Rating.WITH_EFFORT, 3: Rating.WELL, 4: Rating.PERFECTLY}
"""What each of Anki's buttons is here."""
_NEW, _LEARNED, _SUSPENDED, _BURIED = 0, 2, -1, (-2, -3)
_FILTERED, _BY_HAND = 3, 4
_LARGEST_DAY = 100_000
_NEAR = (0, 1, -1, 2, -2, 3, -3, 5, -5, 8, -8, 12, -12)

Tokens = Mapping[tuple[str, str, int], str]
"""Tokens of reviews, by the names of deck and card, and the time in milliseconds."""


class HistoryCard(NamedTuple):
    """A card of ours that came from a package. Decks and topics are named by their folders and files."""

    deck: str
    topic: str
    card: str
    question: str


@dataclass
class AnkiHistory:
    """The lines of a history, and what they hold: how many reviews, and cards with marks. `told` are sentences."""

    lines: io.BytesIO = field(default_factory=io.BytesIO)
    reviews: int = 0
    marks: int = 0
    told: list[str] = field(default_factory=list)


def imported_cards(content_dir: Path, deck: str) -> dict[str, HistoryCard]:
    """Return the cards of a deck that were imported and are still in it, by their keys, drafts too."""
    cards, _texts = cards_of(content_dir, deck, find_files(content_dir))
    found = {}
    for one in read_list(content_dir / deck):
        if there := cards.get(one.card):
            found[one.key] = HistoryCard(deck, Path(there.path).stem, one.card, there.card.question)
    return found


def tokens_of(session: Session, learner_id: int) -> Tokens:
    """The tokens of the learner's reviews, so that those which went out to Anki are known when they come back."""
    learned = learned_cards(session.connection(), learner_id)
    return {(*name, moment(row.rated_at)): row.token for name, one in learned.items() for row in one.ratings}


def history_of(
    path: Path, cards: Mapping[str, HistoryCard], who: Preferences, now: datetime, tokens: Tokens
) -> AnkiHistory:
    """Read the history of those cards, by their keys, out of a package. `now` (aware) is the time of the import.

    Raises RefusedError if the package is damaged.
    """
    with _opened(path) as collection:
        return _Reader(collection, cards, who, now, tokens).read()


def has_history(path: Path) -> bool:
    """True if a package holds reviews, or cards that are not as new ones are. Raises RefusedError."""
    with _opened(path) as collection:
        stand = any(one.kind != _NEW or one.queue < 0 or one.flag for one in collection.scheduled())
        return stand or any(True for _review in collection.reviews())


@contextmanager
def _opened(path: Path) -> Iterator[Collection]:
    with tempfile.TemporaryDirectory(prefix="recur-import-") as scratch:
        database = Path(scratch) / "collection"
        with closing(Package(path)) as package:
            package.unpack(database)
        collection = Collection(database)
        try:
            yield collection
        finally:
            collection.close()


class _Reader:
    def __init__(
        self, collection: Collection, cards: Mapping[str, HistoryCard], who: Preferences, now: datetime, tokens: Tokens
    ) -> None:
        self.tokens = tokens
        created, offset, hour = collection.created()
        # A review belongs to the day that it had in Anki.
        self.who = who if hour is None else replace(who, day_starts_at=hour)
        first = datetime.fromtimestamp(created, UTC)
        self.first_day = (
            first.astimezone(who.zone).date() if offset is None else (first - timedelta(minutes=offset)).date()
        )
        self.collection, self.now, self.done = collection, now, AnkiHistory()
        self.left_out: Counter[str] = Counter()
        self.here = {one.id: (one, cards[one.key]) for one in collection.scheduled() if one.key in cards}

    def read(self) -> AnkiHistory:
        reviews = self._reviews()
        marks = [line for one, card in self.here.values() if (line := self._mark(one, card))]
        named = {(one.deck, one.card) for one in reviews} | {(one.deck, one.card) for one in marks}
        used = {
            (card.deck, card.card): (one, card) for one, card in self.here.values() if (card.deck, card.card) in named
        }
        header = HeaderLine(exported_at=self.now.astimezone(UTC), learner=Profile(name=""))
        known = [_card_line(one, card) for one, card in used.values()]
        end = EndLine(cards=len(known), reviews=len(reviews), marks=len(marks))
        every: list[Line] = [header, *known, *reviews, *marks, end]
        for each in every:
            self.done.lines.write(each.model_dump_json().encode() + b"\n")
        self.done.lines.seek(0)
        self.done.reviews, self.done.marks = len(reviews), len(marks)
        self.done.told += [f"{number:,} {what}" for what, number in self.left_out.items()]
        return self.done

    def _reviews(self) -> list[ReviewLine]:
        lines: list[ReviewLine] = []
        standing: dict[int, list[int]] = defaultdict(list)  # the places of each card's ratings that count
        for review in self.collection.reviews():
            if review.card not in self.here:
                self.left_out["reviews are of cards that were not imported"] += 1
                continue
            one, card = self.here[review.card]
            if review.ease in RATINGS and not (review.kind == _FILTERED and review.factor == 0):
                standing[review.card].append(len(lines))
                lines.append(self._rating(review, one, card))
            elif review.ease in RATINGS:
                self.left_out["reviews in a filtered deck changed nothing in Anki, and are left out"] += 1
            elif review.kind == _BY_HAND and review.factor == 0:  # the card was made new again
                lines += [_undo(lines[at], review) for at in standing.pop(review.card, ())]
        for card_id, (one, _card) in self.here.items():
            if one.kind == _LEARNED and standing[card_id]:
                self._keep_due_day(one, lines, standing[card_id])
            elif one.kind != _NEW and not standing[card_id]:
                self.left_out["cards were learned in Anki without a review that is on record, and begin as new"] += 1
        return lines

    def _rating(self, review: AnkiReview, one: AnkiCard, card: HistoryCard) -> ReviewLine:
        rated_at = datetime.fromtimestamp(review.id / 1000, UTC)
        shown_at = rated_at - timedelta(milliseconds=min(max(review.took, 0), 3_600_000))
        return ReviewLine(
            deck=card.deck,
            card=card.card,
            token=self.tokens.get((card.deck, card.card, review.id))
            or f"{FROM_ANKI}{review.id}-{review.ease}-{_number(one.key):08x}",
            rating=int(RATINGS[review.ease]),
            undoes=None,
            shown_at=shown_at,
            revealed_at=None,
            rated_at=rated_at,
            day=self.who.day(rated_at),
            desired_retention=self.who.desired_retention,
        )

    def _keep_due_day(self, one: AnkiCard, lines: list[ReviewLine], places: Iterable[int]) -> None:
        """Give the last rating the retention at which the card returns on the day that Anki had chosen."""
        *before, last = places
        if not 0 <= one.due < _LARGEST_DAY:
            return
        due = self.first_day + timedelta(days=one.due)
        state: State | None = None
        seed = _seed(one)
        for at in before:
            state = after(state, seed, _counted(at, lines[at]))
        given = _counted(last, lines[last])
        then = after(state, seed, given)
        if then.due_at is not None or then.due_on == due:
            return
        days = (due - given.day).days
        for near in _NEAR:
            wanted = days + near * max(1.0, days / 100)
            retention = recall(then.stability, wanted) if wanted > 0 else 0.0  # type: ignore[arg-type]
            if 0 < retention < 1 and after(state, seed, given._replace(desired_retention=retention)).due_on == due:
                lines[last] = lines[last].model_copy(update={"desired_retention": retention})
                return
        self.left_out["cards return on another day than in Anki"] += 1

    def _mark(self, one: AnkiCard, card: HistoryCard) -> MarkLine | None:
        colour = COLOURS[one.flag & 7]
        buried = self.who.day(self.now) + timedelta(days=1) if one.queue in _BURIED else None
        if one.queue != _SUSPENDED and not colour and buried is None:
            return None
        return MarkLine(
            deck=card.deck,
            card=card.card,
            buried_until=buried,
            is_suspended=one.queue == _SUSPENDED,
            is_flagged=bool(colour),
            note="",
            tags=[f"{colour} flag"] if colour else [],
        )


def _undo(rating: ReviewLine, review: AnkiReview) -> ReviewLine:
    at = datetime.fromtimestamp(review.id / 1000, UTC)
    changed = {
        "token": f"{rating.token}-undo",
        "rating": None,
        "undoes": rating.token,
        "shown_at": None,
        "rated_at": at,
    }
    return rating.model_copy(update=changed)


def _counted(at: int, line: ReviewLine) -> CountedRating:
    return CountedRating(
        at + 1, line.rating or 0, line.shown_at, line.revealed_at, line.rated_at, line.day, line.desired_retention
    )


def _card_line(one: AnkiCard, card: HistoryCard) -> CardLine:
    return CardLine(
        deck=card.deck,
        deck_title=card.deck,
        topic=card.topic,
        topic_title=card.topic,
        card=card.card,
        question=card.question[:LONGEST_TEXT],
        seed=_seed(one),
    )


def _seed(one: AnkiCard) -> int:
    return _number(one.key) % 2**31


def _number(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest(), "big")
