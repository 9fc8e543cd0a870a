"""What others are measured against: an empty FastAPI answer, and FastAPI + SQLModel with one insert and one select."""

import os
from datetime import UTC, datetime
from typing import Annotated

from fastapi import FastAPI, Form
from sqlmodel import Field, Session, SQLModel, select

from app.database import Database

app = FastAPI()
# The same file system, the same pragmas and the same lock as Recur: what is compared is the work, not the disk.
database = Database(os.environ["BARE_DATABASE_URL"])


class Note(SQLModel, table=True):
    """One row."""

    id: int | None = Field(default=None, primary_key=True)
    rating: int
    at: datetime


Note.__table__.create(database.engine, checkfirst=True)  # type: ignore[attr-defined]


@app.get("/healthz")
def empty() -> dict[str, str]:
    """An empty FastAPI response."""
    return {}


@app.post("/note")
def note(rating: Annotated[int, Form()]) -> Note:
    """One insert, one select."""
    with database.write() as session:
        made = Note(rating=rating, at=datetime.now(UTC))
        session.add(made)
        session.flush()
        made_id = made.id
    with Session(database.engine) as session:
        return session.exec(select(Note).where(Note.id == made_id)).one()
