"""A file to import, and how large it may be."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from app.cards.file.files import Unreadable, text_of
from app.exchange.imports.draft import RefusedError

LARGEST_TEXT = 64_000_000
LARGEST_PAGE = 2_000_000


@dataclass
class Source:
    """A file. `scratch` is an empty folder for whatever has to be unpacked."""

    path: Path
    scratch: Path

    @cached_property
    def head(self) -> bytes:
        """The first bytes. Raises RefusedError when the file cannot be read."""
        try:
            with self.path.open("rb") as file:
                return file.read(16)
        except OSError as error:
            raise RefusedError(f"the file cannot be read: {error.strerror}") from None

    @cached_property
    def table(self) -> str:
        """The text, up to 64 MB. Raises RefusedError when there is none."""
        try:
            with self.path.open("rb") as file:
                data = file.read(LARGEST_TEXT + 1)
        except OSError as error:
            raise RefusedError(f"the file cannot be read: {error.strerror}") from None
        if len(data) > LARGEST_TEXT:
            raise RefusedError(f"the file is larger than {LARGEST_TEXT // 1_000_000} MB: import it in parts")
        try:
            return text_of(data)
        except Unreadable as error:
            raise RefusedError(f"line {error.line}: {error}") from None

    @property
    def page(self) -> str:
        """The text of a document, up to 2 MB. Raises RefusedError when there is none."""
        if len(self.table) > LARGEST_PAGE:
            raise RefusedError(f"the page is longer than {LARGEST_PAGE // 1_000_000} MB: import it in parts")
        return self.table
