"""A learner's history leaves one database and comes to another: nothing lost, nothing doubled, nothing by halves."""

import io
import json
import random
import shutil
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, text
from sqlmodel import SQLModel

from app.cards.load.load import load
from app.database import Database
from app.exchange.exports.new_file import ExportError
from app.exchange.history.export_history import write_history
from app.exchange.history.format import LONGEST, HistoryError, LearnerPart, MarkLine, QuizItemLine, QuizLine, ReviewLine
from app.exchange.history.import_history import ImportedHistory, import_history
from app.models import CardMark, OwnTag
from app.study.learner.preferences import Preferences
from app.study.learner.profile import Profile, change, profile
from app.study.schedule.rate import Answer, rate
from app.study.schedule.replay import replay
from app.study.schedule.review_log import stored_state
from app.study.schedule.undo import undo
from tests.examples import examples

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
CARDS = ("d/a", "d/b", "d/c", "e/a")
REVIEWS = """\
SELECT deck.name || '/' || card.name, review.token, review.rating, undone.token, review.shown_at, review.revealed_at,
review.rated_at, review.day, review.desired_retention
FROM review JOIN card ON card.id = review.card_id JOIN deck ON deck.id = card.deck_id
LEFT JOIN review undone ON undone.id = review.undoes_id WHERE review.learner_id = :learner ORDER BY review.id"""
STATES = """\
SELECT deck.name || '/' || card.name AS name, stability, difficulty, due_on, due_at, introduced_on, reviewed_on,
reviews, lapses, review.token
FROM card_state JOIN card ON card.id = card_state.card_id JOIN deck ON deck.id = card.deck_id
JOIN review ON review.id = last_review_id WHERE card_state.learner_id = :learner ORDER BY name"""


MARKS = """\
SELECT deck.name || '/' || card.name AS name, buried_until, is_suspended, is_flagged, note
FROM card_mark JOIN card ON card.id = card_mark.card_id JOIN deck ON deck.id = card.deck_id
WHERE learner_id = :learner AND (buried_until IS NOT NULL OR is_suspended OR is_flagged OR note != '') ORDER BY name"""
TAGS = """\
SELECT deck.name || '/' || card.name AS name, tag
FROM own_tag JOIN card ON card.id = own_tag.card_id JOIN deck ON deck.id = card.deck_id
WHERE learner_id = :learner ORDER BY name, tag"""
QUIZZES = """\
SELECT quiz.name, deck.name, kind, quiz.title, started_at, seconds, ended_at
FROM quiz JOIN deck ON deck.id = quiz.deck_id WHERE learner_id = :learner ORDER BY quiz.name"""
ITEMS = """\
SELECT quiz.name, position, deck.name || '/' || card.name, is_follow_up, expected, token
FROM quiz_item JOIN quiz ON quiz.id = quiz_id JOIN card ON card.id = quiz_item.card_id
JOIN deck ON deck.id = card.deck_id WHERE learner_id = :learner ORDER BY quiz.name, position"""


@dataclass
class Place:
    """A database somewhere, and a learner who studies there."""

    database: Database
    content: Path
    tokens: Iterator[str]
    now: datetime = NOW
    prefs: Preferences = field(default_factory=lambda: Preferences(1, ZoneInfo("Europe/Berlin"), 4, 20, 0.9))

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """As they are stored, to the bit."""
        with self.database.read() as session:
            return [tuple(row) for row in session.connection().execute(text(query), values)]

    def reviews(self, learner: int = 1) -> list[tuple[Any, ...]]:
        return self.rows(REVIEWS, learner=learner)

    def states(self, learner: int = 1) -> list[tuple[Any, ...]]:
        return self.rows(STATES, learner=learner)

    def said(self, learner: int = 1) -> list[list[tuple[Any, ...]]]:
        """Marks, own tags, quizzes and their items."""
        return [self.rows(query, learner=learner) for query in (MARKS, TAGS, QUIZZES, ITEMS)]

    def put(self, table: str, **values: Any) -> None:
        with self.database.write() as session:
            made = SQLModel.metadata.tables[table]
            session.connection().execute(insert(made), values)

    def mark(self, name: str, buried_until: date | None, suspended: bool, flagged: bool, note: str) -> None:
        with self.database.write() as session:
            key: dict[str, Any] = {"learner_id": self.prefs.learner_id, "card_id": self.card_id(name)}
            said: dict[str, Any] = {
                "buried_until": buried_until,
                "is_suspended": suspended,
                "is_flagged": flagged,
                "note": note,
            }
            session.merge(CardMark(**key, **said))

    def tag(self, name: str, tag: str) -> None:
        with self.database.write() as session:
            session.merge(OwnTag(learner_id=self.prefs.learner_id, card_id=self.card_id(name), tag=tag))

    def quiz(self, names: list[str], answered: int) -> str:
        """A quiz of these cards, of which so many are answered; the last ends it."""
        quiz = next(self.tokens)
        deck = self.rows("SELECT id FROM deck WHERE name = 'd'")[0][0]
        ended_at = self.now if answered >= len(names) else None
        values = {"name": quiz, "learner_id": self.prefs.learner_id, "deck_id": deck, "kind": "chosen", "title": "D"}
        self.put("quiz", **values, started_at=self.now, seconds=600 if answered else None, ended_at=ended_at)
        quiz_id = self.rows("SELECT id FROM quiz WHERE name = :name", name=quiz)[0][0]
        for position, name in enumerate(names):
            token = self.rate(name, 3) if position < answered else None
            item = {"quiz_id": quiz_id, "position": position, "card_id": self.card_id(name), "token": token}
            self.put("quiz_item", **item, is_follow_up=position == 1, expected=None if position else 0.1 + 0.2)
        return quiz

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        return {name: self.rows(f'SELECT * FROM "{name}"') for name in SQLModel.metadata.tables}

    def card_id(self, name: str) -> int:
        deck, card = name.split("/")
        query = "SELECT card.id FROM card JOIN deck ON deck.id = deck_id WHERE deck.name = :deck AND card.name = :card"
        return int(self.rows(query, deck=deck, card=card)[0][0])

    def rate(self, name: str, rating: int, lag: int = 0) -> str:
        revealed_at = self.now - timedelta(minutes=lag, microseconds=7)
        with self.database.write() as session:
            state = stored_state(session.connection(), self.prefs.learner_id, self.card_id(name))
            after = state.last_review_id if state else 0
            token = next(self.tokens)
            shown_at = None if rating == 1 else revealed_at - timedelta(seconds=3)
            answer = Answer(self.card_id(name), rating, token, after, shown_at, revealed_at)
            rate(session, self.prefs, answer, self.now)
        return token

    def undo(self) -> str:
        with self.database.write() as session:
            token = next(self.tokens)
            undo(session, self.prefs, token, self.now)
        return token

    def live(self, events: list[Any]) -> None:
        """Study as the events say, with pauses, changed settings and clocks set back."""
        for kind, *details in events:
            if kind == "change":
                retention, zone, learner = details
                self.prefs = replace(self.prefs, desired_retention=retention, zone=zone, learner_id=learner)
                continue
            self.now += timedelta(minutes=details[0], microseconds=details[0] % 997)
            getattr(self, kind)(*details[1:])

    def export(self, learner: int = 1) -> bytes:
        path = self.content.parent / "history.jsonl"
        path.unlink(missing_ok=True)
        write_history(path, self.database, learner, self.now)
        return path.read_bytes()

    def take(self, history: bytes, learner: int = 1) -> ImportedHistory:
        return import_history(self.database, io.BytesIO(history), learner, self.now)

    def load(self) -> None:
        report = load(self.database, self.content, NOW)
        assert report.mistakes == ()


def write_content(folder: Path) -> None:
    for deck, names in (("d", "abc"), ("e", "a")):
        (folder / deck).mkdir(parents=True)
        for name in names:
            file = f"---\ntitle: Topic {name}\n---\n\n## What is {name}? {{#{name}}}\nThis.\n\nAnd that.\n"
            (folder / deck / f"{name}.md").write_text(file)
    (folder / "sources.yaml").write_text("documents: []\n")


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Databases: "here" has the content; "there" too, its cards under other ids; "bare" has none."""
    folder = tmp_path_factory.mktemp("templates")
    write_content(folder / "content")
    for name in ("here", "there", "bare"):
        database = Database(f"sqlite:///{folder / name}.sqlite")
        database.migrate()
        with database.write() as session:
            session.connection().exec_driver_sql("INSERT INTO learner (name) VALUES ('Second')")
        if name == "there":
            early = folder / "early"
            shutil.copytree(folder / "content" / "e", early / "e")
            shutil.copyfile(folder / "content" / "sources.yaml", early / "sources.yaml")
            (early / "e" / "z.md").write_text("---\ntitle: Z\n---\n\n## Gone? {#gone}\nYes.\n")
            load(database, early, NOW)
        if name != "bare":
            load(database, folder / "content", NOW)
        database.close()  # the last connection writes the log into the file
    return folder


@pytest.fixture(scope="session")
def places(templates: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., AbstractContextManager[Any]]:
    """Makes fresh copies of the databases, for property tests, which need them anew for each example."""
    folder = tmp_path_factory.mktemp("places")
    numbers = count()

    @contextmanager
    def make(*names: str) -> Iterator[list[Place]]:
        made, tokens = [], (f"token-{number}" for number in count())
        for name in names:
            here = folder / str(next(numbers))
            here.mkdir()
            shutil.copytree(templates / "content", here / "content")
            shutil.copyfile(templates / f"{name}.sqlite", here / "recur.sqlite")
            made.append(Place(Database(f"sqlite:///{here / 'recur.sqlite'}"), here / "content", tokens))
        yield made
        for place in made:
            place.database.close()
            shutil.rmtree(place.content.parent)

    return make


@pytest.fixture
def three(places: Callable[..., AbstractContextManager[list[Place]]]) -> Iterator[list[Place]]:
    with places("here", "there", "bare") as made:
        yield made


@pytest.fixture(scope="module")
def a_history(places: Callable[..., AbstractContextManager[list[Place]]]) -> bytes:
    """What `lived` exports."""
    with places("here") as (here,):
        return lived(here)


# Minutes since the last event: within the sitting, later, and clocks set back.
LAPSES = st.one_of(st.integers(0, 20), st.integers(20, 1_500), st.integers(1_500, 300_000), st.integers(-4_000, 0))
RATE = st.tuples(st.just("rate"), LAPSES, st.sampled_from(CARDS), st.integers(1, 5), st.integers(0, 600))
UNDO = st.tuples(st.just("undo"), LAPSES)
ZONES = st.sampled_from(["UTC", "Asia/Kolkata", "Pacific/Kiritimati"]).map(ZoneInfo)
CHANGE = st.tuples(st.just("change"), st.floats(0.7, 0.97), ZONES, st.sampled_from([1, 1, 2]))
NOTES = st.sampled_from(["", "", "One.", "Two,\nin lines", "<b> é 漢 \u2028", "-\n--"])
DAYS = st.none() | st.dates(date(2025, 5, 1), date(2025, 7, 1))
CARD = st.sampled_from(CARDS)
MARK = st.tuples(st.just("mark"), LAPSES, CARD, DAYS, st.booleans(), st.booleans(), NOTES)
TAG = st.tuples(st.just("tag"), LAPSES, CARD, st.sampled_from(["hard", "ask eve", "é/漢"]))
QUIZ = st.tuples(st.just("quiz"), LAPSES, st.lists(CARD, max_size=4, unique=True), st.integers(0, 4))
EVENTS = st.lists(st.one_of(RATE, RATE, RATE, UNDO, CHANGE, MARK, TAG, QUIZ), max_size=25)


@examples(40)
@given(EVENTS)
def test_a_history_comes_back_to_the_bit(places: Any, events: list[Any]) -> None:
    with places("here", "there", "bare") as (here, there, bare):
        here.live(events)
        history = here.export()
        for place in (there, bare):
            done = place.take(history)
            assert (done.added, done.known, done.merged) == (len(here.reviews()), 0, False)
            assert place.reviews() == here.reviews()
            assert place.states() == here.states()
            assert place.said() == here.said()
            assert place.reviews(2) == []
            assert place.said(2) == [[], [], [], []]
        # Replayed once more, with the content in place of the placeholders, and sent once more: all the same.
        bare.load()
        with bare.database.write() as session:
            replay(session)
        assert bare.states() == here.states()
        before = bare.everything()
        assert bare.take(history).added == 0
        assert bare.everything() == before
        # And further: the history of the copy is the history.
        bare.now = here.now
        assert sorted(bare.export().splitlines()) == sorted(history.splitlines())
        assert (
            bare.export().splitlines()[-len(here.reviews()) - 1 :] == history.splitlines()[-len(here.reviews()) - 1 :]
        )


def merged(first: list[tuple[Any, ...]], second: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Two lists of review rows by the time of rating, each in its own order; a tie goes to the first.

    What undoes a rating of the other list waits for it.
    """
    out = []
    reached = ["", ""]
    left = [list(first), list(second)]
    waits = {row[1]: "9999" for row in first}
    while any(left):
        times = [
            max(reached[n], left[n][0][6], waits.get(left[n][0][3], "") if n else "") if left[n] else "99999"
            for n in (0, 1)
        ]
        chosen = 0 if times[0] <= times[1] else 1
        reached[chosen] = times[chosen]
        out.append(left[chosen].pop(0))
        if not chosen:
            waits[out[-1][1]] = times[0]
    return out


def check_merged(here: list[Any], there: list[Any], now: list[Any]) -> None:
    """What was said here stands; what was said there fills what was open; of notes both are kept."""
    nothing = (None, 0, 0, "")
    ours, theirs, both = ({row[0]: row[1:] for row in said[0]} for said in (here, there, now))
    assert set(both) == set(ours) | set(theirs)
    for name, (buried, suspended, flagged, note) in both.items():
        a, b = ours.get(name, nothing), theirs.get(name, nothing)
        assert (buried, suspended, flagged) == (a[0] or b[0], a[1] or b[1], a[2] or b[2])
        parts = [set(filter(None, text.split("\n---\n"))) for text in (note, a[3], b[3])]
        assert parts[0] == parts[1] | parts[2]
        assert note.startswith(a[3]) or a[3] in b[3]
    for part in (1, 2, 3):
        assert set(now[part]) == set(here[part]) | set(there[part])


@examples(30)
@given(EVENTS, EVENTS, EVENTS, st.integers(-3_000, 3_000))
def test_two_histories_merge_in_time(
    places: Any, common: list[Any], ours: list[Any], theirs: list[Any], gap: int
) -> None:
    with places("here", "here", "here") as (here, there, fresh):
        here.live([event for event in common if event[0] != "change"])
        there.take(here.export())
        there.now = here.now + timedelta(minutes=gap)
        shared = here.reviews()
        here.live([event for event in ours if event[0] != "change"])
        there.live([event for event in theirs if event[0] != "change"])
        # Both may have taken back a rating of the common time.
        doubles = {row[3] for row in here.reviews()} & {row[3] for row in there.reviews()[len(shared) :]} - {None}
        new = [row for row in here.reviews()[len(shared) :] if row[3] not in doubles]

        before_it, said_before = there.reviews(), there.said()
        done = there.take(here.export())
        assert (done.added, done.known) == (len(new), len(here.reviews()) - len(new))
        assert there.reviews() == merged(before_it, new)
        check_merged(said_before, here.said(), there.said())
        fresh.take(there.export())
        assert fresh.reviews() == there.reviews()
        assert fresh.states() == there.states()
        assert fresh.said() == there.said()
        again = there.take(here.export())
        assert (again.added, again.marks, again.quizzes) == (0, 0, 0)
        there.live([("rate", 500_000, "d/a", 4, 0), ("undo", 1)])
        with there.database.write() as session:
            before = there.states()
            replay(session)
        assert there.states() == before


def lived(place: Place) -> bytes:
    """A history with every kind of line: 4 cards (2-5), 5 ratings and 1 undo (6-11), 2 marks, a quiz of 2 (12-16)."""
    place.prefs = replace(place.prefs, desired_retention=1 / 3 + 0.5)
    for name, rating in (("d/a", 4), ("d/b", 1), ("e/a", 5), ("d/c", 3)):
        place.now += timedelta(days=3, microseconds=1)
        place.rate(name, rating, lag=5)
    place.undo()
    answer = place.rate("d/a", 2)
    place.mark("d/a", date(2025, 6, 20), False, True, "Look this up.")
    place.tag("d/b", "hard")
    quiz = place.quiz(["d/a", "d/b"], 0)
    with place.database.write() as session:
        session.connection().exec_driver_sql("UPDATE quiz_item SET token = ? WHERE position = 0", (answer,))
    assert quiz
    return place.export()


def changed(history: bytes, number: int, **values: Any) -> bytes:
    """The file with other values on one of its lines."""
    lines = history.split(b"\n")
    lines[number - 1] = json.dumps({**json.loads(lines[number - 1]), **values}).encode()
    return b"\n".join(lines)


def moved(history: bytes, number: int, to: int | None = None) -> bytes:
    """The file with one line elsewhere, or gone."""
    lines = history.split(b"\n")
    line = lines.pop(number - 1)
    return b"\n".join(lines if to is None else [*lines[: to - 1], line, *lines[to - 1 :]])


def learner_with(history: bytes, **values: Any) -> bytes:
    """The file of a learner with other preferences."""
    return changed(history, 1, learner=json.loads(history.split(b"\n")[0])["learner"] | values)


BROKEN: dict[str, tuple[Callable[[bytes], bytes], int, str]] = {
    "empty": (lambda h: b"", 1, "cut short"),
    "not a history": (lambda h: b"id,name\n1,2\n", 1, "JSON"),
    "another JSON": (lambda h: b'{"cards": []}\n', 1, "kind"),
    "no header": (lambda h: h.split(b"\n", 1)[1], 1, "stands first"),
    "another format": (lambda h: changed(h, 1, format="other"), 1, "format: "),
    "a later version": (lambda h: changed(h, 1, version=3), 1, "version 3, and this Recur reads 1 and 2: update"),
    "an unknown zone": (
        lambda h: changed(h, 1, learner={**json.loads(h.split(b"\n")[0])["learner"], "time_zone": "Mars/Base"}),
        1,
        "'Mars/Base' is not a time zone",
    ),
    "a broken line": (lambda h: h.replace(b'"rating":5', b'"rating":'), 8, "JSON"),
    "a rating of six": (lambda h: changed(h, 7, rating=6), 7, "rating: "),
    "a rating as text": (lambda h: changed(h, 7, rating="5"), 7, "rating: "),
    "an unknown key": (lambda h: changed(h, 9, mood="good"), 9, "mood: "),
    "neither rating nor undo": (lambda h: changed(h, 7, rating=None), 7, "either a rating or what it undoes"),
    "both": (lambda h: changed(h, 7, undoes="token-0"), 7, "either a rating or what it undoes"),
    "no zone": (lambda h: changed(h, 6, rated_at="2025-06-01T10:00:00"), 6, "rated_at: "),
    "a day that is none": (lambda h: changed(h, 6, day="2025-02-30"), 6, "day: "),
    "the end of time": (lambda h: changed(h, 6, day="9999-12-31"), 6, "between 1900 and 9000"),
    "no number": (lambda h: changed(h, 6, desired_retention=float("nan")), 6, "desired_retention: "),
    "certainty": (lambda h: changed(h, 6, desired_retention=1.0), 6, "desired_retention: "),
    "a card without its line": (lambda h: changed(h, 6, card="zzz"), 6, "d/zzz has no line of kind card"),
    "a name that leaves the folder": (lambda h: changed(h, 2, topic="../../x"), 2, "topic: "),
    "a token twice": (lambda h: changed(h, 8, token=json.loads(h.split(b"\n")[5])["token"]), 8, "earlier line"),
    "an undo of nothing": (lambda h: changed(h, 10, undoes="nothing"), 10, "the token of no rating above"),
    "an undo of what comes": (
        lambda h: changed(h, 10, undoes=json.loads(h.split(b"\n")[10])["token"]),
        10,
        "the token of no rating above",
    ),
    "an undo of another card": (
        lambda h: changed(h, 10, undoes=json.loads(h.split(b"\n")[5])["token"]),
        10,
        "rates another card",
    ),
    "a missing review": (lambda h: b"\n".join(h.split(b"\n")[:6] + h.split(b"\n")[7:]), 16, "lines are missing"),
    "cut at a line": (lambda h: b"\n".join(h.split(b"\n")[:9]) + b"\n", 9, "cut short"),
    "cut in a line": (lambda h: h[: h.index(b'"rating":5')], 8, "JSON"),
    "two files in one": (lambda h: h + h, 18, "goes on after its end"),
    "a header within": (lambda h: b"\n".join([*h.split(b"\n")[:7], h.split(b"\n")[0]]), 8, "only there"),
    "a mark without its card": (lambda h: changed(h, 12, card="zzz"), 12, "d/zzz has no line of kind card"),
    "a mark among the reviews": (lambda h: moved(h, 12, 7), 8, "of kind review stand before those of kind mark"),
    "a missing mark": (lambda h: moved(h, 12), 16, "with 2 marks, and holds 1 marks"),
    "a note too long": (lambda h: changed(h, 12, note="x" * 100_001), 12, "note: "),
    "a NUL in a note": (lambda h: changed(h, 12, note="\0"), 12, "NUL"),
    "a tag that is none": (lambda h: changed(h, 13, tags=[3]), 13, "tags.0: "),
    "a tag with a comma": (lambda h: changed(h, 13, tags=["a,b"]), 13, "no comma; 'a,b' cannot be one"),
    "an item of no quiz": (lambda h: moved(h, 14), 14, "stand beneath its line"),
    "an item twice": (lambda h: changed(h, 16, position=0), 16, "in their order"),
    "an item without its card": (lambda h: changed(h, 16, card="zzz"), 16, "d/zzz has no line of kind card"),
    "an answer twice": (
        lambda h: changed(h, 16, token=json.loads(h.split(b"\n")[14])["token"]),
        16,
        "answers another question already",
    ),
    "certain expectations": (lambda h: changed(h, 15, expected=1.5), 15, "expected: "),
    "a missing item": (lambda h: moved(h, 16), 16, "with 2 quiz_items, and holds 1"),
    "two actions on a key": (lambda h: learner_with(h, own_keys={"undo": "e"}), 1, "already"),
    "an unknown action": (lambda h: learner_with(h, own_keys={"fly": "e"}), 1, "no action called 'fly'"),
    "a text size of none": (lambda h: learner_with(h, text_size=120), 1, "text_size: "),
    "a timer of an hour": (lambda h: learner_with(h, say_within=3600), 1, "say_within: "),
    "not UTF-8": (lambda h: h.replace(b"What is", b"What\xff is", 1), 2, ""),
    "a NUL": (lambda h: h.replace(b"What is", b"What\\u0000 is", 1), 2, "NUL"),
    "an empty line": (lambda h: h.replace(b"\n", b"\n\n", 1), 2, "JSON"),
}


@pytest.mark.parametrize("case", BROKEN)
@pytest.mark.parametrize("where", ["there", "bare"], ids=["with content", "without"])
def test_a_broken_file_is_refused_whole_by_its_line(places: Any, a_history: bytes, case: str, where: str) -> None:
    breaks, line, says = BROKEN[case]
    with places(where) as (place,):
        before = place.everything()
        with pytest.raises(HistoryError) as refused:
            place.take(breaks(a_history))
        assert refused.value.line == line
        assert str(refused.value).startswith(f"line {line}: ")
        assert says in str(refused.value)
        assert place.everything() == before
        assert place.take(a_history).added == 6


@examples(60)
@given(st.data())
def test_a_damaged_file_is_refused_or_harmless(places: Any, a_history: bytes, data: st.DataObject) -> None:
    """Bytes lost, doubled or changed anywhere: never another error, never a part of the file."""
    history = a_history
    with places("bare") as (bare,):
        start = data.draw(st.integers(0, len(history)))
        end = data.draw(st.integers(start, min(len(history), start + 400)))
        put = data.draw(
            st.binary(max_size=6) | st.sampled_from([b"1", b"0", b"\n", b'"', b"{}", history[start:end] * 2])
        )
        before = bare.everything()
        try:
            added = bare.take(history[:start] + put + history[end:]).added
        except HistoryError:
            assert bare.everything() == before
        else:
            assert added == 6


def test_an_endless_line_is_not_read_to_its_end(three: list[Place]) -> None:
    class Zeros(io.RawIOBase):
        given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, into: Any) -> int:
            self.given += len(into)
            assert self.given < 10 * LONGEST
            into[:] = bytes(len(into))
            return len(into)

    with pytest.raises(HistoryError, match="line 1: the line is longer than"):
        import_history(three[0].database, io.BufferedReader(Zeros()), 1, NOW)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_history(three: list[Place]) -> None:
    here, there, _bare = three

    def peak(reviews: int) -> int:
        with here.database.write() as session:
            connection = session.connection()
            connection.exec_driver_sql("DELETE FROM review")
            connection.exec_driver_sql(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
                "INSERT INTO review (learner_id, card_id, token, rating, rated_at, day, desired_retention) "
                "SELECT 1, (SELECT min(id) FROM card) + i % 4, 'r' || i, 1 + i % 5, '2025-05-01 10:00:00.000000', "
                "'2025-05-01', 0.9 FROM n",
                (reviews,),
            )
        tracemalloc.start()
        history = here.content.parent / f"{reviews}.jsonl"
        write_history(history, here.database, 1, NOW)
        with history.open("rb") as file:
            assert import_history(there.database, file, 1, NOW).added == reviews - len(there_already)
        there_already.extend(range(reviews))
        at_most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return at_most

    there_already: list[int] = []
    few, many = peak(2_500), peak(12_500)
    assert many < 1.3 * few
    assert there.rows("SELECT count(*) FROM review") == [(12_500,)]


def test_cards_that_the_content_lacks_are_kept_as_retired(three: list[Place]) -> None:
    here, _there, bare = three
    history = lived(here)
    (bare.content / "d" / "b.md").unlink()
    shutil.rmtree(bare.content / "e")
    bare.load()
    assert bare.take(history).placeholders == ["d/b", "e/a"]
    kept = bare.rows("SELECT name, question_html, retired_at IS NOT NULL FROM card ORDER BY name, id")
    assert kept == [
        ("a", "What is a?", 0),
        ("a", "What is a?", 1),
        ("b", "What is b?", 1),
        ("c", "What is c?", 0),
    ]
    assert bare.states() == here.states()
    ids = {name: bare.card_id(name) for name in CARDS}
    shutil.rmtree(bare.content)
    shutil.copytree(here.content, bare.content)
    bare.load()
    assert {name: bare.card_id(name) for name in CARDS} == ids
    assert bare.rows("SELECT count(*) FROM card WHERE retired_at IS NOT NULL OR answer_html = ''") == [(0,)]
    assert bare.rows("SELECT count(*) FROM topic WHERE retired_at IS NOT NULL") == [(0,)]
    assert bare.states() == here.states()


def test_a_card_renamed_since_gets_no_double(three: list[Place]) -> None:
    here = three[0]
    history = lived(here)
    file = here.content / "d" / "a.md"
    file.write_text(file.read_text().replace("{#a}", "{#z}"))
    here.load()
    before = here.everything()
    assert here.take(history) == ImportedHistory(added=0, known=6)
    assert here.everything() == before


def test_a_rating_taken_back_in_both_places_is_taken_back_once(three: list[Place]) -> None:
    here, there, _bare = three
    here.rate("d/a", 4)
    there.take(here.export())
    here.now += timedelta(minutes=1)
    here.undo()
    there.undo()
    there.rate("d/a", 3)
    done = there.take(here.export())
    assert (done.added, done.known, done.merged) == (0, 2, False)
    assert [row[2] for row in there.reviews()] == [4, None, 3]


def test_earlier_reviews_come_before_those_that_are_there(three: list[Place]) -> None:
    here, there, _bare = three
    here.rate("d/a", 4)
    there.now += timedelta(days=10)
    there.rate("d/a", 3)
    second = replace(there.prefs, learner_id=2)
    there.prefs, mine = second, there.prefs
    there.rate("d/a", 5)
    there.prefs = mine
    others = there.reviews(2), there.states(2)
    assert there.take(here.export()).merged
    assert [row[2] for row in there.reviews()] == [4, 3]
    assert there.states()[0][5:8] == ("2025-06-01", "2025-06-11", 2)
    assert (there.reviews(2), there.states(2)) == others
    there.undo()
    assert there.states()[0][5:8] == ("2025-06-01", "2025-06-01", 1)


def test_preferences_left_open_are_taken(three: list[Place]) -> None:
    here, there, bare = three
    set_them = "UPDATE learner SET name = 'Ada', time_zone = 'Asia/Tokyo', new_per_day = 7, desired_retention = 0.87"
    with here.database.write() as session:
        session.connection().exec_driver_sql(set_them + " WHERE id = 1")
    with there.database.write() as session:
        session.connection().exec_driver_sql("UPDATE learner SET name = 'Eve', new_per_day = 3 WHERE id = 1")
    there.rate("d/a", 4)
    history = lived(here)
    there.take(history)
    bare.take(history, learner=2)
    query = "SELECT name, time_zone, day_starts_at, new_per_day, desired_retention FROM learner ORDER BY id"
    assert there.rows(query)[0] == ("Eve", "Asia/Tokyo", None, 3, 0.87)
    assert bare.rows(query) == [("You", None, None, None, None), ("Ada", "Asia/Tokyo", None, 7, 0.87)]
    assert len(bare.reviews(2)) == 6


def test_one_learners_reviews_do_not_become_anothers(three: list[Place]) -> None:
    here = three[0]
    history = lived(here)
    before = here.everything()
    with pytest.raises(HistoryError, match=r"line 6: .* is learner 1's here: take .* as theirs \(--learner 1\)"):
        here.take(history, learner=2)
    with pytest.raises(HistoryError, match="line 1: there is no learner 3 here"):
        here.take(history, learner=3)
    assert here.everything() == before
    with pytest.raises(ExportError, match="There is no learner 3; the last has the number 2"):
        here.export(learner=3)


def test_nothing_of_a_learner_is_left_out() -> None:
    """A new column or table of a learner's own belongs into the file too, or into the list of what is derived."""
    tables = SQLModel.metadata.tables
    assert set(LearnerPart.model_fields) == set(tables["learner"].columns.keys()) - {"id"}
    named = {"learner_id": None, "id": None, "card_id": "card", "undoes_id": "undoes"}
    columns = {named.get(name, name) for name in list(tables["review"].columns.keys())} - {None}
    assert set(ReviewLine.model_fields) == columns | {"kind", "deck"}
    marks = set(tables["card_mark"].columns.keys()) | {"tags"}
    assert set(MarkLine.model_fields) == marks - {"learner_id", "card_id"} | {"kind", "deck", "card"}
    quizzes = set(tables["quiz"].columns.keys()) - {"learner_id", "id", "deck_id"} | {"quiz_kind", "deck", "deck_title"}
    assert set(QuizLine.model_fields) == quizzes
    items = set(tables["quiz_item"].columns.keys()) - {"quiz_id", "card_id"} | {"kind", "quiz", "deck", "card"}
    assert set(QuizItemLine.model_fields) == items
    assert set(tables["own_tag"].columns.keys()) == {"learner_id", "card_id", "tag"}
    personal = {name for name, table in tables.items() if "learner_id" in table.columns}
    derived = {"card_state", "new_card_cursor", "day_total", "month_total"}
    assert personal - derived == {"review", "card_mark", "own_tag", "quiz"}


def test_the_lines_say_what_was_pressed(three: list[Place]) -> None:
    here = three[0]
    here.prefs = replace(here.prefs, desired_retention=0.1 + 0.7)
    here.now = datetime(2025, 6, 1, 1, 59, 59, 123_456, tzinfo=UTC)
    first = here.rate("d/a", 4)
    second = here.undo()
    lines = [json.loads(line) for line in here.export().splitlines()]
    assert [line["kind"] for line in lines] == ["history", "card", "review", "review", "end"]
    assert (lines[1]["deck"], lines[1]["card"], lines[1]["topic_title"]) == ("d", "a", "Topic a")
    assert lines[2] == {
        "kind": "review",
        "deck": "d",
        "card": "a",
        "token": first,
        "rating": 4,
        "undoes": None,
        "shown_at": "2025-06-01T01:59:56.123449Z",
        "revealed_at": "2025-06-01T01:59:59.123449Z",
        "rated_at": "2025-06-01T01:59:59.123456Z",
        "day": date(2025, 5, 31).isoformat(),  # Berlin, before four in the morning
        "desired_retention": 0.1 + 0.7,
        "typed": None,
        "sitting": None,
    }
    assert (lines[3]["token"], lines[3]["rating"], lines[3]["undoes"]) == (second, None, first)
    assert lines[4] == {"kind": "end", "cards": 1, "reviews": 2, "marks": 0, "quizzes": 0, "quiz_items": 0}


def test_a_file_of_the_first_version_is_taken(three: list[Place]) -> None:
    """As it was written before there were marks and quizzes: fewer keys on the lines, and fewer lines."""
    here, there, _bare = three
    lines = [json.loads(line) for line in lived(here).splitlines()]
    old = [line for line in lines if line["kind"] not in ("mark", "quiz", "quiz_item")]
    kept = ("name", "time_zone", "day_starts_at", "new_per_day", "desired_retention")
    old[0] |= {"version": 1, "learner": {name: old[0]["learner"][name] for name in kept}}
    for line in old[1:]:
        for name in ("typed", "sitting", "marks", "quizzes", "quiz_items"):
            line.pop(name, None)
    assert there.take("\n".join(map(json.dumps, old)).encode()).added == 6
    assert there.reviews() == here.reviews()
    assert there.states() == here.states()
    assert there.said() == [[], [], [], []]


def test_what_was_typed_and_the_sitting_come_along(three: list[Place]) -> None:
    here, there, _bare = three
    token = here.rate("d/a", 4)
    typed = "Because it\u2028shrinks: 0.9⁵⁰ " + "\x01é漢😀" * 900
    with here.database.write() as session:
        query = "UPDATE review SET typed = ?, sitting = 'topic=a&level=easy' WHERE token = ?"
        session.connection().exec_driver_sql(query, (typed, token))
    there.take(here.export())
    assert there.rows("SELECT typed, sitting FROM review") == [(typed, "topic=a&level=easy")]


def test_long_titles_and_sittings_come_along(three: list[Place]) -> None:
    here, there, _bare = three
    token = here.rate("d/a", 4)
    sitting = "cards=" + "%E6%BC%A2" * 10_000
    here.quiz(["d/a"], 0)
    with here.database.write() as session:
        session.connection().exec_driver_sql("UPDATE review SET sitting = ? WHERE token = ?", (sitting, token))
        session.connection().exec_driver_sql("UPDATE quiz SET title = ?", ("Topic, " * 1_000,))
    there.take(here.export())
    assert there.rows("SELECT sitting FROM review") == [(sitting,)]
    assert there.said()[2][0][3] == ("Topic, " * 1_000)[:1_000]  # words for a list, not what was asked


def test_every_preference_comes_along_and_yields_to_what_was_chosen_here(three: list[Place]) -> None:
    here, there, bare = three
    full = Profile("Ada", "Asia/Tokyo", 0, 0, 0.87, True, 60, date(2026, 4, 1), "dark", 150, {"undo": "z", "edit": ""})
    with here.database.write() as session:
        change(session, 1, full)
    with there.database.write() as session:
        change(session, 1, Profile("Eve", new_per_day=3, theme="light", own_keys={"undo": "x"}))
    there.rate("d/a", 4)
    for place in (there, bare):
        place.take(here.export())
    with bare.database.read() as session:
        assert profile(session, 1) == full
    with there.database.read() as session:
        kept: dict[str, Any] = {"name": "Eve", "new_per_day": 3, "theme": "light", "own_keys": {"undo": "x"}}
        assert profile(session, 1) == replace(full, **kept)


def test_of_two_notes_both_are_kept(three: list[Place]) -> None:
    here, there, _bare = three
    here.mark("d/a", date(2025, 6, 2), False, True, "Ours.")
    here.mark("d/b", None, True, False, "")
    there.mark("d/a", None, True, False, "Theirs.")
    there.mark("d/b", date(2025, 6, 3), False, False, "Only there.")
    for _twice in range(2):
        there.take(here.export())
        here.take(there.export())
    assert there.said()[0] == [
        ("d/a", "2025-06-02", 1, 1, "Theirs.\n---\nOurs."),
        ("d/b", "2025-06-03", 1, 0, "Only there."),
    ]
    assert here.said() == there.said()
    assert there.take(here.export()).marks == 0


def test_a_quiz_gone_on_with_elsewhere_is_completed(three: list[Place]) -> None:
    here, there, _bare = three
    name = here.quiz(["d/a", "d/b", "d/c"], 1)
    there.take(here.export())
    answer = there.rate("d/b", 5)
    with there.database.write() as session:
        session.connection().exec_driver_sql("UPDATE quiz_item SET token = ? WHERE position = 1", (answer,))
        session.connection().exec_driver_sql("UPDATE quiz SET ended_at = '2025-06-02 10:00:00.000000'")
    done = here.take(there.export())
    assert (done.added, done.quizzes) == (1, 1)
    assert here.said() == there.said()
    assert here.said()[2][0][6] == "2025-06-02 10:00:00.000000"
    assert [row[5] for row in here.said()[3]] == [here.reviews()[0][1], answer, None]
    assert here.take(there.export()).quizzes == 0
    with pytest.raises(HistoryError, match=f"line 5: the quiz {name} is learner 1's here"):
        there.take(b"\n".join(forget_reviews(here.export())), learner=2)


def forget_reviews(history: bytes) -> list[bytes]:
    """The lines of a history without its reviews."""
    lines = [json.loads(line) for line in history.splitlines()]
    lines = [line for line in lines if line["kind"] != "review"]
    lines[-1]["reviews"] = 0
    return [json.dumps(line).encode() for line in lines]


def test_an_answer_of_another_learner_is_none(three: list[Place]) -> None:
    here, there, _bare = three
    here.quiz(["d/a"], 1)
    lines = forget_reviews(here.export())
    there.prefs = replace(there.prefs, learner_id=2)
    theirs = there.rate("d/a", 1)
    lines[3] = json.dumps({**json.loads(lines[3]), "token": theirs}).encode()
    with pytest.raises(HistoryError, match=f"line 4: the review {theirs} is learner 2's here"):
        there.take(b"\n".join(lines))


def test_marks_find_a_card_that_was_renamed(three: list[Place]) -> None:
    here, there, _bare = three
    here.rate("d/a", 4)
    there.take(here.export())
    here.mark("d/a", None, False, True, "Mine.")
    here.quiz(["d/a"], 0)
    file = there.content / "d" / "a.md"
    file.write_text(file.read_text().replace("{#a}", "{#z}"))
    there.load()
    cards = there.rows("SELECT count(*) FROM card")
    assert there.take(here.export()).placeholders == []
    assert there.said()[0] == [("d/z", None, 0, 1, "Mine.")]
    assert there.said()[3][0][2] == "d/z"
    assert there.rows("SELECT count(*) FROM card") == cards


def test_a_card_that_was_only_marked_is_kept_too(three: list[Place]) -> None:
    here, _there, bare = three
    here.mark("d/a", None, False, True, "Mine.")
    here.tag("d/b", "hard")
    here.quiz(["d/c"], 0)
    assert bare.take(here.export()).placeholders == ["d/a", "d/b", "d/c"]
    bare.load()
    assert bare.said() == here.said()
    assert bare.rows("SELECT count(*) FROM card WHERE retired_at IS NOT NULL") == [(0,)]


def test_many_undos_of_many_ratings_in_any_batch(three: list[Place]) -> None:
    here, there, _bare = three
    chance = random.Random(4)
    with here.database.write() as session:
        # Rows as an import leaves them, undos far behind what they undo.
        connection = session.connection()
        card = here.card_id("d/a")
        live: list[int] = []
        for number in range(1, 2_600):
            undoes = live.pop(chance.randrange(len(live))) if live and chance.random() < 0.3 else None
            connection.exec_driver_sql(
                "INSERT INTO review (id, learner_id, card_id, token, rating, undoes_id, rated_at, day, "
                "desired_retention) VALUES (?, 1, ?, ?, ?, ?, '2025-05-01 10:00:00.000000', '2025-05-01', 0.9)",
                (number, card, f"t{number}", None if undoes else 3, undoes),
            )
            if undoes is None:
                live.append(number)
        replay(session)
    assert there.take(here.export()).added == 2_599
    assert there.reviews() == here.reviews()
    assert there.states() == here.states()
