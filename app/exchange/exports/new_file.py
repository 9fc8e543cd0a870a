"""Writes an exported file completely or not at all. Replaces an existing file only with `force`."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class ExportError(Exception):
    """The export failed. The message says why and what to do. No file was written or changed."""


@contextmanager
def new_file(path: Path, force: bool) -> Iterator[Path]:
    """Yield a temporary name next to `path`. The file is renamed when the block ends, and deleted if the block raises.

    An existing file is replaced only with `force`, and keeps its permissions. Raises ExportError.
    """
    path = path.resolve()
    _check(path, force)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        try:
            yield beside
            with beside.open("rb") as written:
                os.fsync(written.fileno())
            if path.exists():
                beside.chmod(path.stat().st_mode)
            _check(path, force)  # another program may have written it meanwhile
            beside.replace(path)
        except OSError as error:
            raise ExportError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        beside.unlink(missing_ok=True)


def _check(path: Path, force: bool) -> None:
    if path.is_dir():
        raise ExportError(f"{path} is a folder: name a file.")
    if path.exists() and not force:
        raise ExportError(f"{path} is there already: name another file, or add --force to replace it.")
    if not path.parent.is_dir():
        raise ExportError(f"There is no folder {path.parent}: make it first.")
