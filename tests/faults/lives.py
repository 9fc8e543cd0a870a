"""A learner's life in a small deck, every kind of write to it, and what is stored then.

A write is a form that can be sent again. The forms work on a test client and over HTTP alike.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from httpx2 import Client, Response
from sqlalchemy import select, text, update
from sqlmodel import SQLModel

from app.cards.load.load import load
from app.database import Database
from app.models import Learner
from app.study.learner.preferences import Preferences
from app.study.schedule.rate import Answer, rate
from app.study.schedule.replay import replay
from app.study.schedule.undo import undo
from app.study.selection import marks
from app.tables import LEARNER

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BEFORE = NOW - timedelta(days=3)
OLD = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
CARDS = 12
TOPIC = "---\ntitle: {title}\norder: 1\n---\n\n"
CARD = "## Question {n}? {{#q{n}}}\nAnswer {n}.\n\nThe longer answer {n}.\n\nLevel: easy\n\n"
HIDDEN = re.compile(r'name="([\w-]+)" value="([^"]*)"')
CACHE = "new_card_cursor"
"""A table that may lag behind, or be empty."""
SEEDS = (0, 1, 2)
KEYS = ("", "you", "eve")
"""Seeds of learners that nobody drew: of one whom a migration forgot, and of those who lived."""
PREFS = Preferences(1, ZoneInfo("Europe/Berlin"), 4, 20, 0.9)
RATINGS = ((1, 1, 1), (1, 2, 4), (2, 1, 3), (1, 3, 2), (1, 4, 4), (1, 1, 3))
"""Learner, card, rating."""
OURS = {"Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True)
class Form:
    """A form as a page holds it."""

    path: str
    data: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, Any] | None = None

    def send(self, client: Client) -> Response:
        return client.post(self.path, data=dict(self.data), files=self.files, headers=OURS)


def write_content(folder: Path, cards: int = CARDS) -> Path:
    """A content folder of one deck with two topics, whose files are older than any load of them."""
    deck = folder / "small"
    deck.mkdir(parents=True)
    for name, first in (("first", 1), ("second", cards // 2 + 1)):
        body = "".join(CARD.format(n=n) for n in range(first, first + cards // 2))
        file = deck / f"{name}.md"
        file.write_text(TOPIC.format(title=name) + body)
        os.utime(file, (OLD, OLD))
    return folder


def live(database: Database) -> None:
    """Rate some cards, take one rating back, and mark others: a past of every kind. Learner 2 has one too."""
    last: dict[tuple[int, int], int] = {}
    for number, (learner, card, rating) in enumerate(RATINGS):
        prefs = Preferences(learner, PREFS.zone, 4, 20, 0.9)
        at = BEFORE + timedelta(minutes=number)
        answer = Answer(card, rating, f"past-{number}", last.get((learner, card), 0), at, at)
        with database.write() as session:
            last[learner, card] = rate(session, prefs, answer, at).review.id
    with database.write() as session:
        undo(session, PREFS, "past-undo", BEFORE + timedelta(minutes=9))
    with database.write() as session:
        marks.flag(session, 1, [5])
        marks.add_tag(session, 1, [5, 6], "hard")


def fill(database: Database, content: Path) -> None:
    """Load the content and live. The learners have the small `SEEDS` and `KEYS`, which none that is drawn will be."""
    assert not load(database, content, BEFORE).mistakes
    with database.write() as session:
        session.connection().execute(update(LEARNER).values(seed=1, key="you"))
        session.add(Learner(name="Eve", seed=2, key="eve"))
    live(database)


# --- Every kind of write. -----------------------------------------------------------------------------------------


def rating_form(client: Client, path: str = "/review") -> dict[str, str]:
    """The form under the answer of the card that is asked now."""
    question = dict(HIDDEN.findall(client.get(path).text.split('class="reveal"')[0]))
    page = client.get(f"{path}?{'&'.join(f'{k}={v}' for k, v in question.items()).replace('+', '%2B')}").text
    return dict(HIDDEN.findall(page[page.index('class="rating"') :].split("</form>")[0]))


def _rate_new(client: Client) -> Form:
    now = NOW.isoformat()
    times = {"shown_at": now, "revealed_after": 0}
    return Form("/review", {"card": 7, "rating": 4, "token": "new", "after": 0, "deck": "small", **times})


def _rate_again(client: Client) -> Form:
    return Form("/review", rating_form(client) | {"rating": "3", "token": "again"})


def _quiz(client: Client) -> str:
    assert Form("/quiz", {"kind": "weakest", "name": "asked"}).send(client).status_code == 200
    return "/quiz/asked"


def _answer_quiz(client: Client) -> Form:
    path = _quiz(client)
    return Form(path, rating_form(client, path) | {"rating": "4", "token": "answer"})


def _undo_quiz(client: Client) -> Form:
    assert _answer_quiz(client).send(client).status_code == 200
    return Form("/quiz/asked/undo", {"token": "undo-quiz"})


def _end_quiz(client: Client) -> Form:
    assert _answer_quiz(client).send(client).status_code == 200
    return Form("/quiz/asked/end")


def _quiz_again(client: Client) -> Form:
    _quiz(client)
    return Form("/quiz/asked/again", {"name": "asked-again"})


def _browse(**what: Any) -> Callable[[Client], Form]:
    return lambda _client: Form("/browse/act", {"card": [1, 2, 3], "token": "act", **what})


def _plain(path: str, **data: Any) -> Callable[[Client], Form]:
    return lambda _client: Form(path, data)


def _take_in(client: Client) -> Form:
    lines = client.get("/settings/history.jsonl").text.splitlines()
    moved = [json.loads(line) for line in lines]
    for line in moved:
        for key in ("token", "undoes", "quiz"):
            if line.get(key):
                line[key] = f"elsewhere-{line[key]}"
    return Form("/settings/history", files={"file": ("mine.jsonl", "\n".join(map(json.dumps, moved)).encode())})


WRITES: dict[str, Callable[[Client], Form]] = {
    "rate a new card": _rate_new,
    "rate a card again": _rate_again,
    "undo": _plain("/review/undo", token="undo", deck="small"),
    "make a quiz": _plain("/quiz", kind="weakest", name="made"),
    "answer in a quiz": _answer_quiz,
    "undo in a quiz": _undo_quiz,
    "end a quiz": _end_quiz,
    "ask a quiz again": _quiz_again,
    "bury": _plain("/review/mark", card=7, act="bury", deck="small"),
    "note": _plain("/review/mark", card=7, act="note", note="Look this up.", deck="small"),
    "settings": _plain("/settings", name="Ada", theme="dark", **{"key-undo": "z"}),
    "suspend in Browse": _browse(do="suspend"),
    "tag in Browse": _browse(do="tag", own_tag="ask"),
    "reset in Browse": _browse(do="reset", ratings=3),
    "add a learner": _plain("/learners", name="Grace"),
    "rename a learner": _plain("/learners/rename", chosen=2, name="Eva"),
    "delete a learner": _plain("/learners/2/delete", name="Eve"),
    "import a history": _take_in,
}
"""Makes the form of each kind of write to a database in which `live` was; what it writes must be the same each time."""


def is_write(statement: str) -> bool:
    """True for a statement that changes rows."""
    return statement.lstrip().startswith(("INSERT", "UPDATE", "DELETE", "WITH"))


# --- What is stored. ----------------------------------------------------------------------------------------------

Dump = dict[str, list[tuple[Any, ...]]]


def dump(database: Database, with_times: bool = True) -> Dump:
    """Every row of every table; an id is its rank, since ids that a failed write took are not given again.

    A learner's seed or key that was drawn is the same as any other: sent again, a form or a migration draws another.
    Without times, each is the same as any other: for what was written by a clock that does not stand still.
    """
    tables = [table for table in SQLModel.metadata.sorted_tables if table.name != CACHE]
    with database.read() as session:
        connection = session.connection()
        rows = {table.name: connection.execute(select(table)).mappings().all() for table in tables}
        searched = connection.execute(text("SELECT count(*) FROM card_search")).scalar_one()
    ranks = {
        name: {one: rank for rank, one in enumerate(sorted(row["id"] for row in found))}
        for name, found in rows.items()
        if "id" in SQLModel.metadata.tables[name].columns
    }
    dumped: Dump = {"card_search": [(searched,)]}
    for table in tables:
        whose = {key.parent.name: key.column.table.name for key in table.foreign_keys if key.column.name == "id"}
        whose |= {"id": table.name} if "id" in table.columns else {}
        whose |= {"topic_id": "topic"} if "topic_id" in table.columns else {}  # totals have no key, for 0 is the deck

        def plain(name: str, value: Any, whose: dict[str, str] = whose) -> Any:
            if whose.get("id") == "learner" and value not in {"seed": SEEDS, "key": KEYS}.get(name, (value,)):
                return "drawn"
            is_id = name in whose and value is not None
            return ranks[whose[name]].get(value, value) if is_id else _plain_value(value, with_times)

        rows_of = [tuple(plain(name, value) for name, value in row.items()) for row in rows[table.name]]
        dumped[table.name] = sorted(rows_of, key=repr)
    return dumped


def _plain_value(value: Any, with_times: bool) -> Any:
    if isinstance(value, datetime) and not with_times:
        return "a time"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else value


def replayed(database: Database, with_times: bool = True) -> Dump:
    """Replay, and dump what is stored then."""
    with database.write() as session:
        replay(session)
    return dump(database, with_times)


def differing(one: Dump, other: Dump) -> list[str]:
    """The tables in which two dumps differ."""
    return [name for name in one if one[name] != other[name]]


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """The database at an address, closed at the end."""
    database = Database(url)
    try:
        yield database
    finally:
        database.close()
