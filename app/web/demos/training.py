"""/demos/NAME/train: a demo learns, and its page sees it: server-sent events, one run for a client, two in all.

A client that leaves ends its run; one that starts another ends the one before.
"""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from app.demos.machine.demo import BadParametersError, Demo
from app.demos.machine.parameters import Parameters
from app.demos.machine.state import parameters_of, state_of
from app.demos.machine.turns import TURNS
from app.web.demos.results import address, asked, results_of
from app.web.frame.errors import NotHereError
from app.web.frame.here import page

BUSY = "Two trainings are running already. Try again in a few seconds."


class Run:
    """One client's training; the client's next one stops it."""

    def __init__(self) -> None:
        self.stopped = False


def _event(kind: str, **content: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps(content)}\n\n"


async def train(request: Request, name: str) -> Response:
    """The results again and again while they are learned, each with the address of its state, then `done`."""
    demo, given = asked(request, name)
    if demo.training is None:
        raise NotHereError(f"{demo.title} has nothing to train: it computes at once.")
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(request, demo, given), media_type="text/event-stream", headers=headers)


async def _events(request: Request, demo: Demo[Any], given: Mapping[str, str]) -> AsyncIterator[str]:
    try:
        parameters = demo.parse(parameters_of(given))
    except BadParametersError as error:
        body = page(request, "demos/bad_values.html", error=error).body
        yield _event("refused", html=bytes(body).decode(), says=str(error))
        return
    running: dict[str, Run] = request.app.state.trainings
    client = request.client.host if request.client else ""
    if before := running.get(client):
        before.stopped = True
    run, has_turn = Run(), False
    running[client] = run
    try:
        # The client's own earlier run lets its turn go at its next report, so a moment is waited for it.
        has_turn = await run_in_threadpool(TURNS.acquire, timeout=1)
        if not has_turn:
            yield _event("busy", says=BUSY)
            return
        states = demo.train(parameters)
        while not run.stopped and not await request.is_disconnected():
            told = await run_in_threadpool(_next, request, demo, given, states, parameters)
            if told is None:
                yield _event("done")
                return
            yield told
        yield _event("stopped")
    finally:
        if has_turn:
            TURNS.release()
        if running.get(client) is run:
            del running[client]


def _next(
    request: Request, demo: Demo[Any], given: Mapping[str, str], states: Iterator[Parameters], wanted: Any
) -> str | None:
    """The next report, made where it may take its time; None at the end."""
    reached = next(states, None)
    if reached is None or demo.training is None:
        return None
    state = state_of(demo, demo.texts(reached) | ({"at": given["at"]} if "at" in given else {}))
    body = page(request, "demos/results.html", **results_of(state)).body
    done, most = (getattr(p, demo.training.updates) for p in (reached, wanted))
    return _event(
        "progress",
        html=bytes(body).decode(),
        share=done / most if most else 1,
        says=f"{done} of {most} {demo.training.updates}",
        address=f"/demos/{demo.name}?{address(state)}",
    )
