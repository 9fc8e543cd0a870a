"""The command that brings cards and histories in: import."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from app.commands.console import counted, migrated_database, settings
from app.exchange.imports.draft import RefusedError
from app.exchange.imports.import_cards import import_cards
from app.exchange.imports.kinds import KINDS, find_kind
from app.exchange.imports.write import Imported, NothingFoundError

app = typer.Typer()
HISTORY = "history"
MOST_LINES = 200


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="The file to import.", show_default=False)],
    into: Annotated[
        str, typer.Option(help="DECK or DECK/NAME; otherwise the only deck there is, and the file's own name.")
    ] = "",
    kind: Annotated[
        str, typer.Option(help=f"What it is: {', '.join(kind.name for kind in KINDS)}, {HISTORY}; otherwise found out.")
    ] = "",
    learner: Annotated[int, typer.Option(help="Whose history it becomes.")] = 1,
    progress: Annotated[
        bool | None,
        typer.Option(
            "--progress/--no-progress", help="Say how far it is; otherwise on a terminal.", show_default=False
        ),
    ] = None,
) -> None:
    """Turn a file of questions into a new content file, or take a learner's exported history back.

    The wording stays as it is. Whatever cannot be shown in a card is named by line or note; nothing is overwritten.
    """
    is_history = kind == HISTORY or (not kind and file.suffix.lower() == ".jsonl")
    if is_history:
        _take_history(file, learner)
        return
    show = sys.stderr.isatty() if progress is None else progress
    try:
        found = find_kind(kind) if kind else None
        used, done = import_cards(file, settings().content_dir, into, found, _say_progress if show else _say_nothing)
    except NothingFoundError as error:
        _say_told(error.done)
        _refuse(file, error)
    except RefusedError as error:
        _refuse(file, error)
    if show:
        typer.echo(err=True)
    typer.echo(f"{file.name} was read as {used.what} (--kind {used.name}).")
    _say_told(done)
    for path in done.files:
        typer.echo(f"{path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")
    drafts = f", {counted(done.drafts, 'draft')} without an answer" if done.drafts else ""
    typer.echo(f"{counted(done.cards, 'card')}{drafts}; {counted(done.skipped, 'thing')} skipped.")
    typer.echo("Look them through, then: recur check, recur load.")


def _take_history(file: Path, learner: int) -> None:
    from app.exchange.history.format import HistoryError
    from app.exchange.history.import_history import import_history

    try:
        with migrated_database(settings()) as database, file.open("rb") as lines:
            done = import_history(database, lines, learner, datetime.now(UTC))
    except HistoryError as error:
        _refuse(file, error)
    except OSError as error:
        _refuse(file, f"the file cannot be read: {error.strerror}")
    typer.echo(f"{counted(done.added, 'review')} added, {done.known:,} known already.")
    for name in done.placeholders:
        typer.echo(f"  {name} is in no content file: its history waits for it")
    if done.merged:
        typer.echo("They came between reviews that were there: all are numbered anew, by time.")


def _say_progress(done: int) -> None:
    if done % 1_000 == 0:
        typer.echo(f"\r{done:,} read …", nl=False, err=True)


def _say_nothing(_done: int) -> None:
    return


def _say_told(done: Imported) -> None:
    for where, sentence in done.told[:MOST_LINES]:
        typer.echo(f"  {where}: {sentence}")
    if done.sentences > MOST_LINES:
        typer.echo(f"  … and {done.sentences - MOST_LINES:,} more")


def _refuse(file: Path, why: object) -> NoReturn:
    typer.echo(f"{file}: {why}. Nothing was imported.", err=True)
    raise typer.Exit(1)
