"""The HTML that may reach a page: the one door to nh3.

Nothing here comes from the page around it: no ids, no styles, no handlers, no htmx attributes, and no addresses but
http(s) and our own pages.
"""

import nh3

from app.cards.file.more_markdown import HTML
from app.cards.render import highlight, maths

_TEXT_TAGS = {
    "p",
    "br",
    "hr",
    "strong",
    "em",
    "s",
    "code",
    "pre",
    "blockquote",
    "ul",
    "ol",
    "li",
    "span",
    "div",
    "a",
    *HTML,
}
_TAGS = _TEXT_TAGS | {"h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"} | set(maths.ELEMENTS)
CLEANER = nh3.Cleaner(
    tags=_TAGS,
    attributes={
        "a": {"href", "rel"},
        **{tag: {"dir"} for tag in ("p", "ul", "li", "blockquote", "h3", "h4", "h5", "h6", "table", "th", "td")},
        "ol": {"start", "dir"},
        "div": {"tabindex", "role", "aria-label", "dir"},
        "pre": {"tabindex"},
        "span": {"tabindex", "role", "aria-label"},
        **dict.fromkeys(maths.ELEMENTS, maths.ATTRIBUTES),
    },
    allowed_classes={
        **dict.fromkeys(maths.ELEMENTS, maths.CLASSES),
        "a": {"demo-link", "card-link"},
        "div": {"wide", "formula"},
        "ol": {"notes"},
        "pre": {"code"},
        "span": set(highlight.CLASSES) | {"long"},
        "th": {"left", "center", "right"},
        "td": {"left", "center", "right"},
    },
    url_schemes={"http", "https"},
    link_rel=None,
)
