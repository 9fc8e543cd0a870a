"""Writing an exported file: whole or not at all, and never over another unless told to."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class ExportError(Exception):
    """The export could not be made; the message says why and what to do. No file was written or changed."""


@contextmanager
def new_file(path: Path, force: bool) -> Iterator[Path]:
    """A name beside `path` to write to. The file takes its place when the block ends, and is gone if the block raises.

    A file that is there already is replaced only with `force`, under its own permissions. Raises ExportError.
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
            _check(path, force)  # someone may have been quicker
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
