"""/sign-in and /sign-out."""

import math
from datetime import date
from http import HTTPStatus

from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from app.accounts import sign_in as signing
from app.accounts.sign_in import SignInAttempt, TooManyGuessesError
from app.web.frame.entry import DEVICE, let_in, let_out
from app.web.frame.errors import NotHereError
from app.web.frame.here import Context, Here, cookie, parts_of, sent

WRONG = "The name or the password is wrong."
TOO_MANY = (
    "Too many wrong passwords came for this name, or from this network. A browser in which you signed in before still "
    "works; otherwise try again {when}, or ask whoever runs this server for a link."
)


class SignInForm(BaseModel):
    """A name, a password, and the page to go to."""

    name: str = ""
    password: str = ""
    then: str = "/"


class SignOutForm(BaseModel):
    """Whether to sign out everywhere."""

    everywhere: bool = False


TheSignIn, TheSignOut = sent(SignInForm), sent(SignOutForm)


def ask(here: Here, then: str = "/", deleted: bool = False, leaves: date | None = None) -> Response:
    """Show the form, after a deletion with what became of it."""
    _check_accounts(here)
    notice = "Everything was deleted, and the account too." if deleted else ""
    if leaves:  # the address says it, since nobody is signed in
        day = f"{leaves.day} {leaves:%B %Y}"
        notice = f"You are signed out everywhere. On {day} everything of yours is deleted. Sign in before and it stays."
    return _form(here, SignInForm(then=then), notice=notice)


def enter(here: Here, form: SignInForm = TheSignIn) -> Response:
    """Sign in, under a new session, and go to the page that was asked for."""
    _check_accounts(here)
    client = here.request.client.host if here.request.client else ""
    device = cookie(here.request, DEVICE)
    try:
        entered = signing.sign_in(here.writing, SignInAttempt(form.name, form.password, client, device), here.now)
    except TooManyGuessesError as error:
        seconds = math.ceil(error.wait.total_seconds())
        when = f"in {math.ceil(seconds / 60)} min" if seconds > 60 else f"in {seconds} s"
        answer = _form(here, form, HTTPStatus.TOO_MANY_REQUESTS, TOO_MANY.format(when=when))
        answer.headers["Retry-After"] = str(seconds)
        return answer
    if entered is None:
        return _form(here, form, HTTPStatus.FORBIDDEN, WRONG)
    if here.account is not None:  # who signed in here before
        with here.writing() as session:
            signing.end(session, here.account)
    to = "/account?back=1" if entered.came_back else own_address(form.then)
    return let_in(here.request, RedirectResponse(to, HTTPStatus.SEE_OTHER), entered)


def leave(here: Here, form: SignOutForm = TheSignOut) -> Response:
    """End this session, or every one of the account."""
    who = here.signed_in()
    with here.writing() as session:
        if form.everywhere:
            signing.end_all(session, who.account_id)
        else:
            signing.end(session, who)
    signing.log.info("Signed out.", extra={"fields": {"account": who.account_id, "everywhere": form.everywhere}})
    return let_out(here.request, RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER))


def _check_accounts(here: Context) -> None:
    if not here.settings.has_accounts:
        raise NotHereError("This server has no accounts. RECUR_ACCESS=accounts makes some.")


def own_address(then: str) -> str:
    """`then`, if it is an address of this server; otherwise Today's."""
    parts = parts_of(then)
    is_own = then.startswith("/") and not then.startswith(("//", "/\\")) and then.isprintable()
    return then if is_own and not parts.scheme and not parts.netloc else "/"


def _form(
    here: Context, form: SignInForm, status: int = HTTPStatus.OK, problem: str = "", notice: str = ""
) -> Response:
    return here.page("people/sign_in.html", status, name=form.name, then=form.then, problem=problem, notice=notice)
