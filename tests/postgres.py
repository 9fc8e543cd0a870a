"""A PostgreSQL server of the tests' own: on a socket in a folder that is thrown away, and never left running.

It differs from SQLite wherever an installation may: texts sort by language rather than by byte, and the server's time
zone is neither UTC nor the learner's.
"""

import atexit
import functools
import getpass
import os
import shutil
import signal
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path

import psycopg

FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
AS_USER = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
"""PostgreSQL refuses to run as root."""
USER = "postgres" if os.geteuid() == 0 else getpass.getuser()
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For a server that no test kills: nothing has to survive a loss of power."""
ALWAYS = {
    "listen_addresses": "",
    "port": "5432",
    "max_connections": "200",
    "timezone": "Asia/Kolkata",
    "log_timezone": "UTC",
}
# It ends when the pipe that it reads is closed: by stop(), or by the end of our process, whatever ended it.
STOP_WITH_US = 'cat >/dev/null; "$0" -D "$1" -m immediate -w stop >/dev/null 2>&1; rm -rf "$2"'


def program(name: str) -> str:
    """The path of one of PostgreSQL's programs. Raises RuntimeError if it is not installed."""
    path = shutil.which(name) or next((str(folder / name) for folder in reversed(FOLDERS)), None)
    if path is None or not Path(path).exists():
        raise RuntimeError(f"This test needs PostgreSQL's {name}; `make postgres` installs it, or says how.")
    return path


def run(name: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs. Raises RuntimeError, with what it said, if it fails."""
    command = [*AS_USER, program(name), *arguments]
    # A file, as a server that pg_ctl starts would keep a pipe open.
    with tempfile.TemporaryFile("w+") as said:
        if subprocess.run(command, stdout=said, stderr=said, cwd="/", timeout=120).returncode:
            said.seek(0)
            raise RuntimeError(f"{name} failed: {said.read()}")


class Cluster:
    """One server with its databases. It starts at once, and ends with `stop()` or with this process.

    `settings` are added to postgresql.conf's; without `FAST` a committed row survives a kill of the server.
    """

    def __init__(self, **settings: str) -> None:
        self._numbers = count(1)
        # Not pytest's tmp_path: a socket's path may have 107 characters, and the user postgres must be able to enter.
        self.folder = Path(tempfile.mkdtemp(prefix="recur-pg-", dir="/tmp"))
        if AS_USER:
            shutil.chown(self.folder, USER)
        self._data = self.folder / "data"
        locale = ["--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]
        self._guard = subprocess.Popen(
            ["sh", "-c", STOP_WITH_US, program("pg_ctl"), str(self._data), str(self.folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,  # so that Ctrl-C reaches us and not the guard
            cwd="/",
            user=USER if AS_USER else None,
        )
        run("initdb", "-D", str(self._data), "-U", USER, "--auth=trust", "--no-sync", *locale)
        with (self._data / "postgresql.conf").open("a") as file:
            for name, value in {**ALWAYS, "unix_socket_directories": str(self.folder), **settings}.items():
                file.write(f"{name} = '{value}'\n")
        atexit.register(self.stop)
        self.start()

    def start(self) -> None:
        """Start the server, after a kill too: it recovers first."""
        run("pg_ctl", "-D", str(self._data), "-w", "-l", str(self.folder / "log"), "start")

    def kill(self) -> None:
        """SIGKILL to the postmaster; returns when all its processes have gone."""
        postmaster = int((self._data / "postmaster.pid").read_text().splitlines()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        os.kill(postmaster, signal.SIGKILL)
        while any(Path(f"/proc/{process}").exists() for process in (postmaster, *children)):
            time.sleep(0.01)

    def stop(self) -> None:
        """Stop the server and remove all that it had."""
        atexit.unregister(self.stop)
        self._guard.communicate(timeout=60)

    def url(self, name: str) -> str:
        """The address of a database for RECUR_DATABASE_URL."""
        return f"postgresql+psycopg://{USER}@/{name}?host={self.folder}&port=5432"

    def create(self, template: str = "template1") -> str:
        """Make a database as a copy of another, to which nobody may be connected; returns its name."""
        name = f"recur_{next(self._numbers)}"
        self._do(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        self._do(f"DROP DATABASE {name} WITH (FORCE)")

    def _do(self, statement: str) -> None:
        with psycopg.connect(host=str(self.folder), port=5432, user=USER, dbname="postgres", autocommit=True) as done:
            done.execute(statement)


@functools.cache
def shared() -> Cluster:
    """This process's server, started at the first call: one a session, or one for each worker of pytest-xdist."""
    return Cluster(**FAST)
