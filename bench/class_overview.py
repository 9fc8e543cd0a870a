"""/classes/…/overview of a class, at 10,000 and at 1,000,000 reviews; and a learner's pages, alone and in that class.

The classes are those of bench/evidence.py: the same 500 learners and 200 cards; only reviews grow. The overview is seen
again, and for the first time on a day: before each look every topic is due to be counted. So large a class is counted
in the background, which is timed apart, in processor time: its states grow tenfold. The evidence is taken for renewed.
So are the learner's pages, in turn, with the same plan: their round trips tell more of what else the machine does.
"""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from sqlalchemy import insert, select, update

from app.accounts.accounts import NewAccount, add
from app.accounts.roles import Role
from app.database import Database
from app.study.classes.overview import count_what_is_due
from app.study.classes.plans import ClassDay, set_day
from app.tables import ACCOUNT, CLASS_MEMBER, CLASS_PLAN, CLASS_TOPIC, DECK, EVIDENCE
from bench.evidence import CARDS, LEARNERS, class_of, cookie_of, got
from bench.figures import Timing, grown, heading, ratio, row
from bench.review import ALL_DAY, PART, post, rating_form
from bench.serving import RECUR, ServerProcess, recur_env, serving

WARM_UP, CALLS = 10, 60
TURNS, EACH = 6, 10


def run() -> None:
    """Print the times and their ratios."""
    heading(f"Overview of a class of {LEARNERS}: GET /classes/1/overview, the whole round trip")
    small, large = _measure(10_000), _measure(1_000_000)
    for one, other in zip(small, large, strict=True):
        row(one)
        row(other)
    for what, one, other in zip(("seen again", "first on a day"), small, large, strict=True):
        grown(what, one, other)


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
        ida = cookie_of(database, "ida")

        def first_look() -> None:
            with database.write() as session:
                session.connection().execute(update(CLASS_TOPIC).values(counted_at=now - timedelta(days=1)))
            overview()

        with serving(RECUR, recur_env(folder) | ALL_DAY | {"RECUR_ACCESS": "accounts"}) as server:
            overview = partial(got, server.connect(), "/classes/1/overview", ida, b"data-heat")
            found = [
                server.timed("the overview, seen again", overview, WARM_UP, CALLS),
                server.timed("the overview, first on a day", first_look, WARM_UP, CALLS),
            ]
            print(f"  counted in the background in {counted * 1e3:.0f} ms of processor time, {reviews:,} reviews")
            _learner(server, database)
        database.close()
        return [replace(one, name=f"{one.name}, {reviews:,} reviews") for one in found]


def _learner(server: ServerProcess, database: Database) -> None:
    """Print the processor time of a learner's pages in the class, over that of the same alone."""
    with database.write() as session:
        guest = add(session, NewAccount("guest", Role.LEARNER), Random(2), LEARNERS + 9, datetime.now(UTC))
        of = select(ACCOUNT.c.learner_id, ACCOUNT.c.id).where(ACCOUNT.c.name.in_(("learner 0", "guest")))
        (learner, account), (other, _) = session.connection().execute(of.order_by(ACCOUNT.c.id)).all()
    me, cards = cookie_of(database, "learner 0"), iter(range(1, CARDS))

    def rate() -> None:
        form = rating_form(server.connect(), next(cards), "bench", PART | me)
        post(server.connect(), "/review", form, PART | me)

    works = {
        path: partial(lambda path: got(server.connect(), path, me, b"<h1"), path) for path in ("/", "/review", "/stats")
    }
    for name, work in (works | {"a card and its rating": rate}).items():
        used = {account: 0.0, guest: 0.0}
        for _turn in range(TURNS):
            for here, there, mine in ((account, guest, learner), (guest, account, other)):
                with database.write() as session:  # the place in the class is the learner's, or a guest's
                    place = update(CLASS_MEMBER).where(CLASS_MEMBER.c.account_id == there)
                    session.connection().execute(place.values(account_id=here))
                    plans = update(CLASS_PLAN).where(CLASS_PLAN.c.learner_id.in_((learner, other)))
                    session.connection().execute(plans.values(learner_id=mine))
                used[here] += server.timed("", work, 2, EACH).processor
        ratio(f"{name}: in the class over alone, processor", used[account] / used[guest], 1.2)
