"""What ratings have taught is the same however it was come by: folded at once, from checkpoints, undone, or late."""

import io
import math
import random
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, update

from app.database import BeingImportedError, lock_learner
from app.exchange.history.format import CardLine, EndLine, HeaderLine, ReviewLine
from app.exchange.history.import_history import import_history
from app.study.forecast import checkpoints, fold
from app.study.forecast.chances import chances, said
from app.study.forecast.checkpoints import KeepUp, keep_up, wrong_checkpoints
from app.study.forecast.fold import Taught, taught
from app.study.forecast.predictor import FSRS_ONLY, Predictor, after
from app.study.learner.profile import Profile
from app.study.schedule.late import LateRating, LateUndo, take_in
from app.study.schedule.reset import reset
from app.study.schedule.review_log import COUNTED, COUNTED_COLUMNS, IN_ORDER, STANDS
from app.study.schedule.scheduler import CountedRating, State, recall
from app.study.schedule.scheduler import after as rated
from app.tables import FORECAST, LEARNER, REVIEW
from tests.examples import examples
from tests.study.conftest import DECK, Study

CARDS = 4
Make = Callable[[int], AbstractContextManager[Study]]


@pytest.fixture(autouse=True, scope="module")
def near_checkpoints():
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("EVERY", 3), ("RECENT", 9), ("SPARSE", 12)):
            patch.setattr(checkpoints, name, value)
        yield


def now_known(study: Study, learner: int = 1) -> Taught:
    with study.database.read() as session:
        return taught(session.connection(), learner)


@dataclass
class ByHand:
    """What all ratings that stand should have taught."""

    predictor: Predictor = field(default_factory=Predictor)
    ratings: int = 0
    losses: list[float] = field(default_factory=list)
    sure: Counter[tuple[int, bool]] = field(default_factory=Counter)


def by_hand(study: Study, learner: int = 1) -> ByHand:
    query = (
        select(REVIEW.c.card_id, *COUNTED_COLUMNS).select_from(COUNTED).where(REVIEW.c.learner_id == learner, STANDS)
    )
    with study.database.read() as session:
        rows = session.connection().execute(query.order_by(*IN_ORDER)).all()
    cards: dict[int, State] = {}
    made = ByHand(ratings=len(rows))
    for card, *columns in rows:
        given_, before, known = CountedRating(*columns), cards.get(card), made.predictor
        made.predictor = after(known, before, given_)
        if before is not None and made.predictor is not known:
            chance = recall(before.stability, (given_.day - before.reviewed_on).days)
            made.losses.append(-math.log(chance if given_.rating > 2 else 1 - chance))
        if given_.sure and (before is None or made.predictor is not known):
            made.sure[given_.sure, given_.rating > 2] += 1
        cards[card] = rated(before, card, given_)
    return made


def assert_is_replayed(study: Study) -> None:
    for learner in (1, 2):
        known, right = now_known(study, learner), by_hand(study, learner)
        assert known.ratings == right.ratings
        assert known.plain() | {"calibration": 0} == Taught(right.predictor).plain() | {"calibration": 0}  # to the bit
        for one in known.calibration.by.values():
            assert sum(tally.asked for tally in one.bins) == len(right.losses)
        assert known.calibration.by["fsrs"].loss == pytest.approx(sum(right.losses), rel=1e-9)
        sure = {level: (one.asked, one.recalled) for level, one in enumerate(known.calibration.sure, 1)}
        assert sure == {n: (right.sure[n, True] + right.sure[n, False], right.sure[n, True]) for n in (1, 2, 3)}


LAPSES = st.one_of(st.integers(0, 20), st.integers(1_000, 9_000), st.integers(-2_000, 0))
WHOSE = st.sampled_from([1, 1, 1, 2])
SURE = st.sampled_from([None, None, 1, 2, 3])
RATE = st.tuples(st.just("rate"), WHOSE, LAPSES, st.integers(1, CARDS), st.integers(1, 5), SURE)
LATE = st.tuples(st.just("late"), WHOSE, LAPSES, st.integers(1, CARDS), st.integers(1, 5), st.integers(0, 20_000))
MERGE = st.tuples(st.just("merge"), WHOSE, LAPSES, st.integers(1, CARDS), st.integers(1, 5), st.integers(0, 20_000))
UNDO = st.tuples(st.just("undo"), WHOSE, LAPSES)
LATE_UNDO = st.tuples(st.just("late undo"), WHOSE, LAPSES, st.integers(0, 9))
RESET = st.tuples(st.just("reset"), WHOSE, LAPSES, st.integers(1, CARDS))
KEEP = st.tuples(st.just("keep"), WHOSE, LAPSES)
REPLAY = st.tuples(st.just("replay"), WHOSE, LAPSES)
RARE = st.one_of(LATE, LATE_UNDO, MERGE, RESET, REPLAY)
EVENTS = st.lists(st.one_of(RATE, RATE, RATE, KEEP, UNDO, RARE, RARE), max_size=40)


@examples(60)
@given(EVENTS)
def test_the_fold_equals_a_replay_whatever_happens(new_study: Make, events: list[Any]) -> None:
    with new_study(CARDS) as study:
        tokens = count()
        for kind, learner, lapse, *more in events:
            study.later(minutes=lapse)
            study.prefs = replace(study.prefs, learner_id=learner)
            if kind == "rate":
                study.rate(*more[:2], sure=more[2])
            elif kind == "undo":
                study.undo()
            elif kind == "keep":
                assert keep_up(study.database, learner)
            elif kind == "replay":
                study.replay(learner)
            elif kind == "merge":
                merge(study, more, next(tokens))
            else:
                with study.database.write() as session:
                    if kind == "reset":
                        reset(session, study.prefs, more, f"reset-{next(tokens)}", study.now)
                    else:
                        take_in(session, study.prefs, [late_event(study, kind, more, next(tokens))], study.now)
            assert_is_replayed(study)
        for learner in (1, 2):
            assert keep_up(study.database, learner)
        with study.database.read() as session:
            assert list(wrong_checkpoints(session.connection())) == []
        assert_is_replayed(study)


def merge(study: Study, more: list[int], number: int) -> None:
    """Import a history with one rating of the learner's, given some time ago."""
    card, rating, minutes = more
    at = study.now - timedelta(minutes=minutes)
    name: dict[str, Any] = {"deck": "rnn", "card": f"c{card}"}
    titles: dict[str, Any] = {"deck_title": "RNN", "topic": "t1", "topic_title": "t1", "question": "?"}
    times: dict[str, Any] = {"shown_at": at, "revealed_at": at, "rated_at": at, "counts_at": at, "day": at.date()}
    lines = (
        HeaderLine(exported_at=study.now, learner=Profile("Ada")),
        CardLine(**name, **titles, seed=card),
        ReviewLine(**name, **times, token=f"merged-{number}", rating=rating, undoes=None, desired_retention=0.9),
        EndLine(cards=1, reviews=1),
    )
    file = io.BytesIO("".join(line.model_dump_json() + "\n" for line in lines).encode())
    import_history(study.database, file, study.prefs.learner_id, study.now)


def late_event(study: Study, kind: str, more: list[int], number: int) -> LateRating | LateUndo:
    if kind == "late":
        card, rating, minutes = more
        at = study.now - timedelta(minutes=minutes)
        return LateRating(f"late-{number}", card, rating, None, at, at, at)
    mine = study.rows("SELECT token FROM review WHERE learner_id = :l AND rating IS NOT NULL ORDER BY token".replace(
        ":l", str(study.prefs.learner_id)))  # fmt: skip
    return LateUndo(f"late-{number}", mine[more[0] % len(mine)][0] if mine else "none", study.now)


def study_for(study: Study, ratings: int, seed: int = 0) -> None:
    rng = random.Random(seed)
    for _ in range(ratings):
        study.rate(rng.randint(1, 10), rng.randint(1, 5))
        study.later(hours=rng.choice([0.1, 7, 30]))


def stored(study: Study) -> list[int]:
    with study.database.read() as session:
        return list(session.connection().execute(select(FORECAST.c.ratings).order_by(FORECAST.c.ratings)).scalars())


def test_a_merged_history_is_folded_anew(study: Study) -> None:
    study_for(study, 12)
    assert keep_up(study.database, 1)
    with study.database.write() as session:
        at = datetime(2025, 5, 1, 10, tzinfo=UTC)
        same = {"learner_id": 1, "rated_at": at, "day": at.date(), "desired_retention": 0.9, "rating": 1}
        rows = [same | {"card_id": n, "token": f"old{n}", "counts_at": at} for n in range(1, 11)]
        session.connection().execute(insert(REVIEW), rows)
    study.replay(1)
    assert stored(study) == []
    assert_is_replayed(study)


def test_a_rating_writes_nothing_here_and_the_last_undo_drops_one_checkpoint(study: Study) -> None:
    study_for(study, 9)
    assert keep_up(study.database, 1)
    assert stored(study) == [3, 6, 9]
    study.undo()
    assert stored(study) == [3, 6]
    assert_is_replayed(study)


def test_old_checkpoints_are_thinned_out(study: Study) -> None:
    for _ in range(10):
        study_for(study, 4, seed=_)
        assert keep_up(study.database, 1)
    assert stored(study) == [12, 24, 33, 36, 39]
    at_once = Taught(), stored(study)
    with study.database.write() as session:
        session.connection().execute(FORECAST.delete())
    assert keep_up(study.database, 1)
    assert stored(study) == at_once[1]
    assert_is_replayed(study)


def test_with_too_many_to_fold_it_is_fsrs_alone(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    study_for(study, 12)
    for module in (fold, checkpoints):
        monkeypatch.setattr(module, "AT_ONCE", 7)
    known = now_known(study)
    assert not known.is_current
    assert known.predictor is FSRS_ONLY
    assert keep_up(study.database, 1)
    assert now_known(study).is_current
    assert_is_replayed(study)


@pytest.mark.parametrize("change", ["undo", "late", "rate"])
def test_what_changes_while_it_is_folded_is_folded_again(
    study: Study, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """A rating after what was folded does not matter; a change before it does."""
    study_for(study, 6)
    locked = lock_learner

    def between(*arguments: Any) -> None:
        monkeypatch.setattr(checkpoints, "lock_learner", locked)
        at = study.now - timedelta(days=3)
        connection = arguments[0]
        if change == "late":
            row = {"learner_id": 1, "card_id": 3, "token": "late", "rating": 4, "rated_at": at, "counts_at": at}
        elif change == "undo":
            last = connection.execute(select(func.max(REVIEW.c.id))).scalar()
            row = {
                "learner_id": 1,
                "card_id": 3,
                "token": "u",
                "undoes_id": last,
                "rated_at": at,
                "counts_at": study.now,
            }
        else:
            later = study.now + timedelta(days=3)
            row = {"learner_id": 1, "card_id": 3, "token": "r", "rating": 4, "rated_at": later, "counts_at": later}
        connection.execute(insert(REVIEW), row | {"day": at.date(), "desired_retention": 0.9})
        locked(*arguments)

    monkeypatch.setattr(checkpoints, "lock_learner", between)
    assert keep_up(study.database, 1) is (change == "rate")
    assert stored(study) == ([3, 6] if change == "rate" else [])


def test_an_import_under_way_is_left_alone(study: Study) -> None:
    study_for(study, 6)
    with study.database.write() as session:
        session.connection().execute(update(LEARNER).where(LEARNER.c.id == 1).values(importing="after 1"))
    with pytest.raises(BeingImportedError):
        keep_up(study.database, 1)
    KeepUp(study.database).look()
    assert stored(study) == []


def test_every_learner_is_looked_at_once_and_then_those_who_rate(study: Study) -> None:
    keeper = KeepUp(study.database)
    study_for(study, 3)
    keeper.look()
    assert stored(study) == [3]
    study_for(study, 3)
    keeper.look()
    assert stored(study) == [3, 6]
    keeper.look()
    assert stored(study) == [3, 6]


def test_a_wrong_checkpoint_is_found(study: Study) -> None:
    study_for(study, 9)
    assert keep_up(study.database, 1)
    with study.database.write() as session:
        connection = session.connection()
        row = connection.execute(select(FORECAST.c.learned).where(FORECAST.c.ratings == 6)).scalar_one()
        wrong = FORECAST.update().where(FORECAST.c.ratings == 6).values(learned=row | {"alone": 0.5})
        connection.execute(wrong)
    with study.database.read() as session:
        assert list(wrong_checkpoints(session.connection())) == [(1, 6)]


def test_the_chances_are_of_the_cards_that_were_seen(study: Study) -> None:
    study.rate(1, 4)
    study.rate(2, 1)
    study.retire(2)
    study.later(days=3)
    with study.database.read() as session:
        found = chances(session, 1, DECK)
    assert list(found.states) == [1]
    today = study.prefs.day(study.now)
    assert found.on(today)[1] == pytest.approx(found.predictor.chance(found.states[1], 3))
    assert found.total(today).expected == pytest.approx(found.on(today)[1])


def test_what_is_said_of_a_chance_adds_up(study: Study) -> None:
    study_for(study, 60)
    study.later(days=5)
    today = study.prefs.day(study.now)
    with study.database.read() as session:
        found = chances(session, 1, DECK)
    for card, chance in found.on(today).items():
        told = said(found.predictor, found.states[card], today)
        assert told is not None
        assert told.percent == pytest.approx(100 * chance, abs=0.5001)
        assert told.fsrs + sum(points for _why, points in told.reasons) == told.percent
    assert said(found.predictor, found.states[1], found.states[1].reviewed_on) is None
