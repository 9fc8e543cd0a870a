"""/join/…: a link to a new account, to a profile, to another password, or into a class."""

from http import HTTPStatus
from random import SystemRandom

from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from app.accounts.accounts import AccountError, hash_if_good
from app.accounts.bounds import OF_JOINING, give_back, key_of, network_of, take_turn
from app.accounts.links import Joining, OpenLink, is_in_class, join_by, join_class, open_link, use
from app.accounts.sign_in import Entered, end, enter
from app.web.frame.entry import let_in
from app.web.frame.errors import NotHereError
from app.web.frame.here import Context, Here, sent

OVER = "This link is not valid, or no longer valid. Ask whoever gave it to you for another."


class JoinForm(BaseModel):
    """What somebody chose who came by a link; or that they join a class `as_me`, with the account they have.

    With `left_out` their answers do not count in the class's evidence.
    """

    name: str = ""
    password: str = ""
    as_me: bool = False
    left_out: bool = False


TheJoining = sent(JoinForm)


def ask(here: Here, secret: str) -> Response:
    """Show what the link is for. Looking does not use it up: programs that preview links look, too."""
    return _form(here, _valid(here, secret), JoinForm())


def join(here: Here, secret: str, form: JoinForm = TheJoining) -> Response:
    """Use the link: sign in under a new session."""
    link = _valid(here, secret)
    if form.as_me and here.account is not None and link.class_id is not None and link.account_id is None:
        with here.writing() as session:
            if not is_in_class(session, link.class_id, here.account.account_id):
                if not use(session, link):
                    raise NotHereError(OVER)
                join_class(session, link, here.account.account_id, not form.left_out, here.now)
        return RedirectResponse("/", HTTPStatus.SEE_OTHER)
    try:
        entered = _enter(here, link, form)
    except AccountError as error:
        return _form(here, link, form, error)
    return let_in(here.request, RedirectResponse("/", HTTPStatus.SEE_OTHER), entered)


def _enter(here: Context, link: OpenLink, form: JoinForm) -> Entered:
    chosen = Joining(form.name, hash_if_good(form.password, link.name or form.name), not form.left_out)
    client = here.request.client.host if here.request.client else ""
    counted = {key_of("join", f"{link.id} {network_of(client)}"): OF_JOINING}
    with here.writing() as session:
        if take_turn(session, counted, here.now):
            raise AccountError("Too many names were tried. Wait a minute, and try again.", "name")
    with here.writing() as session:
        give_back(session, counted)  # unless the name is refused, which undoes it
        if not use(session, link):
            raise NotHereError(OVER)
        account_id = join_by(session, link, chosen, SystemRandom(), here.settings.max_learners, here.now)
        if here.account is not None:
            end(session, here.account)
        return enter(session, account_id, here.now)


def _valid(here: Context, secret: str) -> OpenLink:
    if not here.settings.has_accounts:
        raise NotHereError(OVER)
    with here.reading() as session:
        link = open_link(session, secret, here.now)
    if link is None:
        raise NotHereError(OVER)
    return link


def _form(here: Context, link: OpenLink, form: JoinForm, error: AccountError | None = None) -> Response:
    status = HTTPStatus.OK if error is None else HTTPStatus.UNPROCESSABLE_ENTITY
    return here.page("people/join.html", status, link=link, name=form.name, error=error)
