"""The command `recur`."""

import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands import authoring, importing
from app.commands.console import counted, migrated_database, say_mistakes, settings
from app.settings import Settings, unknown_variables

if TYPE_CHECKING:
    from app.cards.load.load import LoadReport
    from app.database import Database

# Each command imports what it needs, so that `recur check` need not wait for a web server's modules.

app = typer.Typer(
    help="Flashcards on recurrent neural networks, with a live demo beside every card.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(authoring.app)
app.add_typer(importing.app)


@app.callback()
def _every_command() -> None:
    for sentence in unknown_variables():
        typer.echo(sentence, err=True)


def _bring_up_to_date(database: "Database", chosen: Settings) -> "LoadReport":
    """Derive what is missing, load the content, and print its mistakes."""
    from app.cards.load.load import load as load_content
    from app.study.schedule.replay import replay_what_has_no_totals
    from app.study.schedule.totals import move_cards

    replay_what_has_no_totals(database)
    report = load_content(database, chosen.content_dir, datetime.now(UTC), move_cards=move_cards)
    say_mistakes(chosen.content_dir, report.mistakes)
    return report


@app.command()
def load() -> None:
    """Migrate the database and bring it up to the content files. A file with a mistake keeps its last good version."""
    chosen = settings()
    with migrated_database(chosen) as database:
        report = _bring_up_to_date(database, chosen)
    done = ("added", "changed", "moved", "renamed", "returned", "retired")
    became = ", ".join(f"{getattr(report, name)} {name}" for name in done if getattr(report, name))
    typer.echo(f"{report.read} of {counted(report.files, 'file')} read; cards: {became or 'nothing new'}.")
    raise typer.Exit(1 if report.mistakes else 0)


@app.command()
def serve() -> None:
    """Migrate the database, load the content, and serve the app until it is stopped."""
    import uvicorn

    from app.main import create_app
    from app.web.frame import connections

    chosen = settings()
    if not chosen.content_dir.is_dir():
        typer.echo(f"There is no content folder {chosen.content_dir}: set RECUR_CONTENT_DIR.", err=True)
        raise typer.Exit(2)
    with migrated_database(chosen) as database:
        _bring_up_to_date(database, chosen)
        listener = _listen(chosen)
        host, port = listener.getsockname()[:2]
        typer.echo(f"Recur is at http://{f'[{host}]' if ':' in host else host}:{port}/ (Ctrl+C stops it)")
        most = connections.room_for_connections(chosen.max_connections)
        config = uvicorn.Config(
            create_app(chosen, database),
            http=connections.BoundedHttp,
            ws="none",
            log_level="warning",
            server_header=False,
            limit_concurrency=most,
            backlog=most,
            timeout_graceful_shutdown=5,
        )
        uvicorn.Server(config).run(sockets=[listener])


def _listen(chosen: Settings) -> socket.socket:
    """A bound socket, so that the address is known before it is printed (port 0 picks a free one)."""
    try:
        family, *_, address = socket.getaddrinfo(chosen.host, chosen.port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except OSError as error:
        typer.echo(f"Cannot listen on {chosen.host}:{chosen.port}: {error.strerror}. Try RECUR_PORT=0.", err=True)
        raise typer.Exit(2) from None


@app.command(name="replay")
def replay_() -> None:
    """Rebuild the schedule and the totals, which are derived, from the review log, which is the truth."""
    from app.study.schedule.replay import replay

    with migrated_database(settings()) as database, database.write() as session:
        done = replay(session)
    typer.echo(f"{counted(done.reviews, 'review')} of {counted(done.cards, 'card')} replayed.")


@app.command(name="export")
def export_(
    file: Annotated[
        Path, typer.Argument(help="cards.csv, cards.json, deck.apkg, or history.jsonl.", show_default=False)
    ],
    deck: Annotated[str | None, typer.Option(help="The cards of this deck alone.", show_default=False)] = None,
    learner: Annotated[int, typer.Option(help="Whose history it is.")] = 1,
    base_url: Annotated[str, typer.Option(help="Where the app is, for links.")] = "http://127.0.0.1:8000",
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write the cards as CSV, JSON or an Anki package, or a learner's whole history as JSON Lines."""
    from app.exchange import export

    chosen, now = settings(), datetime.now(UTC)
    try:
        if export.kind(file) != export.HISTORY:
            decks = export.collect(chosen.content_dir, base_url, deck)
            typer.echo(f"{counted(export.export_cards(file, decks, now, force), 'card')}.")
            return
        if deck is not None:
            raise export.ExportError("A history is of all decks: leave out --deck.")
        with migrated_database(chosen) as database:
            done = export.export_history(file, database, learner, now, force)
        typer.echo(f"{counted(done.reviews, 'review')} of {counted(done.cards, 'card')}.")
    except export.MistakesError as error:
        say_mistakes(chosen.content_dir, error.mistakes)
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    except export.ExportError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def main() -> None:
    """Run the command line."""
    try:
        app()
    except RuntimeError as error:
        from app.cards.load.load import LoadError
        from app.database import UnusableDatabaseError

        if not isinstance(error, UnusableDatabaseError | LoadError):
            raise
        typer.echo(str(error), err=True)
        raise SystemExit(2) from None
