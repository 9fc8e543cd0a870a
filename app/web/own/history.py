"""/settings/history: download a learner's whole history, and import one."""

import threading
from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated

from fastapi import File, UploadFile
from starlette.responses import Response, StreamingResponse

from app.exchange.history.export_history import history_lines
from app.exchange.history.format import HistoryError
from app.exchange.history.import_history import import_history
from app.web.frame.busy import BusyError
from app.web.frame.here import Here

CHUNK = 64 * 1024
_ONE_IMPORT = threading.Lock()


def download(here: Here) -> Response:
    """Stream everything that belongs to the learner, as of now."""
    with here.reading() as session:
        day = here.learner(session).day(here.now)
    name = f"recur-history-{day}.jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    lines = history_lines(here.database, here.learner_id, here.now)
    return StreamingResponse(_in_chunks(lines), media_type="application/jsonl", headers=headers)


# The guard allows this path a larger body (app.web.frame.security.LARGE_BODIES).
def take_in(here: Here, file: Annotated[UploadFile, File()]) -> Response:
    """Import the file as this learner's, all or nothing, and report what was new. One at a time in each process."""
    done, error = None, None
    if not _ONE_IMPORT.acquire(blocking=False):
        raise BusyError("Another history is being taken in, so yours was not. Send it again in a minute.")
    try:
        done = import_history(here.database, file.file, here.learner_id, here.now)
        here.visit.saved = True
    except HistoryError as refused:
        error = refused
    finally:
        _ONE_IMPORT.release()
    status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    return here.page("history.html", status, done=done, error=error, file=file.filename or "The file")


def _in_chunks(lines: Iterator[str]) -> Iterator[bytes]:
    """Join many lines into a chunk: each chunk of an answer costs a switch of threads."""
    chunk, size = [], 0
    for line in lines:
        chunk.append(line.encode())
        size += len(chunk[-1])
        if size > CHUNK:
            yield b"".join(chunk)
            chunk, size = [], 0
    yield b"".join(chunk)
