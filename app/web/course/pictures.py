"""/pictures: the pictures and sounds of cards, under addresses that change with them."""

from starlette.responses import FileResponse

from app.cards.file.pictures import open_picture
from app.web.frame.assets import A_YEAR
from app.web.frame.errors import NotHereError
from app.web.frame.here import Here

POLICY_OF_SVG = "default-src 'none'; style-src 'unsafe-inline'"
"""An SVG that is opened by itself runs nothing and loads nothing, even if a check has missed something in it."""


def picture(here: Here, digest: str, deck: str, name: str) -> FileResponse:
    """A picture or sound as it is now: to be kept for a year, unless it has changed since the address was made."""
    opened = open_picture(here.settings.content_dir, deck, name)
    if opened is None:
        raise NotHereError(f"The deck {deck} has no picture {name}.")
    found, path = opened
    headers = {"Cache-Control": A_YEAR if digest == found.digest else "no-store"}
    if found.media_type == "image/svg+xml":
        headers["Content-Security-Policy"] = POLICY_OF_SVG
    return FileResponse(path, headers=headers, media_type=found.media_type)
