"""The database sorts cards as the schedule's chance of recall does."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Date, Float, bindparam, literal, null, select

from app.study.schedule.scheduler import recall
from app.study.selection.recall import faded

if TYPE_CHECKING:
    from tests.study.conftest import Study

TODAY = date(2024, 3, 1)


@pytest.mark.parametrize("elapsed", [-3, 0, 1, 2, 60, 366, 36_500])
def test_what_has_faded_more_is_recalled_less(study: "Study", elapsed: int) -> None:
    reviewed_on = bindparam("on", TODAY - timedelta(days=elapsed), Date())
    stabilities = (0.001, 0.5, 12.25, 36_500.0)
    keys = [faded(literal(one, Float()), reviewed_on, literal(TODAY, Date())) for one in stabilities]
    unknown = faded(null(), reviewed_on, literal(TODAY, Date()))
    with study.database.read() as session:
        *found, none = session.connection().execute(select(*keys, unknown)).one()
    assert found == pytest.approx([max(0, elapsed) / one for one in stabilities], rel=1e-12)
    assert found == sorted(found, reverse=True)
    chances = [recall(one, max(0, elapsed)) for one in stabilities]
    assert chances == sorted(chances)
    assert none is None
