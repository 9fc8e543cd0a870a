"""What runs: told by pyproject, by git, or by whoever built it."""

import re
import subprocess
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.observe import version
from app.settings import Settings


def test_the_version_is_pyprojects() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", version.program_version())


def test_the_commit_is_the_one_that_is_checked_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version, "ROOT", tmp_path)
    told = version.commit.__wrapped__
    assert told() is None
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    assert told() is None, "there is no commit yet"
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "One"], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout
    assert told() == head[:12]
    monkeypatch.setenv("PATH", "")
    assert told() is None, "git is not installed"


@pytest.mark.parametrize("revision", ["a b", "<b>", "a" * 65, "a\nb"])
def test_a_revision_is_short_and_plain(revision: str) -> None:
    with pytest.raises(ValidationError):
        Settings(revision=revision)
