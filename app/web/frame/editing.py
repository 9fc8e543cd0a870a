"""Where a card is edited: its file and line, and a link that opens them."""

from dataclasses import dataclass
from urllib.parse import quote

from app.models import Card
from app.settings import Settings


@dataclass(frozen=True)
class EditLink:
    """`label` such as deck/topic.md:41, and the address that opens it in the author's editor."""

    label: str
    address: str


def edit_link(settings: Settings, topic_path: str, card: Card) -> EditLink:
    """The link to a card in the content file `topic_path`, made from RECUR_EDIT_URL."""
    return edit_at(settings, topic_path, card.line)


def edit_at(settings: Settings, path: str, line: int) -> EditLink:
    """The link to a line of a content file; `path` is relative to the content folder."""
    full = "/" + (settings.content_dir / path).absolute().as_posix().lstrip("/")
    address = settings.edit_url.format(path=quote(full, safe="/:"), file=quote(path), line=line)
    return EditLink(f"{path}:{line}", address)
