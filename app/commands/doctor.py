"""The command that finds what is wrong with a database and repairs it: doctor."""

from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.console import counted, dated_copies, notice, refuse, settings

if TYPE_CHECKING:
    from app.upkeep.dated_copies import DatedCopies
    from app.upkeep.doctor.examine import Examined
    from app.upkeep.doctor.finding import Finding

app = typer.Typer()
MOST_ROUNDS = 3


@app.command()
def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="Repair what can be derived. Stop the server first.")] = False,
    salvage: Annotated[
        Path | None,
        typer.Option(
            help="Only write what is readable of a damaged SQLite file into this new file.", show_default=False
        ),
    ] = None,
) -> None:
    """Examine the database, and say what is wrong in words. Exits with 1 if something is.

    A review is never deleted: what is derived is made again from the reviews and from the content files, and of a
    damaged file every row that can be read goes into a new one. Before it repairs anything, it makes a copy.
    """
    from app.upkeep.doctor.examine import Examined, examine
    from app.upkeep.doctor.salvage import salvage as write_salvaged
    from app.upkeep.in_use import alone, in_use

    chosen = settings()
    with dated_copies(chosen) as copies:
        database = copies.database
        what = Examined(database, chosen.content_dir, datetime.now(UTC))
        if salvage is not None:
            if database.file is None:
                refuse("--salvage reads an SQLite file, and the database is PostgreSQL: restore a copy of it.")
            with alone(database):
                done = write_salvaged(database.file, salvage, chosen.content_dir, what.now)
            for sentence in done.sentences():
                typer.echo(sentence)
            return
        is_there = database.file is None or database.file.exists()
        with nullcontext() if not is_there else alone(database) if fix else in_use(database):
            found = examine(what)
            _say(found)
            if fix and any(finding.cure for finding in found):
                found = _mend(what, found, copies)
    raise typer.Exit(1 if found else 0)


def _mend(what: "Examined", found: "list[Finding]", copies: "DatedCopies") -> "list[Finding]":
    """Mend and examine again, as long as that helps. Returns what is still found."""
    from app.upkeep.copy_error import CopyError
    from app.upkeep.doctor.examine import examine
    from app.upkeep.doctor.finding import Cure
    from app.upkeep.doctor.mend import mend

    if not any(finding.cure is Cure.FILE for finding in found):  # that keeps the damaged file itself
        try:
            typer.echo(f"A copy of the previous state: {copies.make('before-repair', what.now).path}")
        except CopyError as error:
            notice(f"No copy could be made first: {error}")
    for _round in range(MOST_ROUNDS):
        if not any(finding.cure for finding in found):
            break
        for sentence in mend(what, found):
            typer.echo(sentence)
        found = examine(what)
        typer.echo("Examined again:")
        _say(found)
    return found


def _say(found: "list[Finding]") -> None:
    for finding in found:
        typer.echo(f"- {finding}")
    typer.echo(f"{counted(len(found), 'thing')} found." if found else "All is well.")
