"""What is wrong in a content file, and where."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Mistake:
    """One mistake. `path` is relative to the content folder, with /; `line` counts from 1.

    A warning is printed, and changes nothing else.
    """

    path: str
    line: int
    message: str
    is_warning: bool = False

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"
