"""The command `recur`."""

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.commands import authoring, doctor, importing, serving, simulating, upkeep, user
from app.commands.console import (
    bring_up_to_date,
    counted,
    logs_json,
    migrated_database,
    notice,
    refuse,
    say_mistakes,
    settings,
)
from app.settings import unknown_variables

# Each command imports what it needs, so that `recur check` need not wait for a web server's modules.

app = typer.Typer(
    help="Flashcards on recurrent neural networks, with a live demo beside every card.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(authoring.app)
app.add_typer(importing.app)
app.add_typer(doctor.app)
app.add_typer(serving.app)
app.add_typer(upkeep.app)
app.add_typer(simulating.app)
app.add_typer(user.app, name="user")


@app.callback()
def _every_command() -> None:
    for sentence in unknown_variables():
        notice(sentence)


@app.command()
def load() -> None:
    """Migrate the database and bring it up to the content files. A file with a mistake keeps its last good version."""
    chosen = settings()
    with migrated_database(chosen) as database:
        report = bring_up_to_date(database, chosen)
    done = ("added", "changed", "moved", "renamed", "returned", "retired")
    became = ", ".join(f"{getattr(report, name)} {name}" for name in done if getattr(report, name))
    for sentence in (*report.decided, *report.asked):
        typer.echo(sentence)
    typer.echo(f"{report.read} of {counted(report.files, 'file')} read; cards: {became or 'nothing new'}.")
    raise typer.Exit(1 if report.mistakes else 0)


@app.command(name="replay")
def replay_() -> None:
    """Rebuild the schedule and the totals, which are derived, from the review log, which is the truth."""
    from app.study.forecast.checkpoints import KeepUp
    from app.study.schedule.replay import replay
    from app.upkeep.doctor.derived import deviations

    with migrated_database(settings()) as database:
        different = deviations(database)
        with database.write() as session:
            done = replay(session)
        KeepUp(database).look()
    for one in different:
        typer.echo(f"{one}. Corrected.")
    if not different:
        typer.echo("Nothing differed.")
    typer.echo(f"{counted(done.reviews, 'review')} of {counted(done.cards, 'card')} replayed.")


@app.command(name="export")
def export_(
    file: Annotated[
        Path, typer.Argument(help="cards.csv, cards.json, deck.apkg, or history.jsonl.", show_default=False)
    ],
    deck: Annotated[str | None, typer.Option(help="Only the cards of this deck.", show_default=False)] = None,
    with_history: Annotated[
        bool, typer.Option("--history", help="Put the learner's reviews and due days into an Anki package.")
    ] = False,
    learner: Annotated[int, typer.Option(help="Learner whose history to export.")] = 1,
    base_url: Annotated[str, typer.Option(help="Address of the app, for links.")] = "http://127.0.0.1:8000",
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write the cards as CSV, JSON or an Anki package, or a learner's whole history as JSON Lines."""
    from app.exchange import export
    from app.study.learner.preferences import UnknownLearnerError, preferences

    chosen, now = settings(), datetime.now(UTC)
    try:
        if export.kind(file) != export.HISTORY:
            decks, history = export.collect(chosen.content_dir, base_url, deck), None
            if with_history and file.suffix.lower() != ".apkg":
                raise export.ExportError("Only an Anki package takes a history along: name a file that ends in .apkg.")
            if with_history:
                with migrated_database(chosen) as database, database.read() as session:
                    history = export.anki_history(session, preferences(session, chosen, learner), now)
            typer.echo(f"{counted(export.export_cards(file, decks, now, force, history), 'card')}.")
            return
        if deck is not None:
            raise export.ExportError("A history covers all decks: leave out --deck.")
        with migrated_database(chosen) as database:
            done = export.export_history(file, database, learner, now, force)
        typer.echo(f"{counted(done.reviews, 'review')} of {counted(done.cards, 'card')}.")
    except export.MistakesError as error:
        say_mistakes(chosen.content_dir, error.mistakes)
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    except (export.ExportError, UnknownLearnerError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def main() -> None:
    """Run the command line. What the user or the machine can fix is told in a sentence, with exit code 2."""
    try:
        app()
    except Exception as error:
        sentence = _sentence(error)
        if sentence is not None:
            refuse(" ".join(sentence.split()))
        if not logs_json():
            raise
        notice("The command failed.", logging.ERROR, error)
        raise SystemExit(1) from None


def _sentence(error: Exception) -> str | None:
    """What went wrong, if it is not our mistake."""
    from sqlalchemy.exc import SQLAlchemyError

    from app.cards.load.load import LoadError
    from app.database import Database, UnusableDatabaseError
    from app.observe.failure import cause

    if isinstance(error, UnusableDatabaseError | LoadError):
        return str(error)
    if isinstance(error, SQLAlchemyError):
        where, why = Database(settings().database_url).url.render_as_string(hide_password=True), cause(error)
        next_step = "Free some disk space." if "disk is full" in why else "`recur doctor` says more."
        return f"The database {where} cannot be used: {why}. {next_step}"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}."
    return None
