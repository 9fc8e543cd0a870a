"""Where a card is edited: its file and line, a link that opens them, and who may write it here."""

from dataclasses import dataclass

from app.settings import Settings
from app.web.frame.here import Context, is_from_this_machine


@dataclass(frozen=True)
class EditLink:
    """`label` such as deck/topic.md:41, and the address that opens it in the author's editor; empty if none would."""

    label: str
    address: str


def edit_at(settings: Settings, path: str, line: int) -> EditLink:
    """The link to a line of a content file; `path` is relative to the content folder."""
    return EditLink(f"{path}:{line}", settings.edit_address(path, line))


def may_edit(here: Context) -> bool:
    """True if the files may be written from this browser: it is on the server's machine, which listens to no other.

    Where everybody signs in, the page has asked whose deck it is.
    """
    shows = here.account is not None or here.settings.shows_drafts
    return shows and here.settings.is_loopback and is_from_this_machine(here.request)
