"""Files that browsers fetch: our static/ and the npm libraries, under a path that changes with their contents."""

import hashlib
import os

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
