"""When a text was first written into a file, as git knows it: of two cards with one id, the later one is the copy."""

import subprocess
from pathlib import Path

NEVER = 2**63
"""A text that no commit has is newer than any other."""
_LOG = ("git", "--no-optional-locks", "log", "--follow", "--format=%ct")
_SECONDS = 5


def first_written(folder: Path, path: str, text: str) -> int:
    """The time of the first commit with `text` in the file, in seconds; NEVER if there is none, or no git."""
    command = [*_LOG, f"-S{text}", "--", path]
    try:
        done = subprocess.run(  # noqa: S603 - git is given a text and a path, and runs nothing of theirs
            command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=True
        )
    except (OSError, ValueError, subprocess.SubprocessError, UnicodeDecodeError):
        return NEVER
    times = done.stdout.split()
    return int(times[-1]) if times else NEVER
