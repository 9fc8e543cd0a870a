"""The commands that copy, restore and move the database: backup, restore, downgrade, move."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from app.commands.console import counted, dated_copies, settings

app = typer.Typer()


@app.command()
def backup(
    file: Annotated[
        Path | None,
        typer.Argument(help="Target file (default: a dated file among the other copies).", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Copy the database to a file, while a server may go on using it."""
    from app.upkeep import backup as copying
    from app.upkeep.in_use import in_use

    with dated_copies(settings()) as copies, in_use(copies.database):
        if file is None:
            done = copies.make("by-hand", datetime.now(UTC))
        else:
            done = copying.backup(copies.database, file, force)
    typer.echo(f"{done.path}: {counted(done.reviews, 'review')}, {done.size:,} bytes.")


@app.command()
def restore(
    file: Annotated[Path | None, typer.Argument(help="A copy made by `recur backup`.", show_default=False)] = None,
) -> None:
    """Replace the database by a copy, and keep what was there. Without a file: list the dated copies."""
    from app.upkeep import restore as restoring

    with dated_copies(settings()) as copies:
        if file is None:
            typer.echo("\n".join(map(str, copies.all())) or f"There are no copies in {copies.folder}.")
            return
        done = restoring.restore(copies, file, datetime.now(UTC))
    held = f"{counted(done.reviews, 'review')} of {counted(done.learners, 'learner')}"
    typer.echo(f"Restored {held} from {file}.")
    if done.migrated_from:
        typer.echo(f"The copy was from an older version (revision {done.migrated_from}) and was migrated.")
    if done.kept:
        typer.echo(f"The replaced database was kept as {done.kept}.")
    if settings().has_accounts:
        typer.echo("Sessions, app tokens and links ended: everybody signs in anew.")


@app.command()
def downgrade(revision: Annotated[str | None, typer.Argument(help="The revision of the older Recur.")] = None) -> None:
    """Take the database's schema back for an older Recur, after a copy. Without a revision: list them."""
    from app.upkeep import downgrade as downgrading
    from app.upkeep.revisions import known_revisions

    with dated_copies(settings()) as copies:
        if revision is None:
            for name, brought in known_revisions(copies.database).items():
                typer.echo(f"{name}  {brought}")
            return
        done = downgrading.downgrade(copies, revision, datetime.now(UTC))
    typer.echo(f"The schema is back at {revision}. A copy of the previous database is {done.copy}.")
    for what, number in done.dropped.items():
        typer.echo(f"  dropped, now only in the copy: {number:,} × {what}")
    if done.histories:
        typer.echo(
            "Each learner's history is beside it. After the next upgrade these bring back marks, notes and quizzes:"
        )
    for learner, path in done.histories.items():
        typer.echo(f"  recur import {path} --learner {learner}")


@app.command()
def move(
    to: Annotated[
        str, typer.Option(help="Address of an empty database, as in RECUR_DATABASE_URL.", show_default=False)
    ],
) -> None:
    """Copy everything into an empty database, SQLite or PostgreSQL, and prove that nothing is different there."""
    from app.database import Database
    from app.upkeep import move as moving

    source, target = Database(settings().database_url), Database(to)
    try:
        counts = moving.move(source, target)
    finally:
        source.close()
        target.close()
    for name, number in counts.items():
        typer.echo(f"{number:>9,} {name}")
    typer.echo("Every row was read back and is equal, and so is a replay. The original database is unchanged.")
    typer.echo("To use the new database, set RECUR_DATABASE_URL to its address.")
