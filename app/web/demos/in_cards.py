"""A demo's figure within a card or a topic, drawn in place of the link to it."""

import html
import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import parse_qsl

from jinja2 import Environment
from markupsafe import Markup

from app.demos.machine.demo import BadParametersError
from app.demos.machine.drawing import miniature
from app.demos.machine.figures import Figure
from app.demos.machine.state import state_of
from app.demos.registry import UnknownDemoError, find
from app.web.demos.results import drawn

_LINK = re.compile(
    r'(?:<p[^>]*>)?(<a href="/demos/([a-z0-9-]+)(?:\?([^"]*))?" class="demo-link demo-figure">.*?</a>)(?:</p>)?',
    re.DOTALL,
)
_BUTTON = re.compile(r"</?button[^>]*>")


def _figure(name: str, query: str) -> Figure:
    """What stands for a demo in a state: its first drawing. `query` is as in HTML."""
    state = state_of(find(name), dict(parse_qsl(html.unescape(query), keep_blank_values=True)))
    figures = state.result.figures
    return next((one for one in figures if one.kind != "trace"), figures[0])


@lru_cache(maxsize=256)
def first_miniature(rendered: str) -> Markup:
    """A small picture of the first figure that a text asks for; empty if there is none."""
    for found in _LINK.finditer(rendered):
        if "demo-figure" in found[1]:
            try:
                return Markup(miniature(_figure(found[2], found[3] or "")))  # noqa: S704  (ours)
            except (UnknownDemoError, BadParametersError):  # the demo has changed since the topic was loaded
                continue
    return Markup()


def with_figures(templates: Environment) -> Callable[[str], Markup]:
    """A filter: a card's HTML with the figures that it asks for."""

    @lru_cache(maxsize=256)
    def figure(link: str, name: str, query: str) -> str:
        shown = _figure(name, query)
        made = templates.get_template("demos/in_card.html")
        return _BUTTON.sub("", made.render(figure=shown, drawing=drawn(shown, None), link=link))

    def replaced(found: re.Match[str]) -> str:
        try:
            return figure(found[1], found[2], found[3] or "")
        except (UnknownDemoError, BadParametersError):  # the demo has changed since the card was loaded
            return found[0]

    def shown(rendered: str) -> Markup:
        # Sanitised where it was made.
        return Markup(_LINK.sub(replaced, rendered) if "demo-figure" in rendered else rendered)  # noqa: S704

    return shown
