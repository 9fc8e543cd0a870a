"""A form is read as FastAPI reads it."""

from typing import Annotated, Any

import pytest
from fastapi import FastAPI, Form, Request
from fastapi.exceptions import RequestValidationError
from fastapi.testclient import TestClient
from starlette.responses import JSONResponse

from app.web.frame.here import sent
from app.web.sitting.review import _Rating


@pytest.fixture(scope="module")
def both() -> TestClient:
    """Two routes that answer with the form that was sent, and 422 with what is wrong in it."""
    app = FastAPI()

    @app.post("/theirs")
    def theirs(form: Annotated[_Rating, Form()]) -> dict[str, Any]:
        return form.model_dump(mode="json") | {"set": sorted(form.model_fields_set)}

    @app.post("/ours")
    def ours(form: Annotated[_Rating, sent(_Rating)]) -> dict[str, Any]:
        return form.model_dump(mode="json") | {"set": sorted(form.model_fields_set)}

    @app.exception_handler(RequestValidationError)
    def wrong(_request: Request, error: RequestValidationError) -> JSONResponse:
        # No page shows what a `missing` error was missing from: all fields, in any order.
        shown = (
            {k: str(v) for k, v in one.items() if (one["type"], k) != ("missing", "input")} for one in error.errors()
        )
        return JSONResponse(list(shown), 422)

    return TestClient(app)


AT = "2026-03-01T09:00:00+00:00"
GOOD = {"card": "5", "rating": "4", "token": "t", "after": "0", "shown_at": AT, "revealed_after": "0"}


@pytest.mark.parametrize(
    ("form", "status"),
    [
        (GOOD, 200),
        (GOOD | {"learner": "", "typed": "", "deck": "", "since": "", "flagged": "", "missed": ""}, 200),
        (GOOD | {"topic": ["a,b", "", "c"], "cards": [""], "unknown": "x"}, 200),
        (GOOD | {"rating": ["1", "5"], "deck": " rnn ", "typed": "one\r\ntwo", "mode": "ahead", "since": AT}, 200),
        ({}, 422),
        (GOOD | {"card": "-1", "rating": "", "after": "x", "level": "harder", "missed": "0", "typed": "x" * 4001}, 422),
    ],
)
def test_a_form_is_read_as_fastapi_reads_it(both: TestClient, form: dict[str, Any], status: int) -> None:
    ours, theirs = (both.post(path, data=form) for path in ("/ours", "/theirs"))
    assert (ours.status_code, ours.json()) == (status, theirs.json())


def test_a_form_of_another_kind_has_no_fields(both: TestClient) -> None:
    ours, theirs = (both.post(path, json=GOOD) for path in ("/ours", "/theirs"))
    assert (ours.status_code, ours.json()) == (422, theirs.json())


def test_a_file_is_no_text(both: TestClient) -> None:
    ours, theirs = (both.post(path, data=GOOD, files={"token": ("a.txt", b"t")}) for path in ("/ours", "/theirs"))
    assert (ours.status_code, theirs.status_code) == (422, 422)
    assert [one["loc"] for one in ours.json()] == [one["loc"] for one in theirs.json()]
