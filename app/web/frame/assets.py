"""Files that browsers fetch: our static/ and the npm libraries, under a path that changes with their contents."""

import base64
import hashlib
import os
import re
from functools import lru_cache

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.settings import ROOT

STATIC = ROOT / "static"
MODULES = ROOT / "node_modules"
LIBRARIES = {
    "lib/htmx.js": MODULES / "htmx.org/dist/htmx.min.js",
    **{
        f"lib/{name}": MODULES / ".recur" / name
        for name in ("maths.woff2", "maths-alphabets.woff2", "maths-rest.woff2")
    },
    **{
        f"lib/text-{face}.woff2": MODULES / f"@fontsource/stix-two-text/files/stix-two-text-latin-{face}.woff2"
        for face in ("400-normal", "400-italic", "600-normal")
    },
}
A_YEAR = "public, max-age=31536000, immutable"
STYLES_COOKIE = "recur-styles"
"""Holds the version of our files, and the names of the style sheets that the browser has been given."""
_LINK = re.compile(r'<link rel="stylesheet" href="(/static/(\w+)/)(\w+)\.css">')


class MissingAssetError(RuntimeError):
    """A library of package.json is not installed."""


def version() -> str:
    """Twelve hex digits that change whenever any served file does.

    Raises MissingAssetError if npm's packages are not installed; the message names the file and the command to run.
    """
    digest = hashlib.sha256()
    for path in [*sorted(path for path in STATIC.rglob("*") if path.is_file()), *LIBRARIES.values()]:
        if not path.is_file():
            raise MissingAssetError(f"{path.relative_to(ROOT)} is missing. Run `make setup`, which runs `npm ci`.")
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


class Assets(StaticFiles):
    """Serves static/ and the libraries of package.json, all cacheable for a year."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Find a `lib/` name in node_modules, and any other name in static/."""
        library = LIBRARIES.get(path)
        return (str(library), library.stat()) if library else super().lookup_path(path)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Like StaticFiles, but cacheable for a year, since the address holds the version."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = A_YEAR
        return response


def with_styles(page: str, had: str) -> tuple[str, str, list[str]]:
    """The page with each style sheet in it that the browser lacks by its cookie; the next cookie; the policy's sources.

    The next page links to them: the worker of app/web/phone has fetched them meanwhile, or the browser does then.
    """
    head, end, rest = page.partition("</head>")
    sources = []
    for link in _LINK.finditer(head):
        folder, version, name = link.groups()
        had = had if had.startswith(f"{version}.") else f"{version}."
        if f".{name}." not in had:
            had += f"{name}."
            text, source = _sheet(folder, name)
            sources.append(source)
            head = head.replace(link[0], f"<style>{text}</style>", 1)
    return head + end + rest, had, sources


@lru_cache(maxsize=64)
def _sheet(folder: str, name: str) -> tuple[str, str]:
    """A style sheet that means the same within a page, and the policy's source for it."""
    text = (STATIC / f"{name}.css").read_text("utf-8").replace('url("lib/', f'url("{folder}lib/')
    return text, by_hash(text)


def by_hash(style: str) -> str:
    """The source by which a content security policy allows this style and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"
