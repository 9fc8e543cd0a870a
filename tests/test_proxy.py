"""Two real `recur serve` with accounts on one PostgreSQL behind Caddy, as the profile course of compose.yaml has it."""

import http.client
import json
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from app.database import Database
from app.study.schedule.replay import replay
from bench.cards import content_folder
from bench.serving import RECUR, ServerProcess
from tests import postgres
from tests.eventually import eventually
from tests.proxies import PASSWORD, Caddy, add_ada, ask

pytestmark = pytest.mark.server

HIDDEN = re.compile(r'name="(\w+)" value="([^"]*)"')
CARDS = 400


class Site:
    """The proxy, the two processes behind it and their database."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cookies = folder, ""
        content = content_folder(folder / "content", files=CARDS // 40, cards_a_file=40)
        self.url = postgres.shared().url(postgres.shared().create())
        env = {
            "RECUR_PORT": "{port}",
            "RECUR_DATABASE_URL": self.url,
            "RECUR_CONTENT_DIR": str(content),
            "RECUR_BACKUP_DIR": str(folder / "backups"),
            "RECUR_TIME_ZONE": "UTC",
            "RECUR_NEW_PER_DAY": "9999",
            "RECUR_ACCESS": "accounts",
            "RECUR_LOG_FORMAT": "json",
        }
        # At once, on an empty database.
        self.processes = [ServerProcess(RECUR, env, folder / f"log-{n}") for n in (1, 2)]
        self.caddy = Caddy(folder, [process.port for process in self.processes])

    def wait(self) -> None:
        for process in self.processes:
            process.wait_until_it_answers("/readyz", 120)
        self.caddy.wait(lambda: self.ask("GET", "/readyz")[0] == 200)
        add_ada(self.url)
        self.cookies = self.sign_in()

    def sign_in(self, cookies: str = "") -> str:
        """Ada's cookies in a new session, in the browser that has these."""
        status, headers, _ = self.ask("POST", "/sign-in", {"name": "ada", "password": PASSWORD}, Cookie=cookies)
        assert status == 303
        return "; ".join(one.partition(";")[0] for one in headers.get_all("set-cookie") or [])

    def ask_each(self, path: str, cookies: str) -> list[int]:
        """What each of the processes answers to what the proxy might pass on to it."""
        site = {"Host": "localhost", "Origin": "https://localhost"}
        headers = site | {"Cookie": cookies, "X_Forwarded_Proto": "https", "X_Forwarded_For": "127.0.0.1"}
        return [ask(process.connect, "GET", path, **headers)[0] for process in self.processes]

    def ask(
        self, method: str, path: str, form: Mapping[str, str] | None = None, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, str]:
        """One request as Ada's browser sends it to this site: status, headers and body."""
        return ask(self.caddy.connect, method, path, form, **{"Cookie": self.cookies} | headers)

    def events(self, process: int) -> list[dict[str, object]]:
        """What one of the processes has logged."""
        return [json.loads(line) for line in (self.folder / f"log-{process}").read_text().splitlines()]

    def stop(self) -> None:
        self.caddy.stop()
        for process in self.processes:
            process.stop()
        postgres.shared().drop(self.url.partition("@/")[2].partition("?")[0])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("proxy"))
    try:
        site.wait()
        yield site
    finally:
        site.stop()


def test_pages_come_by_tls_alone(site: Site) -> None:
    status, headers, page = site.ask("GET", "/")
    assert (status, "Today" in page) == (200, True)
    assert headers.get_all("strict-transport-security") == ["max-age=31536000"]
    assert headers["server"] is None
    plain = http.client.HTTPConnection("localhost", site.caddy.http_port, timeout=20)
    plain.request("GET", "/stats")
    answer = plain.getresponse()
    assert (answer.status, answer.headers["location"]) == (308, "https://localhost/stats")
    plain.close()
    assert site.ask("GET", "/", Cookie="")[0] == 303


def test_a_session_is_valid_in_both_processes_and_ends_in_both(site: Site) -> None:
    cookies = site.sign_in()
    assert site.ask_each("/settings", cookies) == [200, 200]
    status, headers, _ = site.ask("POST", "/sign-out", {}, Cookie=cookies, X_Forwarded_For="6.6.6.6")
    assert (status, headers["location"]) == (303, "/sign-in")
    assert "; Secure" in headers["set-cookie"]
    assert site.ask_each("/settings", cookies) == [303, 303]
    assert site.ask_each("/settings", site.cookies) == [200, 200], "another browser of hers"

    def told() -> list[dict[str, object]]:
        return [event for n in (1, 2) for event in site.events(n) if event.get("route") == "/sign-out"]

    eventually(lambda: bool(told()))  # the answer may come before the line in the log
    assert {event["client"] for event in told()} == {"127.0.0.1"}, "a client cannot say that it is another"
    assert site.ask("POST", "/sign-out", {}, Origin=f"http://localhost:{site.caddy.port}")[0] == 403


def test_guesses_are_counted_for_both_processes_together(site: Site) -> None:
    began, wrong = time.monotonic(), {"name": "ada", "password": "three grey goose"}
    answers = Counter(site.ask("POST", "/sign-in", wrong, Cookie="")[0] for _ in range(26))
    assert set(answers) == {403, 429}
    minutes = (time.monotonic() - began) // 60
    assert 20 <= answers[403] <= 21 + minutes, "20, and then one a minute"
    for number in (1, 2):
        eventually(lambda number=number: "/sign-in" in {one.get("route") for one in site.events(number)})  # type: ignore[misc]
    assert site.ask("POST", "/sign-in", {"name": "ada", "password": PASSWORD}, Cookie="")[0] == 429
    site.cookies = site.sign_in(site.cookies)  # which the account knows


def test_what_a_training_says_comes_as_it_says_it(site: Site) -> None:
    site.caddy.check_that_events_are_passed_on_at_once(site.cookies)


def rate(site: Site, card: int, token: str) -> int:
    now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() - 1))
    fields = {"card": str(card), "rating": "4", "token": token, "after": "0", "deck": "bench"}
    fields |= {"shown_at": now, "revealed_after": "500"}
    try:
        return site.ask("POST", "/review", fields, HX_Request="true", HX_Request_Type="partial")[0]
    except (OSError, http.client.HTTPException):
        return 0


def test_a_rating_through_the_pages(site: Site) -> None:
    question = dict(HIDDEN.findall(site.ask("GET", "/review?deck=bench")[2].split('class="reveal"')[0]))
    page = site.ask("GET", f"/review?{urlencode(question)}")[2]
    fields = dict(HIDDEN.findall(page[page.index('class="rating"') :]))
    status, headers, _ = site.ask("POST", "/review", fields | {"rating": "3"})
    assert status == 303
    assert "1 of" in site.ask("GET", headers["location"])[2]


def test_a_replica_killed_while_people_study_loses_nothing(site: Site) -> None:
    """A form that got no answer, or 502, is sent again, as a person would press again."""
    tokens: list[str] = []
    statuses: Counter[int] = Counter()
    lock, is_over = threading.Lock(), threading.Event()

    def study(cards: Iterator[int]) -> None:
        while not is_over.is_set():
            card, token = next(cards), uuid4().hex
            for _ in range(20):
                status = rate(site, card, token)
                with lock:
                    statuses[status] += 1
                if status == 200:
                    break
                time.sleep(0.2)
            with lock:
                tokens.append(token)

    database = Database(site.url)
    with database.read() as session:
        cards = session.connection().exec_driver_sql("SELECT id FROM card ORDER BY id DESC").scalars().all()
    people = [threading.Thread(target=study, args=(iter(cards[n::4]),)) for n in range(4)]
    for one in people:
        one.start()
    time.sleep(2)
    site.processes[0].process.send_signal(signal.SIGKILL)
    killed_after = len(tokens)
    time.sleep(2)
    is_over.set()
    for one in people:
        one.join()
    assert 0 < killed_after < len(tokens)
    assert set(statuses) <= {200, 502}, statuses
    assert statuses[502] <= len(people), "what had not reached the process that was killed went to the other"
    with database.read() as session:
        stored = Counter(session.connection().exec_driver_sql("SELECT token FROM review").scalars().all())
    assert {stored[token] for token in tokens} == {1}
    states = "SELECT card_id, stability, difficulty, due_on, last_review_id FROM card_state ORDER BY card_id"
    with database.write() as session:
        before = session.connection().exec_driver_sql(states).all()
        replay(session)
        assert session.connection().exec_driver_sql(states).all() == before
    database.close()
