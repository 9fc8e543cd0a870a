"""What was worked out about questions, kept in a folder by the code that it follows from.

To find the instances of a question takes up to a second, and there are dozens of questions.
"""

import functools
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from app.whole_file import replace_file

APP = Path(__file__).parents[1]
FOLDER = APP.parent / "data" / "questions"


def recall(*key: str) -> Any:
    """What was remembered under this key, as JSON has it; None if nothing was, or by other code."""
    try:
        return json.loads(_file(key).read_text())
    except (OSError, ValueError):
        return None


def remember(what: Any, *key: str) -> None:
    """Keep it for this process's successors. A folder that cannot be used is done without."""
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
        replace_file(_file(key), json.dumps(what).encode())
    except OSError:
        return


def _file(key: tuple[str, ...]) -> Path:
    digest = hashlib.blake2b("\0".join((_code(), *key)).encode(), digest_size=12).hexdigest()
    return FOLDER / f"{digest}.json"


@functools.cache
def _code() -> str:
    """A digest of the code that an instance follows from: the questions, the demos, the kernels, and NumPy."""
    digest = hashlib.blake2b(np.__version__.encode(), digest_size=12)
    for room in ("ask", "demos", "nn"):
        for path in sorted((APP / room).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
