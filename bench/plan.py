"""The plan for 400 cards and 30 days, against the FSRS library asked about each card.

Where nothing else runs, the library takes about 4.5 ms, so the ratios hold today's list to 5 ms and the plan to 300.
"""

from datetime import UTC, date, datetime, timedelta

from app.study.plan.situation import PlanCard, Situation, study_seconds
from app.study.plan.todays_list import todays_list
from app.study.plan.whole_plan import FUTURES, whole_plan
from app.study.schedule.scheduler import Memory, State, outcomes
from bench.figures import Timing, heading, ratio, row, timed

CARDS, DAYS = 400, 30
TODAY = date(2026, 6, 1)


def _card(number: int) -> PlanCard:
    """Half of the cards were met in the last 20 days."""
    if number % 2:
        return PlanCard(number, number // 20)
    on = TODAY - timedelta(days=1 + number % 20)
    at = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    return PlanCard(number, number // 20, State(1.0 + number % 30, 5.0, on, None, on, on, at, 2, 0, number, 1))


def _library() -> None:
    for number in range(CARDS):
        outcomes(Memory(1.0 + number % 30, 5.0), 3, 0.9, number, 2)


def run() -> None:
    """Print the times and the ratios."""
    heading(f"The plan for {CARDS} cards and {DAYS} days")
    seconds = study_seconds(TODAY, TODAY + timedelta(days=DAYS), 20)
    situation = Situation([_card(number) for number in range(CARDS)], TODAY, seconds)
    library, today, whole = [], [], []
    for _ in range(20):  # in turns, so that a busy machine slows all alike
        library.append(timed(_library))
        today.append(timed(lambda: todays_list(situation)))
        whole.append(timed(lambda: whole_plan(situation)))
    asked = Timing("the FSRS library, asked about each card", library)
    listed, planned = Timing("today's list", today), Timing(f"the plan by day, {FUTURES} futures", whole)
    for one in (asked, listed, planned):
        row(one)
    ratio("today's list over the library", listed.median / asked.median, 1)
    ratio("a day of the plan over the library", planned.median / asked.median / DAYS, 2.2)
