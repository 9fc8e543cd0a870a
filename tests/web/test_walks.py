"""How far one walks through the code on the commonest trips: a rating, a slider's move, a saved file.

And how many statements a rating executes.

Counted are the files of app/ that a trip touches, and the moves between files: calls in a row whose file differs (a
coroutine that goes on after a wait is not called again). A budget may be raised only with its reason in the commit.
"""

import inspect
import re
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.cards.load.load import load
from app.database import Database
from app.main import create_app
from app.settings import ROOT, Settings
from app.study.schedule.totals import move_cards
from tests.faults.failing import CALLS
from tests.web.conftest import NOW
from tests.web.quiz.test_take import rating_form as quiz_form
from tests.web.sitting.test_review import PART, rating_form

APP = f"{ROOT / 'app'}/"
AT_ITS_START = 20
"""Bytes of code before a coroutine's first line."""
SMALL = ("<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>", "<lambda>", "<module>")
APART = ("elected", "forecasts", "deletions", "evidence")
"""Threads that run beside the requests."""
pytestmark = pytest.mark.usefixtures("content")


@dataclass(repr=False)
class Walk:
    """The files of the calls of a trip, in order."""

    files: list[str]

    @property
    def moves(self) -> int:
        return sum(a != b for a, b in zip(self.files, self.files[1:], strict=False))

    def fits(self, files: int, moves: int) -> bool:
        """True if it keeps to the budgets. A failed assert shows the walk."""
        return len(set(self.files)) <= files and self.moves <= moves

    def __repr__(self) -> str:
        return f"{len(set(self.files))} files, {self.moves} moves: {' '.join(self.files)}"


@contextmanager
def walking() -> Iterator[Walk]:
    """Record every call of a function of app/ within the block, in every thread that it starts or uses.

    What a process does now and then, whatever is asked of it, is left out.
    """
    walk = Walk([])

    def note(frame: FrameType, event: str, _value: Any) -> None:
        code = frame.f_code
        goes_on = code.co_flags & inspect.CO_COROUTINE and frame.f_lasti > AT_ITS_START
        is_ours = code.co_filename.startswith(APP) and threading.current_thread().name not in APART
        if event == "call" and is_ours and code.co_name not in SMALL and not goes_on:
            walk.files.append(code.co_filename.removeprefix(APP))

    before = sys.getprofile()
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield walk
    finally:
        sys.setprofile(before)
        threading.setprofile(None)


@pytest.fixture
def fresh(database: Database, settings: Settings, content: Path) -> Callable[[], TestClient]:
    """Makes a client whose worker threads are started within `walking()`, so that they are recorded."""
    assert not load(database, content, NOW).mistakes
    return lambda: TestClient(create_app(settings, database, lambda: NOW), base_url="http://127.0.0.1:8000")


def walked(fresh: Callable[[], TestClient], act: Callable[[TestClient, int], Any]) -> Walk:
    """The walk of the second of two requests; the first warms what is remembered."""
    with walking() as walk, fresh() as client:
        assert act(client, 1).status_code == 200
        last: list[str] = []
        original = client.request

        def request(*args: Any, **kwargs: Any) -> Any:
            walk.files.clear()
            answer = original(*args, **kwargs)
            last[:] = walk.files
            return answer

        client.request = request  # type: ignore[method-assign]
        assert act(client, 2).status_code == 200
    return Walk(last)


def test_a_rating(fresh: Callable[[], TestClient]) -> None:
    walk = walked(fresh, lambda client, n: client.post("/review", data=rating_form(client, of=n), headers=PART))
    assert walk.fits(files=28, moves=64), walk


def test_a_rating_in_a_quiz(fresh: Callable[[], TestClient]) -> None:
    def rate(client: TestClient, n: int) -> Any:
        if n == 1:
            chosen = {"kind": "chosen", "name": "q1", "deck": "small", "topic": "first", "number": "5"}
            client.post("/quiz", data=chosen, follow_redirects=False)
        return client.post("/quiz/q1", data=quiz_form(client, "/quiz/q1"), headers=PART)

    walk = walked(fresh, rate)
    # Which cards are drawn varies.
    assert walk.fits(files=26, moves=60), walk


@pytest.mark.parametrize(("plan", "most"), [({}, 8), ({"interview_on": "2026-03-09", "minutes": "20"}, 11)])
def test_the_statements_of_a_rating(
    fresh: Callable[[], TestClient],
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    plan: dict[str, str],
    most: int,
) -> None:
    """Each costs as much as a fair part of the page. PostgreSQL locks the learner by a statement of its own."""
    statements: list[str] = []
    dialect = type(database.engine.dialect)

    def noted(call: Callable[..., None]) -> Callable[..., None]:
        def note(self: Any, cursor: Any, statement: str, *more: Any, **others: Any) -> None:
            if threading.current_thread().name not in APART:
                statements.append(statement)
            call(self, cursor, statement, *more, **others)

        return note

    with fresh() as client:
        if plan:
            assert client.post("/plans", data=plan, follow_redirects=False).status_code == 303
        form = rating_form(client, of=1)
        for name in CALLS[:-1]:
            monkeypatch.setattr(dialect, name, noted(getattr(dialect, name)))
        assert client.post("/review", data=form, headers=PART).status_code == 200
    assert 7 <= len(statements) <= most + (not database.is_sqlite), statements


def test_a_slider(fresh: Callable[[], TestClient]) -> None:
    walk = walked(fresh, lambda client, n: client.get(f"/demos/gradient-flow?cell=rnn&gain=0.9{n}", headers=PART))
    assert walk.fits(files=22, moves=84), walk


def test_browsing(fresh: Callable[[], TestClient]) -> None:
    walk = walked(fresh, lambda client, _n: client.get("/browse?q=answer", headers=PART))
    assert walk.fits(files=15, moves=28), walk


def test_saving_a_file(database: Database, settings: Settings) -> None:
    folder = settings.content_dir
    shutil.rmtree(folder)
    shutil.copytree(ROOT / "content", folder)
    for path in folder.glob("rnn/*.md"):  # no number of a draw: files are read again until these are known
        path.write_text(re.sub(r"seed=[\d.]+#[^)]*", "seed=0", path.read_text()))
    file = folder / "rnn" / "bidirectional-and-stacked.md"
    load(database, folder, NOW, move_cards=move_cards)
    for n in (1, 2):
        file.write_text(" More.\n\nPoints:".join(file.read_text().rsplit("\n\nPoints:", 1)))
        with walking() as walk:
            report = load(database, folder, NOW + timedelta(minutes=n), move_cards=move_cards)
        assert (report.read, report.changed) == (1, 1)
    assert walk.fits(files=28, moves=664), walk
