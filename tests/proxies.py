"""Debian's Caddy in front of servers of ours, with the Caddyfile of compose.yaml and a certificate of its own."""

import http.client
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from app.settings import ROOT


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Caddy:
    """The proxy; what it says is in the file `caddy` of its folder."""

    def __init__(self, folder: Path, upstreams: Sequence[int]) -> None:
        program = shutil.which("caddy")
        if program is None:
            raise RuntimeError("This test needs Caddy; `make caddy` installs it, or says how.")
        self.folder = folder
        self.port, self.http_port = free_port(), free_port()
        self.origin = f"https://localhost:{self.port}"
        names = {
            "HOME": str(folder),
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "RECUR_HTTP_PORT": str(self.http_port),
            "RECUR_HTTPS_PORT": str(self.port),
            "RECUR_UPSTREAMS": " ".join(f"127.0.0.1:{port}" for port in upstreams),
        }
        command = [program, "run", "--config", str(ROOT / "Caddyfile"), "--adapter", "caddyfile"]
        with (folder / "caddy").open("wb") as said:
            self._process = subprocess.Popen(command, env=names, stdout=said, stderr=said)

    def wait(self, is_ready: Callable[[], bool]) -> None:
        """Return when its certificate is there and `is_ready`."""
        self.tls = ssl.create_default_context()
        deadline = time.monotonic() + 60
        while True:
            try:
                self.tls.load_verify_locations(self.folder / "data/caddy/pki/authorities/local/root.crt")
                if is_ready():
                    return
            except OSError:
                pass
            assert time.monotonic() < deadline, (self.folder / "caddy").read_text()
            time.sleep(0.1)

    def connect(self) -> http.client.HTTPSConnection:
        """A connection that trusts its certificate."""
        return http.client.HTTPSConnection("localhost", self.port, context=self.tls, timeout=60)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(20)
