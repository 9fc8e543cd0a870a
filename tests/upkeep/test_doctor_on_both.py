"""The doctor on both databases: rows tampered with in every derived table, an index dropped, a clock that was wrong."""

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from app.cards.load.load import load
from app.database import Database
from app.study.learner.preferences import Preferences
from app.study.schedule.rate import Answer, rate
from app.tables import CARD_STATE, DAY_TOTAL, REVIEW
from app.upkeep.doctor.examine import Examined, examine
from app.upkeep.doctor.mend import mend
from tests.upkeep.lived import NOW, some_of, write_content

TAMPERED = [
    ("UPDATE new_card_cursor SET place = 'zzz'", "new_card_cursor hides"),
    ("UPDATE card_state SET due_on = '2027-01-01' WHERE card_id = 3", "(card_state), 1 is wrong (rnn/q-0-2)"),
    ("DELETE FROM card_state WHERE card_id < 3", "(card_state), 2 are missing"),
    ("UPDATE day_total SET rated_4 = rated_4 + 50", "(day_total)"),
    ("DELETE FROM month_total", "(month_total)"),
    ("UPDATE card SET short_html = 'x' WHERE id = 5", "is stored otherwise: q-0-4"),
    ("DELETE FROM card_tag WHERE card_id = 5", "is stored otherwise: q-0-4"),
    ("UPDATE topic SET title = 'x' WHERE id = 2", "its topic"),
    ("DELETE FROM card_search", "48 entries of the search index are missing"),
    ("DROP INDEX ix_card_state_due_on", "The index ix_card_state_due_on of card_state is missing"),
    ("DROP TABLE day_total", "The table day_total is missing"),
    ("DROP TABLE card_search", "The table card_search is missing"),
    ("DELETE FROM alembic_version", "the revision of the schema (alembic_version) is missing"),
]


@pytest.fixture
def what(database: Database, tmp_path: Path) -> Examined:
    """A database in which the first twenty cards were rated twice."""
    write_content(tmp_path / "content")
    load(database, tmp_path / "content", NOW)
    prefs = Preferences(1, ZoneInfo("Europe/Berlin"), 4, 20, 0.9)
    with database.write() as session:
        for n in range(40):
            at = NOW - timedelta(days=3 - n // 20 * 2, minutes=-n)
            card = 1 + n % 20
            after = session.execute(select(CARD_STATE.c.last_review_id).where(CARD_STATE.c.card_id == card)).scalar()
            rate(session, prefs, Answer(card, 1 + n % 5, f"t{n}", after or 0, at, at), at)
    return Examined(database, tmp_path / "content", NOW)


def change(what: Examined, statement: str) -> None:
    with what.database.write() as session:
        session.execute(text(statement))


def said(what: Examined) -> str:
    return "\n".join(map(str, examine(what)))


@pytest.mark.proof
@pytest.mark.slow
def test_what_is_derived_is_named_and_made_again(what: Examined) -> None:
    assert said(what) == ""
    with what.database.read() as session:
        right = [session.execute(select(table).order_by(*table.primary_key)).all() for table in (CARD_STATE, DAY_TOTAL)]
    for statement, says in some_of(TAMPERED, 4):
        change(what, statement)
        found = examine(what)
        assert says in "\n".join(map(str, found)), statement
        mend(what, found)
        mend(what, examine(what))
        assert said(what) == "", statement
    with what.database.read() as session:
        assert [
            session.execute(select(table).order_by(*table.primary_key)).all() for table in (CARD_STATE, DAY_TOTAL)
        ] == right


def test_a_changed_review_is_named_and_kept(what: Examined) -> None:
    change(what, "UPDATE review SET rating = rating % 5 + 1 WHERE token = 't7'")
    assert "Review 8 is not what was written: its checksum is another. It is kept as it is" in said(what)
    mend(what, examine(what))
    with what.database.read() as session:
        assert len(session.execute(select(REVIEW.c.id)).all()) == 40


@pytest.mark.parametrize(
    ("shift", "says"),
    [
        (timedelta(days=400), "Ratings of 1 card are dated later than it is now: rnn/q-0-0. The clock was wrong then"),
        (timedelta(days=-30), "are dated more than a day later than ratings that came after them"),
    ],
)
def test_a_clock_that_was_wrong_is_named(what: Examined, shift: timedelta, says: str) -> None:
    prefs = Preferences(1, ZoneInfo("Europe/Berlin"), 4, 20, 0.9)
    at: datetime = NOW + shift
    with what.database.write() as session:
        last = session.execute(select(CARD_STATE.c.last_review_id).where(CARD_STATE.c.card_id == 1)).scalar_one()
        rate(session, prefs, Answer(1, 4, "odd", last, at, at), at)
    assert says in said(what)
    if shift > timedelta():
        assert "reset the cards on /browse?cards=q-0-0." in said(what)
        with what.database.read() as session:
            assert session.execute(select(CARD_STATE.c.due_on).where(CARD_STATE.c.card_id == 1)).scalar_one() > date(
                2027, 1, 1
            )
