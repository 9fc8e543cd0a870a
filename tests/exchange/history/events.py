"""Random lives of a learner."""

from datetime import date
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tests.exchange.history.places import CARDS

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
