"""make soak: many browsers at once, on both databases, with one process and with several, printed as ratios."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select

from app.cards.load.load import load
from app.database import Database
from app.exchange.history.export_history import write_history
from app.settings import ROOT
from app.study.schedule.replay import replay
from app.tables import CARD, CARD_STATE, DAY_TOTAL, LEARNER, MONTH_TOTAL, REVIEW
from bench.browsers import IMPORTED, Seen, soak
from bench.figures import Timing, ratio
from bench.serving import RECUR, recur_env, serving
from tests.databases import SQLiteBackend
from tests.postgres import Cluster

MOST_LEARNERS = 256
DERIVED = (CARD_STATE, DAY_TOTAL, MONTH_TOTAL)


@dataclass(frozen=True)
class Soaked:
    """What came of one soak: what the browsers saw, how long it took, and what is wrong with the database after it."""

    name: str
    seen: Seen
    seconds: float
    wrong: tuple[str, ...]

    @property
    def a_second(self) -> float:
        """Requests answered."""
        return self.seen.answers.total() / self.seconds

    @property
    def tail(self) -> float:
        """The 99th percentile of a rating over its median."""
        rated = Timing("", self.seen.rated)
        return rated.p99 / rated.median

    def row(self) -> str:
        """One line for the table."""
        rated = Timing("", self.seen.rated or [0.0])
        times = f"p50 {rated.median * 1e3:6.0f}   p99 {rated.p99 * 1e3:6.0f} ms"
        did = f"{len(self.seen.counted):6} ratings   {self.seen.imports:4} imports   {self.seen.trainings:4} trainings"
        well = "; ".join(self.wrong) or "none lost, none twice, replay equal"
        return f"  {self.name:<36} {self.a_second:6.1f}/s   {times}   {did}   {len(self.seen.errors):3} errors   {well}"


class Place:
    """Where databases for a soak are made: migrated, with the content and with learners."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=folder))
        self.cluster = Cluster() if kind == "postgresql" else None
        self._filled: str | None = None

    def new(self, folder: Path) -> str:
        """The address of a fresh database."""
        if self.cluster:
            self._filled = self._filled or self._fill(self.cluster.url(self.cluster.create()))
            return self.cluster.url(self.cluster.create(self._filled))
        backend = SQLiteBackend(self.folder)
        self._filled = self._filled or self._fill(backend.new(self.folder))
        return backend.new(folder, self._filled)

    def _fill(self, url: str) -> str:
        database = Database(url)
        database.migrate()
        load(database, ROOT / "content", datetime.now(UTC))
        with database.write() as session:
            learners = [{"id": n, "name": f"Learner {n}", "own_keys": {}} for n in range(2, MOST_LEARNERS + 1)]
            session.connection().execute(insert(LEARNER), [row | {"types_answers": False} for row in learners])
        database.close()
        return str(database.url.database)

    def close(self) -> None:
        """Stop the server of PostgreSQL."""
        if self.cluster:
            self.cluster.stop()


def a_history(folder: Path, reviews: int = IMPORTED) -> str:
    """A history of so many reviews, four an hour from a day long ago on; their tokens begin with TOKEN."""
    place = Place("sqlite", folder)
    database = Database(place.new(folder))
    with database.write() as session:
        cards = list(session.connection().execute(select(CARD.c.id)).scalars())
        start = datetime(2024, 1, 1, 9, tzinfo=UTC)
        rows = [
            {
                "learner_id": 1,
                "card_id": cards[number % len(cards)],
                "token": f"TOKEN-{number}",
                "rating": 1 + number % 5,
                "revealed_at": at,
                "rated_at": at,
                "counts_at": at,
                "day": at.date(),
                "desired_retention": 0.9,
            }
            for number in range(reviews)
            for at in (start + number * timedelta(minutes=15),)
        ]
        session.connection().execute(insert(REVIEW), rows)
    path = folder / "history.jsonl"
    write_history(path, database, 1, datetime.now(UTC))
    database.close()
    return path.read_text()


def soak_one(place: Place, clients: int, processes: int, seconds: float, history: str) -> Soaked:
    """Serve a fresh database, soak it, and look at what is in it."""
    with tempfile.TemporaryDirectory(prefix="recur-soak-") as name:
        url = place.new(Path(name))
        env = recur_env(Path(name), ROOT / "content") | {
            "RECUR_DATABASE_URL": url,
            "RECUR_NEW_PER_DAY": "9999",
            "RECUR_WORKERS": str(processes),
        }
        log = Path(name) / "server.log"
        with serving(RECUR, env, log) as server:
            seen, took = asyncio.run(soak(server.port, clients, seconds, history))
        if seen.errors:
            seen.errors.append(f"the server said: {log.read_text()[-4000:]}")
        kind = "PostgreSQL" if place.cluster else "SQLite"
        what = f"{kind}, {processes} process{'es' if processes > 1 else ''}, {clients} clients"
        return Soaked(what, seen, took, tuple(wrong_with(Database(url), seen)))


def wrong_with(database: Database, seen: Seen) -> Iterable[str]:
    """What is lost, doubled, or not equal to a replay, in words."""
    with database.read() as session:
        tokens = set(
            session.connection().execute(select(REVIEW.c.token).where(~REVIEW.c.token.like("l%n%-%"))).scalars()
        )
        stored = session.connection().execute(select(func.count()).select_from(REVIEW)).scalar_one()
        before = derived(session.connection())
    if lost := seen.counted - tokens:
        yield f"{len(lost)} acknowledged ratings LOST"
    if more := tokens - seen.counted:
        yield f"{len(more)} ratings that nobody was told of"
    if stored - len(tokens) != seen.imports * IMPORTED:
        yield f"{stored - len(tokens)} imported reviews, {seen.imports * IMPORTED} acknowledged"
    with database.write() as session:
        replay(session)
        if derived(session.connection()) != before:
            yield "NOT equal to a replay"
    database.close()


def derived(connection: Any) -> list[list[tuple[Any, ...]]]:
    """The rows that a replay makes."""
    return [
        [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
        for table in DERIVED
    ]


def main(words: list[str]) -> bool:
    """Soak, print, and return True if nothing was wrong."""
    chosen = _chosen(words)
    done: dict[tuple[str, int, int], Soaked] = {}
    begun = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="recur-soak-")))
        history = a_history(folder)
        for kind in chosen.databases:
            place = Place(kind, folder)
            stack.callback(place.close)
            for processes in chosen.processes:
                for clients in chosen.clients:
                    one = soak_one(place, clients, processes, chosen.seconds, history)
                    done[kind, processes, clients] = one
                    print(one.row(), flush=True)
                    for error in one.seen.errors[:3]:
                        print(f"      {error}", flush=True)
    _ratios(done)
    print(f"  took {time.monotonic() - begun:.0f} s")
    return not any(one.wrong or one.seen.errors for one in done.values())


def _chosen(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=18, help="of each soak")
    parser.add_argument("--clients", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"], choices=["sqlite", "postgresql"])
    return parser.parse_args(words)


def _ratios(done: dict[tuple[str, int, int], Soaked]) -> None:
    """The throughputs beside each other, each with what it is held to."""
    first = min(key[2] for key in done)
    at: Callable[..., Soaked | None] = lambda kind, processes: done.get((kind, processes, first))  # noqa: E731
    one, server = at("sqlite", 1), at("postgresql", 1)
    for soaked in (one, server):
        if soaked:
            ratio(f"{soaked.name}: p99 of a rating over its p50", soaked.tail, 5)
    for name, over, under, floor in (
        ("PostgreSQL over SQLite, one process", server, one, 0.7),
        ("PostgreSQL, four processes over one", at("postgresql", 4), server, 1.3),
        ("SQLite, four processes over one", at("sqlite", 4), one, 1.0),
    ):
        if over and under:
            share = over.a_second / under.a_second
            print(f"  {name:<60} {share:6.2f} ×   held to ≥ {floor:g}   {'ok' if share >= floor else 'MISSED'}")


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
