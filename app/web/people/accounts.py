"""/accounts: for admins, every account, and links that let somebody in."""

from collections.abc import Callable
from http import HTTPStatus
from random import SystemRandom

from pydantic import BaseModel
from sqlmodel import Session, col, select
from starlette.responses import RedirectResponse, Response

from app.accounts import accounts as managing
from app.accounts.accounts import AccountError, NewAccount
from app.accounts.links import NewLink, make_link
from app.accounts.roles import Role
from app.models import Account, Learner
from app.web.frame.here import Context, Here, RowId, sent

LATER = HTTPStatus.SEE_OTHER


class NewAccountForm(BaseModel):
    """Who is to be let in, as what."""

    name: str = ""
    role: Role = Role.LEARNER


class RoleForm(BaseModel):
    """A role."""

    role: Role


class ClaimForm(BaseModel):
    """A learner without an account."""

    learner: RowId


TheNewAccount, TheRole, TheClaim = sent(NewAccountForm), sent(RoleForm), sent(ClaimForm)


def accounts(here: Here) -> Response:
    """List the accounts, and the profiles that have none."""
    return _page(here)


def add(here: Here, form: NewAccountForm = TheNewAccount) -> Response:
    """Make an account, and show the link by which its owner chooses a password."""
    here.signed_in()
    try:
        with here.writing() as session:
            new = NewAccount(form.name, form.role)
            made = managing.add(session, new, SystemRandom(), here.settings.max_learners, here.now)
            path = make_link(session, NewLink(form.role, account_id=made), here.now)
    except AccountError as error:
        return _page(here, error=error, name=form.name)
    return _page(here, path=path, whose=form.name)


def change_role(here: Here, account: RowId, form: RoleForm = TheRole) -> Response:
    """Give an account another role."""
    return _changed(here, account, lambda session: managing.change_role(session, account, form.role))


def disable(here: Here, account: RowId) -> Response:
    """Let an account in no more."""
    return _changed(here, account, lambda session: managing.disable(session, account, here.now))


def enable(here: Here, account: RowId) -> Response:
    """Let an account in again."""
    return _changed(here, account, lambda session: managing.disable(session, account, None))


def reset(here: Here, account: RowId) -> Response:
    """Let nobody in by the password of before, and show the link to another."""
    path = ""

    def act(session: Session) -> None:
        nonlocal path
        managing.check_not_last_admin(session, account)
        managing.forget_password(session, account)
        path = make_link(session, NewLink(account_id=account), here.now)

    answer = _changed(here, account, act)
    if not path:
        return answer
    with here.reading() as session:
        whose = managing.account(session, account).name
    return _page(here, path=path, whose=whose)


def claim(here: Here, form: ClaimForm = TheClaim) -> Response:
    """Show the link by which the owner of a profile makes it an account."""
    here.signed_in()
    with here.writing() as session:
        name = session.exec(_WITHOUT.where(Learner.id == form.learner)).one_or_none()
        path = make_link(session, NewLink(learner_id=form.learner), here.now) if name else ""
    return _page(here, path=path, whose=name[1]) if name else RedirectResponse("/accounts", LATER)


def _changed(here: Context, account: int, act: Callable[[Session], None]) -> Response:
    here.signed_in()
    try:
        with here.writing() as session:
            managing.account(session, account)
            act(session)
    except AccountError as error:
        return _page(here, error=error)
    return RedirectResponse("/accounts", LATER)


_WITHOUT = (
    select(Learner.id, Learner.name).where(col(Learner.id).not_in(select(Account.learner_id))).order_by(Learner.name)
)


def _page(
    here: Context, path: str = "", whose: str = "", error: AccountError | None = None, name: str = ""
) -> Response:
    who = here.signed_in()
    with here.reading() as session:
        return here.page(
            "people/accounts.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
            who=who,
            accounts=managing.all_accounts(session),
            profiles=session.exec(_WITHOUT).all(),
            roles=list(Role),
            link=f"{here.request.base_url}{path[1:]}" if path else "",
            whose=whose,
            error=error,
            name=name,
        )
