"""The commands that manage accounts: user add, role, reset, disable, enable, list."""

from collections.abc import Callable
from datetime import UTC, datetime
from random import SystemRandom
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from app.accounts.roles import Role
from app.commands.console import migrated_database, refuse, settings

if TYPE_CHECKING:
    from sqlmodel import Session

app = typer.Typer(help="Manage the accounts of a server with RECUR_ACCESS=accounts.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The name to sign in with.", show_default=False)]
BaseUrl = Annotated[str, typer.Option(help="Address of the app, for the link.")]
_Done = TypeVar("_Done")
HERE = "http://127.0.0.1:8000"


@app.command()
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What the account is for.")] = Role.LEARNER,
    learner: Annotated[
        int | None, typer.Option(help="An existing profile that it is for, by its number.", show_default=False)
    ] = None,
    base_url: BaseUrl = HERE,
) -> None:
    """Make an account, and print the link by which its owner chooses a password."""
    from app.accounts import accounts
    from app.accounts.links import NewLink, make_link

    most = settings().max_learners

    def act(session: "Session", now: datetime) -> str:
        made = accounts.add(session, accounts.NewAccount(name, role, learner), SystemRandom(), most, now)
        return make_link(session, NewLink(role, account_id=made), now)

    _say_link(base_url, _changed(act))


@app.command(name="role")
def role_(name: Name, role: Annotated[Role, typer.Argument(help="The new role.", show_default=False)]) -> None:
    """Give an account another role, and sign it out everywhere."""
    from app.accounts import accounts

    def act(session: "Session", _now: datetime) -> None:
        accounts.change_role(session, accounts.account_named(session, name).id, role)

    _changed(act)
    typer.echo(f"{name} is {'a' if role is Role.LEARNER else 'an'} {role} now.")


@app.command()
def reset(name: Name, base_url: BaseUrl = HERE) -> None:
    """Let nobody in by the password of before, and print the link to another."""
    from app.accounts import accounts
    from app.accounts.links import NewLink, make_link

    def act(session: "Session", now: datetime) -> str:
        account_id = accounts.account_named(session, name).id
        accounts.forget_password(session, account_id)
        return make_link(session, NewLink(account_id=account_id), now)

    _say_link(base_url, _changed(act))


@app.command()
def disable(name: Name) -> None:
    """Let an account in no more. What it learned stays."""
    _disable(name, is_disabled=True)


@app.command()
def enable(name: Name) -> None:
    """Let an account in again."""
    _disable(name, is_disabled=False)


@app.command(name="list")
def list_() -> None:
    """List the accounts: number (as in the log), name, role, number of the learner, and whether they can sign in."""
    from app.accounts import accounts

    with migrated_database(settings()) as database, database.read() as session:
        for one in accounts.all_accounts(session):
            state = "disabled" if one.disabled_at else "" if one.has_password else "no password yet"
            typer.echo(f"{one.id}\t{one.name}\t{one.role}\t{one.learner_id}\t{state}".rstrip())


def _disable(name: str, is_disabled: bool) -> None:
    from app.accounts import accounts

    def act(session: "Session", now: datetime) -> None:
        accounts.disable(session, accounts.account_named(session, name).id, now if is_disabled else None)

    _changed(act)
    typer.echo(f"{name} is {'disabled' if is_disabled else 'let in again'}.")


def _changed(act: Callable[["Session", datetime], _Done]) -> _Done:
    """What `act` returns, which changes something in a write session. What it cannot do is told, with exit code 2."""
    from app.accounts.accounts import AccountError

    with migrated_database(settings()) as database:
        try:
            with database.write() as session:
                return act(session, datetime.now(UTC))
        except AccountError as error:
            refuse(str(error))


def _say_link(base_url: str, path: str) -> None:
    # Not by way of the log: whoever has the link comes in.
    typer.echo(f"Valid once, within a week: {base_url.rstrip('/')}{path}")
