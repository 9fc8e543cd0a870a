"""/content: for instructors, every file with its cards and mistakes, and a preview that follows each save."""

from collections.abc import Collection
from functools import cache
from http import HTTPStatus
from pathlib import Path

from sqlmodel import select
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.accounts.classes import decks_of
from app.cards.check.check import Checked, check_content
from app.cards.check.check_cache import CheckCache
from app.cards.check.preview import content_file, preview
from app.cards.check.report import excerpts
from app.cards.load.card_rows import open_questions
from app.cards.load.holders import StoredHolders
from app.database import Database
from app.models import ContentFile
from app.nearest import nearest
from app.web.frame.editing import edit_at, may_edit
from app.web.frame.errors import NotHereError
from app.web.frame.here import Context, Here


def content(here: Here) -> Response:
    """Show the files as they are now, and when the server last read them."""
    decks = check_author(here)
    with here.reading() as session:
        read = {file.path: file.looked_at for file in session.exec(select(ContentFile))}
        questions = open_questions(session.connection())
    checked = check_content(here.settings.content_dir, cache=check_cache(here), waits=False)
    if decks is not None:
        checked, questions = _of_decks(checked, decks), [one for one in questions if _deck(one) in decks]
    return here.page(
        "content/files.html",
        checked=checked,
        read=read,
        questions=questions,
        last_read=max(read.values(), default=None),
        excerpt=excerpts(here.settings.content_dir),
        edit=lambda path, line: edit_at(here.settings, path, line),
        may_edit=may_edit(here),
    )


def content_of_file(here: Here, deck: str, name: str, card: str | None = None, seen: str | None = None) -> Response:
    """Preview one file as it is now: a card exactly as it will look, or the topic's explanation and key points.

    The answer is empty (204) if htmx polls and has `seen` this version of the file.
    """
    check_author(here, deck)
    path = f"{deck}/{name}.md"
    opened = content_file(here.settings.content_dir, path)
    if opened is None:
        raise no_such_file(here, path)
    if here.wants_part and seen == opened.digest:
        return Response(status_code=204, headers={"Vary": "HX-Request-Type", "Cache-Control": "no-store"})
    shown = preview(here.settings.content_dir, opened, check_cache(here))
    return here.page(
        "content/file.html",
        part="live",
        path=path,
        address=f"/content/{deck}/{name}",
        preview=shown,
        version=opened.digest,
        wanted=card,
        chosen=shown.card(card) if card else None,
        excerpt=excerpts(here.settings.content_dir),
        edit=lambda path, line: edit_at(here.settings, path, line),
        may_edit=may_edit(here),
    )


def check_author(here: Context, deck: str | None = None) -> Collection[str] | None:
    """The names of the decks whose files they may see; None for all.

    Raises HTTPException if the server's users are not authors, or if the `deck` is none of theirs.
    """
    if here.account is not None:
        with here.reading() as session:
            decks = decks_of(session, here.account)
        if decks is not None and deck is not None and deck not in decks:
            said = "This deck is none of yours: instructors see the files of the decks of their classes."
            raise HTTPException(HTTPStatus.FORBIDDEN, said)
        return decks
    if not here.settings.shows_drafts:
        said = "This page is for the authors of the cards. RECUR_EDITING=true shows it to everybody on this server."
        raise HTTPException(HTTPStatus.FORBIDDEN, said)
    return None


def _of_decks(checked: Checked, decks: Collection[str]) -> Checked:
    """What the check found in the files of these decks."""
    return Checked(
        [one for one in checked.mistakes if _deck(one.path) in decks],
        checked.sources,
        [one for one in checked.files if one.found.deck in decks],
        [one for one in checked.warnings if _deck(one.path) in decks],
        [one for one in checked.pending if _deck(one.path) in decks],
    )


def _deck(path: str) -> str:
    """The deck whose folder holds the file, by its path or by a sentence that begins with it."""
    return path.partition("/")[0]


def check_cache(here: Context) -> CheckCache:
    """What this process knows of the files of the content folder."""
    return _cache(here.settings.content_dir, here.database)


@cache
def _cache(_content_dir: Path, database: Database) -> CheckCache:
    return CheckCache(others=StoredHolders(database.read))


def no_such_file(here: Context, path: str) -> NotHereError:
    """The error that names the nearest file."""
    checked = check_content(here.settings.content_dir, cache=check_cache(here), waits=False)
    near = nearest(path, [file.found.path for file in checked.files])
    return NotHereError(f"There is no content file {path}." + (f" The nearest is {near}." if near else ""))
