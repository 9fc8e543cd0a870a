"""/account: one's own password, app tokens and sessions."""

import json
import logging
from http import HTTPStatus

from pydantic import BaseModel
from sqlmodel import SQLModel, select
from starlette.responses import RedirectResponse, Response

from app.accounts.accounts import AccountError, add_token, app_tokens, hash_if_good, revoke_token, set_password
from app.accounts.bounds import OF_A_DEVICE, give_back, key_of, take_turn
from app.accounts.classes import remove_member
from app.accounts.evidence import joined_classes, leave, take_part
from app.accounts.hashes import matches
from app.accounts.sign_in import SignedIn
from app.models import Account, SignIn
from app.upkeep.every_table import ORIGINS, Origin
from app.web.frame.here import Context, Here, RowId, sent

log = logging.getLogger(__name__)


class PasswordForm(BaseModel):
    """The password as it is, and another."""

    current: str = ""
    password: str = ""


class TokenForm(BaseModel):
    """What an app token is for."""

    label: str = ""


class EvidenceForm(BaseModel):
    """The class in whose evidence one takes part from now on; 0 for none."""

    takes_part: RowId = 0


ThePasswords, TheToken, TheEvidence = sent(PasswordForm), sent(TokenForm), sent(EvidenceForm)


def account(here: Here, saved: bool = False, back: bool = False) -> Response:
    """Show the account, after a change with what became of it."""
    notice = "The password was changed, and other browsers signed out." if saved else ""
    if back:
        notice = "You are back: nothing is deleted. Your app tokens are gone, and you left the figures of your class."
    return _page(here, here.signed_in(), notice=notice)


def change_password(here: Here, form: PasswordForm = ThePasswords) -> Response:
    """Change the password; whoever holds this session alone cannot guess it any faster than at the door."""
    who = here.signed_in()
    counted = {key_of("change", str(who.account_id)): OF_A_DEVICE}
    with here.writing() as session:
        kept = session.exec(select(Account.hash).where(Account.id == who.account_id)).one()
        wait = take_turn(session, counted, here.now)
    try:
        if wait:
            raise AccountError("Too many wrong passwords. Try again in a minute.", "current")
        if not matches(kept, form.current):
            raise AccountError("This is not your password.", "current")
        new = hash_if_good(form.password, who.name)
    except AccountError as error:
        return _page(here, who, error)
    with here.writing() as session:
        give_back(session, counted)
        set_password(session, who.account_id, new, but=who.session)
    return RedirectResponse("/account?saved=1", HTTPStatus.SEE_OTHER)


def make_token(here: Here, form: TokenForm = TheToken) -> Response:
    """Make an app token, and show it once."""
    who = here.signed_in()
    try:
        with here.writing() as session:
            secret = add_token(session, who.account_id, form.label, here.now)
    except AccountError as error:
        return _page(here, who, error)
    return _page(here, who, secret=secret)


def revoke(here: Here, token: RowId) -> Response:
    """Revoke an app token."""
    who = here.signed_in()
    with here.writing() as session:
        revoke_token(session, who.account_id, token)
    return RedirectResponse("/account#tokens", HTTPStatus.SEE_OTHER)


def leave_class(here: Here, class_id: RowId) -> Response:
    """Leave a class in which one learns; plans that it made become one's own."""
    who = here.signed_in()
    with here.writing() as session:
        if class_id in {one.id for one in joined_classes(session, who.account_id)}:
            remove_member(session, class_id, who.account_id)
    return RedirectResponse("/account#classes", HTTPStatus.SEE_OTHER)


def change_evidence(here: Here, form: EvidenceForm = TheEvidence) -> Response:
    """Take part in the evidence of one class, or of none."""
    who = here.signed_in()
    with here.writing() as session:
        known = {one.id: one.takes_part for one in joined_classes(session, who.account_id)}
        if form.takes_part not in known:
            leave(session, who.account_id)
        elif not known[form.takes_part]:
            take_part(session, form.takes_part, who.account_id, here.now)
    return RedirectResponse("/account#evidence", HTTPStatus.SEE_OTHER)


def download(here: Here) -> Response:
    """What an account is beside its learner's history: one file, without the hashes, which are of no use to anybody."""
    who = here.signed_in()
    mine = {"account_id": who.account_id, "learner_id": who.learner_id}
    found: dict[str, list[dict[str, object]]] = {}
    with here.reading() as session:
        for table in SQLModel.metadata.sorted_tables:
            owner = "account_id" if "account_id" in table.c else "learner_id"
            if ORIGINS[table.name] is Origin.ACCOUNT:
                shown = [column for column in table.c if "hash" not in column.name]
                rows = session.connection().execute(select(*shown).where(table.c[owner] == mine[owner])).mappings()
                found[table.name] = [dict(row) for row in rows]
    log.info("An account's data were exported.", extra={"fields": {"account": who.account_id}})
    headers = {"Content-Disposition": 'attachment; filename="recur-account.json"', "Cache-Control": "no-store"}
    text = json.dumps(found, indent=2, default=str, ensure_ascii=False)
    return Response(text, media_type="application/json", headers=headers)


def _page(
    here: Context, who: SignedIn, error: AccountError | None = None, secret: str = "", notice: str = ""
) -> Response:
    with here.reading() as session:
        learner = here.learner(session)
        return here.page(
            "people/account.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
            who=who,
            tokens=app_tokens(session, who.account_id),
            sessions=len(session.exec(select(SignIn.started_at).where(SignIn.account_id == who.account_id)).all()),
            joined=joined_classes(session, who.account_id),
            learner=learner,
            today=learner.day(here.now),
            error=error,
            secret=secret,
            notice=notice,
        )
