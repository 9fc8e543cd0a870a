"""/classes/…/evidence of a class, at 10,000 and at 1,000,000 reviews; and a rating while the evidence is renewed.

Both classes have the same 500 learners, in eight parts, and the same 200 cards in two topics, 20 of them edited; only
reviews grow. With 10,000 each learner has met 20 cards once, and cards have figures of first looks. With 1,000,000 each
has met every card ten times: the renewal takes minutes, so every cell that can be is filled in. The first page lists
topics, the hardest cards and edits; a topic's page its 100 cards.

A rating is timed with the renewal of 1,000,000 reviews and without it, in turn: its process is stopped and continued.
Most of that time it reads. So a rating is timed too while all cells are written, again and again.
"""

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory, gettempdir
from unittest.mock import patch

from sqlalchemy import insert, select

from app.accounts.accounts import NewAccount, add
from app.accounts.classes import add_class, add_instructor, change_class
from app.accounts.evidence import take_part
from app.accounts.roles import Role
from app.accounts.sign_in import begin
from app.database import Database
from app.study.classes.enough import FEWEST
from app.study.evidence.figures import NAMES, FigureCell, Figures
from app.study.evidence.renew import Growing, renew
from app.study.forecast.fold import Taught
from app.tables import ACCOUNT, CARD_VERSION, CLASS_MEMBER, DECK, EVIDENCE
from bench.cards import database_with_cards
from bench.figures import Timing, grown, heading, ratio, row
from bench.review import ALL_DAY, PART, post, rating_form
from bench.serving import RECUR, ServerProcess, recur_env, serving

CARDS, LEARNERS, DAYS = 200, 500, 100
WARM_UP, CALLS = 10, 60
RENEWED = 100_000
"""With more reviews the evidence is filled in, and ratings are timed while it is renewed."""
GUESTS, TURNS, EACH = 4, 25, 8
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


_EVERY_CELL = """
INSERT INTO evidence (class_id, part, card_id, version_id, kind, what, upto, made_at, members, learners, looks, missed,
  rating, seconds, timed, expected, squares, products, sizes)
WITH parts AS (SELECT part, count(*) AS members FROM class_member WHERE NOT teaches GROUP BY part),
texts AS (SELECT id AS card, 0 AS version FROM card UNION ALL SELECT card_id, id FROM card_version)
SELECT 1, part, card, version, kind, '', 1000000, :now, members, 40, 600, 100 + card % 90, 2000, 9000, 600, 480.5, 60.5,
  90.5, 9000 FROM parts, texts, (SELECT 'first' AS kind UNION ALL SELECT 'later')
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
        secret = begin(session, account, datetime.now(UTC))
        return {"Cookie": f"recur-session={secret}", "Sec-Fetch-Site": "same-origin"}


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
        grown(name, small[name], large[name])


def _measure(reviews: int) -> dict[str, Timing]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        class_of(reviews, folder)
        database, now = Database(f"sqlite:///{folder / 'recur.sqlite'}"), datetime.now(UTC)
        env = recur_env(folder) | ALL_DAY | {"RECUR_ACCESS": "accounts"}
        if reviews <= RENEWED:
            renew(database, 1, now)
        else:
            guests = [f"guest {number}" for number in range(GUESTS)]
            with database.write() as session:
                for guest in guests:
                    add(session, NewAccount(guest, Role.LEARNER), Random(guest), LEARNERS + GUESTS + 9, now)
            with serving(RECUR, env) as server:
                _rated_meanwhile(server, [cookie_of(database, guest) for guest in guests], database)
        ida, found = cookie_of(database, "ida"), {}
        with serving(RECUR, env) as server:
            for name, (address, holds) in PAGES.items():
                get = partial(got, server.connect(), address, ida, holds)
                found[name] = server.timed(f"{name}, {reviews:,} reviews", get, WARM_UP, CALLS)
        database.close()
        return found


def _rated_meanwhile(server: ServerProcess, guests: Sequence[dict[str, str]], database: Database) -> None:
    """Print how long a rating takes with the renewal and without it. Fills in the evidence."""
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
    within, without, writing = list[float](), list[float](), list[float]()
    for _ in range(TURNS):
        within += islice(rated, EACH)
        os.kill(process, signal.SIGSTOP)
        without += islice(rated, EACH)
        os.kill(process, signal.SIGCONT)
    os.kill(process, signal.SIGTERM)
    with database.write() as session:
        filling = session.connection().connection.cursor()
        filling.execute(_EVERY_CELL, {"now": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}.000000"})
    with _written(database):
        writing += islice(rated, TURNS * EACH)
    timings = Timing("a rating, without", without), Timing("while it reads", within), Timing("while it writes", writing)
    for one in timings:
        row(one)
    for one in timings[1:]:
        ratio(f"median, {one.name}, over without", one.median / timings[0].median, 1.5)
        ratio(f"p99, {one.name}, over without", one.p99 / timings[0].p99, None)


@contextmanager
def _written(database: Database) -> Iterator[None]:
    """Write all cells of the evidence as a renewal does, again and again, as long as the block lasts."""
    with database.read() as session:
        rows = session.connection().execute(select(EVIDENCE)).all()
    cells = {FigureCell.of(one): Growing(Figures(*one[-len(NAMES) :]), FEWEST) for one in rows}
    ended = threading.Event()

    def write() -> None:
        with patch("app.study.evidence.renew._grown", lambda *_: cells):
            while not ended.is_set():
                renew(database, 1, datetime.now(UTC))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _renewing(server: ServerProcess) -> int:
    """The id of the process that renews the evidence; 0 if there is none. It is found on Linux alone."""
    for task in Path(f"/proc/{server.process.pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            if b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
    return 0
