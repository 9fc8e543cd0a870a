"""For those who watch a server: what runs, and who may read the metrics."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.database import Database
from app.demos.machine.turns import AT_ONCE, TURNS
from app.main import create_app
from app.observe.version import program_version
from app.settings import Settings
from tests.web.conftest import NOW

Served = Callable[..., TestClient]
HERE = ("127.0.0.1", 50_000)


@pytest.fixture
def served(client: TestClient, settings: Settings, database: Database) -> Served:
    """Makes a client, from an address, of the app with other settings, over the same loaded database."""

    def made(address: tuple[str, int] = HERE, **changes: object) -> TestClient:
        app = create_app(settings.model_copy(update=changes), database, lambda: NOW)
        return TestClient(app, base_url="http://127.0.0.1:8000", client=address)

    return made


def test_what_runs(served: Served, database: Database) -> None:
    with served(revision="abc-1") as client:
        said = client.get("/healthz").json()
        page = client.get("/settings").text
    schema = database.schema()
    assert schema is not None
    assert said == {"status": "ok", "version": program_version(), "revision": "abc-1", "schema": schema}
    for part in (program_version(), "<code>abc-1</code>", f"<code>{schema}</code>"):
        assert part in page


def test_a_revision_that_nobody_knows_is_left_out(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.main.commit", lambda: None)
    client = served()
    assert client.get("/healthz").json()["revision"] is None
    assert "revision" not in client.get("/settings").text


def test_why_a_server_is_not_ready_is_in_the_log(
    served: Served, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    client = served()
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE card SET retired_at = '2026-01-01 00:00:00'")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    (event,) = [vars(one)["fields"] for one in caplog.records if one.name == "app.requests"]
    assert event["cause"] == answer.text.strip()


def test_without_the_setting_there_are_no_metrics(served: Served) -> None:
    answer = served().get("/metrics")
    assert answer.status_code == 404
    assert "RECUR_METRICS" in answer.text


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        (HERE, {}, 200),
        (("::1", 1), {}, 200),
        (("192.0.2.7", 1), {}, 403),
        (("not an address", 1), {}, 403),
        (HERE, {"x-forwarded-for": "192.0.2.7"}, 403),
        (HERE, {"forwarded": "for=192.0.2.7"}, 403),
    ],
)
def test_without_a_password_only_this_machine_reads_the_metrics(
    served: Served, address: tuple[str, int], headers: dict[str, str], status: int
) -> None:
    assert served(address, metrics=True).get("/metrics", headers=headers).status_code == status


def test_with_a_password_whoever_has_it_reads_the_metrics(served: Served) -> None:
    client = served(("192.0.2.7", 1), metrics=True, password=SecretStr("long enough"))
    assert client.get("/metrics").status_code == 401
    answer = client.get("/metrics", auth=("", "long enough"))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")


def test_trainings_and_busy_answers_are_counted(served: Served) -> None:
    client = served(metrics=True)
    turns = [TURNS.acquire(timeout=20) for _ in range(AT_ONCE)]
    refused = client.get("/demos/training-symptoms/train").text
    told = client.get("/metrics").text
    for _ in turns:
        TURNS.release()
    assert "event: busy" in refused
    assert "recur_trainings_running 2.0" in told
    assert "recur_trainings_refused_total 1.0" in told
    assert "recur_trainings_running 0.0" in client.get("/metrics").text


def test_no_name_of_a_method_or_an_address_makes_a_new_figure(served: Served) -> None:
    client = served(metrics=True)
    for n in range(3):
        client.request(f"MADE{n}", f"/nowhere/{n}")
    told = client.get("/metrics").text
    assert 'method="other"' in told
    assert "MADE" not in told
    assert "nowhere" not in told
