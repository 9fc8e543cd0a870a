"""The versions of a card: what it said, from when on, and where that is in git."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from app.cards.render.prepare import ReadyCard
from app.tables import CARD_VERSION, insert_rows

# Refreshing git's index would take its lock from an author, and a hook of the repository is not ours to run.
_STATUS = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false", "status", "--porcelain=v2", "--branch", "-z")
_EVERY_FILE = ("--untracked-files=all", "--ignored=traditional", "--no-renames", "--", ".")
_SECONDS = 5
_PATH_AFTER = {"1": 8, "u": 10, "?": 1, "!": 1}
"""How many fields are before the path, by the kind of a line of git's status."""


@dataclass(frozen=True)
class Version:
    """A card whose own text is new, in the file `path`. `row` is its id, or None if the card is new too."""

    card: ReadyCard
    path: str
    row: int | None


def append_versions(
    connection: Connection,
    versions: Sequence[Version],
    new_ids: Mapping[str, int],
    commits: Mapping[str, str],
    now: datetime,
) -> None:
    """Append the versions. `new_ids` are the ids of new cards by name, `commits` the files' commits by path."""
    rows = [
        {
            "card_id": new_ids[version.card.name] if version.row is None else version.row,
            "text_hash": version.card.text_hash,
            "markdown": version.card.markdown,
            "path": version.path,
            "line": version.card.line,
            "commit": commits.get(version.path),
            "loaded_at": now,
        }
        for version in versions
    ]
    insert_rows(connection, CARD_VERSION, rows)


def commits_of(content_dir: Path, paths: Sequence[str]) -> dict[str, str]:
    """The commit that is checked out, for each of these files that is the same in it. Empty if git is not there.

    `paths` are relative to the content folder. A file with the name of a changed one in another folder may be left out.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the words are ours
            [*_STATUS, *_EVERY_FILE], cwd=content_dir, capture_output=True, text=True, timeout=_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return {}
    lines = done.stdout.split("\0")
    commit = next((line.split()[-1] for line in lines if line.startswith("# branch.oid ")), "(initial)")
    changed = tuple(f"/{_path(line)}" for line in lines if line[:1] in _PATH_AFTER)
    if commit == "(initial)":
        return {}
    return {path: commit for path in paths if not any(one.endswith(f"/{path}") for one in changed)}


def _path(line: str) -> str:
    """The path on a line of git's status, relative to the repository."""
    return line.split(" ", _PATH_AFTER[line[0]])[-1]
