"""/classes/…/evidence of a class, at 10,000 and at 1,000,000 reviews; and a rating while the evidence is renewed.

Both classes have the same 500 learners, in eight parts, and the same 200 cards in two topics, 20 of them edited; only
reviews grow. With 10,000 each learner has met 20 cards once, and every card has figures, of first looks. With 1,000,000
each has met every card ten times, so every card has figures of first and of later looks. The first page lists topics,
the hardest cards and edits; a topic's page has 100 rows in both. The figures are the renewal's own.

A rating is timed with the renewal of 1,000,000 reviews and without it, in turn: its process is stopped and continued.
Then ratings go on until it has written all.
"""

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory, gettempdir

from sqlalchemy import insert, select

from app.accounts.accounts import NewAccount, add
from app.accounts.classes import add_class, add_instructor, change_class
from app.accounts.evidence import take_part
from app.accounts.roles import Role
from app.accounts.sign_in import begin
from app.database import Database
from app.study.forecast.fold import Taught
from app.tables import ACCOUNT, CARD_VERSION, CLASS_MEMBER, DECK
from bench.cards import database_with_cards
from bench.figures import Timing, heading, ratio, row, timed
from bench.review import ALL_DAY, PART, post, rating_form
from bench.serving import RECUR, ServerProcess, recur_env, serving

CARDS, LEARNERS, DAYS = 200, 500, 100
WARM_UP, CALLS = 10, 60
TOLD = 100_000
"""With more reviews ratings are timed while the evidence is renewed."""
GUESTS, TURNS, EACH = 20, 25, 8
"""People outside the class who rate; and how often so many ratings are given with the renewal and without it."""

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

# What a server that kept up would have: it replays learners without totals, and folds ratings without a checkpoint.
_TOTALS = """
INSERT INTO day_total (learner_id, deck_id, topic_id, day, rated_1, rated_2, rated_3, rated_4, rated_5, new, seconds)
VALUES (:learner, 1, 0, date(:start), 0, 0, 0, :reviews, 0, 0, 0)
"""
_STATES = """
INSERT INTO card_state (learner_id, card_id, stability, difficulty, due_on, introduced_on, reviewed_on, reviewed_at,
  reviews, lapses, last_review_id, recalls, residual, day_misses)
SELECT learner_id, card_id, 0.5 + (card_id * 37) % 400, 5.0, date(max(day), '9 days'), min(day), max(day),
  max(rated_at), count(*), 0, max(id), 0, 0.0, 0
FROM review GROUP BY learner_id, card_id
"""
_FOLDED = """
INSERT INTO forecast (learner_id, ratings, counts_at, token, learned)
SELECT learner_id, count(*), max(counts_at), '~', :learned FROM review GROUP BY learner_id
"""


def class_of(reviews: int, folder: Path) -> None:
    """Put into a folder what a server needs: a database with the class, which is made once and kept for the next run.

    Its evidence and its overview are not made yet.
    """
    kept = Path(gettempdir()) / f"recur-bench-class-{reviews}.sqlite"
    if not kept.exists():
        classed(folder / "new.sqlite", reviews)
        shutil.move(folder / "new.sqlite", kept)
    shutil.copy(kept, folder / "recur.sqlite")
    (folder / "content").mkdir()
    (folder / "content" / "sources.yaml").write_text("documents: []\n")


def classed(path: Path, reviews: int) -> None:
    """A database at `path` whose class of 500 has so many reviews."""
    database_with_cards(path, CARDS)
    database, rng = Database(f"sqlite:///{path}"), Random(1)
    start = datetime.now(UTC) - timedelta(days=DAYS + 1)
    with database.write() as session:
        connection = session.connection()
        add(session, NewAccount("ida", Role.INSTRUCTOR), rng, LEARNERS + 9, start)
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
        driver.execute(_STATES)
        driver.execute(_FOLDED, {"learned": json.dumps(Taught().plain())})
    database.close()


def cookie_of(database: Database, name: str) -> dict[str, str]:
    """The header of somebody who is signed in."""
    with database.write() as session:
        account = session.connection().execute(select(ACCOUNT.c.id).where(ACCOUNT.c.name == name)).scalar_one()
        return {"Cookie": f"recur-session={begin(session, account, datetime.now(UTC))}"}


def got(connection: HTTPConnection, address: str, headers: dict[str, str], holds: bytes) -> None:
    """Get a page. Raises RuntimeError if it is none, or does not hold this."""
    connection.request("GET", address, headers=headers)
    response = connection.getresponse()
    if response.status != 200 or holds not in response.read():
        raise RuntimeError(f"{address} answered {response.status}")


PAGES = {
    "the class's page": ("/classes/1/evidence", b"The hardest cards"),
    "a topic's page": ("/classes/1/evidence/bench/topics/topic-1", b"All of these"),
}


def run() -> None:
    """Print the times and their ratios."""
    heading(f"Evidence of a class of {LEARNERS} over {CARDS} cards: the whole round trip")
    small, large = _measure(10_000), _measure(1_000_000)
    for name in PAGES:
        for one in (small[name], large[name]):
            row(one)
        ratio(f"{name}: 1,000,000 reviews over 10,000", large[name].median / small[name].median, 3)


def _measure(reviews: int) -> dict[str, Timing]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        class_of(reviews, folder)
        database = Database(f"sqlite:///{folder / 'recur.sqlite'}")
        ida, guests = cookie_of(database, "ida"), [f"guest {number}" for number in range(GUESTS)]
        with database.write() as session:
            for guest in guests:
                add(session, NewAccount(guest, Role.LEARNER), Random(guest), LEARNERS + GUESTS + 9, datetime.now(UTC))
        with serving(RECUR, recur_env(folder) | ALL_DAY | {"RECUR_ACCESS": "accounts"}) as server:
            connection = server.connect()
            if reviews > TOLD:
                _rated_meanwhile(server, [cookie_of(database, guest) for guest in guests])
            while _renewing(server):
                time.sleep(0.2)
            found = {}
            for name, (address, holds) in PAGES.items():
                get = partial(got, connection, address, ida, holds)
                for _ in range(WARM_UP):
                    get()
                found[name] = Timing(f"{name}, {reviews:,} reviews", [timed(get) for _ in range(CALLS)])
        database.close()
        return found


def _rated_meanwhile(server: ServerProcess, guests: Sequence[dict[str, str]]) -> None:
    """Print how long a rating takes with the renewal and without it."""
    connection = server.connect()

    def ratings() -> Iterator[float]:
        for guest in guests:
            for card in range(1, CARDS + 1):
                form = rating_form(connection, card, "bench", PART | guest)
                yield post(connection, "/review", form, PART | guest)

    rated = ratings()
    while not (process := _renewing(server)):
        time.sleep(0.2)
    for _ in range(WARM_UP):
        next(rated)
    within, without = list[float](), list[float]()
    for _ in range(TURNS):
        within += (next(rated) for _ in range(EACH))
        os.kill(process, signal.SIGSTOP)
        without += (next(rated) for _ in range(EACH))
        os.kill(process, signal.SIGCONT)
    rest = list[float]()
    while _renewing(server):
        rest += islice(rated, 1)
        time.sleep(0.2)
    timings = Timing("a rating, without the renewal", without), Timing("with it", within), Timing("until its end", rest)
    for one in timings:
        row(one)
    for one in timings[1:]:
        ratio(f"median of a rating, {one.name}, over without", one.median / timings[0].median, 1.5)
        ratio(f"p99 of a rating, {one.name}, over without", one.p99 / timings[0].p99, None)


def _renewing(server: ServerProcess) -> int:
    """The id of the process that renews the evidence; 0 if there is none. It is found on Linux alone."""
    for task in Path(f"/proc/{server.process.pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            if b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
    return 0
