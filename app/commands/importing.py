"""The command that brings cards and histories in: import."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from app.commands.console import counted, migrated_database, settings
from app.exchange.imports.draft import RefusedError
from app.exchange.imports.import_cards import import_cards
from app.exchange.imports.kinds import KINDS, HowToRead
from app.exchange.imports.pictures import FOLDER
from app.exchange.imports.write import Imported, NothingFoundError

app = typer.Typer()
HISTORY = "history"


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="The file to import.", show_default=False)],
    into: Annotated[
        str, typer.Option(help="DECK or DECK/NAME (default: the only deck, and the file's own name).")
    ] = "",
    kind: Annotated[
        str,
        typer.Option(help=f"What it is: {', '.join(kind.name for kind in KINDS)}, {HISTORY} (detected if omitted)."),
    ] = "",
    header: Annotated[
        bool | None,
        typer.Option(
            "--header/--no-header",
            help="Whether a table's first row names the columns (detected if omitted).",
            show_default=False,
        ),
    ] = None,
    encoding: Annotated[str, typer.Option(help="Encoding of a text, such as cp1251 (detected if omitted).")] = "",
    with_history: Annotated[
        bool, typer.Option("--history/--no-history", help="Import the reviews of an Anki package, too.")
    ] = True,
    learner: Annotated[int, typer.Option(help="Learner to import for.")] = 1,
    progress: Annotated[
        bool | None,
        typer.Option("--progress/--no-progress", help="Show progress (default: on a terminal).", show_default=False),
    ] = None,
) -> None:
    """Turn a file of questions into a content file, or take a learner's exported history back.

    The wording stays as it is. Whatever cannot be shown in a card is named by line or note, and the card is a draft. A
    newer version of a file updates the cards that nobody has edited. Exits with 2 if so much was lost that all of it is
    a draft.
    """
    is_history = kind == HISTORY or (not kind and file.suffix.lower() == ".jsonl")
    if is_history:
        _take_history(file, learner)
        return
    show = sys.stderr.isatty() if progress is None else progress
    how = HowToRead(kind, header, encoding)
    try:
        used, done = import_cards(
            file, settings().content_dir, into, how, _say_progress if show else lambda _done: None
        )
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
    if done.pictures:
        typer.echo(f"{counted(done.pictures, 'new file')} of pictures and sounds in {FOLDER}/ of the deck's folder.")
    _say_counts(done)
    if used.name == "anki" and with_history:
        _take_reviews(file, done.deck, learner)
    if done.is_draft:
        typer.echo("So much was lost that the whole file is a draft: review it, then remove `draft: yes` at the top.")
        raise typer.Exit(2)
    typer.echo("Review the file, then run `recur check` and `recur load`.")


def _say_counts(done: Imported) -> None:
    """Say what was read and what was written, and how many words are named instead."""
    total = done.read["words"]
    read = [counted(number, what.removesuffix("s")) for what, number in done.read.items()]
    lost = f"; the other {total - done.written:,} are named above" if total > done.written else ""
    typer.echo(f"Read: {', '.join(read)}. Written: {counted(done.written, 'word')}{lost}.")
    typer.echo(
        f"{counted(done.cards, 'card')}, {counted(done.drafts, 'draft')}; {counted(done.skipped, 'thing')} skipped."
    )
    update = done.update
    if update.updated or update.unchanged or update.kept or update.gone:
        typer.echo(
            f"Of the cards that were here: {update.updated:,} updated, {update.unchanged:,} unchanged, "
            f"{update.kept:,} kept as you edited them, {update.gone:,} no longer in the file. "
            f"{len(update.new):,} added."
        )


def _take_reviews(file: Path, deck: str, learner: int) -> None:
    """Take what a package says of a learner: reviews, due days and marks. Its cards are in the content already."""
    from app.exchange.history.from_anki import has_history, history_of, imported_cards, tokens_of
    from app.exchange.history.import_history import import_history
    from app.study.learner.preferences import UnknownLearnerError, preferences

    chosen, now = settings(), datetime.now(UTC)
    try:
        if not has_history(file):
            return
        with migrated_database(chosen) as database:
            with database.read() as session:
                who, tokens = preferences(session, chosen, learner), tokens_of(session, learner)
            history = history_of(file, imported_cards(chosen.content_dir, deck), who, now, tokens)
            done = import_history(database, history.lines, learner, now)
    except (RefusedError, UnknownLearnerError) as error:
        typer.echo(f"The cards were written, but not their history: {error}", err=True)
        raise typer.Exit(1) from None
    added = f"{counted(done.added, 'review')} added, {done.known:,} known already"
    typer.echo(f"From Anki: {added}; {counted(history.marks, 'mark')}.")
    for sentence in history.told:
        typer.echo(f"  {sentence}")


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
    typer.echo(f"{counted(done.added, 'review')} added, {done.known:,} already here.")
    for name in done.placeholders:
        typer.echo(f"  {name} is in no content file: its history waits for it")
    if done.merged:
        typer.echo("Some count before existing reviews, by their time of rating.")


def _say_progress(done: int) -> None:
    if done % 1_000 == 0:
        typer.echo(f"\r{done:,} read …", nl=False, err=True)


def _say_told(done: Imported) -> None:
    for where, sentence in done.told:
        typer.echo(f"  {where}: {sentence}")


def _refuse(file: Path, why: object) -> NoReturn:
    typer.echo(f"{file}: {why}. Nothing was imported.", err=True)
    raise typer.Exit(1)
