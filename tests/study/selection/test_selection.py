"""A sitting under filters asks just the cards that a look at every one of them lets through, in the same order."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, update

from app.cards.load import search
from app.study.quiz.make import candidates
from app.study.selection import marks
from app.study.selection.browse import Wanted, find, matching_ids
from app.study.selection.selection import Selection
from app.study.selection.standing import STATES
from app.study.sitting import order
from app.study.sitting.order import Mode
from app.study.sitting.queue import Queue
from app.tables import CARD, CARD_SOURCE, CARD_TAG
from tests.examples import examples

if TYPE_CHECKING:
    from tests.study.conftest import Study

CARDS = 8
WORDS = ("gate state", "gate", "state", "gates in a state", "why", "why gate", "a state", "nothing")
LEVELS = (None, "easy", "medium", "hard")
ASKS = (None, "bptt", "forget-bias?twos=2")
TAGS = {1: {"a"}, 2: {"a", "b"}, 5: {"b"}, 8: {"a"}}
OWN_TAGS = {3: {"a"}, 4: {"mine"}}
SOURCES = {1: {"theory-1"}, 3: {"theory-12", "dsi-x"}, 4: {"theoryx-1"}, 6: {"theory-1"}, 7: {"dsi-y"}}


@pytest.fixture(scope="session")
def described(new_study: Any) -> Callable[[], AbstractContextManager["Study"]]:
    """Makes a study of eight cards in two topics, with levels, tags, sources and a flag."""
    from contextlib import contextmanager

    @contextmanager
    def make() -> Any:
        with new_study(5) as study:
            study.add_cards(CARDS - 5, "t2")
            with study.database.write() as session:
                connection = session.connection()
                for card in range(1, CARDS + 1):
                    values = {"level": LEVELS[card % 4], "question": WORDS[card - 1], "asks": ASKS[card % 3]}
                    connection.execute(update(CARD).where(CARD.c.id == card).values(values))
                connection.execute(insert(CARD_TAG), [{"card_id": c, "tag": t} for c, ts in TAGS.items() for t in ts])
                rows = [{"card_id": c, "item": i} for c, items in SOURCES.items() for i in items]
                connection.execute(insert(CARD_SOURCE), rows)
                for card, tags in OWN_TAGS.items():
                    for tag in tags:
                        marks.add_tag(session, 1, [card], tag)
                marks.add_tag(session, 2, [6], "a")  # another learner's
                marks.flag(session, 1, [2, 7])
                search.rebuild(connection)
            yield study

    return make


def lets_through(
    study: "Study", selection: Selection, card: int, missed: dict[int, Any], suspended: Any = (), buried: Any = ()
) -> bool:
    """The filters, read here again."""
    states = {row[1]: row for row in study.states()}
    stability, due_on, due_at, lapses, put_off = 0, 0, 0, 0, False
    today = study.prefs.day(study.now)
    if card in states:
        row = states[card]
        stability, due_on, due_at, lapses, put_off = row[2], row[4], row[5], row[10], is_put_off(row, today)
    in_state = {
        "": True,
        "new": card not in states,
        "seen": card in states,
        "learning": card in states and (stability < 21 or due_at is not None),
        "known": card in states and stability >= 21 and due_at is None,
        "due": card in states
        and (due_at is not None or due_on <= today)
        and not put_off
        and card not in {*suspended, *buried},
        "suspended": card in suspended,
        "buried": card in buried,
        "leech": card in states and lapses >= 4,
        "flagged": card in (2, 7),
    }
    is_recent = selection.missed is None or (card in missed and (today - missed[card]).days < selection.missed)
    items = SOURCES.get(card, set())
    return (
        (not selection.topic or ("t1" if card <= 5 else "t2") in selection.topic)
        and (not selection.tag or selection.tag in TAGS.get(card, set()) | OWN_TAGS.get(card, set()))
        and (not selection.level or selection.level == LEVELS[card % 4])
        and (not selection.computed or (selection.computed == "yes") == (ASKS[card % 3] is not None))
        and (
            not selection.source
            or any(item == selection.source or item.startswith(f"{selection.source}-") for item in items)
        )
        and (not selection.cards or f"c{card}" in selection.cards)
        and is_recent
        and (not selection.flagged or card in (2, 7))
        and all(
            any(word.startswith(typed) for word in WORDS[card - 1].split()) for typed in selection.q.lower().split()
        )
        and in_state[selection.state]
    )


def is_put_off(row: tuple[Any, ...], today: Any) -> bool:
    """A row of card_state: it was missed four times today."""
    return row[5] is not None and row[4] >= today and row[14] >= 4


def look_at_every_card(study: "Study", queue: Queue, aside: set[int], missed: dict[int, Any]) -> int | None:
    """Which card comes next."""
    today, last = study.prefs.day(study.now), study.last_rated()
    seen = {row[1]: row for row in study.states()}
    meant = [c for c in range(1, CARDS + 1) if c not in aside and lets_through(study, queue.selection, c, missed)]
    meant = [c for c in meant if c not in seen or not is_put_off(seen[c], today)]
    sitting = {c: seen[c][5] for c in meant if c in seen and seen[c][5] is not None and seen[c][4] >= today}
    once = {c: at for c, at in study.once_more().items() if c in meant and at <= study.now}
    waited = {c: at for c, at in once.items() if at <= study.now - timedelta(minutes=9)}
    for back in ({c: at for c, at in sitting.items() if at <= study.now}, waited):
        if back:
            return min(back, key=lambda c: back[c])
    introduced = sum(row[6] == today for row in seen.values())
    others = [(c, seen[c]) for c in meant if c in seen and c not in sitting]
    new = [c for c in meant if c not in seen]
    if queue.mode is Mode.CRAM:
        left = sorted((row[8], c) for c, row in others if row[8] < queue.since)
        parts = [new, another_topic(left, last)]
    else:
        due = sorted((row[4], c) for c, row in others if row[4] <= today)
        ahead = sorted((row[4], c) for c, row in others if row[4] > today and row[8] < (queue.since or study.now))
        is_ahead = queue.mode is Mode.AHEAD
        allowed = new if is_ahead or introduced < study.prefs.new_per_day else []
        parts = [another_topic(due, last), another_topic(ahead, last) if is_ahead else [], allowed]
    parts.append(sorted(once, key=lambda c: once[c]))
    parts.append(sorted(sitting, key=lambda c: (c == last, sitting[c])))
    return next((part[0] for part in parts if part), None)


def another_topic(cards: list[tuple[Any, int]], last: int | None) -> list[int]:
    """Cards in order, but of the first five those of the topic of the card rated last wait for the others."""
    return sorted((c for _at, c in cards[:5]), key=lambda c: last is not None and (c <= 5) == (last <= 5))


VALUES: dict[str, list[Any]] = {
    "q": ["gate", "Gates", "state gate"],
    "topic": [("t1",), ("t2",), ("t1", "t2"), ("t3",)],
    "tag": ["a", "b", "mine", "none"],
    "level": ["easy", "hard"],
    "computed": ["yes", "no"],
    "source": ["theory", "theory-1", "dsi"],
    "missed": [1, 3],
    "cards": [("c1", "c5", "c8"), ("nobody",)],
    "flagged": [True],
}


def selections(states: Sequence[str]) -> st.SearchStrategy[Selection]:
    """Half of them with a state, and few other filters: of many, hardly any card of eight would pass all."""
    some = st.lists(st.sampled_from(["", *VALUES]), max_size=2, unique=True)

    def of(fields: list[str]) -> st.SearchStrategy[Selection]:
        values = {field: st.sampled_from(VALUES[field]) for field in fields if field}
        return st.builds(Selection, state=st.sampled_from(["", *states]) if "" in fields else st.just(""), **values)

    return some.flatmap(of) | st.builds(Selection, state=st.sampled_from(states))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("rate"), st.integers(1, CARDS), st.integers(1, 5)),
        st.tuples(st.just("wait"), st.integers(1, 5_000), st.just(0)),
        st.tuples(st.just("aside"), st.integers(1, CARDS), st.integers(0, 3)),
    ),
    max_size=14,
)


@examples(50)
@given(
    selection=selections([state for state in STATES if state not in ("suspended", "buried")]),
    mode=st.sampled_from(Mode),
    before=STEPS,
    within=STEPS,
    first_look=st.sampled_from([1, 200]),
)
def test_the_next_card_is_the_one_that_a_look_at_every_card_finds(
    described: Any, selection: Selection, mode: Mode, before: Any, within: Any, first_look: int
) -> None:
    with described() as study, pytest.MonkeyPatch.context() as patched:
        patched.setattr(order, "FIRST_LOOK", first_look)
        order.next_statements.cache_clear()
        missed: dict[int, Any] = {}
        aside: set[int] = set()
        for step in before:
            act(study, step, missed, aside)
        study.later(seconds=1)
        asked = Queue(1, selection, mode, None if mode is Mode.DUE else study.now)
        for step in [("wait", 0, 0), *within]:
            act(study, step, missed, aside)
            found = study.next(asked)
            assert found == look_at_every_card(study, asked, aside, missed)
            assert (study.progress(asked).remaining > 0) == (found is not None)
        order.next_statements.cache_clear()


def act(study: "Study", step: tuple[str, int, int], missed: dict[int, Any], aside: set[int]) -> None:
    kind, what, how = step
    study.later(minutes=what if kind == "wait" else 2)
    if kind == "rate":
        study.rate(what, how)
        if how < 3:
            missed[what] = study.prefs.day(study.now)
    if kind == "aside":
        with study.database.write() as session:
            if how == 0:
                marks.suspend(session, 1, [what])
                aside.add(what)
            elif how == 1:
                marks.resume(session, 1, [what])
                marks.unbury(session, 1, [what])
                aside.discard(what)
            elif how == 2:
                marks.bury(session, 1, [what], study.prefs.day(study.now) + timedelta(days=400))
                aside.add(what)


@examples(60)
@given(
    selection=selections([*STATES]),
    before=STEPS,
    suspended=st.sets(st.integers(1, CARDS), max_size=3),
    buried=st.sets(st.integers(1, CARDS), max_size=3),
)
def test_browse_a_crammed_sitting_and_a_quiz_have_the_cards_that_a_look_at_every_card_finds(
    described: Any, selection: Selection, before: Any, suspended: set[int], buried: set[int]
) -> None:
    """Browse lists them all; a sitting asks each of them once, and a quiz may, but for those that are set aside."""
    with described() as study:
        missed: dict[int, Any] = {}
        for step in before:
            if step[0] != "aside":
                act(study, step, missed, set())
        with study.database.write() as session:
            marks.suspend(session, 1, suspended)
            marks.bury(session, 1, buried, study.prefs.day(study.now) + timedelta(days=1))
        study.later(minutes=2)  # a second look within a minute counts nothing
        expected = {
            card for card in range(1, CARDS + 1) if lets_through(study, selection, card, missed, suspended, buried)
        }
        queue_ = Queue(1, selection, Mode.CRAM, study.now)
        with study.database.read() as session:
            for deck in (1, None):
                assert set(matching_ids(session, study.prefs, study.now, Wanted(selection, deck))) == expected
            assert find(session, study.prefs, study.now, Wanted(selection)).count == len(expected)
            may_be_asked = {one.card_id for one in candidates(session, study.prefs, study.now, queue_)}
        assert may_be_asked == expected - suspended - buried
        asked = []
        while (card := study.next(queue_)) is not None and card not in asked:
            asked.append(card)
            study.rate(card, 5)
        assert sorted(asked) == sorted(may_be_asked)


def test_cramming_asks_every_card_once_and_the_missed_ones_until_they_are_known(described: Any) -> None:
    with described() as study:
        study.rate(1, 5)
        study.later(minutes=5)
        filters = Queue(1, Selection(topic=("t1",)), Mode.CRAM, study.now)
        assert study.progress(filters).remaining == 5
        asked = []
        while (card := study.next(filters)) is not None:
            asked.append(card)
            study.rate(card, 1 if asked.count(card) == 1 and card == 2 else 4, sitting="cram")
            study.later(seconds=5)
        assert asked == [2, 3, 4, 5, 1, 2], "the first was looked at before"
        assert study.progress(filters, "cram").done == 5
        study.undo()
        assert study.progress(filters, "cram").done == 4


def test_what_was_done_in_a_sitting_is_counted_though_the_filter_lets_it_through_no_more(described: Any) -> None:
    with described() as study:
        filters = Queue(1, Selection(state="new", level="easy"))
        study.rate(1, 4, sitting="state=new")
        study.rate(4, 4)
        found = study.progress(filters, "state=new")
        assert (found.done, found.new) == (1, 1)


def test_studying_ahead_takes_what_is_due_soonest_then_more_new_cards_than_the_day_allows(described: Any) -> None:
    with described() as study:
        study.prefs = replace(study.prefs, new_per_day=3)
        for card, rating in ((1, 5), (2, 3), (3, 4)):  # in 9 days, 1 and 2
            study.rate(card, rating)
        study.later(minutes=5)
        assert study.next() is None
        filters = Queue(1, mode=Mode.AHEAD, since=study.now)
        asked = []
        while (card := study.next(filters)) is not None:
            asked.append(card)
            study.rate(card, 5)
        assert asked == [2, 3, 1, 4, 5, 6, 7, 8]


def test_a_sitting_ahead_needs_its_beginning() -> None:
    with pytest.raises(ValueError, match="time at which it began"):
        Queue(1, mode=Mode.CRAM)
