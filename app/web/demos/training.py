"""/demos/NAME/train: a demo trains while its page watches: server-sent events, one training a browser, two in all.

A browser that leaves ends its training, and so does one that starts another.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from app.demos.machine.demo import BadParametersError, Demo
from app.demos.machine.parameters import Parameters
from app.demos.machine.state import parameters_of, state_of
from app.demos.machine.turns import TURNS
from app.web.demos.in_turn import BUSY, take_turn
from app.web.demos.results import address, asked, bad_values, grown, results_of
from app.web.frame.errors import NotHereError
from app.web.frame.here import BROWSER_COOKIE, cookie, give_cookie, page


def _event(kind: str, **content: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps(content)}\n\n"


async def train(request: Request, name: str) -> Response:
    """The results at every report of the training, each with the address of its state, then `done`."""
    demo, given = asked(request, name)
    if demo.training is None:
        raise NotHereError(f"{demo.title} has nothing to train: it computes immediately.")
    browser = cookie(request, BROWSER_COOKIE) or secrets.token_urlsafe(16)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    events = _events(request, browser, demo, given)
    response = StreamingResponse(events, media_type="text/event-stream", headers=headers)
    if browser != cookie(request, BROWSER_COOKIE):
        give_cookie(request, response, BROWSER_COOKIE, browser)
    return response


async def _events(request: Request, browser: str, demo: Demo[Any], given: Mapping[str, str]) -> AsyncIterator[str]:
    try:
        parameters = demo.parse(parameters_of(given))
    except BadParametersError as error:
        body = bad_values(request, error).body
        yield _event("refused", html=bytes(body).decode(), says=str(error))
        return
    trainings: dict[str, asyncio.Event] = request.app.state.trainings
    if before := trainings.get(browser):
        before.set()
    stopped = trainings[browser] = asyncio.Event()
    has_turn = False
    try:
        # The browser's own training gives its turn back at its next report, so wait a moment for it.
        has_turn = await take_turn(seconds=1)
        if not has_turn:
            yield _event("busy", says=BUSY)
            return
        states = demo.train(parameters)
        while not stopped.is_set() and not await request.is_disconnected():
            told = await run_in_threadpool(_next, request, demo, given, states, parameters)
            if told is None:
                yield _event("done")
                return
            yield told
        yield _event("stopped")
    finally:
        if has_turn:
            TURNS.release()
        if trainings.get(browser) is stopped:
            del trainings[browser]


def _next(
    request: Request, demo: Demo[Any], given: Mapping[str, str], states: Iterator[Parameters], wanted: Any
) -> str | None:
    """The next report as an event; None at the end. Runs in a thread, since it may take long."""
    reached = next(states, None)
    if reached is None or demo.training is None:
        return None
    state = state_of(demo, demo.texts(reached) | ({"at": given["at"]} if "at" in given else {}))
    done, most = (getattr(p, demo.training.updates) for p in (reached, wanted))
    body = page(request, "demos/results.html", **results_of(grown(state, most))).body
    return _event(
        "progress",
        html=bytes(body).decode(),
        share=done / most if most else 1,
        says=f"{done} of {most} {demo.training.updates}",
        address=f"/demos/{demo.name}?{address(state)}",
    )
