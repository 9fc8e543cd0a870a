"""Training as a stream: every report is the demo's own page at that many updates; runs are few, and end."""

import json
import re
import threading
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient

from app.database import Database
from app.demos.machine.result import Result
from app.demos.machine.turns import AT_ONCE, LEARNED, TURNS, Memory
from app.demos.registry import all_demos, find
from app.main import create_app
from app.settings import Settings
from app.web.frame.here import BROWSER_COOKIE

TRAINING = [name for name, demo in all_demos().items() if demo.training]


@pytest.fixture
def client(settings: Settings, database: Database) -> Iterator[TestClient]:
    with TestClient(create_app(settings, database), base_url="http://127.0.0.1:8000") as client:
        yield client


def events(client: TestClient, address: str) -> list[tuple[str, dict[str, Any]]]:
    response = client.get(address)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    found = re.findall(r"event: (\w+)\ndata: (.*)\n\n", response.text)
    return [(kind, json.loads(data)) for kind, data in found]


@pytest.mark.parametrize("name", TRAINING)
def test_every_report_is_the_page_at_so_many_updates(client: TestClient, name: str) -> None:
    demo = find(name)
    assert demo.training
    LEARNED.forget()  # the same test on the other database trained it before
    told = events(client, f"/demos/{name}/train?{demo.training.updates}=40&seed=7")
    assert [kind for kind, _ in told] == ["progress"] * (len(told) - 1) + ["done"]
    reports = [content for _, content in told[:-1]]
    assert len(reports) >= 10
    assert [one["share"] for one in reports] == sorted({one["share"] for one in reports})
    assert reports[-1]["share"] == 1
    for one in (reports[0], reports[len(reports) // 2], reports[-1]):
        query = urlsplit(one["address"]).query
        # Not from memory: the same state, trained anew.
        fresh = demo.run(demo.parse(query))
        captions = client.get(one["address"], headers={"HX-Request": "true", "HX-Request-Type": "partial"}).text
        assert re.search("<figcaption.*?</figcaption>", one["html"])[0] in captions  # type: ignore[index]
        assert fresh.csv() == client.get(f"/demos/{name}.csv?{query}").text


def test_what_is_known_is_shown_again_and_not_trained_again(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "/demos/training-symptoms/train?updates=40&seed=8"
    told = events(client, address)
    assert len(told) > 20
    monkeypatch.setattr("app.nn.remembering.forward_backward", None)
    assert events(client, address) == told


@pytest.mark.parametrize("name", TRAINING)
def test_a_training_begins_untrained_and_its_axes_stand_still(client: TestClient, name: str) -> None:
    demo = find(name)
    assert demo.training
    most = demo.texts(demo.parameters())[demo.training.updates]
    begun = client.get(f"/demos/{name}").text
    assert re.search(r'<input id="p-updates" name="updates" value="(\d+)"', begun)[1] == most  # type: ignore[index]
    assert f"{demo.training.updates}=0&" in re.search('data-query="(.*?)"', begun)[1]  # type: ignore[index]
    reports = [content["html"] for kind, content in events(client, f"/demos/{name}/train") if kind == "progress"]
    axes = {re.search('<g class="y">.*?(?=<path class="axis")', html)[0] for html in (begun, *reports)}  # type: ignore[index]
    assert len(axes) == 1, "the same numbers on both axes in all of them"
    lines = [re.search('class="chart".*?<path class="line s0 solid" d="(.*?)"', html)[1] for html in reports]  # type: ignore[index]
    assert len(set(lines)) == len(lines) >= 20
    assert all(later.startswith(sooner) for sooner, later in pairwise(lines)), "a line grows, and keeps what it had"


def test_no_more_than_two_train_at_once(client: TestClient) -> None:
    for _ in range(AT_ONCE):
        assert TURNS.acquire(timeout=5)
    try:
        told = events(client, "/demos/training-symptoms/train?updates=20&seed=9")
        assert [kind for kind, _ in told] == ["busy"]
        assert "Other demos are being trained" in told[0][1]["says"]
    finally:
        for _ in range(AT_ONCE):
            TURNS.release()
    assert events(client, "/demos/training-symptoms/train?updates=20&seed=9")[-1][0] == "done"


LONG = "/demos/training-symptoms/train?cell=lstm&gap=30&updates=300&seed={seed}"
"""Each test its own seed: what was trained to the end is remembered."""
SHORT = "/demos/training-symptoms/train?updates=10&seed=12"


def while_it_trains(one: TestClient, other: TestClient, seed: int) -> tuple[str, str]:
    """How a long training of `one` ends, and a short one that `other` starts meanwhile."""
    endings: list[str] = []
    trainings = one.app.state.trainings  # type: ignore[attr-defined]
    thread = threading.Thread(target=lambda: endings.append(events(one, LONG.format(seed=seed))[-1][0]))
    thread.start()
    while not trainings and thread.is_alive():
        pass
    other_s = events(other, SHORT)[-1][0]
    thread.join()
    assert not trainings
    return endings[0], other_s


def test_a_browser_s_next_training_ends_the_one_before(client: TestClient) -> None:
    events(client, SHORT)  # gives the browser its cookie
    assert while_it_trains(client, client, 11) == ("stopped", "done")


def test_two_browsers_at_one_address_do_not_stop_each_other(client: TestClient) -> None:
    other = TestClient(client.app, base_url="http://127.0.0.1:8000")
    for one in (client, other):
        events(one, SHORT)
    assert client.cookies[BROWSER_COOKIE] != other.cookies[BROWSER_COOKIE]
    assert while_it_trains(client, other, 13) == ("done", "done")


def test_who_keeps_no_cookie_is_a_browser_of_its_own(client: TestClient) -> None:
    other = TestClient(client.app, base_url="http://127.0.0.1:8000")
    assert while_it_trains(client, other, 14) == ("done", "done")


def test_the_cookie_is_given_once_and_tells_nothing(client: TestClient) -> None:
    given = client.get(SHORT).headers["set-cookie"]
    assert re.fullmatch(rf"{BROWSER_COOKIE}=[\w-]{{22}}; HttpOnly; Path=/; SameSite=lax", given)
    assert "set-cookie" not in client.get(SHORT).headers
    assert "set-cookie" not in client.get("/demos/training-symptoms").headers
    secure = TestClient(client.app, base_url="https://127.0.0.1:8000").get(SHORT).headers["set-cookie"]
    assert secure.endswith("; Secure")


def test_bad_values_and_demos_that_do_not_train_are_refused(client: TestClient) -> None:
    told = events(client, "/demos/training-symptoms/train?rate=-1")
    assert [kind for kind, _ in told] == ["refused"]
    assert "must be a number from 0" in told[0][1]["says"]
    assert client.get("/demos/unrolled-rnn/train").status_code == 404


def test_without_a_script_the_form_trains_to_the_end(client: TestClient) -> None:
    page = client.get("/demos/training-symptoms?cell=rnn&gain=1.2&gap=10&updates=200").text
    assert "Learned" in page
    assert re.search(r'<button form="knobs" data-train>Train</button>', page)
    assert 'hx-trigger="submit"' in page


def test_a_memory_forgets_what_was_longest_not_asked_for() -> None:
    result = find("layer-shapes").result({})
    memory = Memory[Result](most=2)
    memory.put("a", result)
    memory.put("b", result)
    assert memory.get("a") is result
    memory.put("c", result)
    assert memory.get("b") is None
    assert memory.get("a") is result
