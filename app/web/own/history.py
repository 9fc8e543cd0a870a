"""/settings/history: download a learner's whole history, and import one."""

import logging
import threading
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import Annotated

from fastapi import File, UploadFile
from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse

from app.exchange.history.export_history import history_lines
from app.exchange.history.format import HistoryError
from app.exchange.history.import_history import ImportUnderWayError, import_history
from app.web.frame.busy import BusyError
from app.web.frame.here import Here

CHUNK = 64 * 1024
LARGEST_IN_MEMORY = 1_000_000
log = logging.getLogger(__name__)
_DOWNLOADS = threading.Semaphore(2)


def download(here: Here) -> Response:
    """Everything that belongs to the learner, as of now. It is written first: no slow reader holds a connection."""
    if not _DOWNLOADS.acquire(blocking=False):
        raise BusyError("Other histories are being prepared for download. Reload in a few seconds.")
    try:
        with here.reading() as session:
            day = here.learner(session).day(here.now)
        written = SpooledTemporaryFile(max_size=LARGEST_IN_MEMORY)  # noqa: SIM115  (closed when it has been sent)
        for line in history_lines(here.database, here.learner_id, here.now):
            written.write(line.encode())
    finally:
        _DOWNLOADS.release()
    size = written.tell()
    log.info("A history was exported.", extra={"fields": {"learner": here.learner_id}})
    written.seek(0)
    name = f"recur-history-{day}.jsonl"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(size),
        "Cache-Control": "no-store",
    }
    chunks = iter(lambda: written.read(CHUNK), b"")
    return StreamingResponse(
        chunks, media_type="application/jsonl", headers=headers, background=BackgroundTask(written.close)
    )


# The guard allows this path a larger body (app.web.frame.security.LARGE_BODIES).
def take_in(here: Here, file: Annotated[UploadFile, File()]) -> Response:
    """Import the file as this learner's, all or nothing, and report what was new. One on a database at a time."""
    done, error = None, None
    try:
        done = import_history(here.database, file.file, here.learner_id, here.now, here.visit)
    except HistoryError as refused:
        error = refused
    except ImportUnderWayError as busy:
        raise BusyError(str(busy)) from busy
    status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    return here.page("history.html", status, done=done, error=error, file=file.filename or "The file")
