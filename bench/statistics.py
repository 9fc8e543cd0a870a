"""/stats at 10,000 and at 1,000,000 reviews of 20,000 cards, over three years."""

from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from app.database import Database
from bench.cards import database_with_cards
from bench.figures import Timing, heading, ratio, row, timed
from bench.serving import RECUR, recur_env, serving

CARDS = 20_000
DAYS = 3 * 365
WARM_UP, CALLS = 10, 60
ADDRESSES = {
    "the whole deck": "/stats?period=all",
    "a year of it": "/stats?period=year",
    "one topic": "/stats?period=all&topic=topic-7",
}

# In SQL, because rating a million times would take an hour. Card after card comes up in a scattered order, and each
# comes back after whatever time; chance is a number's remainder, the same at every run.
_REVIEWS = f"""
INSERT INTO review (id, learner_id, card_id, token, rating, shown_at, revealed_at, rated_at, day, desired_retention)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :reviews),
given AS (
  SELECT i, (i * 7919) % {CARDS} + 1 AS card, 1 + min(4, (i * 31 + i / 7) % 9) AS rating,
  date(:today, (i * {DAYS} / :reviews - {DAYS - 1}) || ' days') AS day FROM n)
SELECT i + 1, 1, card, 't' || i, rating, day || ' 08:00:00.000000', day || ' 08:00:20.000000',
day || ' 08:00:30.000000', day, 0.9 FROM given
"""
_STATES = """
INSERT INTO card_state (learner_id, card_id, stability, difficulty, due_on, introduced_on, reviewed_on, reviewed_at,
  reviews, lapses, last_review_id)
SELECT 1, card_id, 0.5 + (card_id * 37) % 400, 1 + (card_id * 13) % 900 / 100.0,
  date(:today, ((card_id * 61) % 120 - 10) || ' days'), min(day), max(day), max(rated_at),
  count(*), card_id % 6, max(id)
FROM review GROUP BY card_id
"""
_DAYS = """
INSERT INTO day_total (learner_id, deck_id, topic_id, day, rated_1, rated_2, rated_3, rated_4, rated_5, new, seconds)
SELECT 1, 1, {topic}, day, sum(rating = 1), sum(rating = 2), sum(rating = 3), sum(rating = 4), sum(rating = 5),
  count(*) / 20, 30 * count(*) FROM review JOIN card ON card.id = card_id GROUP BY {topic}, day
"""
_MONTHS = """
INSERT INTO month_total (learner_id, deck_id, topic_id, month, interval, asked, recalled, expected)
WITH class(slot, interval) AS (VALUES (0, 1), (1, 2), (2, 4), (3, 8), (4, 15), (5, 31), (6, 91), (7, 181))
SELECT 1, 1, topic_id, substr(day, 1, 7) || '-01', interval, count(*), sum(rating > 2), 880000 * count(*)
FROM review JOIN card ON card.id = card_id JOIN class ON slot = review.id % 8 GROUP BY 3, 4, 5
"""


def reviewed(path: Path, reviews: int, today: date) -> None:
    """A database of 20,000 cards at `path` with so many reviews until `today`, and what is derived from them."""
    database_with_cards(path, CARDS)
    database = Database(f"sqlite:///{path}")
    with database.write() as session:
        connection = session.connection()
        driver = connection.connection.cursor()
        values = {"reviews": reviews, "today": today.isoformat()}
        for statement in (_REVIEWS, _STATES):
            driver.execute(statement, values)
        for statement in (_DAYS.format(topic="0 + 0"), _DAYS.format(topic="topic_id"), _MONTHS):
            driver.execute(statement)
    database.close()


def run() -> None:
    """Print the times and their ratios."""
    heading(f"Statistics over {CARDS:,} cards and three years: GET /stats, the whole round trip")
    small, large = _measure(10_000), _measure(1_000_000)
    for name in ADDRESSES:
        row(small[name])
        row(large[name])
        ratio(f"{name}: 1,000,000 reviews over 10,000", large[name].median / small[name].median, 2)
        ratio(f"{name}: 1,000,000 reviews over 50 ms", large[name].median / 0.05, 1)


def _measure(reviews: int) -> dict[str, Timing]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        reviewed(folder / "recur.sqlite", reviews, datetime.now(UTC).date())
        # An empty content folder: the cards are in the database alone, and what is gone from no file stays.
        (folder / "content").mkdir()
        (folder / "content" / "sources.yaml").write_text("documents: []\n")
        with serving(RECUR, recur_env(folder)) as server:
            connection = server.connect()

            def get(address: str) -> None:
                connection.request("GET", address)
                response = connection.getresponse()
                response.read()
                if response.status != 200:
                    raise RuntimeError(f"{address} answered {response.status}")

            found = {}
            for what, address in ADDRESSES.items():
                for _ in range(WARM_UP):
                    get(address)
                before = server.cpu_seconds()
                seconds = [timed(partial(get, address)) for _ in range(CALLS)]
                cpu = (server.cpu_seconds() - before) / CALLS
                found[what] = Timing(f"{what}, {reviews:,} reviews", seconds)
                print(f"  {what}, {reviews:,} reviews: {cpu * 1e3:.1f} ms of processor time a page")
    return found
