"""Today's page: every count on it is what a plain look at every card finds."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from app.main import create_app
from app.settings import Settings
from app.study.selection.marks import suspend
from tests.examples import examples

if TYPE_CHECKING:
    from tests.study.conftest import Study

MakeStudy = Callable[[int], AbstractContextManager["Study"]]
CARDS = 8
TAG = re.compile(r"<[^>]*>")
LEAD = re.compile(r'<p class="lead">(.*?)</p>', re.S)
SENTENCES = [
    ((1, 0, 0), "1 card is due."),
    ((2, 0, 0), "2 cards are due."),
    ((0, 1, 0), "1 missed card comes again today."),
    ((0, 0, 1), "1 new card is ready."),
    ((2, 1, 0), "2 cards are due and 1 missed card comes again today."),
    ((2, 0, 3), "2 cards are due and 3 new cards are ready."),
    ((0, 2, 3), "2 missed cards come again today and 3 new cards are ready."),
    ((1, 1, 1), "1 card is due, 1 missed card comes again today, and 1 new card is ready."),
]
ACTIONS = st.one_of(
    st.tuples(st.just("rate"), st.integers(1, 5), st.integers(0, 900)),
    st.tuples(st.just("rate"), st.integers(1, 2), st.integers(0, 5)),
    st.tuples(st.just("suspend"), st.integers(1, CARDS), st.just(0)),
    st.tuples(st.just("undo"), st.just(0), st.just(0)),
    st.tuples(st.just("tomorrow"), st.integers(1, 3), st.just(0)),
)


def lead(page: str) -> str:
    """The first sentence as it is read."""
    found = LEAD.search(page)
    assert found
    return " ".join(TAG.sub("", found[1]).split())


def today(study: "Study", settings: Settings) -> str:
    # No start: what it does to the database is not asked here.
    return (
        TestClient(create_app(settings, study.database, lambda: study.now), base_url="http://127.0.0.1:8000")
        .get("/")
        .text
    )


def allow(study: "Study", new_per_day: int) -> None:
    """Set what the page reads from the learner's settings as the study has it."""
    with study.database.write() as session:
        session.connection().exec_driver_sql(
            f"UPDATE learner SET new_per_day = {new_per_day}, time_zone = '{study.prefs.zone}'"
        )


def look_at_every_card(study: "Study", new_per_day: int, suspended: set[int]) -> tuple[int, int, int]:
    """How many cards are due, missed, and new within the day's allowance."""
    day = study.prefs.day(study.now)
    rows = study.states()
    states = {row[1]: (row[4], row[5]) for row in rows if row[1] not in suspended}
    missed = {card for card, (on, at) in states.items() if at is not None and on >= day}
    due = {card for card, (on, _) in states.items() if on <= day} - missed
    missed |= {card for card, at in study.once_more().items() if at <= study.now} - suspended
    unseen = set(range(1, CARDS + 1)) - {row[1] for row in rows} - suspended
    introduced = sum(row[6] == day for row in rows)
    return len(due), len(missed), min(len(unseen), max(0, new_per_day - introduced))


def number_before(word: str, sentence: str) -> int:
    found = re.search(rf"(\d+) {word}", sentence)
    return int(found[1]) if found else 0


@examples(25, suppress_health_check=[HealthCheck.function_scoped_fixture])  # the settings do not change
@given(actions=st.lists(ACTIONS, min_size=1, max_size=15), new_per_day=st.integers(0, CARDS))
def test_the_sentence_says_every_part(
    new_study: MakeStudy, settings: Settings, actions: list[Any], new_per_day: int
) -> None:
    with new_study(CARDS) as study:
        allow(study, new_per_day)
        suspended: set[int] = set()
        for kind, value, detail in actions:
            if kind == "rate":
                study.later(seconds=detail)
                if (card := study.next()) is not None:
                    study.rate(card, value)
            elif kind == "suspend":
                suspended.add(value)
                with study.database.write() as session:
                    suspend(session, 1, [value])
            elif kind == "undo":
                study.undo()
            else:
                study.later(days=value)
        due, missed, new = look_at_every_card(study, new_per_day, suspended)
        said = lead(today(study, settings))
        counted = (
            number_before(r"cards? (?:is|are) due", said),
            number_before("missed", said),
            number_before("new", said),
        )
        assert counted == (due, missed, new), said
        assert said.startswith("Nothing is due") == (due + missed + new == 0), said


@pytest.mark.parametrize(("counts", "sentence"), SENTENCES)
def test_it_reads_as_a_sentence(
    study: "Study", settings: Settings, counts: tuple[int, int, int], sentence: str
) -> None:
    due, missed, new = counts
    allow(study, missed + new)
    for card in range(1, due + 1):
        study.rate(card, 3)
    study.later(days=1)
    for card in range(due + 1, due + missed + 1):
        study.rate(card, 1)
    if not new:
        with study.database.write() as session:
            suspend(session, 1, list(range(due + missed + 1, 11)))
    said = lead(today(study, settings))
    assert re.split(" About| The first", said)[0] == sentence


def test_a_learner_without_a_rating_is_told_what_this_is_and_may_start_with_five_cards(
    study: "Study", settings: Settings
) -> None:
    allow(study, 8)
    first = today(study, settings)
    assert first.count("<li>", first.index('<ol class="how">'), first.index("</ol>")) == 3
    assert re.findall(r'&amp;cards=([^"]*)"', first) == ["c1,c2,c3,c4,c5"]
    study.rate(1, 4)
    assert 'class="how"' not in today(study, settings)
    study.undo()
    assert 'class="how"' in today(study, settings)
