"""What runs here: the version of the program, its commit, and the last migration of the database."""

import functools
import subprocess
import tomllib
from dataclasses import dataclass

from app.settings import ROOT


@dataclass
class Build:
    """`version` is pyproject's, `revision` the commit, `schema` the last migration; None if it is not known."""

    version: str
    revision: str | None
    schema: str | None = None


@functools.cache
def program_version() -> str:
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
