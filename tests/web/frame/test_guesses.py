"""Wrong passwords are slowed down, the right one is let in, and the log has one line."""

import asyncio
import base64

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.database import Database
from app.main import create_app
from app.settings import Settings
from app.web.frame import guesses, security
from app.web.frame.guesses import AT_ONCE, LONGEST_WAIT, MOST_CLIENTS, Guesses

RIGHT = "correct horse"


class Clock:
    now = 1_000.0
    waited = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.waited += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(guesses.Guesses.__init__, "__defaults__", (made,))
    monkeypatch.setattr(asyncio, "sleep", made.sleep)
    return made


@pytest.fixture
def locked(database: Database, settings: Settings, clock: Clock) -> TestClient:
    app = create_app(settings.model_copy(update={"password": SecretStr(RIGHT)}), database)
    return TestClient(app, base_url="http://127.0.0.1:8000")


def ask(client: TestClient, word: str) -> int:
    basic = base64.b64encode(f"me:{word}".encode()).decode()
    return client.get("/docs", headers={"authorization": f"Basic {basic}"}).status_code


def test_a_few_wrong_passwords_are_refused_at_once_and_then_one_a_second(
    locked: TestClient, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    assert [ask(locked, f"wrong {n}") for n in range(AT_ONCE + 1)] == [401] * (AT_ONCE + 1)
    assert clock.waited == 0
    told = [record.message for record in caplog.records if "Wrong passwords" in record.message]
    assert told == ["Wrong passwords from testclient: from now on one attempt every 1 s is checked."]
    assert [ask(locked, f"wrong {n}") for n in range(20)] == [401] * 20
    assert clock.waited == pytest.approx(20)
    assert sum("Wrong passwords" in record.message for record in caplog.records) == 1
    assert ask(locked, RIGHT) == 200
    assert locked.get("/docs").status_code == 401


def test_without_wrong_ones_nobody_waits(locked: TestClient, clock: Clock) -> None:
    for _ in range(3 * AT_ONCE):
        assert ask(locked, RIGHT) == 200
        assert locked.get("/docs").status_code == 401
    assert clock.waited == 0


def test_those_that_come_at_once_wait_in_turn_and_are_refused_in_the_end(clock: Clock) -> None:
    counted = Guesses(clock)
    for _ in range(AT_ONCE + 1):
        assert counted.wait("a") == 0
        counted.was_wrong("a", has_waited=False)
    waits = [counted.wait("a") for _ in range(100)]
    assert waits[:5] == [1, 2, 3, 4, 5]
    assert set(waits[5:]) == {LONGEST_WAIT + 1}
    assert counted.wait("b") == 0
    clock.now += AT_ONCE + LONGEST_WAIT + 1
    assert counted.wait("a") == 0


def test_a_refusal_says_when_to_come_back(locked: TestClient, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(AT_ONCE + 1):
        ask(locked, f"wrong {n}")
    monkeypatch.setattr(guesses, "LONGEST_WAIT", 0)
    monkeypatch.setattr(security, "LONGEST_WAIT", 0)
    basic = base64.b64encode(b"me:wrong").decode()
    answer = locked.get("/docs", headers={"authorization": f"Basic {basic}"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert "content-security-policy" in answer.headers
    assert locked.get("/healthz").status_code == 200


def test_only_so_many_clients_are_remembered(clock: Clock) -> None:
    counted = Guesses(clock)
    for n in range(MOST_CLIENTS + 50):
        counted.was_wrong(f"client {n}", has_waited=False)
    assert len(counted._paid) == MOST_CLIENTS
