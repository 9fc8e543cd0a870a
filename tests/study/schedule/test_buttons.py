"""How an interval is written on a button."""

import pytest

from app.study.schedule.buttons import days_label


@pytest.mark.parametrize(
    ("days", "label"),
    [(1, "1 d"), (29, "29 d"), (30, "1.0 mo"), (64, "2.1 mo"), (364, "12.0 mo"), (365, "1.0 y"), (36_500, "99.9 y")],
)
def test_days_label(days: int, label: str) -> None:
    assert days_label(days) == label
