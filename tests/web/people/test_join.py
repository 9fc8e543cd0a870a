"""/join/…: links let in whom they are for, once, and name nobody when they refuse."""

from datetime import timedelta
from random import Random

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.accounts.accounts import account_named
from app.accounts.links import A_DAY, A_WEEK, NewLink, link_to_first_admin, make_link
from app.accounts.roles import Role
from app.models import Account, Review
from app.study.learners import add_learner
from tests.web.own.test_learners import study
from tests.web.people.conftest import PASSWORD, Log, School, sign_in


def link(school: School, new: NewLink) -> str:
    with school.database.write() as session:
        return make_link(session, new, school.now[0])


def first(school: School) -> str | None:
    with school.database.write() as session:
        return link_to_first_admin(session, school.now[0])


def test_the_first_link_makes_the_admin_and_keeps_what_was_learned(
    school: School, client: TestClient, told: Log
) -> None:
    client.headers["sec-fetch-site"] = "same-origin"
    study(client)  # alone on a laptop, before there were accounts
    earlier, path = first(school), first(school)
    assert earlier
    assert path
    browser = school.browser()
    assert browser.get(earlier).status_code == 200  # each of two servers prints one at its start
    for _ in range(2):  # a look uses nothing up
        page = browser.get(path).text
        assert "You will be an admin" in page
        assert "they stay as they are" in page
    answer = browser.post(path, data={"name": "Boss", "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert browser.get("/accounts").status_code == 200
    assert '"kind":"review"' in browser.get("/settings/history.jsonl").text
    assert "A history was exported." in [text for text, _ in told()]
    with school.database.read() as session:
        assert len(session.exec(select(Review).where(Review.learner_id == 1)).all()) == 1
    for used in (earlier, path):
        assert school.browser().get(used).status_code == 404
        assert school.browser().post(used, data={"name": "Eve", "password": PASSWORD}).status_code == 404
    assert first(school) is None


def test_a_refusal_names_nobody(school: School) -> None:
    school.account("Ada")
    with school.database.write() as session:
        ada = account_named(session, "ada")
        path = make_link(session, NewLink(account_id=ada.id), school.now[0])
    browser = school.browser()
    answers = [browser.get("/join/nothing"), browser.get("/join/" + "x" * 4000)]
    school.later(A_WEEK)
    answers += [browser.get(path), browser.post(path, data={"password": PASSWORD})]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text.replace("4000", "") for answer in answers}) == 1
    assert "ada" not in answers[-1].text.lower().replace("adaptive", "")


def test_a_profile_s_owner_claims_it(school: School) -> None:
    with school.database.write() as session:
        profile = add_learner(session, "Grace", Random(1))
    boss = school.person("Boss", Role.ADMIN)
    page = boss.post("/accounts/claim", data={"learner": profile}).text
    path = page.split("/join/")[1].split("<")[0]
    again = boss.post("/accounts/claim", data={"learner": profile}).text.split("/join/")[1].split("<")[0]
    owner = school.browser()
    assert owner.get(f"/join/{path}").status_code == 404  # the later link is the one that holds
    for name, password, problem in (
        ("boss", PASSWORD, "This name is taken here"),
        ("", PASSWORD, "Enter a name"),
        ("Grace", "12345678", "too easy to guess"),
        ("Grace Hopper", "gracehopper", "too easy to guess"),
        ("Grace", "short", "at least 8"),
        ("Grace", "x" * 257, "at most 256"),
    ):
        answer = owner.post(f"/join/{again}", data={"name": name, "password": password})
        assert answer.status_code == 422
        assert problem in answer.text
        assert "Grace" not in answer.text or name.startswith("Grace")
    assert owner.post(f"/join/{again}", data={"name": "Grace", "password": PASSWORD}).status_code == 303
    assert f'data-of="{profile}"' in owner.get("/").text
    with school.database.read() as session:
        made = session.exec(select(Account).where(Account.learner_id == profile)).one()
    assert made.role == "learner"
    assert made.hash is not None
    assert made.hash.startswith("$argon2id$")
    assert boss.post("/accounts/claim", data={"learner": profile}).status_code == 303  # it has an account now


def test_a_reset_ends_all_that_let_in_before(school: School, told: Log) -> None:
    ada, boss = school.person("Ada"), school.person("Boss", Role.ADMIN)
    token = ada.post("/account/tokens", data={"label": "Script"}).text.split('class="secret">')[1].split("<")[0]
    with school.database.read() as session:
        account = account_named(session, "ada").id
    page = boss.post(f"/accounts/{account}/reset").text
    path = f"/join/{page.split('/join/')[1].split('<')[0]}"
    assert ada.get("/").status_code == 303
    assert sign_in(ada, "ada") == 403
    assert ada.get("/api/v1/demos", auth=("ada", token)).status_code == 401
    assert "You sign in as <b>ada</b>" in ada.get(path).text
    assert ada.post(path, data={"name": "boss", "password": "four tall old trees"}).status_code == 303
    assert "> ada<" in ada.get("/account").text.replace("<b>", "> ").replace("</b>", "<")
    assert (sign_in(school.browser(), "ada"), sign_in(school.browser(), "ada", "four tall old trees")) == (403, 303)
    texts = [text for text, _ in told()]
    assert texts.count("A password was reset.") == texts.count("A password was set.") == 1


def test_a_password_is_changed_by_its_owner(school: School) -> None:
    here, there = school.person("Ada"), school.browser()
    assert sign_in(there, "ada") == 303
    form = {"current": PASSWORD, "password": "four tall old trees"}
    for wrong, says in (
        ({"current": "wrong"}, "This is not your password"),
        ({"password": "password1"}, "too easy"),
        ({"password": "adaadaada"}, "too easy"),
    ):
        answer = here.post("/account/password", data=form | wrong)
        assert answer.status_code == 422
        assert says in answer.text
    assert here.post("/account/password", data=form).headers["location"] == "/account?saved=1"
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 303
    assert sign_in(there, "ada", "four tall old trees") == 303
    for _ in range(12):
        last = here.post("/account/password", data=form)
    assert "Too many wrong passwords" in last.text
    school.later(timedelta(minutes=2))
    assert "This is not your password" in here.post("/account/password", data=form).text


def test_the_only_admin_stays(school: School) -> None:
    boss = school.person("Boss", Role.ADMIN)
    with school.database.read() as session:
        one = account_named(session, "boss")
    for what in ("role", "disable", "reset"):
        answer = boss.post(f"/accounts/{one.id}/{what}", data={"role": "learner"})
        assert answer.status_code == 422
        assert "only admin" in answer.text
    assert boss.post(f"/learners/{one.learner_id}/delete", data={"name": "Boss"}).status_code == 409
    assert boss.post(f"/accounts/{one.id}/role", data={"role": "king"}).status_code == 422
    school.account("Other", Role.ADMIN)
    assert boss.post(f"/accounts/{one.id}/role", data={"role": "learner"}).status_code == 303


def test_who_deletes_all_of_theirs_is_signed_out(school: School, told: Log) -> None:
    ada, eve = school.person("Ada"), school.person("Eve")
    ada.follow_redirects = True
    study(ada)
    ada.follow_redirects = False
    with school.database.read() as session:
        one = account_named(session, "ada")
    assert eve.post(f"/learners/{one.learner_id}/delete", data={"name": "Ada"}).status_code == 404
    answer = ada.post(f"/learners/{one.learner_id}/delete", data={"name": "Ada"})
    assert answer.headers["location"] == "/sign-in?deleted=1"
    assert ada.get("/").status_code == 303
    assert sign_in(ada, "ada") == 403
    assert "A learner was deleted." in [text for text, _ in told()]


def test_an_admin_adds_and_deletes_an_account(school: School) -> None:
    boss = school.person("Boss", Role.ADMIN)
    page = boss.post("/accounts", data={"name": "Ida", "role": "instructor"}).text
    assert "has not chosen a password yet" in page
    path = f"/join/{page.split('/join/')[1].split('<')[0]}"
    assert "This name is taken here" in boss.post("/accounts", data={"name": " IDA ", "role": "learner"}).text
    ida = school.browser()
    assert sign_in(ida, "ida", "") == 403
    assert ida.post(path, data={"password": PASSWORD}).status_code == 303
    assert ida.get("/content").status_code == 200
    with school.database.read() as session:
        learner = account_named(session, "ida").learner_id
    assert boss.post(f"/learners/{learner}/delete", data={"name": "Ida"}).headers["location"] == "/accounts"
    assert ida.get("/").status_code == 303


def test_links_end(school: School) -> None:
    path = first(school)
    assert path
    school.later(A_DAY)
    assert school.browser().get(path).status_code == 404


@pytest.mark.parametrize("path", ["/sign-in", "/account", "/accounts", "/join/x"])
def test_without_accounts_there_are_none(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert client.post(path, headers={"sec-fetch-site": "same-origin"}).status_code in (404, 405)


def test_names_do_not_tell_who_is_here(school: School) -> None:
    """Two people may be called the same; who tries names with a link is told of few."""
    school.person("Ada Lovelace")
    eve = school.person("Eve")
    answer = eve.post("/settings", data={"name": "Ada Lovelace"})
    assert (answer.status_code, answer.headers.get("location")) == (303, "/settings?saved=1")
    with school.database.write() as session:
        add_learner(session, "Grace", Random(1))  # a profile of before
    path = link(school, NewLink(uses=9))
    assert school.browser().post(path, data={"name": "Grace", "password": PASSWORD}).status_code == 303
    told = 0
    browser = school.browser()
    for n in range(100):
        page = browser.post(path, data={"name": "ada lovelace", "password": PASSWORD}).text
        told += "This name is taken here" in page
        assert ("Too many names were tried" in page) == (n >= 30)
    assert told == 30
    # Others behind another address still join, and so do those here after a minute.
    elsewhere = school.browser(client="192.0.2.7", base="https://127.0.0.1:8000")
    assert elsewhere.post(path, data={"name": "Zoe", "password": PASSWORD}).status_code == 303
    school.later(timedelta(minutes=2))
    assert browser.post(path, data={"name": "Yan", "password": PASSWORD}).status_code == 303
