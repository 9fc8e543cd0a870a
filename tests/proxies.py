"""Debian's Caddy and nginx in front of servers of ours, configured as docs/operating.md says."""

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from urllib.parse import urlencode

from app.accounts.accounts import NewAccount, add, hash_if_good
from app.accounts.roles import Role
from app.database import Database
from app.settings import ROOT
from tests.certificates import made

PASSWORD = "three grey geese"
Connect = Callable[[], http.client.HTTPConnection]


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def add_ada(url: str) -> None:
    """The account of a learner in the database, who is the first; migrates it if it is empty."""
    database = Database(url)
    database.migrate()
    with database.write() as session:
        add(
            session, NewAccount("Ada", Role.LEARNER, 1, hash_if_good(PASSWORD, "Ada")), Random(1), 10, datetime.now(UTC)
        )
    database.close()


def ask(
    connect: Connect, method: str, path: str, form: Mapping[str, str] | str | None = None, **headers: str
) -> tuple[int, http.client.HTTPMessage, str]:
    """One request as a browser sends it: status, headers and body."""
    connection = connect()
    given = {"Origin": f"https://localhost:{connection.port}", "Content-Type": "application/x-www-form-urlencoded"}
    try:
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, urlencode(form) if isinstance(form, Mapping) else form, given | more)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


class Proxy:
    """A proxy that runs; what it says is in the file `said` of its folder."""

    trusted: Path
    """The certificate of whoever signs its own."""
    banner: str | None = None
    """How it calls itself in `Server`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.http_port = free_port(), free_port()
        self.origin = f"https://localhost:{self.port}"

    def start(self, name: str, *arguments: str, env: Mapping[str, str]) -> None:
        """Start the program."""
        program = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
        if program is None:
            raise RuntimeError(f"This test needs {name}; `make {name}` installs it, or says how.")
        with (self.folder / "said").open("wb") as said:
            self._process = subprocess.Popen([program, *arguments], env=env, stdout=said, stderr=said)

    def wait(self, is_ready: Callable[[], bool]) -> None:
        """Return when its certificate is there and `is_ready`."""
        self.tls = ssl.create_default_context()
        deadline = time.monotonic() + 60
        while True:
            try:
                self.tls.load_verify_locations(self.trusted)
                if is_ready():
                    return
            except OSError:
                pass
            assert time.monotonic() < deadline, (self.folder / "said").read_text()
            time.sleep(0.1)

    def connect(self) -> http.client.HTTPSConnection:
        """A connection that trusts its certificate."""
        return http.client.HTTPSConnection("localhost", self.port, context=self.tls, timeout=60)

    def check_that_events_are_passed_on_at_once(self, cookies: str) -> None:
        """Train a demo, whose events must come one after the other."""
        connection = self.connect()
        connection.request("GET", "/demos/training-symptoms/train?updates=200&seed=5", headers={"Cookie": cookies})
        answer = connection.getresponse()
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "; Secure" in answer.headers["set-cookie"]
        came = [(line.split()[1], time.monotonic()) for line in answer if line.startswith(b"event: ")]
        connection.close()
        assert (came[0][0], came[-1][0]) == (b"progress", b"done")
        assert len({round(at, 3) for _, at in came}) > 2, "all at once at the end: it was kept back"

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(20)


class Caddy(Proxy):
    """With the Caddyfile of compose.yaml, and a certificate of its own."""

    def __init__(self, folder: Path, upstreams: Sequence[int]) -> None:
        super().__init__(folder)
        self.trusted = folder / "data/caddy/pki/authorities/local/root.crt"
        names = {
            "HOME": str(folder),
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "RECUR_HTTP_PORT": str(self.http_port),
            "RECUR_HTTPS_PORT": str(self.port),
            "RECUR_UPSTREAMS": " ".join(f"127.0.0.1:{port}" for port in upstreams),
        }
        self.start("caddy", "run", "--config", str(ROOT / "Caddyfile"), "--adapter", "caddyfile", env=names)


class Nginx(Proxy):
    """With the configuration that docs/operating.md shows; only names, files and ports are of the test."""

    banner = "nginx"

    def __init__(self, folder: Path, upstreams: Sequence[int]) -> None:
        super().__init__(folder)
        pair = made(folder)
        self.trusted = pair.cert
        told = (ROOT / "docs/operating.md").read_text()
        shown = re.search(r"^    upstream recur \{\n(?:(?:    .*)?\n)+", told, re.MULTILINE)
        assert shown
        servers = "".join(f"server 127.0.0.1:{port}; " for port in upstreams)
        site = re.sub(r"(server 127\.0\.0\.1:\d+;\s*)+", servers, shown[0])
        for theirs, ours in {
            "recur.example.org": "localhost",
            "/etc/ssl/recur.pem": str(pair.cert),
            "/etc/ssl/recur-key.pem": str(pair.key),
            "listen 443 ssl": f"listen 127.0.0.1:{self.port} ssl",
            "listen [::]:443 ssl;": "",
            "listen 80": f"listen 127.0.0.1:{self.http_port}",
            "listen [::]:80;": "",
        }.items():
            assert theirs in site, theirs
            site = site.replace(theirs, ours)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        folders = "".join(f"{kind}_temp_path {folder / kind};\n" for kind in kinds)
        user = "user root;\n" if os.geteuid() == 0 else ""  # who may write into the folder
        (folder / "nginx.conf").write_text(
            f"{user}daemon off; pid {folder / 'pid'};\nevents {{}}\nhttp {{ access_log off;\n{folders}{site}}}\n"
        )
        self.start("nginx", "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf"), env={})
