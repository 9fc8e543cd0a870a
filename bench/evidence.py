"""/classes/…/evidence of a class of 500 learners, at 10,000 and at 1,000,000 reviews; and how long a renewal takes.

Nobody waits for the renewal: one process does it once a day. At 1,000,000 reviews it takes minutes, so there every cell
that can be is filled in its place.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from sqlalchemy import insert, select

from app.accounts.accounts import NewAccount, add, hash_if_good
from app.accounts.classes import add_class, add_instructor, change_class
from app.accounts.evidence import take_part
from app.accounts.roles import Role
from app.database import Database
from app.study.evidence.renew import renew
from app.tables import CARD_VERSION, CLASS_MEMBER, DECK
from bench.cards import database_with_cards
from bench.figures import Timing, heading, ratio, row, timed
from bench.serving import RECUR, recur_env, serving

CARDS, LEARNERS, DAYS = 200, 500, 100
RENEWED = 100_000
"""With more reviews the evidence is filled in."""
WARM_UP, CALLS = 10, 60
PASSWORD = "three grey geese"

# Each learner begins at another card, so that both pages show every card; each comes back when all had their turn.
_REVIEWS = """
INSERT INTO review (learner_id, card_id, token, rating, shown_at, revealed_at, rated_at, counts_at, day,
  desired_retention, checksum)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :reviews),
given AS (
  SELECT i, (i * 7 + :learner * 13) % 200 + 1 AS card, 1 + min(4, (i * 31 + i / 7 + :learner) % 9) AS rating,
  datetime(:start, (i * 100 / :reviews) || ' days', (i % 1000) || ' minutes') AS moment FROM n)
SELECT :learner, card, 't' || :learner || '-' || i, rating, moment || '.000000', moment || '.000000',
moment || '.500000', moment || '.500000', date(moment), 0.9, '' FROM given
"""

# A start of the server replays learners without any.
_TOTALS = """
INSERT INTO day_total (learner_id, deck_id, topic_id, day, rated_1, rated_2, rated_3, rated_4, rated_5, new, seconds)
VALUES (:learner, 1, 0, date(:start), 0, 0, 0, :reviews, 0, 0, 0)
"""
_EVERY_CELL = """
INSERT INTO evidence (class_id, part, card_id, version_id, kind, what, upto, made_at, members, learners, looks, missed,
  rating, seconds, timed, expected, squares, products, sizes)
WITH parts AS (SELECT part, count(*) AS members FROM class_member WHERE NOT teaches GROUP BY part),
texts AS (SELECT id AS card, 0 AS version FROM card UNION ALL SELECT card_id, id FROM card_version)
SELECT 1, part, card, version, kind, '', 1000000, :now, members, 40, 600, 100 + card % 90, 2000, 9000, 600, 480.5, 60.5,
  90.5, 9000 FROM parts, texts, (SELECT 'first' AS kind UNION ALL SELECT 'later')
"""


def classed(path: Path, reviews: int) -> None:
    """A database at `path` whose class of 500 has so many reviews, and its evidence."""
    database_with_cards(path, CARDS)
    database, rng = Database(f"sqlite:///{path}"), Random(1)
    start = datetime.now(UTC) - timedelta(days=DAYS + 1)
    with database.write() as session:
        connection = session.connection()
        add(session, NewAccount("ida", Role.INSTRUCTOR, None, hash_if_good(PASSWORD, "ida")), rng, LEARNERS + 9, start)
        class_id = add_class(session, "Spring", start)
        change_class(session, class_id, "Spring", connection.execute(select(DECK.c.id)).scalars().all())
        add_instructor(session, class_id, "ida", start)
        same = {"text_hash": "", "markdown": "", "path": "a/b.md", "line": 1}
        times = (start, start + timedelta(days=DAYS / 2))
        versions = [same | {"card_id": card, "loaded_at": at} for card in range(1, CARDS + 1, 10) for at in times]
        connection.execute(insert(CARD_VERSION), versions)
        driver = connection.connection.cursor()
        for number in range(LEARNERS):
            account = add(session, NewAccount(f"learner {number}", Role.LEARNER), rng, LEARNERS + 9, start)
            member = {"class_id": class_id, "account_id": account, "teaches": False, "joined_at": start}
            connection.execute(insert(CLASS_MEMBER).values(member))
            take_part(session, class_id, account, start)
            learner = driver.execute("SELECT learner_id FROM account WHERE id = ?", (account,)).fetchone()[0]
            values = {"learner": learner, "reviews": reviews // LEARNERS, "start": f"{start:%Y-%m-%d %H:%M:%S}"}
            driver.execute(_REVIEWS, values)
            driver.execute(_TOTALS, values)
    now = datetime.now(UTC)
    if reviews <= RENEWED:
        taken = timed(lambda: renew(database, class_id, now))
        print(f"  renewed in {taken:.1f} s, {1e6 * taken / reviews:.0f} µs a review")
    else:
        with database.write() as session:
            filling = session.connection().connection.cursor()
            filling.execute(_EVERY_CELL, {"now": f"{now:%Y-%m-%d %H:%M:%S}.000000"})
    database.close()


def run() -> None:
    """Print the times and their ratio."""
    heading(f"Evidence of a class of {LEARNERS} over {CARDS} cards: GET /classes/1/evidence, the whole round trip")
    small, large = _measure(10_000), _measure(1_000_000)
    row(small)
    row(large)
    ratio("1,000,000 reviews over 10,000", large.median / small.median, 3)


def _measure(reviews: int) -> Timing:
    with TemporaryDirectory() as name:
        folder = Path(name)
        classed(folder / "recur.sqlite", reviews)
        (folder / "content").mkdir()
        (folder / "content" / "sources.yaml").write_text("documents: []\n")
        with serving(RECUR, recur_env(folder) | {"RECUR_ACCESS": "accounts"}) as server:
            connection = server.connect()
            own = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", "/sign-in", urlencode({"name": "ida", "password": PASSWORD}), own)
            answer = connection.getresponse()
            answer.read()
            cookies = {"Cookie": "; ".join(one.partition(";")[0] for one in answer.headers.get_all("Set-Cookie") or ())}

            def get() -> None:
                connection.request("GET", "/classes/1/evidence", headers=cookies)
                response = connection.getresponse()
                if response.status != 200 or b"The hardest cards" not in response.read():
                    raise RuntimeError(f"the page answered {response.status}")

            for _ in range(WARM_UP):
                get()
            return Timing(f"the class's page, {reviews:,} reviews", [timed(get) for _ in range(CALLS)])
