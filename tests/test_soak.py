"""A few seconds of `make soak`: no error, nothing lost, nothing twice, and the derived tables equal a replay."""

from pathlib import Path

import pytest

from app.database import Database
from bench.browsers import Seen
from bench.soak import Place, a_history, derived, soak_one, wrong_with

pytestmark = pytest.mark.server
CLIENTS = 20
"""Two of them train and two import."""


@pytest.mark.parametrize(("kind", "processes"), [("sqlite", 1), ("postgresql", 2)])
def test_many_browsers_at_once(tmp_path: Path, kind: str, processes: int) -> None:
    place = Place(kind, tmp_path)
    try:
        soaked = soak_one(place, CLIENTS, processes, 3, a_history(tmp_path))
    finally:
        place.close()
    assert soaked.seen.errors == []
    assert soaked.wrong == ()
    assert soaked.seen.counted
    assert soaked.seen.imports
    assert soaked.seen.trainings


def test_the_soak_notices_what_is_wrong(tmp_path: Path) -> None:
    place = Place("sqlite", tmp_path)
    folder = tmp_path / "one"
    folder.mkdir()
    url = place.new(folder)
    assert list(wrong_with(Database(url), Seen())) == []
    assert "1 acknowledged ratings LOST" in list(wrong_with(Database(url), Seen(counted={"t"})))
    assert "0 imported reviews, 300 acknowledged" in list(wrong_with(Database(url), Seen(imports=1)))
    database = Database(url)
    with database.write() as session:
        session.connection().exec_driver_sql(
            "INSERT INTO review (id, learner_id, card_id, token, rating, rated_at, day, desired_retention) "
            "VALUES (1, 1, 1, 't', 4, '2026-01-01 09:00:00.000000', '2026-01-01', 0.9)"
        )
        assert not any(derived(session.connection()))
    wrong = list(wrong_with(database, Seen()))
    assert wrong == ["1 ratings that nobody was told of", "NOT equal to a replay"]
