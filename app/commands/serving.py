"""The command that serves the app, in one process or in several: serve."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands import phone
from app.commands.certificate import CertificateError, check_certificate
from app.commands.console import announce, bring_up_to_date, migrated_database, refuse, settings
from app.commands.workers import Workers
from app.settings import Settings

if TYPE_CHECKING:
    from app.accounts.once import OnceLink
    from app.database import Database

app = typer.Typer()


@app.command()
def serve(
    workers: Annotated[
        int | None,
        typer.Option(help="Number of processes (default: RECUR_WORKERS).", min=1, max=64, show_default=False),
    ] = None,
    for_phone: Annotated[
        bool, typer.Option("--phone", help="Serve on the home network, and show a link for the phone.")
    ] = False,
    address: Annotated[
        str | None, typer.Option(help="With --phone: address to listen on, not this machine's.", show_default=False)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="With --phone: do not ask.")] = False,
    tls_cert: Annotated[
        Path | None, typer.Option(help="Certificate for https (default: RECUR_TLS_CERT).", show_default=False)
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(help="Its private key (default: RECUR_TLS_KEY).", show_default=False)
    ] = None,
) -> None:
    """Migrate the database, load the content, and serve the app until it is stopped."""
    # Imported before the workers are copied, so that they share it.
    import app.main  # noqa: F401
    from app.observe import log
    from app.server import FINISH_SECONDS
    from app.web.frame import assets

    chosen = settings(tls_cert=tls_cert, tls_key=tls_key)
    if for_phone:
        chosen = phone.on_home_network(chosen, address, yes)
    log.start(chosen.log_format, chosen.log_level)
    name, until = _check_tls(chosen)
    try:
        assets.version()  # before anything is migrated
    except assets.MissingAssetError as error:
        refuse(str(error))
    number = workers or chosen.workers
    if not chosen.content_dir.is_dir():
        refuse(f"There is no content folder {chosen.content_dir}: set RECUR_CONTENT_DIR.")
    with migrated_database(chosen) as database:
        bring_up_to_date(database, chosen)
        listener = _listen(chosen)
        host, port = name or listener.getsockname()[0], listener.getsockname()[1]
        stop = "Ctrl+C stops it" if number == 1 else f"{number} processes; Ctrl+C stops them"
        here = f"{'https' if chosen.tls_cert else 'http'}://{f'[{host}]' if ':' in host else host}:{port}/"
        announce(f"Recur is at {here} ({stop})")
        if until:
            announce(until)
        once = phone.show_link(chosen, port) if for_phone else None
        if chosen.has_accounts:
            _show_link_to_admin(database, here)
        if number == 1:
            _answer(chosen, database, listener, once)
            return
        database.close()  # a copied process must not use its parent's connections
        with _shared_metrics() if chosen.metrics else nullcontext(lambda _: None) as ended:
            Workers(number, lambda: _work(chosen, listener, once), FINISH_SECONDS + 2, ended).run()


def _check_tls(chosen: Settings) -> tuple[str, str]:
    """The first name in the certificate, and a sentence about it. One that cannot be used is told, and ends it all."""
    if chosen.tls_cert is None or chosen.tls_key is None:
        return "", ""
    try:
        found = check_certificate(chosen.tls_cert, chosen.tls_key, datetime.now(UTC))
    except CertificateError as error:
        refuse(str(error))
    names = ", ".join(found.names) or "no name, so browsers will warn"
    until = f"The certificate is for {names}, and ends on {found.ends_at:%Y-%m-%d}. Restart Recur after you renew it."
    return next((name for name in found.names if "*" not in name), ""), until


def _show_link_to_admin(database: "Database", here: str) -> None:
    """Print the link that makes the admin, as long as there is none."""
    from app.accounts.links import link_to_first_admin

    with database.write() as session:
        path = link_to_first_admin(session, datetime.now(UTC))
    if path:
        # Not by way of the log: whoever has the link comes in.
        typer.echo(f"There is no admin yet. This link makes one; it is valid once, for a day: {here.rstrip('/')}{path}")
        typer.echo(f"Behind a proxy put its address, such as https://recur.example.org/, in the place of {here}")


@contextmanager
def _shared_metrics() -> Iterator[Callable[[int], None]]:
    """A folder in which the processes keep their metrics together, and what is to be called when one has ended."""
    with TemporaryDirectory(prefix="recur-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder  # the library looks at it when it is imported
        from app.observe import metrics

        yield metrics.forget


def _work(chosen: Settings, listener: socket.socket, once: "OnceLink | None") -> None:
    """What each of several processes does."""
    from app.database import Database, UnusableDatabaseError
    from app.demos.machine.turns import leave_one_turn
    from app.upkeep.in_use import in_use

    leave_one_turn()
    database = Database(chosen.database_url)
    try:
        with in_use(database):
            _answer(chosen, database, listener, once)
    except UnusableDatabaseError as error:
        refuse(str(error))


def _answer(chosen: Settings, database: "Database", listener: socket.socket, once: "OnceLink | None") -> None:
    """Answer what connects to `listener` until the process is told to stop. `once` is the phone's link."""
    from app.main import create_app
    from app.server import Server

    serving = create_app(chosen, database)
    serving.state.once = once
    server = Server(serving)
    server.run(sockets=[listener])
    server.leave()


def _listen(chosen: Settings) -> socket.socket:
    """A bound socket, so that the address is known before it is printed (port 0 picks a free one)."""
    try:
        family, *_, address = socket.getaddrinfo(chosen.host, chosen.port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except (OSError, UnicodeError) as error:  # a host with an empty or overlong part cannot even be asked for
        why = error.strerror if isinstance(error, OSError) else "this is not a host name"
        refuse(f"Cannot listen on {chosen.host}:{chosen.port}: {why}. Try RECUR_PORT=0.")
