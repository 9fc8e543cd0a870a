"""Two histories of one learner become one, in the order of time."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.study.schedule.replay import replay
from tests.examples import examples
from tests.exchange.history.events import EVENTS
from tests.exchange.history.places import Place


def merged(first: list[tuple[Any, ...]], second: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Two lists of review rows, in the order of when each counts where it was given, then of the token."""
    out = sorted([*first, *second], key=lambda row: (row[-1], row[1]))
    for rows in (first, second):
        assert [row for row in out if row in rows] == rows, "each keeps its own order, even if a clock was set back"
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


def test_two_of_the_same_time_count_in_the_order_of_their_tokens(three: list[Place]) -> None:
    here, there, bare = three
    first, second = here.rate("d/a", 1), there.rate("d/a", 1)
    there.take(here.export())
    assert [row[1] for row in there.reviews()] == sorted((first, second))
    bare.take(there.export())
    assert (bare.reviews(), bare.states()) == (there.reviews(), there.states())


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
