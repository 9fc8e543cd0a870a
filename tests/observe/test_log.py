"""One event a line, in both formats."""

import json
import logging
import os
import re
import threading
import warnings

import pytest

from app.observe import log
from app.settings import LogLevel

pytestmark = pytest.mark.usefixtures("logging_as_it_was")


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_json_has_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    log.start("json", "info")
    token = log.REQUEST_ID.set("abc-1")
    logging.getLogger("app.x").warning("Two\nlines and %s", "é", extra={"fields": {"status": 503, "cut": {"GET /": 2}}})
    log.REQUEST_ID.reset(token)
    (line,) = lines(capsys)
    event = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event.pop("time"))
    assert event == {
        "level": "warning",
        "message": "Two\nlines and é",
        "logger": "app.x",
        "pid": os.getpid(),
        "request_id": "abc-1",
        "status": 503,
        "cut": {"GET /": 2},
    }


def test_text_has_one_line_an_event_and_its_traceback_below(capsys: pytest.CaptureFixture[str]) -> None:
    log.start("text", "info")
    try:
        raise RuntimeError("boom at a place of its own")
    except RuntimeError:
        logging.getLogger("app.x").exception("Forged\n2026-01-01T00:00:00Z ERROR line", extra={"fields": {"cut": "/"}})
    first, second, *rest = lines(capsys)
    assert r"ERROR   Forged\n2026-01-01T00:00:00Z ERROR line cut=/" in first
    assert 'cause="RuntimeError: boom at a place of its own"' in first
    assert second == "Traceback (most recent call last):"
    assert rest[-1] == "RuntimeError: boom at a place of its own"


@pytest.mark.parametrize(
    ("level", "heard"),
    [
        ("debug", "app debug, app info, other info, app warning, other warning"),
        ("info", "app info, app warning, other warning"),
        ("warning", "app warning, other warning"),
        ("error", ""),
    ],
)
def test_levels(capsys: pytest.CaptureFixture[str], level: LogLevel, heard: str) -> None:
    log.start("json", level)
    for severity in (logging.DEBUG, logging.INFO, logging.WARNING):
        for name in ("app", "other"):
            logging.getLogger(name).log(severity, "%s %s", name, logging.getLevelName(severity).lower())
    assert ", ".join(json.loads(line)["message"] for line in lines(capsys)) == heard


def test_what_fails_elsewhere_is_in_the_log_too(capsys: pytest.CaptureFixture[str]) -> None:
    log.start("json", "info")

    def fails() -> None:
        raise LookupError("in a thread")

    thread = threading.Thread(target=fails, name="one of ours")
    thread.start()
    thread.join()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("take care", UserWarning, stacklevel=1)
    logging.getLogger("uvicorn.error").error("ASGI callable returned without completing response.")
    failed, warned = map(json.loads, lines(capsys))
    assert failed["cause"] == "LookupError: in a thread"
    assert "one of ours" in failed["message"]
    assert "take care" in warned["message"]


def test_what_fails_again_and_again_is_told_once_a_minute(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log.start("json", "info")
    for second in range(0, 125):
        monkeypatch.setattr("app.observe.log.monotonic", lambda second=second: 1000.0 + second)
        for name in ("app.x", log.REQUESTS):
            if name == "app.x" or second < 3:
                try:
                    raise OSError("the folder has gone")
                except OSError:
                    logging.getLogger(name).exception("It failed.")
    told = [json.loads(line) for line in lines(capsys)]
    assert [one["logger"] for one in told] == ["app.x", *[log.REQUESTS] * 3, "app.x", "app.x"]
    assert [one.get("repeated") for one in told if one["logger"] == "app.x"] == [None, 59, 59]
