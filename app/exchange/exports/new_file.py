"""Writes an exported file completely or not at all. Replaces an existing file only with `force`."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class ExportError(Exception):
    """The export failed. The message says why and what to do. No file was written or changed."""


@contextmanager
def new_file(path: Path, force: bool) -> Iterator[Path]:
    """Yield a name in a new folder next to `path`. The file is moved when the block ends, deleted if the block raises.

    An existing file is replaced only with `force`, and keeps its permissions. A new one is its owner's alone, since a
    history holds notes and answers. Raises ExportError.
    """
    path = path.resolve()
    _check(path, force)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as private:
            beside = Path(private) / path.name
            yield beside
            with beside.open("rb") as written:
                os.fsync(written.fileno())
            beside.chmod(path.stat().st_mode if path.exists() else 0o600)
            _check(path, force)  # another program may have written it meanwhile
            beside.replace(path)
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror or error}.") from error


def _check(path: Path, force: bool) -> None:
    if path.is_dir():
        raise ExportError(f"{path} is a folder: name a file.")
    if path.exists() and not force:
        raise ExportError(f"{path} already exists: name another file, or add --force to replace it.")
    if not path.parent.is_dir():
        raise ExportError(f"There is no folder {path.parent}: create it first.")
