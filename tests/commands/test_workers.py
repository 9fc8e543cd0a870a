"""`recur serve --workers N`: real processes, killed and stopped."""

import http.client
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.cards import loaded
from bench.serving import RECUR, ServerProcess, recur_env
from tests.eventually import eventually

pytestmark = pytest.mark.server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    loaded(tmp_path, 20)
    # Where a shell started the tests in the background, they ignore the signal, and so would what they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    more = {"RECUR_METRICS": "true", "RECUR_WATCH": "true"}
    server = ServerProcess([*RECUR, "--workers", "3"], recur_env(tmp_path) | more)
    server.wait_until_it_answers()
    eventually(lambda: len(workers(server)) == 3)
    yield server
    server.stop()


def workers(server: ServerProcess) -> list[int]:
    """The ids of the server's processes, without the one that started them."""
    pid = server.process.pid
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_one_that_dies_is_started_again_while_the_others_answer(server: ServerProcess) -> None:
    before = workers(server)
    for pid in before[:2]:
        os.kill(pid, signal.SIGKILL)
    for _ in range(20):
        assert server.get("/")[0] == 200
    eventually(lambda: len(set(workers(server)) - set(before[:2])) == 3)
    assert before[2] in workers(server)
    for _ in range(20):
        assert server.get("/")[0] == 200
    server.stop()
    assert server.process.returncode == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_them_all_and_what_runs_is_answered(
    server: ServerProcess, number: signal.Signals, code: int
) -> None:
    idle = [server.connect() for _ in range(6)]
    for connection in idle:
        connection.request("GET", "/stats")
    pids = workers(server)
    for pid in [server.process.pid, *(pids if number == signal.SIGINT else [])]:
        os.kill(pid, number)  # Ctrl+C reaches every process of a terminal
    statuses = []
    for connection in idle:
        try:
            statuses.append(connection.getresponse().status)
        except (ConnectionError, http.client.HTTPException):
            statuses.append(0)  # it was not accepted yet
        connection.close()
    assert server.process.wait(60) == code
    assert not any(runs(pid) for pid in pids)
    assert set(statuses) <= {0, 200}
    assert 200 in statuses


def test_they_end_when_the_process_that_started_them_is_killed(server: ServerProcess) -> None:
    pids = workers(server)
    server.kill()
    eventually(lambda: not any(runs(pid) for pid in pids))


def test_all_show_a_saved_file_whichever_of_them_watches(server: ServerProcess, tmp_path: Path) -> None:
    file = tmp_path / "content/bench/topic-00000.md"
    text = file.read_text()

    def save(words: str) -> None:
        """Save the file with these words in its first card, and wait until every process shows them."""
        file.write_text(text.replace("The state is", words, 1))
        eventually(lambda: all(words.encode() in server.get("/cards/bench/unit-0-0")[1] for _ in range(15)))

    save("At first it is")
    for number, pid in enumerate(workers(server)):
        os.kill(pid, signal.SIGKILL)  # one of them watched
        save(f"After {number} it is")


def test_each_tells_the_metrics_of_all(server: ServerProcess) -> None:
    for _ in range(30):
        assert server.get("/stats")[0] == 200
    for _ in range(10):
        told = server.get("/metrics")[1].decode()
        assert 'recur_requests_total{method="GET",route="/stats",status="200"} 30.0' in told


def test_they_are_copies_of_a_process_without_threads(server: ServerProcess) -> None:
    """A copy of a thread's lock would stay locked for ever."""
    assert len(list(Path(f"/proc/{server.process.pid}/task").iterdir())) == 1
