"""What every command of `recur` needs: the settings, and how a count, a path and a mistake are printed."""

from collections.abc import Callable, Sequence
from pathlib import Path

import typer
from pydantic import ValidationError

from app.cards.check.report import as_text, excerpts
from app.cards.file.mistake import Mistake
from app.settings import Settings


def settings() -> Settings:
    """The settings from the environment; a wrong one is named, and ends the command."""
    try:
        return Settings()
    except ValidationError as error:
        for problem in error.errors():
            where = "".join(f"RECUR_{str(name).upper()}: " for name in problem["loc"])
            typer.echo(f"{where}{problem['msg'].removeprefix('Value error, ')}", err=True)
        raise typer.Exit(2) from None


def say_mistakes(folder: Path, mistakes: Sequence[Mistake]) -> None:
    """Print each mistake with the line it is on."""
    for line in as_text(mistakes, shown_in(folder), excerpts(folder)):
        typer.echo(line)


def shown_in(folder: Path) -> Callable[[str], str]:
    """Gives a path of the content folder as it is best printed: from here, where it lies below here."""
    root, here = folder.resolve(), Path.cwd()

    def shown(path: str) -> str:
        full = root / path
        return str(full.relative_to(here) if full.is_relative_to(here) else full)

    return shown


def counted(number: int, what: str) -> str:
    """Such as 1 card, 2 cards."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
