"""recur user: accounts at the command line."""

from collections.abc import Callable

import pytest
from sqlmodel import select

from app.accounts.links import open_link
from app.accounts.roles import Role
from app.database import Database
from app.models import Account
from tests.conftest import Ended
from tests.web.conftest import NOW

Run = Callable[..., Ended]


def test_an_account_from_its_making_to_its_end(run_recur: Run, database: Database) -> None:
    made = run_recur("user", "add", "Ada Lovelace", "--role", "instructor", "--base-url", "https://recur.example/")
    assert made.code == 0
    assert made.out.startswith("Valid once, within a week: https://recur.example/join/")
    secret = made.out.strip().rpartition("/")[2]
    with database.read() as session:
        link = open_link(session, secret, NOW)
    assert link is not None
    assert (link.name, link.role) == ("ada lovelace", Role.INSTRUCTOR)
    assert run_recur("user", "role", "ADA  lovelace", "admin").code == 0
    again = run_recur("user", "reset", "ada lovelace")
    assert again.out.startswith("Valid once, within a week: http://127.0.0.1:8000/join/")
    with database.read() as session:
        assert open_link(session, secret, NOW) is None
    assert run_recur("user", "disable", "ada lovelace").code == 0
    assert "\tada lovelace\tadmin\t" in run_recur("user", "list").out
    assert "disabled" in run_recur("user", "list").out
    assert run_recur("user", "enable", "ada lovelace").code == 0
    assert "no password yet" in run_recur("user", "list").out


def test_a_profile_is_given_an_account(run_recur: Run, database: Database) -> None:
    assert run_recur("user", "add", "Ada", "--learner", "1").code == 0
    with database.read() as session:
        assert session.exec(select(Account.learner_id)).all() == [1]
    for words, says in (
        (("add", "Eve", "--learner", "1"), "has an account already"),
        (("add", "Eve", "--learner", "7"), "There is no learner 7"),
        (("add", "ADA"), "This name is taken"),
        (("add", " "), "Enter a name"),
        (("role", "eve", "admin"), "There is no such account"),
        (("reset", "eve"), "There is no such account"),
        (("disable", "eve"), "There is no such account"),
    ):
        ended = run_recur("user", *words)
        assert ended.code == 2
        assert says in ended.err
        assert "Traceback" not in ended.err


@pytest.mark.parametrize("words", [(), ("role", "ada", "king"), ("add",)])
def test_what_is_missing_is_said(run_recur: Run, database: Database, words: tuple[str, ...]) -> None:
    assert run_recur("user", *words).code == 2
