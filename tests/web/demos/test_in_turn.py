"""What waits to train holds no thread, and is refused in the end with when to come back."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import pytest
from anyio.to_thread import current_default_thread_limiter
from fastapi import Request
from fastapi.testclient import TestClient

from app.database import THREADS
from app.demos.machine import turns
from app.demos.machine.result import Result
from app.demos.machine.turns import AT_ONCE, TURNS
from app.demos.registry import find
from app.web.demos import in_turn as turn
from app.web.demos.in_turn import in_turn, take_turn
from app.web.frame.busy import BusyError
from bench.cards import loaded
from bench.serving import RECUR, recur_env, serving
from tests.web.sitting.test_review import PART

DEMO = find("training-symptoms")


@contextmanager
def all_turns_taken() -> Iterator[None]:
    for _ in range(AT_ONCE):
        assert TURNS.acquire(timeout=5)
    try:
        yield
    finally:
        for _ in range(AT_ONCE):
            TURNS.release()


def computed(seed: int) -> Result:
    return DEMO.result({"updates": "2", "seed": str(seed)})


def test_who_waits_holds_no_thread() -> None:
    begun: set[int] = set()

    def compute(seed: int) -> Result:
        begun.add(seed)
        return computed(seed)

    async def many() -> list[Result]:
        with all_turns_taken():
            works = [asyncio.create_task(in_turn(compute, 900 + n)) for n in range(3 * THREADS)]
            streams = [asyncio.create_task(take_turn(seconds=60)) for _ in range(3 * THREADS)]
            while len(begun) < 3 * THREADS or current_default_thread_limiter().borrowed_tokens:
                await asyncio.sleep(0.001)
            assert not any(task.done() for task in [*works, *streams])
            for stream in streams:
                stream.cancel()
        return await asyncio.gather(*works)

    assert len(asyncio.run(many())) == 3 * THREADS


def test_what_is_remembered_needs_no_turn() -> None:
    computed(7)
    with all_turns_taken():
        assert asyncio.run(in_turn(computed, 7)) is computed(7)


def test_who_waited_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "LONGEST_WAIT", 0.1)
    with all_turns_taken():
        with pytest.raises(BusyError, match="Other demos are being trained"):
            asyncio.run(in_turn(computed, 990))
        assert not asyncio.run(take_turn(seconds=0.1))
    assert asyncio.run(in_turn(computed, 990))


def test_the_refusal_says_when_to_come_back(client: TestClient) -> None:
    def refuse(request: Request) -> None:
        raise BusyError(turn.BUSY)

    for path in ("/refuses", "/api/refuses"):
        client.app.router.add_route(path, refuse)  # type: ignore[attr-defined]
    page = client.get("/refuses?a=1")
    assert (page.status_code, page.headers["retry-after"]) == (503, "2")
    assert turn.BUSY in page.text
    assert 'href="/refuses?a=1">Load the page again' in page.text
    assert client.get("/refuses", headers=PART).text == turn.BUSY
    program = client.get("/api/refuses")
    assert (program.status_code, program.headers["retry-after"], program.json()["detail"]) == (503, "2", turn.BUSY)


@pytest.mark.parametrize(
    "path",
    [
        "/demos/training-symptoms?seed=21",
        "/demos/training-symptoms/beneath?seed=21",
        "/demos/training-symptoms.csv?seed=21",
        "/demos/training-symptoms.json?seed=21",
        "/demos/training-symptoms?seed=22&compare=seed%3D23",
        "/demos/long-memory?gap=17&rate=0.03",
        "/api/v1/demos/training-symptoms?seed=21",
    ],
)
@pytest.mark.parametrize("headers", [{}, PART])
def test_every_address_that_trains_is_refused_while_others_train(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, path: str, headers: dict[str, str]
) -> None:
    monkeypatch.setattr(turn, "LONGEST_WAIT", 0.1)
    with all_turns_taken():
        answer = client.get(path, headers=headers)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert turn.BUSY in answer.text
        assert client.get("/demos/gradient-flow").status_code == 200


def test_every_route_of_a_demo_may_wait(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new address that computes what trains must not wait in a thread of the pages."""
    monkeypatch.setattr(turn, "LONGEST_WAIT", 0.1)

    def waits_in_a_thread(*_: object, **__: object) -> None:
        raise AssertionError("a thread waits for a turn")

    monkeypatch.setattr(client.app.state, "trainings", {})  # type: ignore[attr-defined]
    with all_turns_taken():
        real = TURNS.acquire
        monkeypatch.setattr(
            TURNS, "acquire", lambda blocking=True: real(blocking=False) if not blocking else waits_in_a_thread()
        )
        for route in client.app.routes:  # type: ignore[attr-defined]
            if "/demos" in route.path and not route.path.endswith("/train"):
                client.get(route.path.replace("{name}", "training-symptoms") + "?seed=31&guess=1")


def test_one_of_several_processes_trains_one_demo_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "TURNS", threading.BoundedSemaphore(AT_ONCE))
    monkeypatch.setattr(turns, "WAITS", ContextVar("waits", default=False))
    turns.leave_one_turn()
    with turns.a_turn(), pytest.raises(turns.NoTurnError), turns.a_turn():
        pass
    with turns.a_turn():
        pass


@pytest.mark.server
def test_a_class_that_trains_keeps_nobody_from_studying(tmp_path: Path) -> None:
    loaded(tmp_path, 10)
    with serving(RECUR, recur_env(tmp_path)) as server, ThreadPoolExecutor(40) as pool:
        paths = [f"/demos/training-symptoms?cell=lstm&gap=25&updates=200&seed={seed}" for seed in range(40)]
        trainings = [pool.submit(server.get, path) for path in paths]
        while not all(one.done() for one in trainings):
            assert server.get("/review?deck=bench")[0] == 200
        statuses = {one.result()[0] for one in trainings}
    assert statuses <= {200, 503}
    assert 200 in statuses
