"""/sw.js: the worker that answers a browser without a net; and /offline, the page for all that needs one."""

from fastapi import Request
from starlette.responses import Response

from app.accounts.sign_in import IDLE
from app.web.frame.assets import STATIC
from app.web.frame.here import page

SHELL = (
    *sorted(sheet.name for sheet in STATIC.glob("*.css")),
    *("recur.js", "sitting.js", "offline.js", "icon.svg"),
    *("lib/htmx.js", "lib/maths.woff2", "lib/text-400-normal.woff2", "lib/text-600-normal.woff2"),
)
"""The files of static/ that the page of a sitting needs, and the style sheets of all pages."""


def worker(request: Request) -> Response:
    """The script. It holds the version of the files, so that browsers see at once that there is a new one."""
    made = request.app.state.templates.get_template("phone/sw.js")
    headers = {"Cache-Control": "no-cache"}
    longest = int(IDLE.total_seconds() * 1000) if request.app.state.settings.has_accounts else None
    return Response(made.render(shell=SHELL, longest_kept_ms=longest), media_type="text/javascript", headers=headers)


def offline(request: Request) -> Response:
    """The page that stands for all others without a net. It is kept for whoever uses the browser: it names nobody."""
    return page(request, "phone/offline.html")
