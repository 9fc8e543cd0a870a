"""Ratings given without a net: counted once, each at its own time, whatever arrives when."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.study.learner.preferences import Preferences
from app.study.schedule.late import Event, Fate, LateRating, LateUndo, Told, take_in
from app.study.schedule.rate import StaleFormError
from app.tables import CARD_STATE, DAY_TOTAL, MONTH_TOTAL, REVIEW
from tests.examples import examples

if TYPE_CHECKING:
    from tests.study.conftest import Study

CARDS = 3
NOW = datetime(2025, 6, 20, 12, tzinfo=UTC)


def late(token: str, card: int, rating: int, minutes: float, after: str | None = None) -> LateRating:
    """A rating given so many minutes after noon of the 1st of June."""
    at = datetime(2025, 6, 1, 12, tzinfo=UTC) + timedelta(minutes=minutes)
    return LateRating(token, card, rating, after, at - timedelta(seconds=20), at - timedelta(seconds=5), at)


def send(study: "Study", *events: Event, who: Preferences | None = None) -> list[Told]:
    with study.database.write() as session:
        return take_in(session, who or study.prefs, events, study.now)


def fates(told: Sequence[Told]) -> list[Fate]:
    return [one.fate for one in told]


def derived(study: "Study") -> dict[str, Any]:
    """The states and totals, without the ids of rows, which follow the order of arrival."""
    states = [column for column in CARD_STATE.columns if column.name != "last_review_id"]
    with study.database.read() as session:
        found = {}
        for columns in (states, list(DAY_TOTAL.columns), list(MONTH_TOTAL.columns)):
            rows = session.connection().execute(select(*columns).order_by(*columns[:5]))
            found[columns[0].table.name] = [tuple(row) for row in rows]
        return found


def order(study: "Study") -> list[str]:
    """The tokens of the learner's reviews, as they count."""
    query = select(REVIEW.c.token).where(REVIEW.c.learner_id == 1).order_by(REVIEW.c.counts_at, REVIEW.c.token)
    with study.database.read() as session:
        return list(session.connection().execute(query).scalars())


@st.composite
def a_device(draw: st.DrawFn, name: str) -> list[Event]:
    """What a device did without a net, in its order: each rating builds on its last one of the card; some are undone.

    Its clock may be set back meanwhile.
    """
    events: list[Event] = []
    last: dict[int, str | None] = {}
    minutes = draw(st.integers(0, 5_000))
    for number in range(draw(st.integers(1, 6))):
        minutes += draw(st.sampled_from((-700, 0, 1, 5, 60, 1_440, 3_000)))
        token = f"{name}-{number}"
        undone = {one.undoes for one in events if isinstance(one, LateUndo)}
        open_to_undo = [one for one in events if isinstance(one, LateRating) and one.token not in undone]
        if open_to_undo and draw(st.integers(0, 3)) == 0:
            events.append(LateUndo(token, open_to_undo[-1].token, late(token, 1, 1, minutes).rated_at))
            continue
        card = draw(st.integers(1, CARDS))
        events.append(late(token, card, draw(st.integers(1, 5)), minutes, last.get(card)))
        last[card] = token
    return events


@given(st.data())
@examples(15)
def test_two_devices_end_in_the_same_states_whatever_arrives_when(
    new_study: Callable[[int], AbstractContextManager["Study"]], data: st.DataObject
) -> None:
    """Oracle: every event in one call, and a replay of the reviews. Arrivals: any order, any pieces, any duplicates."""
    events = data.draw(a_device("a")) + data.draw(a_device("b"))
    with new_study(CARDS) as together:
        together.now = NOW
        assert set(fates(send(together, *events))) == {Fate.COUNTED}
        expected, expected_order = derived(together), order(together)
        together.replay()
        assert derived(together) == expected
    with new_study(CARDS) as apart:
        apart.now = NOW
        arrivals = data.draw(st.permutations(events + data.draw(st.lists(st.sampled_from(events), max_size=6))))
        left = list(arrivals)
        while left:
            some, left = left[: (size := data.draw(st.integers(1, 4)))], left[size:]
            told = send(apart, *some)
            assert not {one.fate for one in told} & {Fate.REFUSED}
            left += [event for event, one in zip(some, told, strict=True) if one.fate is Fate.WAITS]
        assert derived(apart) == expected
        assert order(apart) == expected_order
        apart.replay()
        assert derived(apart) == expected
        assert set(fates(send(apart, *events))) == {Fate.KNOWN}
        assert derived(apart) == expected


def test_a_late_rating_takes_its_place_before_those_that_were_there(study: "Study") -> None:
    study.add_cards(1)
    study.rate(1, 4)  # at noon of the 1st
    study.later(days=5)
    study.rate(1, 4)
    with_two = study.states()[0]
    study.later(days=1)
    assert fates(send(study, late("late", 1, 1, 2 * 24 * 60))) == [Fate.COUNTED]
    assert order(study)[1] == "late"
    assert study.states()[0] != with_two
    states = study.states()
    study.replay()
    assert study.states() == states
    undo = LateUndo("taken-back", "late", study.now)
    assert fates(send(study, undo, undo)) == [Fate.COUNTED, Fate.COUNTED]
    assert study.states()[0] == with_two


def test_a_form_made_before_a_late_rating_is_shown_again(study: "Study") -> None:
    """Its dates were those of another state, even if the late rating comes before the card's last one."""
    study.add_cards(1)
    study.rate(1, 4)
    study.later(days=5)
    study.rate(1, 4)
    study.later(days=9)
    form = study.answer(1, 4)
    send(study, late("late", 1, 1, 24 * 60))
    with pytest.raises(StaleFormError, match="rated elsewhere"):
        study.send(form)
    study.rate(1, 4)


def test_a_rating_counts_after_the_one_it_builds_on_though_the_devices_clock_is_slow(study: "Study") -> None:
    study.add_cards(1)
    base = study.rate(1, 4).review.token
    study.later(minutes=1)
    send(study, late("slow", 1, 2, minutes=-60, after=base))
    assert order(study) == [base, "slow"]


def test_times_later_than_now_become_now(study: "Study") -> None:
    study.add_cards(1)
    send(study, late("fast", 1, 4, minutes=10_000))
    assert [row[0] for row in study.rows("SELECT rated_at FROM review")] == [
        study.rows("SELECT counts_at FROM review")[0][0]
    ]
    with study.database.read() as session:
        (row,) = session.connection().execute(select(REVIEW.c.shown_at, REVIEW.c.revealed_at, REVIEW.c.rated_at))
    assert row[0] <= row[1] <= row[2] == study.now


def test_what_cannot_be_counted_is_told_by_token_and_the_rest_is_counted(study: "Study") -> None:
    study.add_cards(2)
    study.now = NOW
    theirs = Preferences(2, study.prefs.zone, 4, 20, 0.9)
    send(study, late("theirs", 1, 4, 0), who=theirs)
    told = send(
        study,
        late("gone", 99, 4, 0),
        late("huge", 2**70, 4, 0),
        late("old", 1, 4, -30 * 24 * 60),
        late("theirs", 1, 4, 0),
        late("on-theirs", 1, 4, 0, after="theirs"),
        LateUndo("undoes-theirs", "theirs", NOW),
        late("good", 1, 4, 0),
        late("good", 1, 5, 0),
        late("other-card", 2, 4, 0, after="good"),
        late("early", 2, 4, 0, after="never-sent"),
        LateUndo("of-nothing", "never-sent", NOW),
    )
    assert [(one.token, one.fate.value) for one in told] == [
        ("gone", "refused"), ("huge", "refused"), ("old", "refused"), ("theirs", "refused"), ("on-theirs", "refused"),
        ("undoes-theirs", "refused"), ("good", "counted"), ("good", "refused"), ("other-card", "refused"),
        ("early", "waits"), ("of-nothing", "waits"),
    ]  # fmt: skip
    assert all(one.why.endswith(".") for one in told if one.fate is not Fate.COUNTED)
    assert order(study) == ["good"]


def test_a_form_that_was_counted_and_comes_again_as_an_event_counts_once(study: "Study") -> None:
    """The answer to the form was cut, so the page kept the rating as an event, with the form's token."""
    study.add_cards(1)
    given = study.rate(1, 4).review
    event = late(given.token, 1, 4, 0)._replace(rated_at=study.now)
    assert fates(send(study, event)) == [Fate.KNOWN]
    assert order(study) == [given.token]
