"""/content/…/edit: a content file is edited in the browser, with its preview and its mistakes beside it."""

import os
from codecs import BOM_UTF8
from dataclasses import dataclass, replace
from http import HTTPStatus

from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from app.cards.check.preview import content_file, preview
from app.cards.check.report import excerpt_of
from app.cards.file.files import OpenedFile, Unreadable, digest
from app.web.course.content import check_author, check_cache, no_such_file
from app.web.course.versions import changes
from app.web.frame.editing import EditLink, may_edit
from app.web.frame.errors import NotHereError
from app.web.frame.here import Context, Here, sent
from app.whole_file import replace_file


class EditedText(BaseModel):
    """The form: the text, the digest of the file that it began with, and the line that the cursor is on."""

    text: str = ""
    seen: str = ""
    line: int = 0


TheEdited = sent(EditedText)


@dataclass(frozen=True)
class SaveOutcome:
    """What became of the text: `saved`, not written because the file `differs` by now, or for another `problem`."""

    status: HTTPStatus = HTTPStatus.OK
    saved: bool = False
    differs: bool = False
    problem: str = ""


def edit(here: Here, deck: str, name: str, line: int = 0, saved: bool = False) -> Response:
    """Show the file's text in a form, with its preview."""
    opened = _opened(here, deck, name)
    return _form(here, opened, EditedText(text=opened.text(), seen=opened.digest, line=line), SaveOutcome(saved=saved))


def preview_of_typed(here: Here, deck: str, name: str, typed: EditedText = TheEdited) -> Response:
    """The preview of a text that is not saved."""
    return _form(here, _opened(here, deck, name), typed, SaveOutcome())


def save(here: Here, deck: str, name: str, typed: EditedText = TheEdited) -> Response:
    """Write the text, if the file is still what it was when the form was made; otherwise show both (409)."""
    with here.database.lock("editing").held():
        try:
            opened = _opened(here, deck, name)
        except NotHereError:
            raise HTTPException(
                HTTPStatus.CONFLICT,
                f"{deck}/{name}.md was moved or deleted in the meantime, so nothing was saved. Go back, copy your "
                "text, and put it where it belongs.",
            ) from None
        if opened.digest != typed.seen and _bytes(opened, typed.text) != opened.data:
            # As it is shown again it is to be saved over what the file is now.
            again = typed.model_copy(update={"seen": opened.digest})
            return _form(here, opened, again, SaveOutcome(HTTPStatus.CONFLICT, differs=True))
        try:
            replace_file(here.settings.content_dir / opened.file.path, _bytes(opened, typed.text))
        except OSError as error:
            why = f"The file cannot be written: {error.strerror}. Your text is below: copy it before you leave."
            status = HTTPStatus.FORBIDDEN if isinstance(error, PermissionError) else HTTPStatus.INSUFFICIENT_STORAGE
            return _form(here, opened, typed, SaveOutcome(status, problem=why))
    return RedirectResponse(f"/content/{deck}/{name}/edit?saved=1&line={typed.line}", HTTPStatus.SEE_OTHER)


def _opened(here: Context, deck: str, name: str) -> OpenedFile:
    """The file, which is a text and no link. Raises NotHereError, or HTTPException if it may not be edited here."""
    check_author(here, deck)
    if not may_edit(here):
        said = "Files are edited in the browser on the server's own machine only. Edit them there."
        raise HTTPException(HTTPStatus.FORBIDDEN, said)
    folder, path = here.settings.content_dir, f"{deck}/{name}.md"
    opened = content_file(folder, path)
    if opened is None:
        raise no_such_file(here, path)
    if os.path.realpath(folder / path) != os.path.join(os.path.realpath(folder), path):
        raise HTTPException(HTTPStatus.FORBIDDEN, f"{path} is reached through a link: edit the file that it leads to.")
    try:
        opened.text()
    except Unreadable as error:
        raise HTTPException(HTTPStatus.CONFLICT, f"{path}:{error.line}: {error}.") from None
    return opened


def _plain(text: str) -> str:
    """The text with the newlines of a file: a form sends others."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _bytes(opened: OpenedFile, text: str) -> bytes:
    """The bytes of the text, with the newlines and the byte-order mark that the file has."""
    newline = "\r\n" if b"\r\n" in opened.data else "\n"
    return (BOM_UTF8 if opened.data.startswith(BOM_UTF8) else b"") + _plain(text).replace("\n", newline).encode()


def _form(here: Context, opened: OpenedFile, typed: EditedText, outcome: SaveOutcome) -> Response:
    text = _plain(typed.text)
    data = text.encode()
    folder = here.settings.content_dir
    shown = preview(folder, replace(opened, data=data, digest=digest(data)), check_cache(here))
    return here.page(
        "content/edit.html",
        outcome.status,
        part="live",
        path=opened.file.path,
        address=f"/content/{opened.file.deck}/{opened.file.name}",
        text=text,
        seen=typed.seen,
        line=typed.line,
        preview=shown,
        wanted="",
        chosen=shown.card_at(typed.line),
        excerpt=excerpt_of(text),
        edit=lambda path, line: EditLink(f"{path}:{line}", "#text"),
        pieces=list(changes(opened.text(), text)) if outcome.differs else [],
        problem=outcome.problem,
        saved=outcome.saved,
    )
