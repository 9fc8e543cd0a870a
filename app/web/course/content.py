"""/content: for instructors, every file with its cards and mistakes, and a preview that follows each save."""

import difflib
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from sqlmodel import select
from starlette.responses import Response

from app.cards.check.check import examine
from app.cards.check.check_cache import Memory
from app.cards.check.preview import content_file, preview, version
from app.cards.check.report import excerpts
from app.models import ContentFile
from app.web.frame.editing import edit_at
from app.web.frame.errors import NotHereError
from app.web.frame.pages import TheDatabase, TheSettings, page, wants_part

router = APIRouter()


@router.get("/content")
def content(request: Request, database: TheDatabase, settings: TheSettings) -> Response:
    """The files as they are now, and when the server last read them."""
    with database.read() as session:
        read = {file.path: file.looked_at for file in session.exec(select(ContentFile))}
    checked = examine(settings.content_dir, memory=_memory(settings.content_dir))
    return page(
        request,
        "content/files.html",
        checked=checked,
        read=read,
        last_read=max(read.values(), default=None),
        excerpt=excerpts(settings.content_dir),
        edit=lambda path, line: edit_at(settings, path, line),
    )


@router.get("/content/{deck}/{name}")
def content_of_file(
    request: Request, settings: TheSettings, deck: str, name: str, card: str | None = None, seen: str | None = None
) -> Response:
    """One file as it is now: a card exactly as it will look, or else the topic's explanation and key points.

    When htmx asks whether there is news, and the file is the one it has `seen`, the answer is empty.
    """
    path = f"{deck}/{name}.md"
    found = content_file(settings.content_dir, path)
    if found is None:
        raise NotHereError(f"There is no content file {path}.{_nearest(settings.content_dir, path)}")
    now = version(found)
    if wants_part(request) and seen == now:
        return Response(status_code=204, headers={"Vary": "HX-Request-Type", "Cache-Control": "no-store"})
    shown = preview(settings.content_dir, found, _memory(settings.content_dir))
    return page(
        request,
        "content/file.html",
        part="live",
        path=path,
        address=f"/content/{deck}/{name}",
        preview=shown,
        version=now,
        wanted=card,
        chosen=shown.card(card) if card else None,
        excerpt=excerpts(settings.content_dir),
        edit=lambda path, line: edit_at(settings, path, line),
    )


@cache
def _memory(_content_dir: Path) -> Memory:
    """What this process has found in the files of a content folder."""
    return Memory()


def _nearest(content_dir: Path, path: str) -> str:
    paths = [file.found.path for file in examine(content_dir, memory=_memory(content_dir)).files]
    near = difflib.get_close_matches(path, paths, n=1)
    return f" The nearest is {near[0]}." if near else ""
