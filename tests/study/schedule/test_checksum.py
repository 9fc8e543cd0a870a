"""A review's checksum: written by whatever writes a review, and wrong as soon as a bit of the review is."""

import random
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from app.database import Database
from app.study.schedule.checksum import COVERED, NEWEST, altered, checksum, is_intact
from app.study.schedule.reset import reset
from app.tables import REVIEW
from tests.test_migrations import ROWS, fill

if TYPE_CHECKING:
    from tests.study.conftest import Study

OTHER = {
    "learner_id": 2, "card_id": 3, "token": "u", "rating": 5, "shown_at": datetime(2025, 5, 1, 9, tzinfo=UTC),
    "revealed_at": datetime(2025, 5, 1, 10, 0, 0, 1, tzinfo=UTC), "rated_at": datetime(2025, 5, 2, 10, tzinfo=UTC),
    "counts_at": datetime(2025, 5, 3, tzinfo=UTC),
    "day": date(2025, 5, 2), "desired_retention": 0.9000000000000001, "typed": "because.", "sitting": None, "sure": 1,
    "points": "[]",
}  # fmt: skip


def found(database: Database) -> list[int]:
    with database.read() as session:
        return list(altered(session.connection()))


def test_every_column_is_covered_but_those_that_a_merge_changes() -> None:
    assert {*COVERED[NEWEST], "id", "undoes_id", "checksum"} == {column.name for column in REVIEW.columns}


def test_older_versions_stay_as_they_are() -> None:
    """Stored reviews hold it: another result here would call all of them damaged."""
    assert checksum(ROWS["review"], None, "1") == ROWS["review"]["checksum"]
    assert checksum(ROWS["review"], None, "2") == "2:cafe83e4c44a"
    assert checksum(ROWS["review"], None, "3") == "3:43834239cc09"
    undo = ROWS["review"] | {"rating": None, "typed": "é\u2028\U0001f600"}
    assert checksum(undo, "undone", "1") == "1:057b8ea09f72"


@pytest.mark.parametrize("name", OTHER)
def test_another_value_gives_another_checksum(name: str) -> None:
    row = ROWS["review"] | {"checksum": checksum(ROWS["review"])}
    assert is_intact(row, None)
    assert not is_intact(row | {name: OTHER[name]}, None)


def test_it_is_of_the_time_and_of_the_undone_review_and_not_of_how_they_are_written() -> None:
    berlin = timezone(timedelta(hours=2))
    moved = {name: ROWS["review"][name].astimezone(berlin) for name in ("revealed_at", "rated_at")}
    assert is_intact(ROWS["review"] | moved | {"id": 7, "undoes_id": 6}, None)
    assert not is_intact(ROWS["review"], "t")
    for wrong in ("", "2:6ae1e5d0aa52", "nonsense"):
        assert not is_intact(ROWS["review"] | {"checksum": wrong}, None)


@pytest.mark.sqlite("stores a time that is none")
def test_ratings_undos_and_resets_write_it(study: "Study") -> None:
    rng = random.Random(3)
    for n in range(40):
        typed: dict[str, Any] = {"typed": "Söme\nwords\u2028", "sitting": "q=a&tag=b"} if n % 3 else {}
        study.rate(rng.randint(1, 10), rng.randint(1, 5), **typed)
        study.later(minutes=rng.choice([2, 700, 5_000]), microseconds=n)
        if n % 4 == 0:
            study.undo()
        if n % 10 == 9:
            with study.database.write() as session:
                reset(session, study.prefs, [1, 2, 3, 4, 5], f"reset-{n}", study.now)
    kinds = study.rows("SELECT count(rating), count(undoes_id), sum(token LIKE 'reset-%') FROM review")
    assert min(kinds[0]) > 5
    assert found(study.database) == []
    with study.database.write() as session:
        session.connection().execute(text("UPDATE review SET rating = rating % 5 + 1 WHERE token = 'token-2'"))
        session.connection().execute(text("UPDATE review SET token = 'token-0x' WHERE token = 'token-0'"))
        session.connection().execute(text("UPDATE review SET rated_at = '2025-0x-01' WHERE token = 'token-3'"))
    wrong = "SELECT id FROM review WHERE token IN ('token-0x', 'undo-1', 'token-2', 'token-3') ORDER BY id"
    assert found(study.database) == [row[0] for row in study.rows(wrong)], "undo-1 names the token it undoes"
    assert len(found(study.database)) == 4


def test_reviews_of_before_get_one(database: Database) -> None:
    fill(database)
    later = {*COVERED[NEWEST]} - {*COVERED["2"]}  # what a review of before does not have
    with database.write() as session:
        session.connection().execute(REVIEW.update().values(dict.fromkeys(later)))
        undo = dict(ROWS["review"]) | {"id": 2, "token": "u", "rating": None, "undoes_id": 1, "typed": None}
        undo["counts_at"] += timedelta(microseconds=1)
        undo |= dict.fromkeys(later) | {"checksum": checksum(undo, "t", "1")}
        session.connection().execute(REVIEW.insert(), undo)
        before = session.connection().execute(REVIEW.select()).all()
    database.migrate("0006")
    database.migrate()
    with database.read() as session:
        assert session.connection().execute(REVIEW.select()).all() == before
    assert found(database) == []
