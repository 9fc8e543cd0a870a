"""A write that nothing disturbs: what is stored before and after it, and which calls of the driver it makes."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from fastapi.testclient import TestClient

from app.database import Database
from app.main import create_app
from app.settings import Settings
from tests.faults.failing import nth_call_fails
from tests.faults.lives import NOW, WRITES, Form, dump

Lived = Callable[[], AbstractContextManager[Database]]


class Clean(NamedTuple):
    """The form of a write, the dumps before and after it, and its calls."""

    form: Form
    before: Any
    after: Any
    calls: Sequence[str]


def client_of(settings: Settings, database: Database) -> TestClient:
    """A client that gets what the server makes of an error, as a browser does."""
    app = create_app(settings, database, lambda: NOW)
    return TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)


def clean_write(kind: str, settings: Settings, database: Database) -> Clean:
    client = client_of(settings, database)
    form = WRITES[kind](client)
    before = dump(database)
    with nth_call_fails(database, 0, None) as clean:
        assert form.send(client).status_code == 200
    return Clean(form, before, dump(database), clean.calls)
