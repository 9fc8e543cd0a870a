"""How an interval is written on a button."""

import pytest

from app.study.schedule.buttons import days_label


@pytest.mark.parametrize(
    ("days", "label"),
    [
        (1, "1 day"),
        (29, "29 days"),
        (30, "4 weeks"),
        (64, "9 weeks"),
        (90, "13 weeks"),
        (91, "3 months"),
        (364, "12 months"),
        (365, "1.0 years"),
        (36_500, "99.9 years"),
    ],
)
def test_days_label(days: int, label: str) -> None:
    assert days_label(days) == label
