"""How an interval is written on a button."""

import pytest

from app.study.schedule.buttons import days_label


@pytest.mark.parametrize(
    ("days", "label"),
    [
        (1, "1 day"),
        (29, "29 days"),
        (30, "1.0 months"),
        (64, "2.1 months"),
        (364, "12.0 months"),
        (365, "1.0 years"),
        (36_500, "99.9 years"),
    ],
)
def test_days_label(days: int, label: str) -> None:
    assert days_label(days) == label
