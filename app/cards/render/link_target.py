"""What a link in a card leads to."""

import posixpath
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote, urlsplit

_DEMO = re.compile(r"demo:([a-z0-9]+(?:-[a-z0-9]+)*)(?:\?([^#]*))?(?:#(.*))?")
_PAPER = re.compile(r"paper:([a-z0-9]+(?:-[a-z0-9]+)*)")
_CARD = re.compile(r"card:(?:([a-z0-9]+(?:[-_][a-z0-9]+)*)/)?([a-z0-9]+(?:-[a-z0-9]+)*)")


class BadTargetError(ValueError):
    """An address that cannot be a link; the message says why."""


@dataclass(frozen=True)
class Target:
    """What a link leads to. `kind` is demo, card, paper, web or file; what `name` names depends on it.

    `address` is where the link leads in the app; None for a file that has no page. `deck` is a card's, `query` and
    `numbers` (after the #) are a demo's.
    """

    kind: str
    written: str
    address: str | None
    name: str = ""
    deck: str = ""
    query: str = ""
    numbers: str = ""


@lru_cache(maxsize=4_096)
def target(href: str, deck: str = "") -> Target:
    """Read an address in a card of `deck`. Raises BadTargetError."""
    if href.startswith("demo:"):
        found = _DEMO.fullmatch(href)
        if not found:
            raise BadTargetError(f"the demo link {unquote(href)!r} is malformed: write demo:name?parameter=value")
        name, query, numbers = found[1], found[2] or "", unquote(found[3] or "")
        return Target("demo", href, f"/demos/{name}{f'?{query}' if query else ''}", name, query=query, numbers=numbers)
    if href.startswith("card:"):
        found = _CARD.fullmatch(href)
        if not found:
            raise BadTargetError(f"the card link {unquote(href)!r} is malformed: write card:id or card:deck/id")
        its_deck, name = found[1] or deck, found[2]
        return Target("card", href, f"/cards/{its_deck}/{name}", name, its_deck)
    if href.startswith("paper:"):
        found = _PAPER.fullmatch(href)
        if not found:
            raise BadTargetError(f"the paper link {unquote(href)!r} is malformed: write paper:key, as in sources.yaml")
        return Target("paper", href, f"/sources#paper-{found[1]}", found[1])
    try:
        parts = urlsplit(href)
        host = parts.hostname
    except ValueError as error:
        raise BadTargetError(f"the address {href!r} is malformed: {error}") from None
    if parts.scheme in ("http", "https"):
        if not host:
            raise BadTargetError(f"the address {href!r} names no host")
        return Target("web", href, href)
    if parts.scheme or parts.netloc or not parts.path or parts.path.startswith("/") or "\\" in unquote(href):
        shown = unquote(href)[:60]
        raise BadTargetError(
            f"a link to {shown!r}: only http(s), demo:, card:, paper: and files beside this one can be linked"
        )
    name = unquote(parts.path)
    return Target("file", href, _topic_page(name, deck), name)


def _topic_page(name: str, deck: str) -> str | None:
    """The page of a topic's file, which is written as seen from the deck's folder; None for other files."""
    parts = posixpath.normpath(posixpath.join(deck, name)).split("/")
    is_topic = len(parts) == 2 and parts[1].endswith(".md") and parts[0] != ".."
    return f"/topics/{parts[0]}/{parts[1].removesuffix('.md')}" if is_topic else None
