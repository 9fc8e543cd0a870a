"""/classes/…/overview of a class, at 10,000 and at 1,000,000 reviews; and a learner's Today, alone and in that class.

The classes are those of bench/evidence.py: the same 500 learners and 200 cards; only reviews grow. The overview is seen
again, and for the first time on a day: before each look every topic is due to be counted. So large a class is counted
in the background, which is timed apart, in processor time: its states grow tenfold. The evidence is taken for renewed.
"""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import insert, select, update

from app.accounts.classes import delete_class
from app.database import Database
from app.study.classes.overview import count_what_is_due
from app.study.classes.plans import ClassDay, set_day
from app.tables import CLASS_TOPIC, DECK, EVIDENCE
from bench.evidence import LEARNERS, class_of, cookie_of, got
from bench.figures import Timing, grown, heading, ratio, row
from bench.serving import RECUR, recur_env, serving

WARM_UP, CALLS = 10, 60


def run() -> None:
    """Print the times and their ratios."""
    heading(f"Overview of a class of {LEARNERS}: GET /classes/1/overview, the whole round trip")
    small, large = _measure(10_000), _measure(1_000_000)
    for one, other in zip(small, large, strict=True):
        row(one)
        row(other)
    for what, one, other in zip(("seen again", "first on a day"), small, large, strict=False):
        grown(what, one, other)
    ratio("Today of a learner: in the class over alone", large[2].median / large[3].median, 1.2)


def _measure(reviews: int) -> list[Timing]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        class_of(reviews, folder)
        database, now = Database(f"sqlite:///{folder / 'recur.sqlite'}"), datetime.now(UTC)
        with database.write() as session:
            decks = frozenset(session.connection().execute(select(DECK.c.id)).scalars())
            row_of_today = dict.fromkeys(EVIDENCE.c.keys(), 0) | {"class_id": 1, "card_id": 1, "kind": "", "what": ""}
            session.connection().execute(insert(EVIDENCE).values(row_of_today | {"made_at": now}))
            set_day(session, 1, ClassDay("Exam", now.date() + timedelta(days=20), decks), now.date())
        start = time.process_time()
        count_what_is_due((database.read, database.write), 1, now.date(), now, waits=False)
        counted = time.process_time() - start
        cookies = [cookie_of(database, name) for name in ("ida", "learner 0")]

        def first_look() -> None:
            with database.write() as session:
                session.connection().execute(update(CLASS_TOPIC).values(counted_at=now - timedelta(days=1)))
            overview()

        with serving(RECUR, recur_env(folder) | {"RECUR_ACCESS": "accounts"}) as server:
            get = partial(got, server.connect())
            overview = partial(get, "/classes/1/overview", cookies[0], b"data-heat")
            today = partial(get, "/", cookies[1], b"Today")
            found = [
                server.timed("the overview, seen again", overview, WARM_UP, CALLS),
                server.timed("the overview, first on a day", first_look, WARM_UP, CALLS),
                server.timed("Today of a learner in the class", today, WARM_UP, CALLS),
            ]
            with database.write() as session:
                delete_class(session, 1, "Spring")
            found.append(server.timed("Today of the same learner alone", today, WARM_UP, CALLS))
        database.close()
        print(f"  counted in the background in {counted * 1e3:.0f} ms of processor time, {reviews:,} reviews")
        return [replace(one, name=f"{one.name}, {reviews:,} reviews") for one in found]
