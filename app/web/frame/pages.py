"""The templates of the pages, and what each of them may use."""

import functools
import re
from collections.abc import Callable
from datetime import UTC, datetime
from secrets import token_hex

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError

from app.accounts.roles import Deed, may
from app.ask.question import written
from app.ask.questions.line import examples
from app.cards.file.blocks import curly, said
from app.cards.file.yaml_files import by_document
from app.cards.render.arithmetic import worked
from app.cards.render.maths import equations, mathml, plain
from app.cards.render.parts import parts
from app.cards.render.render import inline
from app.database import Visit
from app.demos.machine.drawing import in_gate_colours
from app.settings import ROOT
from app.study.forecast.calibration import SURENESS
from app.study.learner.keys import ACTIONS
from app.study.learner.preferences import Look, look
from app.study.schedule.scale import Rating
from app.study.schedule.scheduler import MOST_MISSES
from app.study.sitting.points import kept_before, proposed
from app.web.frame.dates import a_date, how_large, how_long, plural
from app.web.frame.here import account_of, learner_id

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The one clock of a real server."""
    return datetime.now(UTC)


class WholeTemplates(FileSystemLoader):
    """Reads a template with those that it includes by name in their place: one function makes all of the page."""

    _INCLUDE = re.compile(r'{% include "([^"]+)" %}')

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Its source, its file, and whether that is unchanged."""
        source, file, is_unchanged = super().get_source(environment, template)

        def included(found: re.Match[str]) -> str:
            its = self.get_source(environment, found[1])[0].removesuffix("\n")
            return f"{{% with %}}{its}{{% endwith %}}"  # what it sets is set for it alone

        return self._INCLUDE.sub(included, source), file, is_unchanged


@functools.cache
def environment(static_version: str) -> Environment:
    """The Jinja2 environment: autoescaping, and an error for a variable that a route forgot.

    The apps of one process share it, so that each template is compiled once.
    """
    made = Environment(
        loader=WholeTemplates(ROOT / "templates"),
        autoescape=select_autoescape(("html", "svg")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # no look at the file system for each page; a changed template needs a restart
    )
    made.globals["static"] = lambda name: f"/static/{static_version}/{name}"
    made.globals["one_use_id"] = lambda: token_hex(16)
    made.globals |= {"sureness": SURENESS, "MOST_MISSES": MOST_MISSES}
    made.globals["proposed_by_points"] = proposed
    made.globals["points_before"] = kept_before
    made.globals["key_actions"] = ACTIONS
    made.globals["learner_of"] = learner_id
    for one in (Deed, Rating, account_of, examples, may, parts, worked, written):
        made.globals[one.__name__] = one
    made.globals["look_of"] = _look  # asked for by whole pages alone: a slider's answer has no time for it
    made.globals["by_document"] = lambda request, items: by_document(request.app.state.settings.content_dir, items)
    made.filters |= {
        "maths": lambda latex: Markup("".join(map(mathml, equations(latex)))),  # noqa: S704  (sanitised where they are made)
        "inline": lambda text: Markup(inline(text)),  # noqa: S704
        "curly": curly,
        "in_gate_colours": lambda html, gates: Markup(in_gate_colours(html, gates)),  # noqa: S704  (a template's output)
        "a_date": a_date,
        "how_large": how_large,
        "how_long": how_long,
        "plain": plain,
        "plural": plural,
        "said": said,
    }
    return made


def _look(request: Request) -> Look:
    """The learner's look, read in the request's own session while that is open: a second one might not be had."""
    if getattr(request.state, "has_no_look", False):
        return Look()
    visit: Visit | None = getattr(request.state, "visit", None)
    if visit and visit.session and visit.session.in_transaction():
        return look(visit.session, learner_id(request))
    try:
        with request.app.state.database.read() as session:
            return look(session, learner_id(request))
    except SQLAlchemyError:  # the page may be the very one that says so
        return Look()
