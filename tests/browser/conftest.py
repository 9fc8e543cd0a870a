"""A real server on a free port, the project's own content, and a real Chromium that forgives nothing."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, expect, sync_playwright
from sqlalchemy import select, update

from app.cards.load.load import load
from app.database import Database
from app.main import create_app
from app.settings import ROOT, Settings
from app.study.learner.preferences import Preferences
from app.study.schedule.rate import Answer, rate
from app.tables import CARD
from app.web.frame.connections import BoundedHttp

# The headless shell is Chromium without its windows: the same pages, at a quarter of the work for each.
CHROMIUMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# Background services of the browser would look up hosts of their own. The headless shell would fit letters to whole
# pixels, which makes thin ones fat and moves their edges; the whole Chromium draws them as they are.
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--font-render-hinting=none",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# What a page must do, it may do late on a busy machine: as long as Playwright itself waits for a press.
expect.set_options(timeout=30_000)
NO_WORKER = "Service Worker registration blocked by Playwright"


@dataclass
class Clock:
    """The server's time, which a test may set."""

    now: Callable[[], datetime]

    def __call__(self) -> datetime:
        return self.now()


@dataclass
class Server:
    """A running server: its address, its database, and the clock it reads."""

    url: str
    database: Database
    clock: Clock


@pytest.fixture(scope="session")
def loaded_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the project's content, to be copied."""
    path = tmp_path_factory.mktemp("loaded") / "recur.sqlite"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    load(database, ROOT / "content", datetime.now(UTC))
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@contextmanager
def serving(settings: Settings) -> Iterator[Server]:
    """Recur itself on 127.0.0.1, over the database and the content that these settings name."""
    clock = Clock(lambda: datetime.now(UTC))
    database = Database(settings.database_url)
    app = create_app(settings, database, clock)
    config = uvicorn.Config(app, http=BoundedHttp, ws="none", host="127.0.0.1", port=0, log_level="warning")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        if not thread.is_alive():
            raise RuntimeError("the server did not start")
        threading.Event().wait(0.01)
    port = running.servers[0].sockets[0].getsockname()[1]
    yield Server(f"http://127.0.0.1:{port}", database, clock)
    running.should_exit = True
    thread.join()


@contextmanager
def serving_copy(loaded: Path, folder: Path) -> Iterator[Server]:
    """Recur over a copy of the loaded database in this folder."""
    shutil.copy(loaded, folder / "recur.sqlite")
    url = f"sqlite:///{folder / 'recur.sqlite'}"
    with serving(Settings(database_url=url, watch=False, time_zone="Europe/Berlin", port=0, deletion_days=0)) as made:
        yield made


@pytest.fixture
def server(loaded_database: Path, tmp_path: Path) -> Iterator[Server]:
    """A server with a database of the test's own."""
    with serving_copy(loaded_database, tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def server_to_look_at(loaded_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for a file whose tests rate nothing and change no setting: the file has it under the name `server`."""
    with serving_copy(loaded_database, tmp_path_factory.mktemp("looked_at")) as made:
        yield made


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


def chromium_path() -> str:
    """The browser that CHROMIUM names, or the first one installed. Raises RuntimeError if there is none."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if path is None:
        raise RuntimeError("The browser tests need Chromium; `make chromium` installs it, or says how.")
    return path


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGS)
    # A worker answers where a test's own routes should; test_offline.py lets it.
    browser.new_context = partial(browser.new_context, service_workers="block")  # type: ignore[method-assign]
    yield browser
    browser.close()


def ask_written_cards(database: Database) -> None:
    """Leave out the computed cards, which wait for an answer and are not kept without a net."""
    with database.write() as session:
        session.connection().execute(update(CARD).where(CARD.c.asks.is_not(None)).values(retired_at=datetime.now(UTC)))


def study_for_weeks(database: Database, until: datetime) -> None:
    """Sixty ratings of all kinds on twenty of the last sixty days, of ten cards."""
    noon = until.replace(hour=11, minute=0)  # whatever the hour is now, no day turns between three of them
    prefs = Preferences(1, ZoneInfo("Europe/Berlin"), 4, 20, 0.9)
    with database.read() as session:
        cards = session.connection().execute(select(CARD.c.id).order_by(CARD.c.place).limit(10)).scalars().all()
    last = dict.fromkeys(cards, 0)
    for number in range(60):
        at = noon - timedelta(days=60 - number // 3 * 3) + timedelta(minutes=number)
        card, rating = cards[number * 7 % 10], (4, 5, 3, 4, 1, 4, 2)[number % 7]
        with database.write() as session:
            shown_at = at - timedelta(seconds=20)
            answer = Answer(card, rating, f"studied-{number}", last[card], shown_at, at)
            last[card] = rate(session, prefs, answer, at).review.id


def watched(context: BrowserContext, server: Server) -> tuple[Page, list[str]]:
    """A page, and the list of what went wrong on it: console errors, policy violations, requests to other hosts."""
    troubles: list[str] = []
    page = context.new_page()

    def tell(said: ConsoleMessage) -> None:
        if said.type in ("error", "warning") and NO_WORKER not in said.text:
            troubles.append(f"console: {said.text}")

    page.on("console", tell)
    page.on("pageerror", lambda error: troubles.append(f"script: {error}"))
    page.on("request", lambda r: None if r.url.startswith((server.url, "data:")) else troubles.append(f"host: {r.url}"))
    return page, troubles


@pytest.fixture
def page(chromium: Browser, server: Server) -> Iterator[Page]:
    """A page of 1280 × 900 with JavaScript. The test fails if anything went wrong on it."""
    with chromium.new_context(base_url=server.url, viewport={"width": 1280, "height": 900}) as context:
        made, troubles = watched(context, server)
        yield made
        assert troubles == []


@pytest.fixture
def plain_page(chromium: Browser, server: Server) -> Iterator[Page]:
    """A page without JavaScript."""
    with chromium.new_context(base_url=server.url, java_script_enabled=False) as context:
        made, troubles = watched(context, server)
        yield made
        assert troubles == []
