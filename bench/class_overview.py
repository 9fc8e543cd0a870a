"""The overview of a class of 500 learners at 10,000 and at 1,000,000 reviews; a learner's Today, alone and in it."""

from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select, update

from app.accounts.classes import delete_class
from app.accounts.sign_in import begin
from app.database import Database
from app.study.classes.plans import ClassDay, set_day
from app.tables import ACCOUNT, CLASS_MEMBER, CLASS_TOPIC, DECK
from bench.evidence import LEARNERS, classed
from bench.figures import Timing, heading, ratio, row, timed
from bench.serving import RECUR, recur_env, serving

WARM_UP, CALLS, FIRST_LOOKS = 10, 60, 9

_STATES = """
INSERT INTO card_state (learner_id, card_id, stability, difficulty, due_on, introduced_on, reviewed_on, reviewed_at,
  reviews, lapses, last_review_id, recalls, residual, day_misses)
SELECT learner_id, card_id, 0.5 + (card_id * 37) % 400, 5.0, date(max(day), '9 days'), min(day), max(day),
  max(rated_at), count(*), 0, max(id), 0, 0.0, 0
FROM review GROUP BY learner_id, card_id
"""


def run() -> None:
    """Print the times and their ratios."""
    heading(f"Overview of a class of {LEARNERS}: GET /classes/1/overview, the whole round trip")
    small, large = _measure(10_000), _measure(1_000_000)
    for one, other in zip(small, large, strict=True):
        row(one)
        row(other)
    for what, one, other in zip(("seen again", "counted anew"), small, large, strict=False):
        ratio(f"{what}: 1,000,000 reviews over 10,000", other.median / one.median, 3)
    ratio("Today of a learner: in the class over alone", large[2].median / large[3].median, 1.2)


def _measure(reviews: int) -> list[Timing]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        classed(folder / "recur.sqlite", reviews)
        (folder / "content").mkdir()
        (folder / "content" / "sources.yaml").write_text("documents: []\n")
        database, now = Database(f"sqlite:///{folder / 'recur.sqlite'}"), datetime.now(UTC)
        with database.write() as session:
            connection = session.connection()
            connection.connection.cursor().execute(_STATES)
            decks = frozenset(connection.execute(select(DECK.c.id)).scalars())
            set_day(session, 1, ClassDay("Exam", now.date() + timedelta(days=20), decks), now.date())
            ida = connection.execute(select(ACCOUNT.c.id).where(ACCOUNT.c.name == "ida")).scalar_one()
            learners = select(CLASS_MEMBER.c.account_id).where(~CLASS_MEMBER.c.teaches)
            learner = connection.execute(learners).scalars().first() or 0
            cookies = [{"Cookie": f"recur-session={begin(session, one, now)}"} for one in (ida, learner)]

        def count_anew() -> None:
            with database.write() as session:
                session.connection().execute(update(CLASS_TOPIC).values(counted_at=now - timedelta(days=99)))

        with serving(RECUR, recur_env(folder) | {"RECUR_ACCESS": "accounts"}) as server:
            get = partial(_get, server.connect())
            overview = partial(get, "/classes/1/overview", cookies[0], b"heat-map")
            overview()
            anew = []
            for _ in range(FIRST_LOOKS):
                count_anew()
                anew.append(timed(overview))
            today = partial(get, "/", cookies[1], b"Today")
            found = [_timing("the overview, seen again", overview), Timing("the overview, counted anew", anew)]
            found.append(_timing("Today of a learner in the class", today))
            with database.write() as session:
                delete_class(session, 1)
            found.append(_timing("Today of the same learner alone", today))
        database.close()
        return [Timing(f"{one.name}, {reviews:,} reviews", one.seconds) for one in found]


def _timing(name: str, work: partial[None]) -> Timing:
    for _ in range(WARM_UP):
        work()
    return Timing(name, [timed(work) for _ in range(CALLS)])


def _get(connection: HTTPConnection, address: str, cookie: dict[str, str], holds: bytes) -> None:
    connection.request("GET", address, headers=cookie)
    response = connection.getresponse()
    if response.status != 200 or holds not in response.read():
        raise RuntimeError(f"{address} answered {response.status}")
