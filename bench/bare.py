"""What others are measured against: an empty FastAPI answer, and FastAPI + SQLModel with one insert and one select.

It uses nothing of app/, so that it stays the same whatever becomes of Recur: the yardstick must not move.
"""

import os
import threading
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import FastAPI, Form
from sqlalchemy import Connection, event
from sqlmodel import Field, Session, SQLModel, create_engine, select

app = FastAPI()
# The same file system, the same pragmas and one writer at a time, as in Recur: what is compared is the work, not the
# disk.
engine = create_engine(os.environ["BARE_DATABASE_URL"], pool_size=16, max_overflow=32)
one_writer = threading.Lock()


@event.listens_for(engine, "connect")
def _configure(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(engine, "begin")
def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


class Note(SQLModel, table=True):
    """One row."""

    id: int | None = Field(default=None, primary_key=True)
    rating: int
    at: datetime


Note.__table__.create(engine, checkfirst=True)  # type: ignore[attr-defined]


@app.get("/healthz")
def empty() -> dict[str, str]:
    """An empty FastAPI response."""
    return {}


@app.post("/note")
def note(rating: Annotated[int, Form()]) -> Note:
    """One insert, one select."""
    with one_writer, Session(engine, expire_on_commit=False) as session:
        session.connection(execution_options={"immediate": True})
        made = Note(rating=rating, at=datetime.now(UTC))
        session.add(made)
        session.flush()
        made_id = made.id
        session.commit()
    with Session(engine) as session:
        return session.exec(select(Note).where(Note.id == made_id)).one()
