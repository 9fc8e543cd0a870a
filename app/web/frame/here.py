"""What a route is given: one dependency with the request, the learner, the time, and the sessions."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import Field
from sqlmodel import Session
from starlette.responses import HTMLResponse

from app.database import Database
from app.settings import Settings
from app.study.learner.preferences import Preferences, preferences
from app.web.frame.pages import learner_id, page, wants_part

RowId = Annotated[int, Field(ge=0, lt=2**31)]
"""A database id in an address or a form: as large as every database's columns allow."""


@dataclass(slots=True)
class Context:
    """One request: who asks (`learner_id`), when (`now`, UTC, read once), and the app's settings and database."""

    request: Request
    settings: Settings
    database: Database
    learner_id: int
    now: datetime
    _learner: Preferences | None = field(default=None, init=False)

    def reading(self) -> AbstractContextManager[Session]:
        """A session that sees one snapshot and writes nothing."""
        return self.database.read()

    def writing(self) -> AbstractContextManager[Session]:
        """A session in one short write transaction. The block must end before the route answers, since it commits."""
        return self.database.write()

    def learner(self, session: Session) -> Preferences:
        """The learner's preferences, read once a request. Raises UnknownLearnerError."""
        if self._learner is None:
            self._learner = preferences(session, self.settings, self.learner_id)
        return self._learner

    @property
    def wants_part(self) -> bool:
        """True if htmx asks for a part of the page."""
        return wants_part(self.request)

    def page(self, template: str, status: int = 200, part: str | None = None, **context: Any) -> HTMLResponse:
        """The page made from `template`, or its block `part` if htmx asks for a part; see pages.page."""
        return page(self.request, template, status, part, **context)


async def _context(request: Request) -> Context:
    state = request.app.state
    return Context(request, state.settings, state.database, learner_id(request), state.clock())


Here = Annotated[Context, Depends(_context)]
