"""The answer while the database is busy or away: 503, when to come back, and whether anything was saved."""

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response

from app.web.frame.here import SAFE_METHODS, page, wants_part

RETRY_AFTER = 2
"""Seconds after which it is worth asking again."""
BUSY_HEADERS = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}


class BusyError(HTTPException):
    """503. The sentence says what is busy, and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(HTTPStatus.SERVICE_UNAVAILABLE, sentence, BUSY_HEADERS)


def what_was_saved(request: Request) -> str:
    """A sentence about the request's own change, from what is known of its COMMIT; empty if it asked for none."""
    if request.method in SAFE_METHODS:
        return ""
    visit = getattr(request.state, "visit", None)
    match visit.saved if visit else False:
        case True:
            return "What you sent was saved, but the next page could not be made. Sending it again changes nothing."
        case False:
            return "Your answer was not saved. Press again: it won’t be counted twice."
        case _:
            return "Your answer may not have been saved. Press again: it won’t be counted twice."


def busy_sentences(request: Request) -> list[str]:
    """What happened, whether anything was lost, and what to do next."""
    return ["The database is busy.", what_was_saved(request) or "Nothing is lost. Reload the page in a few seconds."]


async def busy_answer(request: Request, sentences: Sequence[str] = ()) -> Response:
    """503 with Retry-After. A form that was sent is on the page again, to be sent with one press.

    htmx gets the sentences alone, and recur.js shows them beside the page, which stays as it is.
    """
    sentences = sentences or busy_sentences(request)
    if wants_part(request):
        return PlainTextResponse(" ".join(sentences), HTTPStatus.SERVICE_UNAVAILABLE, BUSY_HEADERS)
    request.state.has_no_look = True  # it would be read from the database
    answer = page(
        request,
        "busy.html",
        HTTPStatus.SERVICE_UNAVAILABLE,
        sentences=sentences,
        fields=await _fields(request),
        sends_again=request.method not in SAFE_METHODS,
    )
    answer.headers.update(BUSY_HEADERS)
    return answer


async def _fields(request: Request) -> Sequence[tuple[str, str]] | None:
    """The form that was sent; None if it cannot be sent again from here, because it holds a file."""
    if request.method in SAFE_METHODS:
        return []
    sent = (await request.form()).multi_items()
    fields = [(name, text) for name, text in sent if isinstance(text, str)]
    return fields if len(fields) == len(sent) else None
