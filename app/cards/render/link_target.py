"""What a link in a card leads to."""

import posixpath
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

_DEMO = re.compile(r"demo:([a-z0-9]+(?:-[a-z0-9]+)*)(?:\?([^#]*))?(?:#(.*))?")
_CARD = re.compile(r"card:(?:([a-z0-9]+(?:[-_][a-z0-9]+)*)/)?([a-z0-9]+(?:-[a-z0-9]+)*)")


class BadTargetError(ValueError):
    """An address that cannot be a link; the message says why."""


@dataclass(frozen=True)
class Target:
    """A link's address. `kind` is demo, card, web or file; what the others mean depends on it."""

    kind: str
    written: str
    name: str = ""
    deck: str = ""
    query: str = ""
    numbers: str = ""

    def address(self, deck: str) -> str | None:
        """Where it leads in the app for a card of `deck`; None for a file that has no page."""
        if self.kind == "demo":
            return f"/demos/{self.name}" + (f"?{self.query}" if self.query else "")
        if self.kind == "card":
            return f"/cards/{self.deck or deck}/{self.name}"
        if self.kind == "web":
            return self.written
        # Content files are two levels deep: deck/topic.md.
        parts = posixpath.normpath(posixpath.join(deck, self.name)).split("/")
        is_topic = len(parts) == 2 and parts[1].endswith(".md") and parts[0] != ".."
        return f"/topics/{parts[0]}/{parts[1].removesuffix('.md')}" if is_topic else None


def target(href: str) -> Target:
    """Read an address. Raises BadTargetError."""
    if href.startswith("demo:"):
        found = _DEMO.fullmatch(href)
        if not found:
            raise BadTargetError(f"the demo link {unquote(href)!r} is malformed: write demo:name?parameter=value")
        return Target("demo", href, name=found[1], query=found[2] or "", numbers=unquote(found[3] or ""))
    if href.startswith("card:"):
        found = _CARD.fullmatch(href)
        if not found:
            raise BadTargetError(f"the card link {unquote(href)!r} is malformed: write card:id or card:deck/id")
        return Target("card", href, name=found[2], deck=found[1] or "")
    try:
        parts = urlsplit(href)
        host = parts.hostname
    except ValueError as error:
        raise BadTargetError(f"the address {href!r} is malformed: {error}") from None
    if parts.scheme in ("http", "https"):
        if not host:
            raise BadTargetError(f"the address {href!r} names no host")
        return Target("web", href)
    if parts.scheme or parts.netloc or not parts.path or parts.path.startswith("/") or "\\" in unquote(href):
        shown = unquote(href)[:60]
        raise BadTargetError(f"a link to {shown!r}: only http(s), demo:, card: and files beside this one can be linked")
    return Target("file", href, name=unquote(parts.path))
