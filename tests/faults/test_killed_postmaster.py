"""PostgreSQL's server killed amid ratings: what was acknowledged is there, once, and ours goes on without a restart."""

import http.client
import random
import threading
import time
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from app.cards.load.load import load
from bench.serving import RECUR, recur_env, serving
from tests.faults.lives import BEFORE, opened, write_content
from tests.faults.test_killed import form, send, states_equal_a_replay, stored
from tests.postgres import Cluster

pytestmark = [pytest.mark.server, pytest.mark.proof]
CARDS_A_KILL = 200
PATIENCE = 30
"""Seconds until our server must answer again."""


def test_what_was_acknowledged_survives_the_postmaster(tmp_path: Path) -> None:
    kills = 20 if hypothesis_settings.get_current_profile_name() == "proof" else 2
    chance = random.Random(3)
    cards = iter(range(1, CARDS_A_KILL * kills + 1))
    acknowledged = []
    cluster = Cluster()
    try:
        url = cluster.url(cluster.create())
        with opened(url) as database:
            database.migrate()
            assert not load(database, write_content(tmp_path / "content", CARDS_A_KILL * kills), BEFORE).mistakes
        with serving(RECUR, recur_env(tmp_path) | {"RECUR_DATABASE_URL": url}) as server:
            for _ in range(kills):
                killer = threading.Timer(chance.uniform(0.05, 0.4), cluster.kill)
                killer.start()
                connection = server.connect()
                while (status := send(connection, in_flight := form(next(cards), "small"))) == 200:
                    acknowledged.append(in_flight["token"])
                assert status in (500, 503)
                connection.close()
                killer.join()
                cluster.start()
                until = time.monotonic() + PATIENCE
                while sent(server.connect(), in_flight) != 200:
                    assert time.monotonic() < until, "the server does not come back"
                acknowledged.append(in_flight["token"])
        counts = stored(url)
        assert [token for token in acknowledged if counts[token] != 1] == []
        assert len(counts) == len(acknowledged)
        states_equal_a_replay(url)
    finally:
        cluster.stop()


def sent(connection: http.client.HTTPConnection, fields: dict[str, str]) -> int:
    status = send(connection, fields)
    connection.close()
    return status
