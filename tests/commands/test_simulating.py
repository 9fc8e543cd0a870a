"""`recur simulate` as it is typed."""

import pytest
from typer.testing import CliRunner

from app.cli import app

FAST = ["--cards", "20", "--days", "3,4", "--minutes", "5", "--learners", "4", "--halfway", "2"]


def test_it_prints_a_table_and_what_it_comes_to() -> None:
    done = CliRunner().invoke(app, ["simulate", *FAST])
    assert done.exit_code == 0, done.output
    heading, rule, *rows = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in (heading, rule, *rows)}) == 1
    assert [row.split("|")[1:4] for row in rows] == [[" 20 ", " 3 ", " 5 "], [" 20 ", " 4 ", " 5 "]]
    assert "Gain over the queue, mean of 2 cases: " in done.stdout
    assert "halfway held for " in done.stdout


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("--cards", "x", "--cards 'x': 'x' is not a whole number from 1 to 2,000. Example: --cards 10,20"),
        ("--cards", "79,", "'' is not a whole number"),
        ("--days", "0", "'0' is not a whole number from 1 to 120"),
        ("--days", "3,121", "'121' is not a whole number from 1 to 120"),
        ("--minutes", "7.5", "'7.5' is not a whole number from 1 to 600"),
        ("--minutes", "²", "'²' is not a whole number"),
        ("--learners", "1", "--learners"),
        ("--seed", "-1", "--seed"),
        ("--halfway", "some", "--halfway"),
    ],
)
def test_a_bad_value_is_named(option: str, value: str, why: str) -> None:
    done = CliRunner().invoke(app, ["simulate", *FAST, option, value])
    assert done.exit_code == 2
    assert why in done.output
