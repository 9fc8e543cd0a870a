"""Where a card is edited: its file and line, and a link that opens them."""

from dataclasses import dataclass

from app.settings import Settings


@dataclass(frozen=True)
class EditLink:
    """`label` such as deck/topic.md:41, and the address that opens it in the author's editor; empty if none would."""

    label: str
    address: str


def edit_at(settings: Settings, path: str, line: int) -> EditLink:
    """The link to a line of a content file; `path` is relative to the content folder."""
    return EditLink(f"{path}:{line}", settings.edit_address(path, line))
