"""Which version runs: of the program, of its source, and of the tables."""

import functools
import subprocess
import tomllib
from dataclasses import dataclass

from app.settings import ROOT


@dataclass(frozen=True)
class Build:
    """`program` is pyproject's version, `revision` the commit and `schema` the last migration; None if unknown."""

    program: str
    revision: str | None
    schema: str | None


@functools.cache
def program() -> str:
    """The version in pyproject.toml."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


@functools.cache
def commit() -> str | None:
    """The commit that is checked out, if this is a clone and git is installed."""
    if not (ROOT / ".git").exists():
        return None
    command = ["git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return said.stdout.strip() or None
