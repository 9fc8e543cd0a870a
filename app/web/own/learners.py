"""/learners: the learners of this server: choose, add, rename, delete."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from random import SystemRandom
from typing import Annotated

from fastapi import Form, Request
from sqlmodel import Session, select
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from app.accounts.accounts import AccountError, check_not_last_admin
from app.accounts.leaving import leave
from app.accounts.roles import Deed, may
from app.models import Account
from app.study.deletions import delete_for_good
from app.study.learner.preferences import LeavingLearnerError, UnknownLearnerError, defaults
from app.study.learner.profile import Profile, WrongProfileError, profile
from app.study.learners import FIRST_LEARNER, add_learner, all_learners, belongings, rename, stay
from app.upkeep.dated_copies import copies_of
from app.web.frame.entry import let_out
from app.web.frame.errors import NotHereError
from app.web.frame.here import LEARNER_COOKIE, Context, Here, RowId, give_cookie, take_cookie

log = logging.getLogger(__name__)
A_YEAR = 365 * 24 * 3600
Name = Annotated[str, Form()]


def learners(here: Here, deleted: str = "") -> Response:
    """List all learners, and mark the one of this browser."""
    _check_profiles(here)
    return _list(here, deleted)


def _list(
    here: Context,
    deleted: str = "",
    problems: Mapping[str, str] | None = None,
    meant: int | None = None,
    typed: str = "",
) -> Response:
    """The page; with `problems`, the name as it was `typed`, and whom it was `meant` for (None: a new learner)."""
    with here.reading() as session:
        try:
            learner = here.learner(session)
        except LeavingLearnerError:  # they may come back here
            learner = defaults(here.settings)
        everyone = all_learners(session)
        return here.page(
            "learners/list.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if problems else HTTPStatus.OK,
            everyone=everyone,
            learner=here.learner_id,
            days={known.id: learner.day(known.studied_at) for known in everyone if known.studied_at},
            leaves={known.id: learner.day(known.leaves_at) for known in everyone if known.leaves_at},
            today=learner.day(here.now),
            deleted=deleted,
            problems=problems or {},
            meant=meant,
            typed=typed,
        )


def add(here: Here, name: Name = "") -> Response:
    """Add a learner, who from now on studies in this browser."""
    _check_profiles(here)
    try:
        with here.writing() as session:
            added = add_learner(session, name, SystemRandom(), here.settings.max_learners)
    except WrongProfileError as error:
        return _list(here, problems=error.problems, typed=name)
    return _studies(here.request, added, "/settings")


def choose(here: Here, chosen: Annotated[RowId, Form()]) -> Response:
    """Choose who studies in this browser. One who was to be deleted stays."""
    _check_profiles(here)
    with here.writing() as session:
        _known(session, chosen)
        if stay(session, chosen, here.now):
            log.info("A deletion was taken back.", extra={"fields": {"learner": chosen}})
    return _studies(here.request, chosen, "/")


def rename_learner(here: Here, chosen: Annotated[RowId, Form()], name: Name = "") -> Response:
    """Rename a learner."""
    _check_profiles(here)
    try:
        with here.writing() as session:
            _known(session, chosen)
            rename(session, chosen, name)
    except WrongProfileError as error:
        return _list(here, problems=error.problems, meant=chosen, typed=name)
    return RedirectResponse("/learners", HTTPStatus.SEE_OTHER)


def ask_to_delete(here: Here, chosen: RowId) -> Response:
    """Show what would be deleted, and ask for the learner's name."""
    _check_own(here, chosen)
    return _ask(here, chosen)


def delete(here: Here, chosen: RowId, name: Name = "") -> Response:
    """Delete everything that belongs to the learner, if the name typed is theirs; at once, or after a time of grace."""
    _check_own(here, chosen)
    leaves_at = _leaves_at(here)
    with here.writing() as session:
        going = _known(session, chosen)
        if is_theirs := " ".join(name.split()) == " ".join(going.name.split()):
            _check_not_last_admin(session, here, chosen)
            if leaves_at:
                leave(session, chosen, leaves_at)
            else:
                file = copies_of(here.database, here.settings).deletions
                delete_for_good(session, file, chosen, here.now)
    if not is_theirs:
        return _ask(here, chosen, typed=name)
    if not leaves_at:
        log.info("A learner was deleted.", extra={"fields": {"learner": here.learner_id, "deleted": chosen}})
    said = f"leaves={leaves_at.astimezone(here.settings.zone).date()}" if leaves_at else "deleted=1"
    if here.account is not None:
        if chosen != here.learner_id:
            return RedirectResponse("/accounts", HTTPStatus.SEE_OTHER)
        return let_out(here.request, RedirectResponse(f"/sign-in?{said}", HTTPStatus.SEE_OTHER))
    response = RedirectResponse("/learners" if leaves_at else "/learners?deleted=1", HTTPStatus.SEE_OTHER)
    if chosen == here.learner_id:
        take_cookie(here.request, response, LEARNER_COOKIE)
    return response


def _ask(here: Context, chosen: int, typed: str | None = None) -> Response:
    with here.reading() as session:
        return here.page(
            "learners/delete.html",
            HTTPStatus.OK if typed is None else HTTPStatus.UNPROCESSABLE_ENTITY,
            going=_known(session, chosen),
            mine=belongings(session, chosen),
            chosen=chosen,
            learner=here.learner_id,
            is_first=chosen == FIRST_LEARNER,
            leaves_at=_leaves_at(here),
            typed=typed,
        )


def _leaves_at(here: Context) -> datetime | None:
    """When a deletion that is asked for now is final; None for at once."""
    days = here.settings.deletion_days
    return here.now + timedelta(days=days) if days else None


def _check_profiles(here: Context) -> None:
    """Raises NotHereError where everybody signs in: nobody sees or becomes another."""
    if here.account is not None:
        raise NotHereError("On this server everybody signs in. Your account is at /account.")


def _check_own(here: Context, chosen: int) -> None:
    """Raises NotHereError where everybody signs in, unless the learner is one's own, or an admin asks."""
    if here.account is not None and chosen != here.learner_id and not may(here.account.role, Deed.MANAGE):
        raise NotHereError(f"There is no learner {chosen}.")


def _check_not_last_admin(session: Session, here: Context, chosen: int) -> None:
    """Raises HTTPException if nobody could manage the accounts afterwards."""
    if here.account is None:
        return
    account_id = session.exec(select(Account.id).where(Account.learner_id == chosen)).one_or_none()
    try:
        check_not_last_admin(session, account_id or 0)
    except AccountError as error:
        raise HTTPException(HTTPStatus.CONFLICT, str(error)) from error


def _known(session: Session, chosen: int) -> Profile:
    """Raises NotHereError. UnknownLearnerError would drop the cookie of the browser's own learner, who is another."""
    try:
        return profile(session, chosen)
    except UnknownLearnerError as error:
        raise NotHereError(f"{error} Their profile may have been deleted; /learners lists who is here.") from error


def _studies(request: Request, learner: int, then: str) -> Response:
    """Redirect to `then`, with this learner in the browser's cookie."""
    response = RedirectResponse(then, HTTPStatus.SEE_OTHER)
    give_cookie(request, response, LEARNER_COOKIE, str(learner), A_YEAR)
    return response
