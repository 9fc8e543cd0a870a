"""The database's chance of recall is the schedule's, also where SQLite must borrow Python's power()."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Date, Float, bindparam, literal, null, select

from app.study.schedule.scheduler import recall
from app.study.selection.recall import chance_of_recall, define_power, prepare_recall

if TYPE_CHECKING:
    from tests.study.conftest import Study

TODAY = date(2024, 3, 1)


@pytest.mark.parametrize("borrowed", [False, True])
@pytest.mark.parametrize("elapsed", [-3, 0, 1, 2, 60, 366, 36_500])
def test_the_chance_is_that_of_the_schedule(study: "Study", elapsed: int, borrowed: bool) -> None:
    reviewed_on = bindparam("on", TODAY - timedelta(days=elapsed), Date())
    stabilities = (0.001, 0.5, 12.25, 36_500.0)
    chances = [chance_of_recall(literal(one, Float()), reviewed_on, literal(TODAY, Date())) for one in stabilities]
    unknown = chance_of_recall(null(), reviewed_on, literal(TODAY, Date()))
    with study.database.read() as session:
        connection = session.connection()
        prepare_recall(connection)
        if borrowed and study.database.is_sqlite:
            define_power(connection)
        *found, none = connection.execute(select(*chances, unknown)).one()
    assert found == pytest.approx([recall(one, max(0, elapsed)) for one in stabilities], rel=1e-12)
    assert none is None
