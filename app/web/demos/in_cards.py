"""A demo's figure within a card or a topic, drawn in place of the link to it."""

import html
import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import parse_qsl

from jinja2 import Environment
from markupsafe import Markup

from app.demos.machine.demo import BadParametersError
from app.demos.machine.state import state_of
from app.demos.registry import UnknownDemoError, find
from app.web.demos.results import drawn

_LINK = re.compile(
    r'(?:<p[^>]*>)?(<a href="/demos/([a-z0-9-]+)(?:\?([^"]*))?" class="demo-link demo-figure">.*?</a>)(?:</p>)?',
    re.DOTALL,
)
_BUTTON = re.compile(r"</?button[^>]*>")


def with_figures(templates: Environment) -> Callable[[str], Markup]:
    """A filter: a card's HTML with the figures that it asks for."""

    @lru_cache(maxsize=256)
    def figure(link: str, name: str, query: str) -> str:
        state = state_of(find(name), dict(parse_qsl(query, keep_blank_values=True)))
        figures = state.result.figures
        shown = next((one for one in figures if one.kind != "trace"), figures[0])
        made = templates.get_template("demos/in_card.html")
        return _BUTTON.sub("", made.render(figure=shown, drawing=drawn(shown, None), link=link))

    def replaced(found: re.Match[str]) -> str:
        try:
            return figure(found[1], found[2], html.unescape(found[3] or ""))
        except (UnknownDemoError, BadParametersError):  # the demo has changed since the card was loaded
            return found[0]

    def shown(rendered: str) -> Markup:
        # Sanitised where it was made.
        return Markup(_LINK.sub(replaced, rendered) if "demo-figure" in rendered else rendered)  # noqa: S704

    return shown
