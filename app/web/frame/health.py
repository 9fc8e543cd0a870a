"""Health checks: is the process up, and can it answer?"""

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import PlainTextResponse

from app.web.frame.here import Here


async def alive() -> PlainTextResponse:
    """200 while the process answers."""
    return PlainTextResponse("ok\n")


def ready(here: Here) -> PlainTextResponse:
    """200 when the database has its tables and cards; 503 with the reason otherwise."""
    try:
        with here.reading() as session:
            cards = session.execute(text("SELECT count(*) FROM card WHERE retired_at IS NULL")).scalar_one()
    except SQLAlchemyError as error:
        return PlainTextResponse(f"the database does not answer: {type(error).__name__}\n", 503)
    if not cards:
        return PlainTextResponse("no cards are loaded: run `recur load`\n", 503)
    return PlainTextResponse("ready\n")
