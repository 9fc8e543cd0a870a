"""What the commands of `recur` share: the settings, the database, and how counts, paths and mistakes are printed."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from pydantic import ValidationError

from app.cards.check.report import as_text, excerpts
from app.cards.file.mistake import Mistake
from app.settings import Settings

if TYPE_CHECKING:
    from app.cards.load.load import LoadReport
    from app.database import Database


def settings() -> Settings:
    """The settings from the environment. An invalid one is named, and the command exits."""
    try:
        return Settings()
    except ValidationError as error:
        for problem in error.errors():
            where = "".join(f"RECUR_{str(name).upper()}: " for name in problem["loc"])
            typer.echo(f"{where}{problem['msg'].removeprefix('Value error, ')}", err=True)
        raise typer.Exit(2) from None


@contextmanager
def migrated_database(chosen: Settings) -> Iterator["Database"]:
    """The database that the settings name, migrated; closed at the end of the block."""
    from app.database import Database  # not needed by `recur check`, and slow to import
    from app.upkeep.in_use import in_use

    database = Database(chosen.database_url)
    try:
        with in_use(database):
            database.migrate(waiting=partial(_say_that_it_waits, "migrates the database"))
            yield database
    finally:
        database.close()


def bring_up_to_date(database: "Database", chosen: Settings) -> "LoadReport":
    """Derive what is missing, load the content, and print its mistakes. One process does so at a time."""
    from app.cards.load.load import load
    from app.database import STARTING
    from app.study.schedule.replay import replay_what_has_no_totals
    from app.study.schedule.totals import move_cards

    with database.lock(STARTING).held(partial(_say_that_it_waits, "loads the content")):
        replay_what_has_no_totals(database)
        report = load(database, chosen.content_dir, datetime.now(UTC), move_cards=move_cards)
    say_mistakes(chosen.content_dir, report.mistakes)
    return report


def _say_that_it_waits(what: str) -> None:
    typer.echo(f"Waiting: another process {what}.", err=True)


def say_mistakes(folder: Path, mistakes: Sequence[Mistake]) -> None:
    """Print each mistake with the line it is on."""
    for line in as_text(mistakes, shown_in(folder), excerpts(folder)):
        typer.echo(line)


def shown_in(folder: Path) -> Callable[[str], str]:
    """Returns a function that writes a path of the content folder for printing: relative to here if it is below."""
    root, here = folder.resolve(), Path.cwd()

    def shown(path: str) -> str:
        full = root / path
        return str(full.relative_to(here) if full.is_relative_to(here) else full)

    return shown


def counted(number: int, what: str) -> str:
    """«1 card», «2 cards»."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
