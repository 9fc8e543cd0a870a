"""What the commands of `recur` share: the settings, the database, and how counts, paths and mistakes are printed."""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from pydantic import ValidationError

from app.cards.check.report import as_text, excerpts
from app.cards.file.mistake import Mistake
from app.invalid import in_words
from app.settings import PREFIX, Settings

if TYPE_CHECKING:
    from app.cards.load.load import LoadReport
    from app.database import Database
    from app.upkeep.dated_copies import DatedCopies


def logs_json() -> bool:
    """True if what a command says, beside its result, is to be JSON. It holds before the settings are known."""
    return os.environ.get(f"{PREFIX}LOG_FORMAT") == "json"


def notice(sentence: str, level: int = logging.WARNING, error: Exception | None = None) -> None:
    """Say something on standard error: as a line, or as an event of the log where that is JSON."""
    if not logs_json():
        typer.echo(sentence, err=True)
        return
    from app.observe import log  # slow to import

    if not log.is_started():
        log.start("json", "info")
    logging.getLogger("app.recur").log(level, "%s", sentence, exc_info=error)


def announce(sentence: str) -> None:
    """Say what a person at the terminal waits for, on standard output; where the log is JSON, as an event."""
    if logs_json():
        notice(sentence, logging.INFO)
    else:
        typer.echo(sentence)


def refuse(*sentences: str) -> NoReturn:
    """Say why the command cannot go on, and exit with 2."""
    for sentence in sentences:
        notice(sentence, logging.ERROR)
    raise SystemExit(2)


def settings(**given: Any) -> Settings:
    """The settings from the environment, or those `given`. An invalid one is named, and the command exits."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        # The value is not told: it may be a password.
        problems = [
            in_words("".join(f"{PREFIX}{str(name).upper()}" for name in one["loc"][:1]), one) + "."
            for one in error.errors()
        ]
    refuse(*problems)


@contextmanager
def migrated_database(chosen: Settings) -> Iterator["Database"]:
    """The database that the settings name, migrated and with no import half done; closed at the end of the block."""
    from app.exchange.history.finish_imports import finish_imports
    from app.upkeep.dated_copies import is_lost
    from app.upkeep.in_use import in_use
    from app.upkeep.migrate import migrate

    with dated_copies(chosen) as copies:
        warning = is_lost(copies)  # before the lock, whose file is a sign of an earlier database
        with in_use(copies.database):
            for sentence in migrate(copies, datetime.now(UTC), partial(_say_that_it_waits, "migrates the database")):
                notice(sentence)
            if warning:
                notice(warning)
            finish_imports(copies.database, partial(_say_that_it_waits, "imports a history"))
            yield copies.database


@contextmanager
def dated_copies(chosen: Settings) -> Iterator["DatedCopies"]:
    """The dated copies of the database that the settings name, which is closed at the end of the block."""
    from app.database import Database  # not needed by `recur check`, and slow to import
    from app.upkeep.dated_copies import copies_of

    database = Database(chosen.database_url)
    try:
        yield copies_of(database, chosen)
    finally:
        database.close()


def bring_up_to_date(database: "Database", chosen: Settings) -> "LoadReport":
    """Derive what is missing, load the content, and print its mistakes. One process does so at a time."""
    from app.cards.load.load import load
    from app.database import STARTING, UnusableDatabaseError
    from app.study.deletions import catch_up
    from app.study.schedule.replay import replay_what_has_no_totals
    from app.study.schedule.totals import move_cards
    from app.upkeep.dated_copies import copies_of
    from app.upkeep.quick import what_is_wrong
    from app.upkeep.restore import end_if_put_in_place_by_hand

    wrong = what_is_wrong(database)
    if wrong:
        raise UnusableDatabaseError(f"{database.url.render_as_string(hide_password=True)}: {wrong}")
    with database.lock(STARTING).held(partial(_say_that_it_waits, "loads the content")):
        copies = copies_of(database, chosen)
        end_if_put_in_place_by_hand(copies, datetime.now(UTC))
        catch_up(database, copies.deletions, datetime.now(UTC))
        replay_what_has_no_totals(database)
        report = load(database, chosen.content_dir, datetime.now(UTC), move_cards=move_cards)
    say_mistakes(chosen.content_dir, report.mistakes)
    return report


def _say_that_it_waits(what: str) -> None:
    notice(f"Waiting: another process {what}.", logging.INFO)


def say_mistakes(folder: Path, mistakes: Sequence[Mistake]) -> None:
    """Print each mistake with the line it is on; where the log is JSON, as an event each."""
    if logs_json():
        for mistake in mistakes:
            notice(str(mistake))
        return
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
