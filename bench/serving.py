"""A real server process on a free port of 127.0.0.1, started and stopped by its process id."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path

from app.settings import ROOT
from bench.figures import Timing, timed


class ServerProcess:
    """A server started by `command`, in which {port} stands for a free port.

    What it logs is written to the file `log`; without one it is told when the server does not start.
    """

    def __init__(self, command: list[str], env: Mapping[str, str], log: Path | None = None) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("RECUR_")}
        with log.open("ab") if log else nullcontext(subprocess.PIPE) as stderr:
            self.process = subprocess.Popen(
                [part.format(port=self.port) for part in command],
                env=clean | {name: value.format(port=self.port) for name, value in env.items()},
                stdout=subprocess.DEVNULL,
                stderr=stderr,
            )

    def wait_until_it_answers(self, path: str = "/healthz", seconds: float = 180) -> None:
        """Return at the first answer. Raises RuntimeError, with what the process said, when it ends or stays silent."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                said = self.process.stderr.read().decode() if self.process.stderr else ""
                raise RuntimeError(f"the server ended with {self.process.returncode}: {said}")
            try:
                self.get(path)
            except OSError:
                time.sleep(0.005)
            else:
                return
        raise RuntimeError(f"no answer from port {self.port} within {seconds} s")

    def connect(self) -> http.client.HTTPConnection:
        """A keep-alive connection."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def get(self, path: str) -> tuple[int, bytes]:
        """One request on a connection of its own: status and body."""
        connection = self.connect()
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def cpu_seconds(self) -> float:
        """What the process has used of its processors so far, where the system tells (Linux); otherwise 0."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def timed(self, name: str, work: Callable[[], object], warm_up: int, calls: int) -> Timing:
        """The times of so many calls, after others that are not timed, and the processor time that the server took."""
        for _ in range(warm_up):
            work()
        before = self.cpu_seconds()
        seconds = [timed(work) for _ in range(calls)]
        return Timing(name, seconds, (self.cpu_seconds() - before) / calls)

    def kill(self) -> None:
        """SIGKILL: no handler runs, nothing is flushed."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """SIGTERM, and SIGKILL if that is not enough."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
        if self.process.stderr:
            self.process.stderr.close()


@contextmanager
def serving(command: list[str], env: Mapping[str, str], log: Path | None = None) -> Iterator[ServerProcess]:
    """A server that answers, for as long as the block lasts. What it says is appended to `log`."""
    server = ServerProcess(command, env, log)
    try:
        server.wait_until_it_answers()
        yield server
    finally:
        server.stop()


BARE = [sys.executable, "-m", "uvicorn", "bench.bare:app", "--port", "{port}", "--log-level", "warning"]
RECUR = [sys.executable, "-m", "app", "serve"]


def recur_env(folder: Path, content: Path | None = None) -> dict[str, str]:
    """The environment of a Recur server that keeps its data in `folder`; its content is there too unless named."""
    return {
        "TMPDIR": str(folder),  # what a killed process leaves behind goes with the folder
        "RECUR_PORT": "{port}",
        "RECUR_DATABASE_URL": f"sqlite:///{folder / 'recur.sqlite'}",
        "RECUR_CONTENT_DIR": str(content or folder / "content"),
        "RECUR_WATCH": "false",
        "RECUR_BACKUPS": "0",
        "RECUR_BACKUP_DIR": str(folder / "backups"),
        "RECUR_DELETION_DAYS": "0",
        "RECUR_TIME_ZONE": "UTC",
    }


def bare_env(folder: str) -> dict[str, str]:
    """The environment of the bare server, its database in `folder`."""
    return {"BARE_DATABASE_URL": f"sqlite:///{folder}/bare.sqlite", "PYTHONPATH": str(ROOT)}
