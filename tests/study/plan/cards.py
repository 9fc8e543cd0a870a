"""Cards and situations for tests of the plan."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from app.study.plan.situation import PlanCard, Situation, study_seconds
from app.study.schedule.scheduler import State

TODAY = date(2026, 3, 2)


def met(number: int, stability: float = 5, difficulty: float = 5, ago: int = 3, topic: int = 0) -> PlanCard:
    """A card that was rated so many days ago."""
    on, at = TODAY - timedelta(days=ago), datetime(2026, 3, 2, tzinfo=UTC) - timedelta(days=ago)
    return PlanCard(number, topic, State(stability, difficulty, on, None, on, on, at, 1, 0, number))


def situation(cards: Sequence[PlanCard], days: int = 7, minutes: int = 10) -> Situation:
    """A plan for so many days from TODAY."""
    return Situation(cards, TODAY, study_seconds(TODAY, TODAY + timedelta(days=days), minutes))


UNMET = st.integers(1, 4).map(lambda topic: PlanCard(0, topic))
MET = st.builds(
    met, st.just(0), st.floats(0.01, 500), st.floats(1, 10), ago=st.integers(1, 60), topic=st.integers(1, 4)
)
DECKS = st.lists(st.one_of(UNMET, MET), max_size=40).map(
    lambda cards: [card._replace(id=100 + place) for place, card in enumerate(cards)]
)
SITUATIONS = st.builds(situation, DECKS, days=st.integers(0, 20), minutes=st.integers(0, 60))
