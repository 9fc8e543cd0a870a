"""The log: one event a line, as text or as JSON, each with the request that it belongs to."""

import json
import logging
import sys
import threading
from contextvars import ContextVar
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from app.observe.failure import REPEATED_WITHIN, cause, traceback_once
from app.settings import LogFormat, LogLevel

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that is being answered, in its threads too."""

REQUESTS = "app.requests"
"""The logger of requests: one event each."""

log = logging.getLogger(__name__)


def event(record: logging.LogRecord) -> dict[str, Any]:
    """The fields of an event, in the order in which they are printed.

    `extra={"fields": {…}}` adds fields. An exception becomes `cause`, and `traceback` when it is told the first time.
    """
    fields: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "message": record.getMessage(),
        "logger": record.name,
        "pid": record.process,
    }
    request_id = REQUEST_ID.get()
    if request_id is not None:
        fields["request_id"] = request_id
    fields |= getattr(record, "fields", {})
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        fields["cause"] = cause(error)
        told = traceback_once(error)
        if told is not None:
            fields["traceback"] = told
    return fields


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write an event."""
        return json.dumps(event(record), ensure_ascii=False, default=str)


class TextLines(logging.Formatter):
    """One line an event: time, level, message, then name=value; a traceback follows on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """Write an event."""
        fields = event(record)
        for name in ("logger", "pid", "method", "route", "status"):  # the message of a request has the last three
            fields.pop(name, None)
        told = fields.pop("traceback", None)
        head = f"{fields.pop('time')} {fields.pop('level').upper():7} {_on_one_line(fields.pop('message'))}"
        rest = "".join(f" {name}={_quoted(value)}" for name, value in fields.items())
        return f"{head}{rest}" + (f"\n{told.rstrip()}" if told else "")


class NotAgainAndAgain(logging.Filter):
    """Lets a failure that is tried again and again through once in REPEATED_WITHIN seconds, then with its `repeated`.

    A failed request is told each time: it is somebody's.
    """

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[tuple[str, str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """True if the record is to be told."""
        error = record.exc_info[1] if record.exc_info else None
        if error is None or record.name == REQUESTS:
            return True
        key, now = (record.name, record.getMessage(), cause(error)), monotonic()
        last, repeated = self._told.get(key, (now - REPEATED_WITHIN, 0))
        if now - last < REPEATED_WITHIN:
            self._told[key] = last, repeated + 1
            return False
        self._told[key] = now, 0
        if repeated:
            record.fields = {**getattr(record, "fields", {}), "repeated": repeated}
        return True


def start(form: LogFormat, level: LogLevel) -> None:
    """Send every logger of this process to standard error. `level` is that of our own; others speak from warning on."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    handler.addFilter(NotAgainAndAgain())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO if level == "debug" else max(logging.WARNING, logging.getLevelName(level.upper())))
    logging.getLogger("app").setLevel(level.upper())
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    logging.captureWarnings(True)
    threading.excepthook = _thread_failed
    sys.unraisablehook = _unraisable


def is_started() -> bool:
    """True if this process logs in one of our formats."""
    return any(isinstance(one.formatter, JsonLines | TextLines) for one in logging.getLogger().handlers)


def _is_news(record: logging.LogRecord) -> bool:
    """False for what uvicorn says after us: that an answer which failed half-way, and was logged, is not complete."""
    return not record.getMessage().startswith("ASGI callable returned without completing response")


def _thread_failed(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None:
        name = failed.thread.name if failed.thread else "a thread"
        log.error("The thread %s failed.", name, exc_info=failed.exc_value)


def _unraisable(failed: "sys.UnraisableHookArgs") -> None:
    log.error("%s", failed.err_msg or "An exception was ignored.", exc_info=failed.exc_value)


def _on_one_line(text: str) -> str:
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _quoted(value: object) -> str:
    text = _on_one_line(str(value))
    return json.dumps(text, ensure_ascii=False) if " " in text or '"' in text or not text else text
