"""The HTML that may reach a page: the one door to nh3.

Nothing here comes from the page around it: no ids, no styles, no handlers, no htmx attributes, and no addresses but
http(s) and our own pages.
"""

from typing import Any

import nh3

from app.cards.file.more_markdown import HTML
from app.cards.render import highlight, maths

_TEXT_TAGS = {
    *("p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "span", "div", "a"),
    *HTML.values(),
}
_TAGS = _TEXT_TAGS | {"h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"} | set(maths.ELEMENTS)
_ATTRIBUTES = {
    "a": {"href", "rel"},
    **{tag: {"dir"} for tag in ("p", "ul", "li", "blockquote", "h3", "h4", "h5", "h6", "table", "th", "td")},
    "ol": {"start", "dir"},
    "div": {"tabindex", "role", "aria-label", "dir"},
    "pre": {"tabindex"},
    "span": {"tabindex", "role", "aria-label"},
    **dict.fromkeys(maths.ELEMENTS, maths.ATTRIBUTES),
}
_CLASSES = {
    **dict.fromkeys(maths.ELEMENTS, maths.CLASSES),
    "a": {"demo-link", "card-link", "demo-figure"},
    "div": {"wide", "formula"},
    "ol": {"notes"},
    **{tag: {"part", "demos"} for tag in ("p", "h3", "h4", "h5", "h6")},
    "pre": {"code"},
    "span": set(highlight.CLASSES) | {"long", "no-picture"},
    "th": {"left", "center", "right"},
    "td": {"left", "center", "right"},
}
_LINKS: dict[str, Any] = {"url_schemes": {"http", "https"}, "link_rel": None}


def _of_our_own(_tag: str, name: str, value: str) -> str | None:
    return value if name != "src" or value.startswith("/pictures/") else None


CLEANER = nh3.Cleaner(tags=_TAGS, attributes=_ATTRIBUTES, allowed_classes=_CLASSES, **_LINKS)
WITH_PICTURES = nh3.Cleaner(
    tags=_TAGS | {"img", "audio"},
    attributes=_ATTRIBUTES
    | {"img": {"src", "alt", "width", "height", "loading"}, "audio": {"src", "controls", "preload", "aria-label"}},
    attribute_filter=_of_our_own,
    allowed_classes=_CLASSES,
    **_LINKS,
)
"""For a text with pictures or sounds, which are our own alone. It takes longer, so others are left to CLEANER."""
