"""Certificates for tests, which openssl signs by themselves: good for an hour's test and for nothing else."""

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple


class Pair(NamedTuple):
    """The files of a certificate and of its key."""

    cert: Path
    key: Path


def made(folder: Path, name: str = "localhost", kind: str = "ec") -> Pair:
    """A certificate for `name` and 127.0.0.1, valid for a day. `kind` is ec, or rsa:BITS."""
    if shutil.which("openssl") is None:
        raise RuntimeError("This test needs the program openssl. On Debian: apt-get install openssl")
    pair = Pair(folder / f"{name}-{kind}.pem", folder / f"{name}-{kind}-key.pem")
    curve = ["-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "ec" else []
    of = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1", "-days", "1", "-nodes"]
    files = ["-out", str(pair.cert), "-keyout", str(pair.key)]
    command = ["openssl", "req", "-x509", "-newkey", kind, *curve, *of, *files]
    subprocess.run(command, check=True, capture_output=True)
    return pair
