"""/settings/history: a learner's whole history out through the browser, and in again."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, File, Request, UploadFile
from starlette.responses import Response, StreamingResponse

from app.exchange.history.export_history import history_lines
from app.exchange.history.format import HistoryError
from app.exchange.history.import_history import import_history
from app.study.learner.preferences import preferences
from app.web.frame.pages import Now, TheDatabase, TheLearner, TheSettings, page

router = APIRouter()

CHUNK = 64 * 1024


@router.get("/settings/history.jsonl")
def download(database: TheDatabase, settings: TheSettings, learner: TheLearner, now: Now) -> Response:
    """Everything of the learner's own as of now, as it is read from the database."""
    with database.read() as session:
        day = preferences(session, settings, learner).day(now)
    name = f"recur-history-{day}.jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    lines = history_lines(database, learner, now)
    return StreamingResponse(_in_chunks(lines), media_type="application/jsonl", headers=headers)


# The guard reads this path under a bound of its own (app.web.frame.security.LARGE_BODIES).
@router.post("/settings/history")
def take_in(
    request: Request, database: TheDatabase, learner: TheLearner, now: Now, file: Annotated[UploadFile, File()]
) -> Response:
    """Take the file in as this learner's, whole or not at all, and say what it brought."""
    done, error = None, None
    try:
        done = import_history(database, file.file, learner, now)
    except HistoryError as refused:
        error = refused
    status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    return page(request, "history.html", status, done=done, error=error, file=file.filename or "The file")


def _in_chunks(lines: Iterator[str]) -> Iterator[bytes]:
    """The lines, many at a time: each piece of an answer costs a change of threads."""
    chunk, size = [], 0
    for line in lines:
        chunk.append(line.encode())
        size += len(chunk[-1])
        if size > CHUNK:
            yield b"".join(chunk)
            chunk, size = [], 0
    yield b"".join(chunk)
