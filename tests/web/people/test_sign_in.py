"""/sign-in: who comes in, who does not, and what a stolen, fixed or ended session is worth."""

import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.accounts.roles import Role
from app.accounts.sign_in import IDLE, LONGEST_SIGN_IN
from app.models import Account, AppToken, Learner, SignIn
from app.web.frame.here import LEARNER_COOKIE
from app.web.people.sign_in import own_address
from tests.examples import share_of
from tests.web.people.conftest import PASSWORD, Log, School, sign_in

SESSION, DEVICE = "recur-session", "recur-device"


def is_in(browser: TestClient) -> bool:
    return browser.get("/settings").status_code == 200


def sessions(school: School) -> int:
    with school.database.read() as session:
        return len(session.exec(select(SignIn)).all())


def test_one_signs_in_and_goes_where_one_wanted(school: School) -> None:
    school.account("Ada Lovelace")
    browser = school.browser()
    asked = browser.get("/stats?deck=small")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?then=%2Fstats%3Fdeck%3Dsmall")
    page = browser.get(asked.headers["location"]).text
    assert 'name="then" value="/stats?deck=small"' in page
    assert "<nav" not in page
    answer = browser.post(
        "/sign-in", data={"name": " ADA  lovelace", "password": PASSWORD, "then": "/stats?deck=small"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/stats?deck=small")
    assert ">ada lovelace</a>" in browser.get("/").text


@pytest.mark.parametrize(
    "then", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", "", "x", "/\n/evil", "/\t/x"]
)
def test_nobody_is_sent_elsewhere(school: School, then: str) -> None:
    school.account("Ada")
    answer = school.browser().post("/sign-in", data={"name": "ada", "password": PASSWORD, "then": then})
    assert answer.headers["location"] == "/"
    assert own_address("/stats?deck=a#x") == "/stats?deck=a#x"


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ada", "three grey goose"),
        ("eve", PASSWORD),
        ("", PASSWORD),
        ("ada", ""),
        ("ada\0", PASSWORD),
        ("a" * 9999, "é"),
    ],
)
def test_a_wrong_name_and_a_wrong_password_look_the_same(school: School, told: Log, name: str, password: str) -> None:
    school.account("Ada")
    browser = school.browser()
    answer = browser.post("/sign-in", data={"name": name, "password": password})
    assert answer.status_code == 403
    assert "The name or the password is wrong." in answer.text
    assert not browser.cookies
    assert [text for text, _ in told()].count("A sign-in was refused: wrong name or password.") == 1
    assert all(PASSWORD not in repr(one) for one in told())


def test_a_session_s_cookie(school: School) -> None:
    school.account("Ada")
    plain = school.browser().post("/sign-in", data={"name": "ada", "password": PASSWORD}).headers.get_list("set-cookie")
    for what, cookie in zip((SESSION, DEVICE), plain, strict=True):
        assert re.fullmatch(rf"{what}=[\w-]{{43}}; HttpOnly; Max-Age=\d+; Path=/; SameSite=lax", cookie), cookie
    secure = school.browser("https://recur.example", "192.0.2.1")
    given = secure.post("/sign-in", data={"name": "ada", "password": PASSWORD}).headers.get_list("set-cookie")
    for what, cookie in zip((SESSION, DEVICE), given, strict=True):
        fits = rf"__Host-{what}=[\w-]{{43}}; HttpOnly; Max-Age=\d+; Path=/; SameSite=lax; Secure"
        assert re.fullmatch(fits, cookie), cookie
    assert is_in(secure)
    # A cookie without the prefix, which another host of the site may set, is none there.
    stolen = school.browser("https://recur.example", "192.0.2.1")
    stolen.cookies.set(SESSION, secure.cookies[f"__Host-{SESSION}"])
    assert not is_in(stolen)


def test_other_machines_are_answered_by_https_alone(school: School) -> None:
    for base, client in (("http://recur.example", "192.0.2.1"), ("http://recur.example", "127.0.0.1")):
        browser = school.browser(base, client)
        for path in ("/", "/sign-in", "/join/x", "/api/v1/demos", "/static/x"):
            answer = browser.get(path)
            assert answer.status_code == 403, path
            assert "https" in answer.text
        assert browser.get("/healthz").status_code == 200
    local = school.browser()
    assert local.get("/sign-in", headers={"x-forwarded-for": "192.0.2.1"}).status_code == 403


def test_the_learner_is_known_from_the_session_alone(school: School) -> None:
    ada, eve = school.person("Ada"), school.person("Eve")
    with school.database.read() as session:
        ids = dict(session.exec(select(Learner.name, Learner.id)).all())
    eve.cookies.set(LEARNER_COOKIE, str(ids["Ada"]))
    assert f'data-of="{ids["Eve"]}"' in eve.get("/").text
    assert f'data-of="{ids["Ada"]}"' in ada.get("/").text
    nobody = school.browser()
    nobody.cookies.set(LEARNER_COOKIE, str(ids["Ada"]))
    assert not is_in(nobody)
    taken = eve.post("/review/undo", data={"token": "t1", "deck": "small", "learner": ids["Ada"]})
    assert taken.status_code == 409


def test_a_session_that_somebody_else_fixed_is_not_taken_over(school: School) -> None:
    school.account("Ada")
    attacker, victim = school.browser(), school.browser()
    for fixed in ("a" * 43, ""):
        for one in (attacker, victim):
            one.cookies.clear()
            one.cookies.set(SESSION, fixed, domain="127.0.0.1")
        assert sign_in(victim, "ada") == 303
        assert not is_in(attacker)
    # Nor is one's own that is signed in: each entry has a new secret, and the old one is worth nothing.
    before = victim.cookies[SESSION]
    assert sign_in(victim, "ada") == 303
    old = school.browser()
    old.cookies.set(SESSION, before)
    assert not is_in(old)


def test_a_stolen_cookie_is_worth_nothing_after_the_sign_out(school: School, told: Log) -> None:
    ada = school.person("Ada")
    thief = school.browser()
    thief.cookies.set(SESSION, ada.cookies[SESSION])
    assert is_in(thief)
    answer = ada.post("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert SESSION not in ada.cookies
    assert DEVICE in ada.cookies
    assert not is_in(thief)
    assert not is_in(ada)
    assert "Signed out." in [text for text, _ in told()]


def test_sessions_stand_beside_each_other_and_end_together(school: School) -> None:
    phone, laptop, other = school.person("Ada"), school.browser(), school.person("Eve")
    assert sign_in(laptop, "ada") == 303
    phone.post("/sign-out")
    assert (is_in(phone), is_in(laptop)) == (False, True)
    assert sign_in(phone, "ada") == 303
    laptop.post("/sign-out", data={"everywhere": "true"})
    assert (is_in(phone), is_in(laptop), is_in(other)) == (False, False, True)


def test_a_session_ends(school: School) -> None:
    used, idle = school.person("Ada"), school.browser()
    assert sign_in(idle, "ada") == 303
    for _ in range(int(LONGEST_SIGN_IN / (IDLE / 2))):
        school.later(IDLE / 2)
        assert is_in(used)
    assert not is_in(idle)
    school.later(IDLE / 2)
    assert not is_in(used)  # however often it is used
    assert sign_in(used, "ada") == 303
    assert sessions(school) == 1  # those that ended are forgotten


def test_a_changed_role_and_a_disabled_account_hold_at_once(school: School, told: Log) -> None:
    boss, ada = school.person("Boss", Role.ADMIN), school.person("Ada", Role.INSTRUCTOR)
    with school.database.read() as session:
        account = session.exec(select(Account.id).where(Account.name == "ada")).one()
    assert ada.get("/content").status_code == 200
    assert boss.post(f"/accounts/{account}/role", data={"role": "learner"}).status_code == 303
    assert not is_in(ada)
    assert sign_in(ada, "ada") == 303
    assert ada.get("/content").status_code == 403
    assert boss.post(f"/accounts/{account}/disable").status_code == 303
    assert not is_in(ada)
    assert sign_in(ada, "ada") == 403
    assert boss.post(f"/accounts/{account}/enable").status_code == 303
    assert sign_in(ada, "ada") == 303
    texts = [text for text, _ in told()]
    for said in ("A role was changed.", "An account was disabled.", "An account was enabled."):
        assert said in texts
    assert "A sign-in was refused: the account is disabled." in texts


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were looked at, compared without a hash: that takes 30 ms each time."""
    seen: list[str] = []

    def look(_kept: str | None, password: str) -> bool:
        seen.append(password)
        return password == PASSWORD

    monkeypatch.setattr("app.accounts.sign_in.matches", look)
    return seen


@pytest.mark.proof
def test_ten_thousand_guesses_are_looked_at_a_hundred_times_and_keep_nobody_out(
    school: School, looked: list[str], told: Log
) -> None:
    """From a thousand addresses within an hour, and with the owner beside them. `make proof` makes ten thousand."""
    guesses = share_of(500)
    school.account("Ada")
    owner = school.browser()
    assert sign_in(owner, "ada") == 303
    owner.post("/sign-out")
    looked.clear()
    statuses: list[int] = []
    attackers = [school.browser("https://recur.example", f"198.51.{n // 250}.{n % 250}") for n in range(1000)]
    for n in range(guesses):
        school.later(timedelta(hours=1) / guesses)
        statuses.append(sign_in(attackers[n % 1000], "ADA " if n % 2 else "ada", f"guess {n}"))
        attackers[n % 1000].cookies.set("recur-device", "x" * 43)
    assert len(looked) <= 100
    assert set(statuses) == {403, 429}
    assert sign_in(owner, "ada") == 303
    # A browser that the account does not know is told how it may get in.
    answer = school.browser().post("/sign-in", data={"name": "ada", "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) <= 60
    assert "in which you signed in before" in answer.text
    refused = [fields for text, fields in told() if "refused" in text]
    assert len(refused) == guesses + 1
    assert {fields["account"] for fields in refused} == {1}


@pytest.mark.usefixtures("looked")
def test_guesses_at_many_names_from_one_address_are_bounded_too(school: School) -> None:
    school.account("Ada")
    stranger = school.browser("https://recur.example", "2001:db8::1")
    statuses = [sign_in(stranger, f"name {n}") for n in range(60)]
    assert (statuses.count(403), statuses.count(429)) == (50, 10)
    next_door = school.browser("https://recur.example", "2001:db8::ffff:2")  # of the same customer
    assert sign_in(next_door, "ada") == 429
    assert sign_in(school.browser("https://recur.example", "2001:db8:0:1::1"), "ada") == 303


@pytest.mark.usefixtures("looked")
def test_the_device_of_one_account_helps_with_no_other(school: School) -> None:
    school.account("Ada")
    eve = school.person("Eve")
    for n in range(20):
        assert sign_in(school.browser("https://recur.example", f"198.51.100.{n}"), "ada", "wrong") == 403
    eve.post("/sign-out")
    assert sign_in(eve, "ada", "wrong") == 429
    for _ in range(10):
        assert sign_in(eve, "eve", "wrong") == 403
    assert sign_in(eve, "eve") == 429  # her own browser has its own bound
    school.later(timedelta(minutes=1))
    assert sign_in(eve, "eve") == 303


def test_an_unknown_name_takes_as_long_as_a_known_one(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are compared with a hash of the same costs. No test of time: the work is counted."""
    from app.accounts import hashes

    school.account("Ada")
    costs: list[Any] = []
    verify = type(hashes._HASHER).verify

    def counted(hasher: Any, kept: str, password: str) -> bool:
        costs.append(kept.split("$")[1:4])
        return verify(hasher, kept, password)

    monkeypatch.setattr(type(hashes._HASHER), "verify", counted)
    for name in ("ada", "eve", ""):
        assert sign_in(school.browser(), name, "wrong words here") == 403
    assert len(costs) == 3
    assert costs[0] == costs[1] == costs[2] == ["argon2id", "v=19", "m=19456,t=2,p=1"]


def test_an_app_token_lets_a_program_ask_the_api_alone(school: School, told: Log) -> None:
    ada = school.person("Ada")
    page = ada.post("/account/tokens", data={"label": " My  script "}).text
    secret = re.findall(r'<code class="secret">([\w-]{43})</code>', page)[0]
    assert "<b>My script</b>" in page
    assert secret not in ada.get("/account").text
    program = school.browser()
    assert program.get("/api/v1/demos", auth=("any", secret)).status_code == 200
    assert program.get("/", auth=("any", secret)).headers["location"] == "/sign-in"
    for wrong in ("", "x", secret[:-1], PASSWORD):
        answer = program.get("/api/v1/demos", auth=("ada", wrong))
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic")
    assert "An app token was refused." in [text for text, _ in told()]
    with school.database.read() as session:
        kept = session.exec(select(AppToken)).one()
    assert secret not in repr(kept)
    eve = school.person("Eve")
    eve.post(f"/account/tokens/{kept.id}/revoke")
    assert program.get("/api/v1/demos", auth=("any", secret)).status_code == 200
    ada.post(f"/account/tokens/{kept.id}/revoke")
    assert program.get("/api/v1/demos", auth=("any", secret)).status_code == 401
    assert ada.get("/api/v1/demos").status_code == 200  # by the session


def test_a_form_that_is_sent_too_late_is_not_lost(school: School) -> None:
    nobody = school.browser()
    answer = nobody.post("/settings", data={"name": "x"})
    assert answer.status_code == 403
    assert "Sign in in another tab" in answer.text
    part = nobody.post("/review", data={}, headers={"hx-request-type": "partial"})
    assert (part.status_code, part.headers["content-type"]) == (403, "text/plain; charset=utf-8")


def test_a_foreign_site_signs_nobody_in_or_out(school: School) -> None:
    ada = school.person("Ada")
    for site in ("cross-site", "same-site"):
        foreign = {"sec-fetch-site": site, "origin": "https://evil.example"}
        for path in ("/sign-in", "/sign-out", "/account/password", "/join/x"):
            assert ada.post(path, data={"name": "ada", "password": PASSWORD}, headers=foreign).status_code == 403
    assert is_in(ada)
