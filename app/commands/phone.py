"""Serving for the phone: on the home network, with a password, and a link that the phone's camera reads."""

import io
import secrets
import socket

import segno
import typer
from pydantic import SecretStr

from app.accounts.once import OnceLink
from app.commands.console import refuse
from app.settings import Settings

# What nobody has (RFC 5737): asking for the way there sends nothing, and tells this machine's address on its network.
_ELSEWHERE = ("192.0.2.1", 9)
GIVES_UP = """\
This is plain http: whoever listens on your network can read along, and browsers neither install
the app nor let it keep cards for when there is no connection. With a certificate they do: make one
with mkcert, trust it on the phone, and name it with --tls-cert and --tls-key (see docs/operating.md)."""


def on_home_network(chosen: Settings, address: str | None, is_sure: bool) -> Settings:
    """The settings with this machine's address on its network and a password, after asking.

    The password is that of the settings; without one it is made up, and holds until the server stops.
    """
    if chosen.has_accounts:
        refuse("--phone shares one password. With RECUR_ACCESS=accounts serve by https instead: see docs/operating.md.")
    host = address or _own_address()
    typer.echo(f"Everyone on your network can then reach Recur at {host}. They need the link or password shown next.")
    if not is_sure and not typer.confirm("Go on?"):
        raise typer.Exit(1)
    password = chosen.password or SecretStr(secrets.token_urlsafe(9))
    return chosen.model_copy(update={"host": host, "password": password, "access": "household"})


def show_link(chosen: Settings, port: int) -> OnceLink:
    """Print a new link that lets in one phone, as text and as a code, the password, and what plain http gives up."""
    assert chosen.password is not None  # noqa: S101  (on_home_network sets one)
    once = OnceLink()
    scheme = "https" if chosen.tls_cert else "http"
    here = f"{scheme}://{f'[{chosen.host}]' if ':' in chosen.host else chosen.host}:{port}"
    code = io.StringIO()
    segno.make(here + once.path, error="m").terminal(code, compact=True)
    # Not by way of the log, which must not hold the link or the password.
    typer.echo(
        f"{code.getvalue()}\nOn the phone: {here}{once.path}\n"
        "The link works once, and lets that browser in until the server stops.\n"
        f"For another device: {here}/ (any user name, password {chosen.password.get_secret_value()})"
        + ("" if chosen.tls_cert else f"\n\n{GIVES_UP}")
    )
    return once


def _own_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(_ELSEWHERE)
        except OSError:
            refuse("This machine is in no network. Join one, or name an address with --address.")
        return str(asked.getsockname()[0])
