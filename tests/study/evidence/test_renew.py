"""The rule of five: whatever is shown on whatever days, no sum or difference of it is of fewer than five learners."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from app.study.classes.enough import FEWEST
from app.study.evidence import renew as renew_module
from app.study.evidence.figures import CellKind, FigureCell, Figures
from app.tables import CARD, CARD_LINK, CLASS_MEMBER
from tests.classroom import Classroom
from tests.examples import examples
from tests.study.conftest import Study

NewStudy = Callable[[int], AbstractContextManager[Study]]
LOOKS = (CellKind.FIRST, CellKind.LATER)
WHO = st.frozensets(st.integers(0, 8), min_size=1)
EITHER = st.integers(0, 1)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("answer"), WHO, EITHER, st.booleans()),
        st.tuples(st.just("answer"), WHO, EITHER, st.booleans()),
        st.tuples(st.just("answer"), WHO, EITHER, st.booleans()),
        st.tuples(st.just("undo"), WHO),
        st.tuples(st.just("leave"), st.integers(0, 8)),
        st.tuples(st.just("return"), st.integers(0, 8)),
        st.tuples(st.just("join")),
        st.tuples(st.just("edit"), EITHER),
        st.tuples(st.just("night")),
        st.tuples(st.just("night")),
    ),
    min_size=8,
    max_size=24,
)


class Given(NamedTuple):
    """An answer as the test remembers it."""

    number: int
    learner: int
    card: int
    day: int
    version: int
    missed: bool
    slipped: bool


Shown = Mapping[FigureCell, frozenset[Given]]


@dataclass
class Model:
    """What the evidence should be, without any table: the answers that stand, and since which of them each counts."""

    standing: list[Given] = field(default_factory=list)
    since: dict[int, int] = field(default_factory=dict)

    def cells(self) -> dict[FigureCell, frozenset[Given]]:
        """The answers in each cell now."""
        found = defaultdict[FigureCell, set[Given]](set)
        before: dict[tuple[int, int], Given] = {}
        for one in sorted(self.standing):
            last = before.get((one.learner, one.card))
            before[one.learner, one.card] = one
            if one.number < self.since.get(one.learner, 10**9):
                continue
            if last is None or one.day > last.day:
                kind = CellKind.FIRST if last is None else CellKind.LATER
                found[FigureCell(one.card, one.version, kind)].add(one)
            if one.slipped:
                found[FigureCell(one.card, one.version, CellKind.SLIP, "One step too few.")].add(one)
        return {cell: frozenset(those) for cell, those in found.items()}


@dataclass
class Play:
    """A class that is played with step after step, and all that was ever shown of it."""

    room: Classroom
    cards: list[int]
    model: Model = field(default_factory=Model)
    learners: list[int] = field(default_factory=list)
    versions: Counter[int] = field(default_factory=Counter)
    made: dict[FigureCell, frozenset[Given]] = field(default_factory=dict)
    pages: list[Shown] = field(default_factory=list)
    reviews: dict[int, int] = field(default_factory=dict)
    number: int = 0
    day: int = 0

    def join(self) -> None:
        self.learners.append(self.room.learner())
        self.model.since[self.learners[-1]] = self.number
        self.room.later(hours=0.01)

    def answer(self, who: Iterable[int], card: int, slipped: bool) -> None:
        for index in sorted(who):
            if index < len(self.learners):
                self.room.later(hours=0.02)
                learner, chosen, self.number = self.learners[index], self.cards[card], self.number + 1
                missed = slipped or index % 3 == 0
                version = self.versions[chosen]
                one = Given(self.number, learner, chosen, self.day, version, missed, slipped)
                self.model.standing.append(one)
                self.reviews[one.number] = (
                    self.room.slip(learner, chosen, "One step too few.")
                    if slipped
                    else self.room.answer(learner, chosen, 2 if missed else 4)
                )

    def undo(self, who: Iterable[int]) -> None:
        for index in who:
            mine = [one for one in self.model.standing if self.learners[index : index + 1] == [one.learner]]
            if mine:
                self.model.standing.remove(mine[-1])
                self.room.undo(mine[-1].learner, self.reviews[mine[-1].number])

    def leave(self, index: int) -> None:
        if index < len(self.learners) and self.learners[index] in self.model.since:
            gone = self.learners[index]
            del self.model.since[gone]
            self.room.leave(gone)
            self.look()
            assert all(one.learner != gone for page in self.pages[-1:] for those in page.values() for one in those)

    def join_again(self, index: int) -> None:
        if index < len(self.learners) and self.learners[index] not in self.model.since:
            self.room.join_again(self.learners[index])
            self.model.since[self.learners[index]] = self.number + 1
            self.room.later(hours=0.01)

    def edit(self, card: int) -> None:
        self.versions[self.cards[card]] = self.room.edit(self.cards[card])
        self.room.later(hours=0.02)

    def night(self) -> None:
        self.room.later(hours=24)
        self.day += 1
        self.room.renew()
        self.look(renewed=True)

    def look(self, renewed: bool = False) -> None:
        """Look at all pages; each figure that is new must sum up what the model has in its cell."""
        page, now = {}, self.model.cells()
        for cell, figures in self.room.shown().items():
            if cell.kind is CellKind.BOTH:
                continue
            if renewed and self.room.made(cell) == self.room.now:
                self.made[cell] = now.get(cell, frozenset())
            page[cell] = self.made[cell]
            assert sums(figures) == sums_of(page[cell]), cell
        self.pages.append(page)


def sums(figures: Figures) -> tuple[int, ...]:
    return figures.learners, figures.looks, figures.missed


def sums_of(those: frozenset[Given]) -> tuple[int, ...]:
    return learners(those), len(those), sum(one.missed for one in those)


def learners(those: Iterable[Given]) -> int:
    return len({one.learner for one in those})


def new_play(study: Study) -> Play:
    room = Classroom(study.database, study.now)
    return Play(room, list(room.cards()))


def played(study: Study, first: int, steps: list[tuple[Any, ...]]) -> Play:
    play = new_play(study)
    for _ in range(first):
        play.join()
    acts: dict[str, Callable[..., None]] = {
        "answer": play.answer, "undo": play.undo, "leave": play.leave, "return": play.join_again, "join": play.join,
        "edit": play.edit, "night": play.night,
    }  # fmt: skip
    for name, *arguments in steps:
        acts[name](*arguments)
    play.night()
    return play


def figures_of(pages: Iterable[Shown], kinds: Iterable[CellKind]) -> list[frozenset[Given]]:
    """Every different figure that was ever shown."""
    wanted = set(kinds)
    return sorted({those for page in pages for cell, those in page.items() if cell.kind in wanted}, key=sorted)


@examples(12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(first=st.integers(5, 7), steps=STEPS, data=st.data())
def test_no_two_days_or_cells_single_out_fewer_than_five(
    new_study: NewStudy, first: int, steps: list[tuple[Any, ...]], data: st.DataObject
) -> None:
    with new_study(2) as study:
        play = played(study, first, steps)
    for kinds in (LOOKS, (CellKind.SLIP,)):
        known = figures_of(play.pages, kinds)
        assert all(learners(those) >= FEWEST for those in known)
        for one, other in combinations(known, 2):
            assert learners(one ^ other) >= FEWEST
    # Any sum and difference of any figures, on whatever days.
    known = figures_of(play.pages, LOOKS)
    if known:
        chosen = st.lists(st.tuples(st.sampled_from(known), st.integers(-3, 3)), max_size=6)
        for terms in data.draw(st.lists(chosen, min_size=10, max_size=10)):
            left = Counter[Given]()
            for those, times in terms:
                left.update(dict.fromkeys(those, times))
            assert learners(one for one, times in left.items() if times) in (0, *range(FEWEST, 99))


def test_the_property_is_not_empty(new_study: NewStudy) -> None:
    """Figures are shown, change, are hidden after somebody left, and come back without them."""
    everybody = frozenset(range(6))
    with new_study(2) as study:
        play = new_play(study)
        for _ in range(6):
            play.join()
        play.answer(everybody, 0, False)
        play.night()
        first = FigureCell(play.cards[0], 0, CellKind.FIRST)
        assert learners(play.pages[-1][first]) == 6
        for who in ({0, 1, 2, 3}, {4}):
            play.answer(who, 0, True)
            play.night()
            assert (FigureCell(play.cards[0], 0, CellKind.LATER) in play.pages[-1]) == (who == {4})
        play.leave(5)
        assert play.pages[-1] == {}
        play.night()
        assert play.pages[-1] == {}
        play.answer({0, 1, 2, 3, 4}, 0, False)
        play.night()
        assert {cell.kind for cell in play.pages[-1]} == {CellKind.LATER}


def test_four_new_answers_change_nothing(new_study: NewStudy) -> None:
    with new_study(2) as study:
        play = new_play(study)
        for _ in range(9):
            play.join()
        play.answer(range(5), 0, False)
        play.night()
        before = play.pages[-1]
        play.answer(range(5, 9), 0, False)
        play.night()
        assert play.pages[-1] == before
        play.join()
        play.answer([9], 0, False)
        play.night()
        assert learners(play.pages[-1][FigureCell(play.cards[0], 0, CellKind.FIRST)]) == 10


def shown_after(play: Play, act: Callable[[Play], object]) -> Shown:
    act(play)
    play.look()
    return play.pages[-1]


def test_whoever_is_gone_in_any_way_is_in_no_figure(new_study: NewStudy) -> None:
    """Left, removed by an instructor, deleted with everything, moved to another class, about to be deleted."""
    ways: Iterator[Callable[[Play], object]] = iter(
        (
            lambda play: play.leave(0),
            lambda play: play.room.remove(play.learners[0]),
            lambda play: play.room.erase(play.learners[0]),
            lambda play: play.room.move(play.learners[0]),
            lambda play: play.room.ask_for_deletion(play.learners[0]),
        )
    )
    for way in ways:
        with new_study(2) as study:
            play = new_play(study)
            for _ in range(7):
                play.join()
            play.answer(range(7), 0, False)
            play.night()
            assert play.pages[-1]
            assert shown_after(play, way) == {}
            play.night()
            assert play.pages[-1] == {}


def test_an_answer_that_stands_in_for_one_taken_back_is_not_new(new_study: NewStudy) -> None:
    """Or four who answer the same again would hide behind them that the fifth does not."""
    with new_study(2) as study:
        play = new_play(study)
        for _ in range(6):
            play.join()
        play.answer(range(6), 0, False)
        play.night()
        before = play.pages[-1]
        play.undo(range(5))
        play.answer(range(5), 0, False)
        play.night()
        assert play.pages[-1] == before


def test_of_two_processes_that_renew_at_once_one_is_shown(new_study: NewStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or their figures would differ by the one answer that came between them."""
    with new_study(2) as study:
        play = new_play(study)
        for _ in range(6):
            play.join()
        play.answer(range(5), 0, False)
        count = renew_module._grown

        def meanwhile(*arguments: Any) -> Any:
            monkeypatch.setattr(renew_module, "_grown", count)
            play.answer([5], 0, False)
            play.room.renew()
            return count(*arguments)

        monkeypatch.setattr(renew_module, "_grown", meanwhile)
        play.room.renew()
        (figures,) = play.room.shown().values()
        assert figures.learners == 6


def lead(study: Study, before: int, card: int) -> None:
    """Let the follow-up of a card link to another."""
    with study.database.write() as session:
        name = session.connection().execute(select(CARD.c.name).where(CARD.c.id == card)).scalar_one()
        row = {"card_id": before, "position": 0, "deck": "rnn", "name": name, "is_follow_up": True}
        session.connection().execute(insert(CARD_LINK).values(row))


def test_a_prerequisite_was_missing_where_five_missed_both_and_the_others_less_often(new_study: NewStudy) -> None:
    """Whoever missed the second card: had they missed the first? Each pair is (missed the first, missed the second)."""
    for pairs, is_shown in (
        ([(True, True)] * 5 + [(False, False)] * 3, True),
        ([(True, True)] * 4 + [(False, False)] * 4, False),
        ([(True, True)] * 6 + [(True, False)] * 3, False),
        ([(True, True)] * 6 + [(True, False)] * 3 + [(False, False)], True),
    ):
        with new_study(2) as study:
            play = new_play(study)
            one, two = play.cards
            lead(study, one, two)
            for _ in pairs:
                play.join()
            for learner, missed in zip(play.learners, pairs, strict=True):
                for card, is_missed in zip(play.cards, missed, strict=True):
                    play.room.later(minutes=2)
                    play.room.answer(learner, card, 2 if is_missed else 4)
            play.room.renew()
            found = [cell for cell in play.room.shown() if cell.kind is CellKind.BOTH]
            assert found == ([FigureCell(two, 0, CellKind.BOTH, str(one))] if is_shown else []), pairs


def test_in_a_large_class_somebody_who_leaves_hides_one_part_alone(new_study: NewStudy) -> None:
    with new_study(2) as study:
        play = new_play(study)
        for _ in range(12):
            play.join()
        with study.database.write() as session:  # as if the class were large
            connection = session.connection()
            connection.execute(update(CLASS_MEMBER).values(part=CLASS_MEMBER.c.account_id % 2))
            parts = {row.account_id: row.part for row in connection.execute(select(CLASS_MEMBER))}
        play.answer(range(12), 0, False)
        play.night()
        (cell,) = play.pages[-1]
        assert (cell.kind, learners(play.pages[-1][cell])) == (CellKind.FIRST, 12)
        gone = play.learners[0]
        play.room.leave(gone)
        (left,) = play.room.shown().values()
        assert left.learners == sum(part != parts[play.room.accounts[gone]] for part in parts.values()) == 6


def test_parts_grow_with_the_class(new_study: NewStudy) -> None:
    """A small class is one part; in a large one at most eight have about as many learners each."""
    with new_study(2) as study:
        room = Classroom(study.database, study.now)
        for _ in range(45):
            room.learner()
        with study.database.read() as session:
            of = select(CLASS_MEMBER.c.part).order_by(CLASS_MEMBER.c.account_id)
            parts = session.connection().execute(of).scalars().all()
        assert set(parts[:40]) == {0}
        assert set(parts[40:]) == {0, 1}
