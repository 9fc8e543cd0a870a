"""/classes: for instructors, their classes: who is in them, and links by which learners join; admins make them."""

import csv
import io
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from app.accounts import classes as teaching
from app.accounts.accounts import AccountError
from app.exchange.exports.csv_and_json import safe_cell
from app.study.classes.plans import ClassDay, day_of_class
from app.web.frame.decks import all_decks, check_theirs
from app.web.frame.here import Context, Here, RowId, sent

LATER = HTTPStatus.SEE_OTHER

log = logging.getLogger(__name__)


class ClassForm(BaseModel):
    """A name and decks."""

    name: str = ""
    deck: tuple[RowId, ...] = ()


class MemberForm(BaseModel):
    """Who is to teach, by name; or who is to leave."""

    instructor: str = ""
    account: RowId = 0


class InvitationForm(BaseModel):
    """How long a link lasts, and for how many people."""

    days: int = 14
    uses: int = 40


TheClass, TheMember, TheInvitation = sent(ClassForm), sent(MemberForm), sent(InvitationForm)


def classes(here: Here) -> Response:
    """List the classes."""
    return _list(here)


def add(here: Here, form: ClassForm = TheClass) -> Response:
    """Make a class."""
    here.signed_in()
    try:
        with here.writing() as session:
            made = teaching.add_class(session, form.name, here.now)
    except AccountError as error:
        return _list(here, error, form.name)
    return RedirectResponse(f"/classes/{made}", LATER)


def one_class(here: Here, class_id: RowId) -> Response:
    """Show a class."""
    return _page(here, class_id)


def change(here: Here, class_id: RowId, form: ClassForm = TheClass) -> Response:
    """Change the name and the decks."""
    return changed(here, class_id, lambda session: teaching.change_class(session, class_id, form.name, form.deck))


def add_instructor(here: Here, class_id: RowId, form: MemberForm = TheMember) -> Response:
    """Let somebody teach the class."""
    return changed(
        here, class_id, lambda session: teaching.add_instructor(session, class_id, form.instructor, here.now)
    )


def remove(here: Here, class_id: RowId, form: MemberForm = TheMember) -> Response:
    """Take somebody out of the class."""
    return changed(
        here, class_id, lambda session: teaching.remove_member(session, class_id, form.account, here.account)
    )


def end_invitation(here: Here, class_id: RowId, link: RowId) -> Response:
    """Let nobody in by this link any more."""
    return changed(here, class_id, lambda session: teaching.end_invitation(session, class_id, link))


def delete(here: Here, class_id: RowId, form: ClassForm = TheClass) -> Response:
    """Delete the class, if the name typed is its own."""
    answer = changed(here, class_id, lambda session: teaching.delete_class(session, class_id, form.name))
    return RedirectResponse("/classes", LATER) if answer.status_code == LATER else answer


def invite(here: Here, class_id: RowId, form: InvitationForm = TheInvitation) -> Response:
    """Make a link by which learners join, and show it once."""
    path = ""

    def act(session: Session) -> None:
        nonlocal path
        path = teaching.invite(session, class_id, form.days, form.uses, here.now)

    answer = changed(here, class_id, act)
    return _page(here, class_id, path=path) if path else answer


def changed(
    here: Context, class_id: int, act: Callable[[Session], None], typed: Mapping[str, Any] | None = None
) -> Response:
    """Do this to a class of theirs, and show it: with what is wrong, and what was `typed`, if it cannot be done."""
    try:
        with here.writing() as session:
            check_theirs(here, session, class_id)
            act(session)
    except AccountError as error:
        return _page(here, class_id, error, typed=typed)
    return RedirectResponse(f"/classes/{class_id}", LATER)


def as_csv(here: Context, class_id: int, title: str, table: Iterable[Sequence[object]]) -> Response:
    """A table about a class as a file for spreadsheets, named by its title and the day. A line of the log says so."""
    file = io.StringIO(newline="")
    csv.writer(file).writerows([safe_cell(one) if isinstance(one, str) else one for one in row] for row in table)
    fields = {"class": class_id, "account": here.signed_in().account_id, "path": here.request.url.path}
    log.info("Figures of a class were exported.", extra={"fields": fields})
    given = quote(f"{title} {here.now:%Y-%m-%d}.csv", safe="")
    headers = {"Content-Disposition": f"attachment; filename=\"class.csv\"; filename*=UTF-8''{given}"}
    return Response(file.getvalue().encode("utf-8-sig"), headers=headers, media_type="text/csv; charset=utf-8")


def _page(
    here: Context,
    class_id: int,
    error: AccountError | None = None,
    path: str = "",
    typed: Mapping[str, Any] | None = None,
) -> Response:
    with here.reading() as session:
        check_theirs(here, session, class_id)
        shown = teaching.whole_class(session, class_id, here.now)
        learner = here.learner(session)
        day, decks = day_of_class(session, class_id), all_decks(session)
        return here.page(
            "people/class.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
            shown=shown,
            who=here.signed_in(),
            decks=decks,
            day=day,
            typed=typed or _as_typed(day, shown.decks),
            link=f"{here.request.base_url}{path[1:]}" if path else "",
            ends=[learner.day(one.ends_at) for one in shown.invitations],
            today=learner.day(here.now),
            error=error,
        )


def _as_typed(day: ClassDay | None, decks: frozenset[int]) -> dict[str, Any]:
    """The form's fields for the class's day; for a new one with every deck."""
    if day is None:
        return {"occasion": "Exam", "held_on": "", "deck": decks}
    return {"occasion": day.occasion, "held_on": day.held_on.isoformat(), "deck": day.decks}


def _list(here: Context, error: AccountError | None = None, name: str = "") -> Response:
    who = here.signed_in()
    with here.reading() as session:
        return here.page(
            "people/classes.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
            who=who,
            classes=teaching.classes_of(session, who),
            error=error,
            name=name,
        )
